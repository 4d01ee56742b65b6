"""Where addresses lead, and what is no address."""

from email.message import Message

import pytest
from file_server import refusal

from tessonance.errors import TesseractError
from tessonance.store import open_tesseract, web, web_client
from tessonance.store.web_client import checked_address, shown

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
