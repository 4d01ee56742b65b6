"""The directory of a ZIP file → its members; only what a packed tesseract may use is let through. Pure."""

from __future__ import annotations

import re
import stat
from itertools import pairwise
from struct import Struct
from struct import error as struct_error
from typing import TYPE_CHECKING, NamedTuple

from tessonance.errors import TesseractError

if TYPE_CHECKING:
    from tessonance.store.shard import Source

__all__ = ["HEADER_BYTES", "MAX_DIRECTORY_BYTES", "Member", "data_offset", "read_members"]

MAX_DIRECTORY_BYTES = 16 * 2**20  # more than 100,000 files
UNIX = 3
_END, _END64, _LOCATOR = Struct("<4s4H2LH"), Struct("<4sQ2H2L4Q"), Struct("<4sLQL")
_CENTRAL, _LOCAL, _EXTRA = Struct("<4s6H3L5H2L"), Struct("<4s5H3L2H"), Struct("<2H")
HEADER_BYTES = _LOCAL.size  # of a member's own header, before its name
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_LOCAL_MARK = b"PK\x03\x04"
_LOST = 2**32 - 1  # "look into the ZIP64 field"
# What leads out of a folder on some system, or is read as another name there.
_ESCAPE = re.compile(r"[\x00-\x1f\x7f-\x9f\\:]|^/|//|(?:^|/)\.{1,2}(?:/|$)")
_AGAIN = "copy or download the file again; `tess pack` makes a new one"


class Member(NamedTuple):
    """One file inside a ZIP file; all numbers in bytes.

    Parameters
    ----------
    name : str
    header : int
        Where its own header begins.
    size : int
    crc : int
        CRC-32 of its bytes.
    end : int
        Where what follows it begins: it must not reach beyond.
    """

    name: str
    header: int
    size: int
    crc: int
    end: int


def read_members(source: Source, *, where: str) -> dict[str, Member]:
    """Read the directory of a ZIP file (PKWARE APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16).

    Let through are members that are stored, not encrypted, each in bytes of its own, with names that lead nowhere else,
    no two alike; one disk, no comment, and nothing after the directory.

    Parameters
    ----------
    source : Source
    where : str
        What to call it in errors.

    Returns
    -------
    dict of str to Member
        By name. Entries for folders are left out.

    Raises
    ------
    TesseractError
        If it is no ZIP file, damaged, or of another kind.
    OSError
        If the source cannot be read.
    """
    size = source.size
    most = _END64.size + _LOCATOR.size + _END.size
    tail = bytes(source.get_bytes(max(0, size - most), min(size, most)))
    try:
        if bytes(source.get_bytes(0, 4)) != _LOCAL_MARK:
            raise TesseractError("this is no tesseract", wanted="a folder, or a ZIP file that `tess pack` made")
        start, length, count = _end(tail, size)
        raw = bytes(source.get_bytes(start, length))
        if len(raw) < length:
            raise _damaged("it is shorter than it was")
        return {member.name: member for member in _apart(_entries(raw, count), start) if member.name[-1] != "/"}
    except struct_error:
        raise _damaged("its directory ends too early", where=where) from None
    except TesseractError as error:
        error.where = error.where or where
        raise


def data_offset(head: bytes | memoryview, member: Member) -> int:
    """Tell where the bytes of a member begin.

    Parameters
    ----------
    head : bytes or memoryview
        What lies at ``member.header``: HEADER_BYTES and as many as the name has.
    member : Member

    Returns
    -------
    int
        From the start of the file.

    Raises
    ------
    TesseractError
        If the member's own header contradicts the directory.
    """
    name = member.name.encode("latin-1")
    if len(head) < _LOCAL.size + len(name):
        raise _damaged(f"{member.name} ends too early")
    mark, _, _, method, *_, name_length, extra_length = _LOCAL.unpack_from(head)
    found = bytes(head[_LOCAL.size : _LOCAL.size + len(name)])
    if mark != _LOCAL_MARK or method != 0 or name_length != len(name) or found != name:
        raise _damaged(f"{member.name} is not where the directory says")
    offset: int = member.header + _LOCAL.size + name_length + extra_length
    if offset + member.size > member.end:
        raise _damaged(f"{member.name} reaches into what follows it")
    return offset


