"""HTTP for reading files by ranges: connections kept open, a few retries, bounded answers, clear errors."""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from contextlib import suppress
from functools import cached_property, partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from tessonance.errors import TesseractError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from _typeshed import WriteableBuffer

__all__ = ["Answer", "Client", "checked_address", "shown"]

TIMEOUT_SECONDS = 10.0  # until a connection stands, until the next bytes come, and for the shortest answer
SLOWEST_BYTES_PER_SECOND = 20_000
WAITS_SECONDS = (0.2, 0.8)  # before the second and the third attempt
MAX_REDIRECTS = 5
MAX_REMEMBERED = 1000
REDIRECTS, GONE, BUSY = (301, 302, 303, 307, 308), (404, 410), (429, 500, 502, 503, 504)
_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_SAFE = "/%:@!$&'()*+,;=~-._?"  # what an address holds as it is

Origin = tuple[str, str, int]


class Answer(NamedTuple):
    """Some bytes of a file on a server.

    Parameters
    ----------
    body : bytes
        Fewer than were asked for where the file ends before.
    size : int
        Of the whole file; -1 where the server does not tell, beyond its end.
    mark : str
        Changes whenever the file does; empty where the server has none.
    """

    body: bytes
    size: int
    mark: str


class _Reply(NamedTuple):
    status: int
    headers: Message
    body: bytes


def checked_address(text: str) -> str:
    """Return an address that can be asked for: http or https, a host, every other character quoted.

    Raises
    ------
    TesseractError
        If it is none, or holds a password.
    """
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or re.search(r"[\x00-\x1f\x7f]", text):
        raise TesseractError("this is no address", where=text[:200], wanted="https://host/NAME.tess")
    if parts.username is not None:
        raise TesseractError(
            "names and passwords in an address are not understood",
            where=shown(text),
            hint="download it with another tool, then open the file",
        )
    path, query = quote(parts.path, safe=_SAFE), quote(parts.query, safe=_SAFE)
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{query}" if query else "")


