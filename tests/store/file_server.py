"""A web server for tests: gives out a folder, with ranges, and can be told to misbehave."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tessonance.errors import TesseractError
from tessonance.store import open_tesseract


class Handler(BaseHTTPRequestHandler):
    """Answers GET as nginx would: 200, 206 with ETag, 404, 416; connections stay open."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range", "")))
        if self.server.quirk is None or not self.server.quirk(self):
            self.serve()

    def serve(self) -> None:
        path = self.server.root / unquote(urlsplit(self.path).path).lstrip("/")
        if not path.is_file():
            self.give(404, b"<html>not here</html>", **{"Content-Type": "text/html"})
            return
        raw, stat = path.read_bytes(), path.stat()
        headers = {"ETag": f'"{stat.st_mtime_ns:x}-{len(raw):x}"', "Content-Type": "application/octet-stream"}
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not found:
            self.give(200, raw, **headers)
            return
        first, last = int(found[1]), min(int(found[2]), len(raw) - 1)
        if first > last:
            self.give(416, b"", **{**headers, "Content-Range": f"bytes */{len(raw)}"})
        else:
            self.give(206, raw[first : last + 1], **{**headers, "Content-Range": f"bytes {first}-{last}/{len(raw)}"})

    def give(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """What it gives out, what it was asked for, and what it does instead of answering well.

    Attributes
    ----------
    asked : list of (str, str)
        Path and Range of each request.
    callers : set
        Ports that were connected from: one for each connection.
    quirk : callable, optional
        Given the handler of a request; True if it has answered.
    """

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.root, self.asked, self.callers = root, [], set()
        self.quirk: Callable[[Handler], bool] | None = None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self.callers.add(client_address[1])
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers leave as they like."""


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """Serve a folder from a thread."""
    server = Server(root)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(url: str) -> str:
    """Return what is said about a tesseract that cannot be read."""
    with pytest.raises(TesseractError) as caught, open_tesseract(url) as tesseract:
        tesseract.picture((0, 0))
    return str(caught.value)
