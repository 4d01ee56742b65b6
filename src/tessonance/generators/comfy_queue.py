"""The queue of a ComfyUI server: a workflow goes in, is waited for, and its outputs come out."""

from __future__ import annotations

import json
import re
import socket
import time
import uuid
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tessonance.errors import GeneratorError, ServerGone, TessError
from tessonance.generators.http import MAX_ANSWER, Server, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tessonance.generators.http import Answer

__all__ = ["Queue"]

LOOK_SECONDS = 2.0  # between two looks into the history, which tells even where no message came
OPEN_SECONDS = 5.0  # for the websocket, without which all goes on
ANSWER_SECONDS = 60.0  # for every request: pictures are waited for between requests
NUMBER = re.compile(r"[\w-]{1,100}")
ENDED = {"execution_success", "execution_error", "execution_interrupted"}


class Queue:
    """Runs workflows on a server, one at a time.

    News comes over a websocket; the server's history is the truth, looked at whenever a message says that the end has
    come, and every two seconds in case none does.

    Parameters
    ----------
    address : str
    timeout_seconds : float
        How long one run may take, waiting in the queue included.
    auth : str, optional
        See `Server`.
    """

    def __init__(self, address: str, *, timeout_seconds: float, auth: str | None = None) -> None:
        self._server = Server(address, timeout_seconds=ANSWER_SECONDS, auth=auth)
        self._timeout_seconds = timeout_seconds
        self._client = uuid.uuid4().hex
        self._socket: Any = None
        self._held = ExitStack()
        self._running: str | None = None
        self._cancelled, self.in_hand = "", 0.0

    def check(self) -> None:
        """Ask the server whether it is there. Raises ServerGone."""
        answer = self._server.get("/queue")
        if not answer.is_good:
            hint = "is this the address of ComfyUI?" if answer.status == 404 else None
            raise refused(answer, "say what is in its queue", hint=hint)
        if not isinstance(answer.json(), dict):
            raise ServerGone("this is no ComfyUI", where=answer.where, got=answer.text())

    def run(self, nodes: Mapping[str, Any], *, names: Mapping[str, str]) -> dict[str, Any]:
        """Run a workflow.

        Parameters
        ----------
        nodes : mapping
            In the API format.
        names : mapping of str to str
            What to call its nodes in errors.

        Returns
        -------
        dict
            The outputs by the number of their node.

        Raises
        ------
        ServerGone
            If the server goes, forgets the run, or takes too long.
        GeneratorError
            If it refuses the workflow, or a node fails.
        """
        self._cancelled = ""
        self._listen()
        answer = self._server.post("/prompt", {"prompt": nodes, "client_id": self._client}, again=False)
        if not answer.is_good:
            raise _invalid(answer, names)
        body = answer.json()
        number = body.get("prompt_id") if isinstance(body, dict) else None
        if not isinstance(number, str) or not NUMBER.fullmatch(number):
            raise GeneratorError("the server gave the workflow no number", where=answer.where, got=answer.text())
        self._running = number
        try:
            return self._outputs(number, names)
        except BaseException:
            self._withdraw(number)
            raise
        finally:
            self._running, self.in_hand = None, 0.0

    def view(self, image: Mapping[str, Any]) -> bytes:
        """Fetch a picture that an output names."""
        fields = {key: str(image.get(key, "")) for key in ("filename", "subfolder", "type")}
        answer = self._server.get("/view", fields=fields)
        if not answer.is_good:
            raise refused(answer, "give out the picture")
        return answer.body

    def shown(self, text: str) -> str:
        """Return the beginning of something that the server said; see `Answer.shown`."""
        return self._server.shown(text)

    def cancel(self, reason: str) -> None:
        """Give up the run; from any thread."""
        self._cancelled = reason
        if self._running is not None:
            self._withdraw(self._running)

    def close(self) -> None:
        """Leave nothing in the queue, and close the connections."""
        if self._running is not None:
            self._withdraw(self._running)
        self._hang_up()
        self._server.close()

    def _outputs(self, number: str, names: Mapping[str, str]) -> dict[str, Any]:
        ends = time.monotonic() + self._timeout_seconds
        while True:
            self._wait_for_news(number)
            if self._cancelled:
                raise GeneratorError("the picture was interrupted", where=self._server.address, got=self._cancelled)
            if entry := self._history(number):
                return _outputs_of(entry, names, self._server)
            if time.monotonic() > ends:
                raise GeneratorError(
                    "the picture takes too long",
                    where=self._server.address,
                    wanted=f"at most {self._timeout_seconds:g} s",
                    hint="a larger timeout_seconds",
                )

    def _history(self, number: str) -> dict[str, Any] | None:
        """Return what the server knows of a run that has ended; None while it has not."""
        answer = self._server.get(f"/history/{number}")
        if not answer.is_good:
            raise refused(answer, "tell its history")
        history = answer.json()
        entry = history.get(number) if isinstance(history, dict) else None
        if isinstance(entry, dict):
            return entry
        if number not in self._queued() and not self._ended_meanwhile(number):
            raise ServerGone(
                "the server has forgotten the picture", where=self._server.address, hint="it was restarted"
            )
        return None

    def _ended_meanwhile(self, number: str) -> bool:
        history = self._server.get(f"/history/{number}").json()
        return isinstance(history, dict) and number in history

    def _queued(self) -> list[str]:
        queue = self._server.get("/queue").json()
        lists = [_list(queue.get(key)) for key in ("queue_running", "queue_pending")] if isinstance(queue, dict) else []
        return [str(entry[1]) for entries in lists for entry in entries if isinstance(entry, list) and len(entry) > 1]

    def _withdraw(self, number: str) -> None:
        """Take a run out of the queue, or interrupt it; nobody else's."""
        with suppress(TessError):
            self._server.post("/queue", {"delete": [number]}, again=False)
            queue = self._server.get("/queue").json()
            running = queue.get("queue_running") if isinstance(queue, dict) else None
            if any(isinstance(entry, list) and number in entry[:2] for entry in _list(running)):
                self._server.post("/interrupt", {"prompt_id": number}, again=False)

    def _wait_for_news(self, number: str) -> None:
        """Wait until a message says that a run has ended, for two seconds at most."""
        ends = time.monotonic() + LOOK_SECONDS
        while (left := ends - time.monotonic()) > 0 and not self._cancelled:
            message = self._message(left)
            if message is None:
                continue
            data = message.get("data")
            if not isinstance(data, dict) or data.get("prompt_id") != number:
                continue
            if message.get("type") == "progress":
                self.in_hand = _share(data)
            if message.get("type") in ENDED or (message.get("type") == "executing" and data.get("node") is None):
                return

    def _message(self, seconds: float) -> dict[str, Any] | None:
        """Return the next message, or None where none came; a socket that broke is opened again."""
        from websockets.exceptions import WebSocketException

        self._listen()
        if self._socket is None:
            time.sleep(min(seconds, 0.25))
            return None
        try:
            received = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return None
        except (WebSocketException, OSError):
            self._hang_up()
            return None
        if isinstance(received, bytes):
            return None  # a preview
        with suppress(ValueError, RecursionError):
            message = json.loads(received)
            return message if isinstance(message, dict) else None
        return None

    def _listen(self) -> None:
        """Open the websocket, unless it is; without it the history alone tells."""
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        if self._socket is not None:
            return
        parts = urlsplit(self._server.address)
        scheme, port = ("wss", 443) if parts.scheme == "https" else ("ws", 80)
        with suppress(WebSocketException, OSError, ValueError):
            line = socket.create_connection((parts.hostname or "", parts.port or port), timeout=OPEN_SECONDS)
            line.settimeout(None)
            self._socket = self._held.enter_context(
                connect(
                    f"{scheme}://{parts.netloc}{parts.path}/ws?clientId={self._client}",
                    sock=line,  # connected here: else it would follow the server to other hosts
                    additional_headers=self._server.headers,
                    open_timeout=OPEN_SECONDS,
                    close_timeout=1,
                    max_size=MAX_ANSWER,
                    proxy=None,
                )
            )

    def _hang_up(self) -> None:
        self._socket = None
        with suppress(Exception):  # it is broken, or will be
            self._held.close()


