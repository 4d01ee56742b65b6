"""A cache of byte strings with a bound on their sum."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["ByteCache"]


class ByteCache:
    """Keeps what was read last, as many bytes as it may; any number of threads may share it.

    Parameters
    ----------
    most_bytes : int
        What all values together may have. A value of more than a quarter of that is not kept.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, tuple[bytes, float]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, *, age_seconds: float | None = None) -> bytes | None:
        """Return a value; None where there is none, or none as young as asked for."""
        with self._lock:
            value, since = self._kept.get(key, (None, 0.0))
            if value is None or (age_seconds is not None and time.monotonic() - since > age_seconds):
                return None
            self._kept.move_to_end(key)
            return value

    def put(self, key: Hashable, value: bytes) -> None:
        """Keep a value in place of one that may be there; those that were not asked for longest go."""
        with self._lock:
            self._bytes -= len(self._kept.pop(key, (b"", 0.0))[0])
            if len(value) > self._most // 4:
                return
            self._kept[key] = value, time.monotonic()
            self._bytes += len(value)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1][0])
