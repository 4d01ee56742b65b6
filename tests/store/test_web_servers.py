"""Web servers that do not do what they should: one clear error for whatever one does."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from file_server import refusal

from tessonance.errors import TesseractError
from tessonance.store import open_tesseract, web_client

FORMS = ("small.tess", "small.tess.zip")


def test_a_server_without_ranges_is_named_as_one(small, tmp_path):
    class Plain(SimpleHTTPRequestHandler):
        def __init__(self, *words):
            super().__init__(*words, directory=str(tmp_path))

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        for form in FORMS:
            said = refusal(f"http://127.0.0.1:{server.server_address[1]}/{form}")
            assert "the server sends whole files only, and a tesseract is read in parts" in said
            assert "wanted: 206 Partial Content for a Range request\n  got: 200 OK\n  try: nginx, Apache" in said
            assert "`python -m http.server` does not" in said
        server.shutdown()
        thread.join()


def test_what_is_not_there_is_told(small, server):
    assert refusal(f"{server.url}/no.tess.zip").startswith(f"{server.url}/no.tess.zip: there is no such tesseract")
    said = refusal(f"{server.url}/no.tess")
    assert said.startswith(f"{server.url}/no.tess: this is no tesseract\n  wanted: zarr.json in it")


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "the server wants a name and a password"),
        (403, "the server does not give it out\n  got: status 403\n  try: look at who may read it there"),
        (418, "the server answers with an error\n  got: status 418"),
        (500, "the server answers with an error\n  got: status 500\n  try: it may pass"),
        (429, "the server is asked too often"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_an_error_of_the_server_is_told(small, server, impatient, status, says, form):
    server.quirk = lambda handler: handler.give(status) or True
    assert says in refusal(f"{server.url}/{form}")
    assert len(server.asked) == (3 if status in (429, 500) else 1)


@pytest.mark.parametrize("form", FORMS)
def test_trouble_that_passes_is_not_noticed(small, server, impatient, is_of, form):
    def one_in_three(handler):
        return len(server.asked) % 3 != 0 and (handler.give(503) or True)

    server.quirk = one_in_three
    with open_tesseract(f"{server.url}/{form}") as tesseract:
        assert is_of(tesseract.picture((1, 0)), 3)


def answer(handler, body, **headers):
    """Answer any request with 206 and these headers, as if all were well."""
    first, last = (int(part) for part in handler.headers.get("Range", "bytes=0-99")[6:].split("-"))
    headers.setdefault("Content-Range", f"bytes {first}-{last}/1000000")
    handler.give(206, body(last - first + 1), **headers)
    return True


def rest_is(quirk):
    """Answer well for the documents, and otherwise as told."""
    return lambda handler: "Range" in handler.headers and quirk(handler)


LIES = {
    "no Content-Range": (lambda h: h.give(206, b"x" * 100) or True, "answers with other bytes"),
    "another start": (lambda h: answer(h, bytes, **{"Content-Range": "bytes 5-65540/1000000"}), "other bytes"),
    "a later start": (
        lambda h: answer(h, lambda n: bytes(n - 5), **{"Content-Range": "bytes 5-65535/1000000"}),
        "answers with other bytes",
    ),
    "another end": (lambda h: answer(h, bytes, **{"Content-Range": "bytes 0-99/1000000"}), "other bytes"),
    "no size": (lambda h: answer(h, bytes, **{"Content-Range": "bytes 0-65535/*"}), "other bytes"),
    "an impossible size": (lambda h: answer(h, bytes, **{"Content-Range": "bytes 0-65535/9"}), "other bytes"),
    "a huge number": (lambda h: answer(h, bytes, **{"Content-Range": f"bytes 0-{'9' * 5000}/1"}), "other bytes"),
    "fewer bytes": (lambda h: answer(h, lambda n: bytes(n - 9)), "other bytes"),
    "zeros": (lambda h: answer(h, bytes), ""),
    "compressed": (lambda h: answer(h, bytes, **{"Content-Encoding": "gzip"}), "compresses what it sends"),
    "a web page": (lambda h: answer(h, bytes, **{"Content-Type": "text/html; charset=utf-8"}), "with a web page"),
    "several parts": (lambda h: h.give(206, b"--x", **{"Content-Type": "multipart/byteranges"}) or True, "other bytes"),
    "not modified": (lambda h: h.give(304) or True, "answers with an error\n  got: status 304"),
    "no content": (lambda h: h.give(204) or True, "answers with an error"),
    "beyond the end": (lambda h: h.give(416) or True, ""),
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("form", FORMS)
def test_a_server_that_lies_is_refused(small, server, impatient, name, form):
    quirk, says = LIES[name]
    server.quirk = rest_is(quirk)
    assert says in refusal(f"{server.url}/{form}")


def test_a_web_page_in_place_of_a_document_is_told(small, server):
    server.quirk = lambda handler: handler.give(200, b"<html>", **{"Content-Type": "text/html"}) or True
    assert "the server answers with a web page\n  wanted: a file of a tesseract" in refusal(f"{server.url}/small.tess")


def test_the_end_of_a_longer_answer_is_not_the_next_answer(small, server, is_of):
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    def longer(handler):
        send = handler.send_header
        more = {"Content-Length": lambda value: str(int(value) + len(missing))}
        handler.send_header = lambda name, value: send(name, more.get(name, str)(value))
        handler.serve()
        handler.wfile.write(missing)
        return True

    with open_tesseract(f"{server.url}/small.tess") as tesseract:
        assert tesseract.painted() == 15
        server.quirk = longer
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(15))


def test_longer_answers_than_announced_are_not_read(small, server, is_of, impatient):
    """The bytes behind an answer must not become the next answer."""

    def chatter(handler):
        handler.serve()
        handler.wfile.write(b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nyes" * 3)
        return True

    server.quirk = chatter
    try:
        with open_tesseract(f"{server.url}/small.tess") as tesseract:
            for flat in range(15):
                assert is_of(tesseract.picture(tesseract.grid.cell(flat)), flat)
    except TesseractError:
        pass


def test_an_endless_document_is_not_read_to_its_end(server, impatient):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        while sum(sent) < 100_000_000:
            sent.append(handler.wfile.write(b" " * 100_000))
        return True

    server.quirk = endless
    assert "is too large" in refusal(f"{server.url}/small.tess")
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize("where", ["status", "header", "body"])
@pytest.mark.parametrize("pause", [0.05, 5.0])
def test_a_server_that_trickles_or_hangs_is_given_up(small, server, impatient, monkeypatch, where, pause):
    monkeypatch.setattr(web_client, "TIMEOUT_SECONDS", 0.4)
    monkeypatch.setattr(web_client, "SLOWEST_BYTES_PER_SECOND", 1e12)  # a document may not take its length in time
    stop = threading.Event()

    def trickle(handler):
        text = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nX-Long: " + b"y" * 1000 + b"\r\n\r\n" + b"{" * 1000
        at = {"status": 3, "header": 60, "body": len(text) - 500}[where]
        handler.close_connection = True
        handler.wfile.write(text[:at])
        while not stop.wait(pause):
            handler.wfile.write(text[at : at + 1])
        return True

    server.quirk = trickle
    begun = time.monotonic()
    try:
        with pytest.raises(TesseractError, match="does not answer in time"):
            open_tesseract(f"{server.url}/small.tess")
    finally:
        stop.set()
    assert time.monotonic() - begun < 4


@contextmanager
def raw_server(reply):
    """Answer every connection with some bytes, whatever is asked."""
    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.02)

    def answer_all():
        while not stop.is_set():
            with suppress(OSError):
                caller, _ = listening.accept()
                with caller:
                    caller.settimeout(2)
                    caller.recv(65536)
                    caller.sendall(reply)

    thread = threading.Thread(target=answer_all)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
        listening.close()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (b"", "the connection broke off"),
        (b"220 mail.example ESMTP\r\n", "what answers is no web server"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "the connection broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", "the connection broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n{}", "the connection broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", "this is no tesseract"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\n{}", "this is no tesseract"),
        (b"HTTP/1.1 99999 OK\r\n\r\n", "what answers is no web server"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "what answers is no web server"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, "what answers is no web server"),
        (b"\x00" * 200_000, "what answers is no web server"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "leads to an address that is not followed"),
    ],
)
def test_what_is_no_answer_is_told(impatient, reply, says):
    with raw_server(reply) as url:
        assert says in refusal(f"{url}/small.tess")


def test_nobody_there_is_told(impatient):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/small.tess"
    assert "no server answers there" in refusal(url)


def test_a_name_that_no_server_has_is_told(monkeypatch):
    def unknown(*words, **named):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    said = refusal("https://nowhere.example/small.tess")
    assert said.startswith("https://nowhere.example/small.tess/zarr.json: no server of that name is found")


def test_no_secure_connection_is_told(small, server, monkeypatch, impatient):
    said = refusal(f"https{server.url[4:]}/small.tess")
    assert "there is no secure connection" in said
    assert "look at the address: is it http?" in said

    def distrust(self):
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_message = "self-signed certificate"
        raise error

    monkeypatch.setattr(web_client.HTTPSConnection, "connect", distrust)
    said = refusal("https://127.0.0.1:1/small.tess.zip")
    assert "the server's certificate is not trusted: self-signed certificate" in said
