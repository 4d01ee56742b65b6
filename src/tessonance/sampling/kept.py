"""What was read last is kept, up to so many bytes. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Kept"]

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Keeps values; the least recently used one goes first.

    Parameters
    ----------
    most_bytes : int
        How much to keep. The last value is kept whatever it says.
    bytes_of : callable
        Value → its bytes.
    """

    def __init__(self, most_bytes: int, bytes_of: Callable[[Value], int]) -> None:
        self._most, self._bytes_of, self._held = most_bytes, bytes_of, 0
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key; make it where it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        self._held += self._bytes_of(value)
        while self._held > self._most and len(self._values) > 1:
            self._held -= self._bytes_of(self._values.popitem(last=False)[1])
        return value
