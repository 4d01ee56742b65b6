"""A tesseract on a web server, read by ranges: as a folder, or packed."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING

from tessonance.errors import TesseractError
from tessonance.store.archive import Packed
from tessonance.store.byte_cache import ByteCache
from tessonance.store.layout import ENTRY_BYTES
from tessonance.store.web_client import Client, checked_address, shown

if TYPE_CHECKING:
    from tessonance.store.web_client import Answer

__all__ = ["WebFile", "WebFolder", "web_place"]

CACHE_BYTES = 128 * 2**20  # of one tesseract: indices and encoded pictures
BLOCK_BYTES = 64 * 2**10  # what a short read asks for: on most networks it takes no longer than one byte
SHORT_BYTES = 16 * 2**10  # read by blocks where a file stands still
MAX_REMEMBERED = 10_000  # files that are missing
YOUNG_SECONDS = 5.0  # for so long an index is taken for what it was, and a file that is missing for missing


def web_place(address: str, *, packed: bool, client: Client | None = None) -> WebFolder | Packed:
    """Open a tesseract on a web server. Nothing but the address, and where the server leads from it, is asked for.

    Parameters
    ----------
    address : str
        Of the folder, or of the packed file.
    packed : bool
        Which of the two.
    client : Client, optional

    Raises
    ------
    TesseractError
        If the server cannot be reached, or the file is no packed tesseract.
    """
    url = checked_address(address)
    client = client or Client()
    if not packed:
        return WebFolder(url, client)
    try:
        file = WebFile(url, client, ByteCache(CACHE_BYTES), grows=False)
        if not file.found():
            raise TesseractError("there is no such tesseract", where=shown(url), got="404 Not Found")
        return Packed(file, shown(url), close=client.close)
    except BaseException:
        client.close()
        raise


class WebFolder:
    """The folder of a tesseract on a web server, finished or being painted.

    Parameters
    ----------
    url : str
        As `checked_address` returns it.
    client : Client
    """

    def __init__(self, url: str, client: Client) -> None:
        path, mark, query = url.partition("?")
        self._base, self._query = path.rstrip("/"), mark + query
        self._client, self._cache = client, ByteCache(CACHE_BYTES)
        self._missing: dict[str, float] = {}

    def __str__(self) -> str:
        return shown(self._base)

    def read(self, name: str, *, limit: int) -> bytes:
        """Return the bytes of a small file, or one more than `limit` of a larger one."""
        raw = self._client.get(self._url(name), limit=limit)
        if raw is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", name)
        return raw

    def source(self, name: str) -> WebFile | None:
        """Return a file ready for reading by position; None where there was none a moment ago."""
        if time.monotonic() - self._missing.get(name, -YOUNG_SECONDS) < YOUNG_SECONDS:
            return None
        file = WebFile(self._url(name), self._client, self._cache, grows=True)
        if file.found():
            return file
        if len(self._missing) >= MAX_REMEMBERED:
            self._missing.clear()
        self._missing[name] = time.monotonic()
        return None

    def names(self, name: str) -> None:
        """Tell that a web server does not list its files."""

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _url(self, name: str) -> str:
        return f"{self._base}/{name}{self._query}"


class WebFile:
    """One file on a web server, read by position; any number of threads may read.

    Short reads come in blocks, and what was read is kept. Of a file that grows, the entries of its index are asked for
    again after a moment, while what they point to never changes. Any other file must stay what it was.

    Parameters
    ----------
    url : str
    client : Client
    cache : ByteCache
    grows : bool
        Whether it is a live shard.
    """

    def __init__(self, url: str, client: Client, cache: ByteCache, *, grows: bool) -> None:
        self._url, self._client, self._cache, self._grows = url, client, cache, grows
        self._seen: tuple[int, str] | None = None  # size and mark, together: threads must not see one without the other

    @property
    def size(self) -> int:
        """How many bytes the file had when it was last asked for."""
        if self._seen is None:
            self._asked(0, BLOCK_BYTES)
        return self._seen[0] if self._seen else 0

    def found(self) -> bool:
        """Tell whether there is such a file, and read its beginning."""
        try:
            self._asked(0, BLOCK_BYTES)
        except FileNotFoundError:
            return False
        return True

    def get_bytes(self, offset: int, length: int) -> memoryview:
        """Return some bytes of the file; fewer where it ends before.

        Raises
        ------
        TesseractError
            If the server cannot be reached, knows no ranges, or the file is another one now.
        FileNotFoundError
            If it is gone.
        """
        if not self._grows:
            length = max(0, min(length, self.size - offset))
        if length == 0:
            return memoryview(b"")
        # Of a live shard only the index may come from a block: a picture must be asked for after its entry.
        short = ENTRY_BYTES if self._grows else SHORT_BYTES
        if length <= short or (offset == 0 and length <= BLOCK_BYTES):
            return self._from_blocks(offset, length)
        return memoryview(self._asked(offset, length))

    def _from_blocks(self, offset: int, length: int) -> memoryview:
        within = offset % BLOCK_BYTES
        block = memoryview(self._asked(offset - within, BLOCK_BYTES))
        found = block[within : within + length]
        missing = within + length - BLOCK_BYTES
        if missing <= 0 or len(block) < BLOCK_BYTES:
            return found
        return memoryview(bytes(found) + self._from_blocks(offset - within + BLOCK_BYTES, missing))

    def _asked(self, offset: int, length: int) -> bytes:
        """Return some bytes, from the cache or from the server."""
        key = self, offset, length
        ages = self._grows and (offset == 0 or length == BLOCK_BYTES)
        known = self._cache.get(key, age_seconds=YOUNG_SECONDS if ages else None)
        if known is not None:
            return known
        before = self._seen
        answer = self._client.get_range(self._url, offset, length)
        if answer is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", shown(self._url))
        self._check_same(answer, before)
        if ages or not self._grows or len(answer.body) == length:  # where a file grows, its end is not its end
            self._cache.put(key, answer.body)
        return answer.body

    def _check_same(self, answer: Answer, before: tuple[int, str] | None) -> None:
        """Refuse parts of two different files: pictures of one would stand for those of the other.

        A file that grows is compared with what it was when this was asked for: answers may overtake each other.
        """
        if answer.size < 0:
            return
        size, mark = before or (answer.size, answer.mark)
        if answer.size < size or not (self._grows or (answer.size == size and answer.mark == mark)):
            raise TesseractError(
                "the file on the server is another one than it was", where=shown(self._url), hint="open it again"
            )
        self._seen = answer.size, answer.mark
