"""Reading over HTTP: the right pictures, with few requests."""

import gc
import io
import threading
import time

import numpy as np
import pytest

from tessonance.errors import DamagedPicture, MissingPicture, TesseractError
from tessonance.store import Tesseract, TesseractWriter, open_tesseract, pack, reader, unpack, web, web_client
from tessonance.store.places import place_of
from tessonance.store.web import web_place
from tessonance.store.web_client import Client

FORMS = ("small.tess", "small.tess.zip")
SHARD = "/small.tess/frames/c.0.0.0.0.0"


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
