"""What was painted and may be needed again, as much as there is room for."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from tessonance.generators.painting.form import Canvas

__all__ = ["Shelf"]

KEPT_BYTES = 256_000_000


class Shelf:
    """Keeps canvases by their keys; what was not used for longest makes room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Canvas] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Canvas]) -> Canvas:
        """Return what is kept under a key, made if it is not there."""
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > 1 and self.kept_bytes > KEPT_BYTES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def clear(self) -> None:
        """Give everything back."""
        self._kept.clear()

    @property
    def kept_bytes(self) -> int:
        """How much is kept."""
        return sum(part.nbytes for canvas in self._kept.values() for part in canvas)
