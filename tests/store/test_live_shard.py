import errno
import os

import numpy as np
import pytest

from tessonance.errors import DamagedPicture
from tessonance.store import osfile
from tessonance.store.layout import EMPTY, ENTRY, MISSING, Layout
from tessonance.store.osfile import Folder
from tessonance.store.shard import LiveShard, ShardReader

LAYOUT = Layout((2, 2), (2, 2), 1000)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def shard(folder):
    shard = LiveShard(folder, "c", LAYOUT)
    yield shard
    shard.close()


def put(shard, place, encoded):
    shard.enter(place, shard.append(encoded))


def reader(folder):
    return ShardReader(folder.source("c"), LAYOUT)


def write_entry(folder, place, offset, length):
    file = folder.open_for_writing("c")
    osfile.write_at(file, 16 * place, ENTRY.pack(offset, length))
    osfile.close(file)


def test_a_new_shard_is_an_empty_index(folder, shard):
    assert folder.read("c", limit=100) == b"\xff" * 64
    assert reader(folder).lengths().tolist() == [0, 0, 0, 0]


def test_pictures_stand_behind_the_index_in_the_order_they_came(folder, shard):
    put(shard, 2, b"first")
    put(shard, 0, b"second!")
    raw = folder.read("c", limit=1000)
    assert raw[64:] == b"firstsecond!"
    assert [ENTRY.unpack_from(raw, 16 * k) for k in (0, 2)] == [(69, 7), (64, 5)]
    assert raw[16:32] == raw[48:64] == EMPTY


def test_what_was_put_is_read_at_once(folder, shard):
    early = reader(folder)
    assert early.encoded(1) is None
    put(shard, 1, b"picture")
    assert bytes(early.encoded(1)) == b"picture"
    assert early.lengths().tolist() == [0, 7, 0, 0]


def test_an_appended_picture_is_missing_until_it_is_entered(folder, shard):
    entry = shard.append(b"picture")
    assert reader(folder).encoded(1) is None
    shard.enter(1, entry)
    assert bytes(reader(folder).encoded(1)) == b"picture"


def test_a_replaced_picture_is_the_new_one_and_old_views_stay(folder, shard):
    put(shard, 1, b"old")
    old = reader(folder).encoded(1)
    put(shard, 1, b"newer")
    assert bytes(reader(folder).encoded(1)) == b"newer"
    assert bytes(old) == b"old"


def test_replacing_erases_the_old_entry_before_the_new_one_is_written(folder, shard, monkeypatch):
    """Else a reader could join the old offset to the new length."""
    put(shard, 1, b"old")
    seen, whole = [], osfile.write_at

    def write_at(file, offset, data):
        whole(file, offset, data)
        seen.append((offset, bytes(data)))

    monkeypatch.setattr(osfile, "write_at", write_at)
    put(shard, 1, b"newer")
    assert seen == [(67, b"newer"), (16, EMPTY), (16, ENTRY.pack(67, 5))]


@pytest.mark.parametrize("entry", [(MISSING, 5), (64, MISSING), (MISSING, MISSING)])
def test_an_entry_is_missing_if_either_half_is_the_sentinel(folder, shard, entry):
    put(shard, 1, b"picture")
    write_entry(folder, 1, *entry)
    assert reader(folder).encoded(1) is None
    assert reader(folder).lengths()[1] == 0


@pytest.mark.parametrize(
    "entry", [(0, 0), (64, 0), (63, 5), (0, 64), (64, 8), (2**63, 2**63), (2**64 - 2, 7), (70, 900)]
)
def test_an_entry_that_cannot_be_is_damaged_and_counts_as_unpainted(folder, shard, entry):
    put(shard, 1, b"picture")
    write_entry(folder, 1, *entry)
    with pytest.raises(DamagedPicture, match="its entry in the index cannot be"):
        reader(folder).encoded(1)
    assert reader(folder).lengths()[1] == 0


def test_a_picture_longer_than_any_can_be_is_damaged(folder, shard):
    put(shard, 1, bytes(1001))
    with pytest.raises(DamagedPicture, match="from 1 to 1,000 bytes"):
        reader(folder).encoded(1)


def test_a_failed_append_leaves_everything_as_it_was_and_its_room_is_used_again(folder, shard, monkeypatch):
    put(shard, 0, b"earlier")

    def full(file, offset, data):
        os.lseek(file, offset, os.SEEK_SET)
        os.write(file, bytes(data[:3]))
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(osfile, "write_at", full)
        with pytest.raises(OSError, match="No space"):
            put(shard, 1, b"picture")
    assert reader(folder).lengths().tolist() == [7, 0, 0, 0]
    put(shard, 1, b"again")
    assert folder.read("c", limit=1000)[64:] == b"earlieragain"


def test_half_a_picture_of_a_killed_writer_is_passed_over(folder):
    first = LiveShard(folder, "c", LAYOUT)
    put(first, 0, b"earlier")
    first.append(b"half")
    first.close()
    second = LiveShard(folder, "c", LAYOUT)
    put(second, 1, b"picture")
    second.close()
    assert [bytes(reader(folder).encoded(k)) for k in (0, 1)] == [b"earlier", b"picture"]


@pytest.mark.parametrize("length", [0, 1, 63])
def test_a_shard_cut_within_its_index_has_no_pictures_and_is_begun_anew(folder, shard, length):
    put(shard, 0, b"picture")
    os.truncate(folder.path / "c", length)
    assert reader(folder).lengths().tolist() == [0, 0, 0, 0]
    again = LiveShard(folder, "c", LAYOUT)
    put(again, 1, b"new")
    again.close()
    assert reader(folder).lengths().tolist() == [0, 3, 0, 0]


def test_a_shard_cut_within_its_pictures_keeps_those_before(folder, shard):
    put(shard, 0, b"first")
    put(shard, 1, b"second")
    os.truncate(folder.path / "c", 70)
    assert reader(folder).lengths().tolist() == [5, 0, 0, 0]
    with pytest.raises(DamagedPicture):
        reader(folder).encoded(1)


def test_a_source_need_not_be_a_file():
    """An archive's member or a web page's ranges can stand in: a size and one function."""

    class Memory:
        def __init__(self, data):
            self.data = data

        @property
        def size(self):
            return len(self.data)

        def get_bytes(self, offset, length):
            return memoryview(self.data)[offset : offset + length]

    index = np.array([[64, 3], [MISSING, MISSING], [67, 4], [MISSING, MISSING]], "<u8").tobytes()
    shard = ShardReader(Memory(index + b"onefour"), LAYOUT)
    assert bytes(shard.encoded(2)) == b"four"
    assert shard.lengths().tolist() == [3, 0, 4, 0]