def shown(url: str) -> str:
    """Return an address as it may be shown: what stands before the host and behind the path can be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class Client:
    """Asks web servers for files and parts of files; any number of threads may share one.

    Everything is bounded: the bytes of an answer, the time it takes, how often is asked again, how far it is led. Only
    http and https are followed.

    Parameters
    ----------
    timeout_seconds : float, optional
        For a connection, for the next bytes, and for a short answer; a long one may come at 20 kB a second. Ten
        seconds unless given.
    """

    def __init__(self, *, timeout_seconds: float | None = None) -> None:
        self._timeout = timeout_seconds or TIMEOUT_SECONDS
        self._agent = f"tessonance/{version('tessonance')}"
        self._idle: dict[Origin, list[HTTPConnection]] = {}
        self._moved: dict[str, str] = {}
        self._closed = False
        self._lock = Lock()

    def get(self, url: str, *, limit: int) -> bytes | None:
        """Return a small file, or one byte more than `limit` of a larger one; None where there is none.

        Raises
        ------
        TesseractError
            If the server cannot be reached, is too slow, or answers with anything else.
        """
        reply = self._ask(url, {}, limit=limit + 1)
        if reply.status in GONE:
            return None
        if reply.status != 200:
            raise _unwanted(reply, url)
        _check_kind(reply, url)
        return reply.body

    def get_range(self, url: str, offset: int, length: int) -> Answer | None:
        """Return a part of a file, empty beyond its end; None where there is no such file.

        Raises
        ------
        TesseractError
            If the server cannot be reached, is too slow, knows no ranges, or answers with anything else.
        """
        reply = self._ask(url, {"Range": f"bytes={offset}-{offset + length - 1}"}, limit=length)
        if reply.status in GONE:
            return None
        mark = reply.headers.get("ETag") or reply.headers.get("Last-Modified") or ""
        if reply.status == 416:
            whole = re.fullmatch(r"bytes \*/(\d{1,19})", reply.headers.get("Content-Range", ""))
            return Answer(b"", int(whole[1]) if whole else -1, mark)
        if reply.status == 200:
            raise _no_ranges(url)
        if reply.status != 206:
            raise _unwanted(reply, url)
        _check_kind(reply, url)
        found = reply.headers.get("Content-Range", "")
        parts = _RANGE.fullmatch(found)
        first, last, size = (int(part) for part in parts.groups()) if parts else (0, 0, 0)
        if first != offset or last != min(offset + length, size) - 1 or len(reply.body) != last - first + 1:
            wanted = f"bytes {offset}-{offset + length - 1}"
            got = f"{found[:80] or 'no Content-Range'}, {len(reply.body):,} bytes"
            raise TesseractError("the server answers with other bytes", where=shown(url), wanted=wanted, got=got)
        return Answer(reply.body, size, mark)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._closed = True
            idle = [connection for waiting in self._idle.values() for connection in waiting]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _ask(self, url: str, headers: Mapping[str, str], *, limit: int) -> _Reply:
        """Ask where the file was found before; where that has run out, ask again where it was named."""
        before = self._moved.get(url)
        if before is not None:
            reply = self._follow(url, before, headers, limit=limit)
            if reply.status < 400 or reply.status == 416:
                return reply
        return self._follow(url, url, headers, limit=limit)

    def _follow(self, url: str, target: str, headers: Mapping[str, str], *, limit: int) -> _Reply:
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._patiently(target, headers, limit=limit)
            if reply.status not in REDIRECTS:
                if target != url and len(self._moved) < MAX_REMEMBERED:
                    self._moved[url] = target
                return reply
            target = _next(target, reply, url)
        raise TesseractError("the server leads from one address to the next, without an end", where=shown(url))

    def _patiently(self, url: str, headers: Mapping[str, str], *, limit: int) -> _Reply:
        """Ask again where the trouble may pass."""
        begun = time.monotonic()
        for wait_seconds in (*WAITS_SECONDS, None):
            over = wait_seconds is None or time.monotonic() - begun > self._timeout
            try:
                reply = self._exchange(url, headers, limit=limit)
            except (OSError, HTTPException, ValueError) as error:
                if over or isinstance(error, (ssl.SSLError, socket.gaierror)):
                    raise _unreachable(error, url) from error
            else:
                if over or reply.status not in BUSY:
                    return reply
            time.sleep(wait_seconds or 0)
        raise AssertionError

    def _exchange(self, url: str, headers: Mapping[str, str], *, limit: int) -> _Reply:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        origin = parts.scheme, str(parts.hostname), parts.port or (443 if secure else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        asked = {"User-Agent": self._agent, "Accept-Encoding": "identity", **headers}
        with self._lock:
            waiting = self._idle.get(origin)
            connection = waiting.pop() if waiting else None
        if connection is not None:
            with suppress(ConnectionError, ssl.SSLEOFError):  # the server closed it meanwhile: a new one says more
                return self._talk(connection, origin, target, asked, limit=limit)
        return self._talk(self._connect(origin), origin, target, asked, limit=limit)

    def _connect(self, origin: Origin) -> HTTPConnection:
        scheme, host, port = origin
        if scheme == "https":
            return HTTPSConnection(host, port, timeout=self._timeout, context=self._tls)
        return HTTPConnection(host, port, timeout=self._timeout)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def _talk(
        self, connection: HTTPConnection, origin: Origin, target: str, headers: Mapping[str, str], *, limit: int
    ) -> _Reply:
        try:
            if connection.sock is not None:
                connection.sock.settimeout(self._timeout)
            deadline = time.monotonic() + self._timeout + limit / SLOWEST_BYTES_PER_SECOND
            connection.response_class = partial(_timed, deadline, self._timeout)  # type: ignore[assignment]
            connection.request("GET", target, headers=dict(headers))
            with connection.getresponse() as response:
                reply = _Reply(response.status, response.headers, _body(response, limit=limit))
                whole = response.isclosed()
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if whole and not self._closed and connection.sock is not None:
                self._idle.setdefault(origin, []).append(connection)
                return reply
        connection.close()
        return reply


def _body(response: HTTPResponse, *, limit: int) -> bytes:
    """Read the body of an answer, at most `limit` bytes of a wanted one; IncompleteRead where it ends too early."""
    most = limit if response.status in (200, 206) else 4096
    body = response.read(most)
    if len(body) < most and response.length:
        raise IncompleteRead(body, response.length)
    if len(body) == most and response.chunked and not response.isclosed():
        response.read(1)  # the mark of its end
    return body


class _TimedReads(io.RawIOBase):
    """A socket whose reads all end by a deadline: a server that trickles must not hold up a show.

    The timeout of a socket begins anew with every byte, headers are read by the library, and so the clock must be here.
    """

    def __init__(self, sock: socket.socket, deadline: float, timeout_seconds: float) -> None:
        self._sock, self._deadline, self._timeout = sock, deadline, timeout_seconds
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left_seconds = self._deadline - time.monotonic()
        if left_seconds <= 0:
            raise TimeoutError("it trickles")
        self._sock.settimeout(min(left_seconds, self._timeout))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """What `http.client` wants of a socket to read an answer from."""

    def __init__(self, sock: socket.socket, deadline: float, timeout_seconds: float) -> None:
        self._reads = _TimedReads(sock, deadline, timeout_seconds)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reads)


def _timed(
    deadline: float, timeout_seconds: float, sock: socket.socket, debuglevel: int = 0, method: str | None = None
) -> HTTPResponse:
    return HTTPResponse(_TimedSocket(sock, deadline, timeout_seconds), debuglevel, method)  # type: ignore[arg-type]


def _next(target: str, reply: _Reply, url: str) -> str:
    location = reply.headers.get("Location", "")
    try:
        found = checked_address(urljoin(target, location))
    except (ValueError, TesseractError):
        found = ""
    if not location or not found or (target.startswith("https:") and not found.startswith("https:")):
        raise TesseractError(
            "the server leads to an address that is not followed",
            where=shown(url),
            wanted="http or https, and https from https on",
            got=repr(location)[:120],
        )
    return found


def _check_kind(reply: _Reply, url: str) -> None:
    if reply.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise TesseractError(
            "the server compresses what it sends, so that parts of it cannot be read",
            where=shown(url),
            hint="turn compression off for this folder on the server",
        )
    if reply.headers.get_content_type() == "text/html":
        raise TesseractError(
            "the server answers with a web page",
            where=shown(url),
            wanted="a file of a tesseract",
            hint="the address of the tesseract itself, such as https://host/flower.tess.zip",
        )


def _no_ranges(url: str) -> TesseractError:
    return TesseractError(
        "the server sends whole files only, and a tesseract is read in parts",
        where=shown(url),
        wanted="206 Partial Content for a Range request",
        got="200 OK",
        hint="nginx, Apache, Caddy, `npx serve` and most hosts know ranges, `python -m http.server` does not; "
        "or download it whole",
    )


def _unwanted(reply: _Reply, url: str) -> TesseractError:
    words = {
        401: ("the server wants a name and a password", "download it with another tool, then open the file"),
        403: ("the server does not give it out", "look at who may read it there; a link may have run out"),
        429: ("the server is asked too often", "wait a while, or download it whole"),
    }
    problem, hint = words.get(reply.status, ("the server answers with an error", None))
    if reply.status in BUSY and reply.status != 429:
        hint = "it may pass: try again in a while"
    return TesseractError(problem, where=shown(url), got=f"status {reply.status}", hint=hint)


def _unreachable(error: Exception, url: str) -> TesseractError:
    """Say in clear words why there was no answer."""
    problem, hint = "the connection broke off", "try again; or download it whole, then open the file"
    if isinstance(error, ssl.SSLCertVerificationError):
        problem = f"the server's certificate is not trusted: {error.verify_message}"
        hint = "look at the address; one of your own is named in the environment as SSL_CERT_FILE"
    elif isinstance(error, ssl.SSLError):
        problem, hint = f"there is no secure connection: {error.reason}", "look at the address: is it http?"
    elif isinstance(error, socket.gaierror):
        problem, hint = "no server of that name is found", "look at the address and at the network"
    elif isinstance(error, TimeoutError):
        problem = "the server does not answer in time"
    elif isinstance(error, ConnectionRefusedError):
        problem, hint = "no server answers there", "look at the address, and whether the server runs"
    elif isinstance(error, (HTTPException, ValueError)) and not isinstance(error, (IncompleteRead, ConnectionError)):
        problem, hint = "what answers is no web server", "look at the address"
    return TesseractError(problem, where=shown(url), got=str(error)[:120] or type(error).__name__, hint=hint)
