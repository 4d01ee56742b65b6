"""Reading over HTTP: the right pictures with few requests, and one clear error for whatever a server does."""

import gc
import io
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from email.message import Message
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from file_server import serving

from tessonance.errors import DamagedPicture, MissingPicture, TesseractError
from tessonance.store import Tesseract, TesseractWriter, open_tesseract, pack, reader, unpack, web, web_client
from tessonance.store.places import place_of
from tessonance.store.web import web_place
from tessonance.store.web_client import Client, checked_address, shown

FORMS = ("small.tess", "small.tess.zip")
SHARD = "/small.tess/frames/c.0.0.0.0.0"


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def small(make, project_of):
    """A tesseract of 5 × 3 in both forms."""
    path = make(project_of(5, 3))
    pack(path)
    return path


@pytest.fixture
def impatient(monkeypatch):
    """Waits that a test can wait for."""
    monkeypatch.setattr(web_client, "WAITS_SECONDS", (0.01, 0.02))


def refusal(url):
    """Return what is said about a tesseract that cannot be read."""
    with pytest.raises(TesseractError) as caught, open_tesseract(url) as tesseract:
        tesseract.picture((0, 0))
    return str(caught.value)


# What is read


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("codec", ["jpeg", "lossless"])
def test_every_picture_is_that_of_the_folder(make, project_of, is_of, server, form, codec):
    pack(make(project_of(5, 3, codec=codec)))
    with open_tesseract(f"{server.url}/{form}") as tesseract, open_tesseract(server.root / "small.tess") as here:
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(15))
        assert (tesseract.painted(), tesseract.stored_bytes()) == (15, here.stored_bytes())
        assert tesseract.complete_level() == here.complete_level()
        assert tesseract.is_painted(np.arange(15)).all()
        assert [part.tolist() for part in tesseract.stored_cells()] == [part.tolist() for part in here.stored_cells()]


def test_an_address_is_told_as_it_is_and_gives_names_to_files(small, server):
    with open_tesseract(f"{server.url}/small.tess.zip?key=secret") as tesseract:
        assert tesseract.where == f"{server.url}/small.tess.zip"
        assert tesseract.name == "small"
        assert str(tesseract.beside(".png")) == "small.png"
        assert not tesseract.path.exists()
    assert {path for path, _ in server.asked} == {"/small.tess.zip?key=secret"}


def test_a_path_that_lost_a_slash_is_an_address_still(small, server):
    place, path = place_of(f"{server.url}/small.tess/")
    place.close()
    with open_tesseract(path) as tesseract:
        assert tesseract.where == f"{server.url}/small.tess"
        assert tesseract.painted() == 15


def test_a_name_of_other_letters_is_quoted(small, server):
    small.rename(small.with_name("große Blüte.tess"))
    for name in ("große Blüte.tess", "gro%C3%9Fe%20Bl%C3%BCte.tess"):
        with open_tesseract(f"{server.url}/{name}") as tesseract:
            assert tesseract.painted() == 15
            assert str(tesseract.beside(".png")) == "große Blüte.png"


def test_it_takes_few_requests_over_one_connection(small, server):
    with open_tesseract(f"{server.url}/small.tess") as tesseract:
        assert len(server.asked) == 2
        assert tesseract.painted() == 15
        for _ in range(3):
            for cell in np.ndindex(5, 3):
                tesseract.picture(cell)
        assert len(server.asked) == 2 + 1 + 15  # the documents, the index, each picture once
    server.asked.clear()
    with open_tesseract(f"{server.url}/small.tess.zip") as tesseract:
        assert sum(tesseract.picture(cell).size > 0 for cell in np.ndindex(5, 3)) == 15
        assert len(server.asked) == 1  # it is smaller than what is asked for first
    assert len(server.callers) == 2


def test_what_is_kept_has_a_bound(small, server, monkeypatch):
    monkeypatch.setattr(web, "CACHE_BYTES", 8 * 1000)
    monkeypatch.setattr(web, "BLOCK_BYTES", 512)
    with open_tesseract(f"{server.url}/small.tess") as tesseract:
        for _ in range(2):
            for cell in np.ndindex(5, 3):
                tesseract.picture(cell)
        assert tesseract.place._cache._bytes <= 8000
    assert len(server.asked) > 2 + 1 + 15 + 4  # some had to be asked for again


