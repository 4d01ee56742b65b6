"""JSON over HTTP to a server that paints: bounded, timed, tried again, and answered with one clear error."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tessonance.errors import GeneratorError, ProjectError, ServerGone, TessError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Answer", "Server", "addresses_of", "refused", "secret"]

MAX_ANSWER = 256 * 2**20  # of bytes: a picture of 8192 × 8192 as PNG in base64, nearly
MAX_TEXT = 400  # letters of an answer that are shown
MAX_DEPTH = 8  # of what is shown of lists in an answer
CONNECT_SECONDS = 10.0
TAIL_SECONDS = 10.0  # beyond the patience with a server, until its answer has come whole
CHUNK = 1 << 20  # bytes of an answer that are taken in at once
GLANCE_SECONDS = 3.0
BUSY = {429, 502, 503, 504}  # a proxy, or a server that is starting: asked again
PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before each further attempt


class Answer:
    """What a server answered.

    Parameters
    ----------
    status : int
    body : bytes
    where : str
        What to call the server and the path in errors.
    hidden : sequence of str
        What is not shown of it: a server may send back the password that it was given.
    """

    def __init__(self, status: int, body: bytes, where: str, *, hidden: Sequence[str] = ()) -> None:
        self.status, self.body, self.where, self._hidden = status, body, where, hidden

    @property
    def is_good(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return what the body says. Raises ServerGone where it is no JSON, such as the page of a proxy."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ServerGone(
                "the answer is no JSON",
                where=self.where,
                got=f"status {self.status}: {self.text()}",
                hint="is this the address of the server itself, with its API switched on?",
            ) from None

    def text(self) -> str:
        """Return the beginning of the body, to be read by a person."""
        return self.shown(self.body[: 4 * MAX_TEXT].decode("utf-8", "replace"))

    def shown(self, text: str) -> str:
        """Return the beginning of something that was answered, in one line and without the password."""
        return _shown(text, self._hidden)


class Server:
    """One server, spoken to by any number of threads.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:7860``; a path in it is kept.
    timeout_seconds : float
        How long the server may think about one request.
    auth : str, optional
        ``user:password`` for basic authentication, or a token without a colon; shown nowhere.

    Raises
    ------
    ProjectError
        If the address is none.
    """

    def __init__(self, address: str, *, timeout_seconds: float, auth: str | None = None) -> None:
        import urllib3

        self.address = address.rstrip("/")
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=timeout_seconds)
        self.headers = authorization(auth)
        self._timeout_seconds, self._hidden = timeout_seconds, hidden_words(auth)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout, headers=self.headers, maxsize=4)

    def get(self, path: str, *, fields: Mapping[str, str] | None = None) -> Answer:
        """Ask for something. Raises ServerGone after some attempts."""
        return self._patiently("GET", path, fields=dict(fields or {}))

    def post(self, path: str, body: object, *, again: bool = True) -> Answer:
        """Send JSON.

        Parameters
        ----------
        path : str
        body : object
        again : bool
            Whether the server may be asked a second time where it is unclear what became of the first.

        Returns
        -------
        Answer
            Of any status but those of a server that is busy.

        Raises
        ------
        ServerGone
            If it cannot be reached, or is busy for too long.
        """
        return self._patiently("POST", path, json=body, again=again)

    def glance(self, path: str, *, fields: Mapping[str, str] | None = None) -> Any:
        """Ask for something that is not needed, once and for a short time; None where there is no good answer."""
        import urllib3

        sent = {"fields": dict(fields or {}), "timeout": urllib3.Timeout(total=GLANCE_SECONDS)}
        with suppress(TessError):
            answer = self._once("GET", path, sent)
            return answer.json() if answer.is_good else None
        return None

    def shown(self, text: str) -> str:
        """Return the beginning of something that the server said; see `Answer.shown`."""
        return _shown(text, self._hidden)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _patiently(self, method: str, path: str, *, again: bool = True, **sent: Any) -> Answer:
        for pause in PAUSES if again else ():
            with suppress(ServerGone):
                return self._once(method, path, sent)
            time.sleep(pause)
        return self._once(method, path, sent)

    def _once(self, method: str, path: str, sent: dict[str, Any]) -> Answer:
        import urllib3

        where = f"{self.address}{path}"
        ends = time.monotonic() + self._timeout_seconds + TAIL_SECONDS
        try:
            reply = self._pool.request(method, where, preload_content=False, redirect=False, **sent)
            try:
                body = _body(reply, where, ends)
            finally:
                reply.close()  # what has not been read would be taken for the next answer
        except urllib3.exceptions.ReadTimeoutError:
            raise ServerGone(
                "the server thinks for too long", where=where, hint="a larger timeout_seconds, or look at the server"
            ) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ServerGone(
                "the server cannot be reached", where=self.address, got=_plainly(error), hint="is it running?"
            ) from None
        if reply.status in BUSY:
            raise ServerGone("the server is busy", where=where, got=f"status {reply.status}")
        return Answer(reply.status, body, where, hidden=self._hidden)


def _shown(text: str, hidden: Sequence[str]) -> str:
    for word in hidden:
        text = text.replace(word, "…")
    text = " ".join(text.split())
    return text[:MAX_TEXT] + ("…" if len(text) > MAX_TEXT else "")


def _body(reply: Any, where: str, ends: float) -> bytes:
    """Read an answer, which may be large or never end."""
    parts, size = [], 0
    while part := reply.read1(CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            raise GeneratorError("the answer is too large", where=where, wanted=f"at most {MAX_ANSWER:,} bytes")
        if time.monotonic() > ends:
            raise ServerGone("the answer does not end", where=where, hint="a larger timeout_seconds")
    return b"".join(parts)


def refused(answer: Answer, what: str, *, hint: str | None = None) -> GeneratorError:
    """Return the error of an answer that is no success.

    Parameters
    ----------
    answer : Answer
    what : str
        What was asked for.
    hint : str, optional

    Returns
    -------
    GeneratorError
    """
    if answer.status in (401, 403):
        return GeneratorError(
            f"the server did not let us {what}",
            where=answer.where,
            got=f"status {answer.status}",
            hint=hint or "give its user:password in the environment, see the page of this generator",
        )
    return GeneratorError(f"the server did not {what}", where=answer.where, got=_reason(answer), hint=hint)


def addresses_of(address: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses of an option, each once.

    Raises
    ------
    ProjectError
        If there is none, one is no http address, or one holds a password.
    """
    found = tuple(dict.fromkeys([address] if isinstance(address, str) else address))
    for each in found:
        try:
            parts = urlsplit(each)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good, parts = False, None
        if not good or parts is None:
            raise ProjectError("this is no address", where="[generator]", wanted="http://HOST:PORT", got=each[:80])
        if parts.username or parts.password or parts.query:
            raise ProjectError(
                "an address with a password in it",
                where="[generator]",
                got=f"{parts.scheme}://…@{parts.hostname}",
                hint="give it in the environment instead, see the page of this generator",
            )
    if not found:
        raise ProjectError("there is no address", where="[generator]", wanted="http://HOST:PORT")
    return found


