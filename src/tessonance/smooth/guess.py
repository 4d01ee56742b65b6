"""Pictures guessed from their neighbours, and what the guesses are worth on pictures that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.smooth.fields import FIELD_SIDE, find, shown, shrink, spread_out
from tessonance.smooth.fields import moved as read_moved
from tessonance.smooth.flip import difference, see
from tessonance.smooth.flow import dis
from tessonance.smooth.metrics import detail, deviation, ratio
from tessonance.smooth.views import as_float, reduced, same_size, view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tessonance.smooth.flip import Seen
    from tessonance.smooth.flow import FlowFinder
    from tessonance.smooth.views import Picture

    Guesser = Callable[[Picture, Picture, float], NDArray[np.float32]]

__all__ = ["MOST_ERROR", "Guess", "Known", "among", "better", "fade", "held_out", "judge", "known", "morph"]

MOST_ERROR, LEAST_SHARPNESS, LEAST_CONTRAST = 0.25, 0.85, 0.9


@dataclass(frozen=True)
class Guess:
    """What a guess of a known picture is worth.

    Parameters
    ----------
    error : float
        Mean FLIP between guess and picture, as viewed at 128 × 128.
    sharpness, contrast : float
        Of the guess over the picture's: a grey ghost errs little, and is soft.
    """

    error: float
    sharpness: float
    contrast: float

    def accepted(self, spread: float) -> bool:
        """Whether the picture need not be painted: an error of at most 0.25 R, sharpness >= 0.85, contrast >= 0.9.

        It means something only where the gates are passed (`line.Gates`): unrelated pictures can be guessed too.
        """
        sharp = self.sharpness >= LEAST_SHARPNESS and self.contrast >= LEAST_CONTRAST
        return sharp and self.error <= MOST_ERROR * spread


def fade(first: Picture, second: Picture, share: float) -> NDArray[np.float32]:
    """Lay two pictures over each other, `share` (0..1) of the second; float32 of 0..1."""
    same_size(np.asarray(first), np.asarray(second))
    return as_float(first) * np.float32(1 - share) + as_float(second) * np.float32(share)


def morph(first: Picture, second: Picture, share: float, *, finder: FlowFinder = dis) -> NDArray[np.float32]:
    """Move two pictures towards each other, then lay them over each other, as a show does where an edge flows.

    Each is read at ``x + u F(x)``, where F is the flow from the other one back to it and u how far it is; see
    `fields.find` for where it is none, and `fields.shrink` for how it is kept. Float32 of 0..1.
    """
    a, b = as_float(first), as_float(second)
    return np.clip(shown(a, b, _flows(a, b, finder), share), 0, 1)


@dataclass(frozen=True, eq=False)
class Known:
    """A picture that guesses are held against; made once by `known`, used often.

    Parameters
    ----------
    seen : Seen
        As viewed at 128 × 128.
    detail, deviation : float
        Of its luma.
    """

    seen: Seen
    detail: float
    deviation: float

    def judge(self, guess: Picture) -> Guess:
        """Hold a guess against it. Raises TessError if their sizes differ, where that shows."""
        mine = known(guess)
        return Guess(
            difference(mine.seen, self.seen),
            ratio(mine.detail, self.detail, of_nothing=1.0),
            ratio(mine.deviation, self.deviation, of_nothing=1.0),
        )


def known(picture: Picture) -> Known:
    """Look at a picture that guesses will be held against."""
    return Known(see(view(picture)), detail(picture), deviation(picture))


def among(
    corners: Sequence[Picture], shares: Sequence[float], *, finder: FlowFinder | None = None
) -> NDArray[np.float32]:
    """Guess a picture from all those around it, those of 2 to the power of n corners.

    What `fade` and `morph` are between two pictures: each corner is read at ``x + sum_k u_k F_k(x)``, where F_k is the
    flow from its neighbour along axis k back to it and u_k how far it is along that axis, then they are laid over each
    other by their multilinear weights (M. Bemana et al., "X-Fields", arXiv:2010.00450).

    Parameters
    ----------
    corners : sequence of ndarray, each of shape (H, W, 3)
        The first axis slowest, the nearer end of each first.
    shares : sequence of float, length n
        Where the guess is, 0..1 along each axis.
    finder : FlowFinder, optional
        Nothing is moved unless given.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        0..1.
    """
    pictures = [as_float(corner) for corner in corners]
    moved = [np.zeros((*picture.shape[:2], 2), np.float32) for picture in pictures]
    weights = np.ones(len(pictures))
    for k, share in enumerate(shares):
        bit = 1 << (len(shares) - 1 - k)
        for low in (number for number in range(len(pictures)) if not number & bit):
            weights[low] *= 1 - share
            weights[low | bit] *= share
            if finder is not None:
                forward, backward = _flows(pictures[low], pictures[low | bit], finder)
                moved[low] += forward * np.float32(share)
                moved[low | bit] += backward * np.float32(1 - share)
    guess = np.zeros_like(pictures[0])
    for picture, flow, weight in zip(pictures, moved, weights, strict=True):
        guess += (picture if finder is None else read_moved(picture, flow)) * np.float32(weight)
    return np.clip(guess, 0, 1)


def _flows(
    first: NDArray[np.float32], second: NDArray[np.float32], finder: FlowFinder
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return F and B between two pictures, as they are kept and shown."""
    found = find(reduced(first, FIELD_SIDE), reduced(second, FIELD_SIDE), finder=finder)
    return spread_out(shrink(found, *first.shape[:2]), first.shape, first.shape)


def better(first: Guess, second: Guess, spread: float) -> Guess:
    """Return the guess that is accepted, or errs less where both are, or neither is."""
    mine, theirs = first.accepted(spread), second.accepted(spread)
    if mine != theirs:
        return first if mine else second
    return first if first.error <= second.error else second


def judge(guess: Picture, picture: Picture) -> Guess:
    """Hold a guess against the picture. Raises TessError if their sizes differ."""
    same_size(np.asarray(guess), np.asarray(picture))
    return known(picture).judge(guess)


def held_out(pictures: Sequence[Picture], *, guesser: Guesser = fade) -> tuple[Guess, ...]:
    """Guess every second picture of a line from the two beside it.

    Parameters
    ----------
    pictures : sequence of ndarray, each of shape (H, W, 3)
    guesser : callable
        Two pictures and a share → picture: `fade`, `morph` or another.

    Returns
    -------
    tuple of Guess
        Of the pictures 1, 3, 5 and so on that have neighbours on both sides; none of fewer than three.
    """
    middles = range(1, len(pictures) - 1, 2)
    return tuple(judge(guesser(pictures[k - 1], pictures[k + 1], 0.5), pictures[k]) for k in middles)
