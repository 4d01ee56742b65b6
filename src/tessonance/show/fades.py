"""Fades: to black, and from one tesseract to the next."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CrossFade", "Ramp", "Shown"]


class Ramp:
    """A value that goes evenly to where it is wanted.

    Parameters
    ----------
    value : float
    """

    def __init__(self, value: float = 0.0) -> None:
        self._from = self._to = value
        self._began, self._seconds = 0.0, 0.0

    def go(self, to: float, *, seconds: float, now: float) -> None:
        """Go somewhere, in so many seconds for the whole way from 0 to 1, from wherever it is."""
        self._from = self.at(now)
        self._to, self._began, self._seconds = to, now, seconds * abs(to - self._from)

    def at(self, now: float) -> float:
        """Return the value at a time."""
        if self._seconds <= 0 or now >= self._began + self._seconds:
            return self._to
        return self._from + (self._to - self._from) * max(0.0, now - self._began) / self._seconds


class Shown(NamedTuple):
    """Which tesseracts are to be seen.

    Parameters
    ----------
    piece : int
    over : int or None
        The one before, while it still shines through.
    mix : float
        Share of `piece`, 0..1.
    """

    piece: int
    over: int | None
    mix: float


class CrossFade:
    """Which tesseract is shown, and which is on its way.

    Parameters
    ----------
    piece : int
        The first.
    """

    def __init__(self, piece: int = 0) -> None:
        self._piece = piece
        self._over: int | None = None
        self._ramp = Ramp(1.0)
        self._wanted: tuple[int, float] | None = None

    @property
    def piece(self) -> int:
        """The one that is shown, or fading in."""
        return self._piece

    def choose(self, piece: int, *, seconds: float, now: float) -> bool:
        """Fade to another; say whether it begins now. While a fade goes on it waits, but for the way back."""
        if self._over is None and piece != self._piece:
            self._begin(piece, seconds, now)
            return True
        if piece == self._over:
            self._piece, self._over = piece, self._piece
            here = 1.0 - self._ramp.at(now)
            self._ramp = Ramp(here)
            self._ramp.go(1.0, seconds=seconds, now=now)
            self._wanted = None
            return True
        self._wanted = None if piece == self._piece else (piece, seconds)
        return False

    def advance(self, now: float) -> tuple[int | None, int | None]:
        """Go on; return which piece is over, if one just went, and which begins, if one had to wait for that."""
        if self._over is None or self._ramp.at(now) < 1.0:
            return None, None
        gone, self._over = self._over, None
        if self._wanted is None:
            return gone, None
        piece, seconds = self._wanted
        self._wanted = None
        self._begin(piece, seconds, now)
        return gone, piece

    def showing(self, now: float) -> Shown:
        """Return what is to be seen."""
        share = self._ramp.at(now)
        return Shown(self._piece, self._over, share * share * (3 - 2 * share) if self._over is not None else 1.0)

    def _begin(self, piece: int, seconds: float, now: float) -> None:
        self._piece, self._over = piece, self._piece
        self._ramp = Ramp(0.0)
        self._ramp.go(1.0, seconds=seconds, now=now)