def _share(progress: dict[str, Any]) -> float:
    """Return how far a node is: ``value`` of ``max``."""
    value, most = progress.get("value"), progress.get("max")
    if not isinstance(value, int | float) or not isinstance(most, int | float) or not 0 <= value <= most:
        return 0.0
    return value / most if most else 0.0


def _outputs_of(entry: dict[str, Any], names: Mapping[str, str], server: Server) -> dict[str, Any]:
    """Return the outputs of a run, or say which node failed."""
    status = entry.get("status")
    if isinstance(status, dict) and status.get("status_str") == "error":
        for message in _list(status.get("messages")):
            kind, data = message if isinstance(message, list) and len(message) == 2 else (None, None)
            if kind == "execution_error" and isinstance(data, dict):
                raise _node_failed(data, names, server)
        raise GeneratorError("the workflow was interrupted on the server", where=server.address)
    outputs = entry.get("outputs")
    return outputs if isinstance(outputs, dict) else {}


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _node_failed(data: dict[str, Any], names: Mapping[str, str], server: Server) -> GeneratorError:
    node = str(data.get("node_id"))
    said = f"{data.get('exception_type', 'error')}: {data.get('exception_message', '')}"
    out_of_memory = "out of memory" in said.lower() or "outofmemory" in said.lower()
    return GeneratorError(
        "the server ran out of memory" if out_of_memory else "a node failed",
        where=f"{server.address}, node {names.get(node, '?')!r} ({node[:40]})",
        got=server.shown(said),
        hint="a smaller picture, or start it with --lowvram" if out_of_memory else None,
    )


def _invalid(answer: Answer, names: Mapping[str, str]) -> GeneratorError:
    """Put the server's validation errors at the nodes that they belong to."""
    body: Any = None
    with suppress(ServerGone):
        body = answer.json()
    found = body.get("node_errors") if isinstance(body, dict) else None
    if not isinstance(found, dict) or not found:
        return refused(answer, "take the workflow")
    lines = []
    for node, told in found.items():
        for error in _list(told.get("errors")) if isinstance(told, dict) else ():
            said = f"{error.get('message')}: {error.get('details')}" if isinstance(error, dict) else str(error)
            lines.append(f"node {names.get(node, '?')!r} ({node[:40]}): {answer.shown(said)}"[:300])
    return GeneratorError("the server refuses the workflow", where=answer.where, got="; ".join(lines)[:1200])