def _end(tail: bytes, size: int) -> tuple[int, int, int]:
    """Return where the directory begins, its length, and how many entries it has."""
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != b"PK\x05\x06":
        raise _damaged("it is cut short, or something follows its end")
    _, disk, first_disk, here, count, length, start, comment = _END.unpack_from(tail, at)
    where = size - _END.size
    at -= _LOCATOR.size
    if at >= 0 and tail[at : at + 4] == b"PK\x06\x07":
        _, _, found, disks = _LOCATOR.unpack_from(tail, at)
        where -= _LOCATOR.size + _END64.size
        if found != where or disks != 1:
            raise _damaged("its ZIP64 end is not where it says")
        mark, record, *_, disk64, first64, here64, count64, length64, start64 = _END64.unpack_from(tail)
        wide = disk64, first64, here64, count64, length64, start64
        narrow = disk, first_disk, here, count, length, start
        lost = [0xFFFF] * 4 + [_LOST] * 2
        agree = all(a in (b, c) for a, b, c in zip(narrow, wide, lost, strict=True))
        if mark != b"PK\x06\x06" or record != _END64.size - 12 or not agree:
            raise _damaged("its two ends contradict each other")
        disk, first_disk, here, count, length, start = wide
    if disk or first_disk or here != count or comment:
        raise _damaged("it is of several parts, or something follows it")
    if start + length != where or count * _CENTRAL.size > length:
        raise _damaged("its directory is not where it says")
    if length > MAX_DIRECTORY_BYTES:
        raise _damaged("its directory is too large", wanted=f"at most {MAX_DIRECTORY_BYTES:,} bytes", got=f"{length:,}")
    return start, length, count


def _entries(raw: bytes, count: int) -> list[Member]:
    members, at = [], 0
    for _ in range(count):
        member, at = _entry(raw, at)
        members.append(member)
    if at != len(raw):
        raise _damaged("its directory has another length")
    return members


def _entry(raw: bytes, at: int) -> tuple[Member, int]:
    mark, made_by, _, flags, method, _, _, crc, *rest = _CENTRAL.unpack_from(raw, at)
    stored, size, name_length, extra_length, comment_length, disk, _, attributes, header = rest
    end = at + _CENTRAL.size + name_length + extra_length + comment_length
    if mark != b"PK\x01\x02" or end > len(raw):
        raise _damaged("its directory is damaged")
    at += _CENTRAL.size
    name = raw[at : at + name_length].decode("latin-1")
    if not name or _ESCAPE.search(name):
        raise TesseractError(f"a file in it is named {name[:80]!r}, which leads elsewhere", hint="don't trust it")
    extra = raw[at + name_length : at + name_length + extra_length]
    size, stored, header = _wide(extra, size, stored, header)
    kind = stat.S_IFMT(attributes >> 16) if made_by >> 8 == UNIX else 0
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise TesseractError(f"{name} in it is a link or a device", hint="don't trust it")
    if flags & _ENCRYPTED:
        raise TesseractError(f"{name} in it is encrypted", hint="ask for one without a password")
    if method or stored != size:
        raise TesseractError(
            f"{name} in it is compressed, so that it cannot be read in place",
            wanted="files that are only stored",
            hint="unpack it with another tool, then `tess pack` the folder",
        )
    if disk or (name[-1] == "/" and size):
        raise _damaged(f"its entry of {name} cannot be")
    return Member(name, header, size, crc, 0), end


def _wide(extra: bytes, *numbers: int) -> list[int]:
    """Return numbers of which those that 32 bits cannot hold stand in the ZIP64 field."""
    wide: bytes | None = None
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == 1:
            if wide is not None:
                raise _damaged("an entry of its directory has two sizes")
            wide = extra[at : at + length]
        at += length
    found = []
    for number in numbers:
        if number == _LOST:
            if wide is None or len(wide) < 8:
                raise _damaged("an entry of its directory has no size")
            number, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        found.append(number)
    return found


def _apart(members: list[Member], directory: int) -> list[Member]:
    """Let each member know where the next one begins; refuse two of one name and two that share bytes."""
    members.sort(key=lambda member: member.header)
    if len({member.name for member in members}) < len(members):
        raise _damaged("two files in it have one name")
    ends = [after.header for _, after in pairwise(members)] + [directory]
    apart = []
    for member, end in zip(members, ends, strict=False):
        if member.header + _LOCAL.size + len(member.name) + member.size > end:
            raise _damaged(f"{member.name} in it reaches into what follows it")
        apart.append(member._replace(end=end))
    return apart


def _damaged(problem: str, **facts: str | None) -> TesseractError:
    return TesseractError(f"the ZIP file is damaged: {problem}", **{"hint": _AGAIN, **facts})