@pytest.mark.parametrize("block", [200, 1000])
@pytest.mark.parametrize("form", FORMS)
def test_reads_that_cross_blocks_are_put_together(small, server, is_of, monkeypatch, block, form):
    monkeypatch.setattr(web, "BLOCK_BYTES", block)
    with open_tesseract(f"{server.url}/{form}") as tesseract:
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(15))
        assert tesseract.painted() == 15


def test_threads_may_read_at_once(small, server, is_of):
    wrong = []
    with open_tesseract(f"{server.url}/small.tess") as tesseract:

        def look(number):
            for flat in np.random.default_rng(number).permutation(15):
                if not is_of(tesseract.picture(tesseract.grid.cell(int(flat))), int(flat)):
                    wrong.append(flat)

        threads = [threading.Thread(target=look, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(server.callers) <= 6


def test_closing_closes_every_connection(small, server):
    tesseract = open_tesseract(f"{server.url}/small.tess")
    encoded = tesseract.encoded((0, 0))
    tesseract.close()
    count = len(server.asked)
    with pytest.raises(TesseractError, match="is closed"):
        tesseract.picture((1, 0))
    assert len(server.asked) == count
    assert tesseract.codec.decode(encoded).shape == (16, 24, 3)
    del tesseract
    gc.collect()  # a socket left open would warn here


def test_nothing_that_a_tesseract_names_is_asked_for(make, project_of, server):
    evil = f"{server.url}/evil"
    path = make(project_of(5, 3, url=evil, model=evil, workflow="file:///etc/passwd"))
    with open_tesseract(f"{server.url}/{path.name}") as tesseract:
        tesseract.picture((0, 0))
        assert tesseract.painted() == 15
    assert all(asked.startswith("/small.tess/") for asked, _ in server.asked)


def test_a_connection_that_the_server_closed_is_made_anew(small, server, monkeypatch):
    monkeypatch.setattr(web_client, "WAITS_SECONDS", ())  # this is no trouble that would have to pass
    with open_tesseract(f"{server.url}/small.tess") as tesseract:
        tesseract.picture((0, 0))

        def hang_up(handler):
            handler.close_connection = True
            handler.serve()
            return True

        server.quirk = hang_up
        tesseract.picture((1, 0))
        tesseract.picture((2, 0))
        server.quirk = None
        assert tesseract.painted() == 15


# A tesseract that is being painted


def test_pictures_appear_as_they_are_painted(make, project_of, picture_of, is_of, server, monkeypatch):
    monkeypatch.setattr(web, "YOUNG_SECONDS", 0.0)
    path = make(project_of(3, 2), [])
    with open_tesseract(f"{server.url}/{path.name}") as tesseract, TesseractWriter.open(path) as writer:
        assert tesseract.painted() == 0
        assert tesseract.complete_level() is None
        for flat in range(6):
            cell = tesseract.grid.cell(flat)
            with pytest.raises(MissingPicture):
                tesseract.picture(cell)
            writer.put_picture(cell, picture_of(flat))
            assert is_of(tesseract.picture(cell), flat)
            assert tesseract.painted() == flat + 1
        writer.put_picture((0, 0), picture_of(0, version=7))
        assert is_of(tesseract.picture((0, 0)), 0, version=7)


def test_for_a_moment_an_index_is_taken_for_what_it_was(make, project_of, picture_of, server):
    path = make(project_of(5, 3), [0])
    with open_tesseract(f"{server.url}/{path.name}") as tesseract, TesseractWriter.open(path) as writer:
        assert tesseract.painted() == 1
        asked = len(server.asked)
        writer.put_picture((0, 1), picture_of(1))
        assert tesseract.painted() == 1
        assert len(server.asked) == asked


def test_for_a_moment_a_file_that_is_missing_is_not_asked_for(make, project_of, server):
    path = make(project_of(5, 3), [])
    with open_tesseract(f"{server.url}/{path.name}") as tesseract:
        for _ in range(5):
            assert tesseract.painted() == 0
    assert len(server.asked) == 3


def test_each_file_that_there_can_be_is_asked_for(make, project_of, server, monkeypatch):
    path = make(project_of(100, 100, 20), [0, 30_000, 199_999])
    with open_tesseract(f"{server.url}/{path.name}") as tesseract:
        assert tesseract.layout.shards == (20, 1, 1)
        assert tesseract.painted() == 3
        assert len(server.asked) == 2 + 20 + 3  # the beginning of each, and the whole index where there is one
        monkeypatch.setattr(reader, "MAX_ASKED", 19)
        with pytest.raises(TesseractError, match="too many files to ask for each\n  wanted: at most 19\n  got: 20"):
            tesseract.painted()


def test_a_shard_that_is_another_one_now_is_refused(small, server, monkeypatch):
    monkeypatch.setattr(web, "YOUNG_SECONDS", 0.0)
    with open_tesseract(f"{server.url}/small.tess") as tesseract:
        assert tesseract.painted() == 15
        shard = small / "frames" / "c.0.0.0.0.0"
        shard.write_bytes(shard.read_bytes()[:500])
        with pytest.raises(TesseractError, match="is another one than it was\n  try: open it again"):
            tesseract.painted()


def test_answers_may_overtake_each_other_while_a_file_grows(make, project_of, picture_of, is_of, server):
    """An answer that was given before the file grew may come after one that was given later."""
    path = make(project_of(5, 3), [0, 1])
    asked, grown = threading.Event(), threading.Event()

    def dawdle(handler):
        if len(server.asked) == 4:  # the two documents, the index, and now the first picture
            whole, handler.wfile = handler.wfile, io.BytesIO()
            handler.serve()
            asked.set()
            grown.wait(5)
            whole.write(handler.wfile.getvalue())
            handler.wfile = whole
            return True
        return False

    server.quirk = dawdle
    pictures = []
    with open_tesseract(f"{server.url}/{path.name}") as tesseract:
        assert tesseract.painted() == 2
        slow = threading.Thread(target=lambda: pictures.append(tesseract.picture((0, 0))))
        slow.start()
        assert asked.wait(5)
        with TesseractWriter.open(path) as writer:
            writer.put_picture((0, 2), picture_of(2))
        assert is_of(tesseract.picture((0, 1)), 1)
        grown.set()
        slow.join()
    assert is_of(pictures[0], 0)


def test_a_packed_file_that_is_another_one_now_is_refused(small, server, monkeypatch):
    monkeypatch.setattr(web, "BLOCK_BYTES", 512)
    with open_tesseract(f"{server.url}/small.tess.zip") as tesseract:
        tesseract.picture((0, 0))
        time.sleep(0.01)
        pack(small, force=True)  # of the same size
        with pytest.raises(TesseractError, match="is another one than it was\n  try: open it again"):
            tesseract.picture((4, 2))


# Servers that do not do what they should


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


# Redirects


def leads(server, targets):
    """Lead from some paths to others."""

    def quirk(handler):
        target = targets.get(handler.path)
        return target is not None and (handler.give(302, Location=target) or True)

    server.quirk = quirk


def test_a_redirect_is_followed_and_remembered(small, server, is_of, monkeypatch):
    monkeypatch.setattr(web, "BLOCK_BYTES", 512)
    leads(server, {"/latest.zip": "/small.tess.zip?signed=1"})
    with open_tesseract(f"{server.url}/latest.zip") as tesseract:
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(15))
        assert tesseract.where == f"{server.url}/latest.zip"
    assert [path for path, _ in server.asked].count("/latest.zip") == 1


def test_a_redirect_that_ran_out_is_asked_for_again(small, server, is_of, monkeypatch):
    monkeypatch.setattr(web, "BLOCK_BYTES", 512)
    signed = ["1"]

    def quirk(handler):
        if handler.path == "/latest.zip":
            handler.give(302, Location=f"/small.tess.zip?signed={signed[0]}")
            return True
        if handler.path.endswith(signed[0]):
            return False
        handler.give(403)
        return True

    server.quirk = quirk
    with open_tesseract(f"{server.url}/latest.zip") as tesseract:
        tesseract.picture((0, 0))
        signed[0] = "2"
        assert all(is_of(tesseract.picture(tesseract.grid.cell(flat)), flat) for flat in range(15))


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:application/zip;base64,UEsDBA==",
        "",
        "http://[",
        "http://user:word@127.0.0.1/x",
        "http://127.0.0.1:99999/x",
    ],
)
def test_a_redirect_to_elsewhere_is_not_followed(small, server, target):
    leads(server, {"/small.tess.zip": target})
    said = refusal(f"{server.url}/small.tess.zip")
    assert "leads to an address that is not followed\n  wanted: http or https, and https from https on" in said