def secret(name: str) -> str | None:
    """Return a secret from the environment, where it is set. Raises ProjectError for one that no header can carry."""
    found = os.environ.get(name, "").strip()  # a line's end comes along where it was read from a file
    if ":" not in found and not (found.isascii() and found.isprintable()):
        raise ProjectError(
            "this is no password and no token", where=f"the environment's {name}", wanted="user:password, or a token"
        )
    return found or None


def authorization(auth: str | None) -> dict[str, str]:
    """Return the header that carries a secret, if there is one."""
    if not auth:
        return {}
    basic = ":" in auth
    return {"Authorization": f"Basic {b64encode(auth.encode()).decode()}" if basic else f"Bearer {auth}"}


def hidden_words(auth: str | None) -> tuple[str, ...]:
    """Return the forms in which a secret must not be shown."""
    if not auth:
        return ()
    headers = [value.partition(" ")[2] for value in authorization(auth).values()]
    words = {auth, auth.partition(":")[2], *headers} - {""}
    return tuple(sorted(words, key=len, reverse=True))


def _reason(answer: Answer) -> str:
    """Return what a server said of a failure: A1111's ``errors``, FastAPI's ``detail``, or the body's beginning."""
    said: Any = None
    with suppress(ValueError, RecursionError):
        said = json.loads(answer.body)
    if isinstance(said, dict):
        for key in ("errors", "detail", "error", "message"):
            if said.get(key):
                return f"status {answer.status}: {answer.shown(_in_words(said[key]))}"
    return f"status {answer.status}: {answer.text() or 'nothing'}"


def _in_words(said: object, depth: int = 0) -> str:
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(said, list):
        return "; ".join(_in_words(each, depth + 1) for each in said[:4])
    if isinstance(said, dict) and "msg" in said:
        place = said.get("loc")
        parts = [str(part) for part in place if part != "body"] if isinstance(place, list) else []
        return f"{'.'.join(parts)}: {said['msg']}"
    return str(said)


def _plainly(error: Exception) -> str:
    """Return the innermost reason of urllib3's nested errors."""
    reason: Any = error
    while isinstance(inner := getattr(reason, "reason", None), Exception):
        reason = inner
    if len(reason.args) == 2 and isinstance(reason.args[1], Exception):
        return str(reason.args[0])[:200]  # urllib3 says it once, and http.client again
    return str(reason).split(": ", 1)[-1][:200] or type(reason).__name__