def test_a_secure_address_does_not_lead_to_an_insecure_one():
    headers = Message()
    headers["Location"] = "http://host/small.tess"
    reply = web_client._Reply(302, headers, b"")
    with pytest.raises(TesseractError, match="is not followed"):
        web_client._next("https://host/a", reply, "https://host/a")
    assert web_client._next("http://host/a", reply, "http://host/a") == "http://host/small.tess"


def test_redirects_in_a_circle_end(small, server):
    leads(server, {"/a.zip": "/b.zip", "/b.zip": "/a.zip"})
    assert "leads from one address to the next, without an end" in refusal(f"{server.url}/a.zip")
    assert len(server.asked) <= 10


# Addresses


@pytest.mark.parametrize(
    "text", ["http://", "https:///x", "http://a:b/x", "http://host/a\nb", "http://[::1/x", "ftp://a/b"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(TesseractError, match="this is no address\n  wanted: https://host/NAME"):
        checked_address(text)


@pytest.mark.parametrize("text", ["s3://bucket/a.tess.zip", "file:///a.tess", "ftp://host/a.tess"])
def test_addresses_of_other_kinds_are_refused(text):
    with pytest.raises(TesseractError, match="only http and https addresses are read"):
        open_tesseract(text)


def test_passwords_are_neither_sent_nor_shown():
    with pytest.raises(TesseractError, match="names and passwords in an address are not understood") as caught:
        open_tesseract("https://me:secret@host/small.tess")
    assert "secret" not in str(caught.value)
    assert shown("https://me:secret@host/small.tess?key=secret") == "https://host/small.tess"


# Others that read


def test_packing_and_unpacking_take_addresses(small, server, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path / "small.tess")
    packed = pack(f"{server.url}/small.tess", progress=lambda done, total: None)
    assert packed.path.resolve().read_bytes() == (tmp_path / "small.tess.zip").read_bytes()
    unpacked = unpack(f"{server.url}/small.tess.zip")
    assert str(unpacked.path) == "small.tess"
    with open_tesseract(unpacked.path) as tesseract:
        assert tesseract.painted() == 15
    with pytest.raises(TesseractError, match="this tesseract is not packed"):
        unpack(f"{server.url}/small.tess", tmp_path / "other.tess")


def test_a_tesseract_on_the_web_is_not_written_to(small, server):
    with pytest.raises(TesseractError, match="a tesseract on the web is only read\n  try: `tess unpack`"):
        TesseractWriter.open(f"{server.url}/small.tess")


def test_a_hostile_index_on_the_web_is_refused_picture_by_picture(small, server):
    shard = small / "frames" / "c.0.0.0.0.0"
    raw = bytearray(shard.read_bytes())
    numbers = [0, 1, 2**40, 2**63, 2**64 - 2]
    raw[:160] = np.array([[a, b] for a in (500, 2**64 - 9) for b in numbers], "<u8").tobytes()
    shard.write_bytes(raw)
    with open_tesseract(f"{server.url}/small.tess") as tesseract:
        for flat in range(10):
            with pytest.raises(DamagedPicture):
                tesseract.picture(tesseract.grid.cell(flat))
        assert tesseract.painted() == 6  # one of these entries can be, though it is no picture


def test_a_client_of_ones_own_may_be_more_patient(small, server):
    client = Client(timeout_seconds=30)
    with Tesseract(web_place(f"{server.url}/small.tess", packed=False, client=client), small) as tesseract:
        assert tesseract.painted() == 15
