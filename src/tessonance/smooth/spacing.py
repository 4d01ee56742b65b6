"""Where the values of an axis have to stand for its steps to look alike, and whether that holds on other lines.

FLIP bends: a tenth of a change measures more than a tenth of it, about as a power below 1. So distances are taken to
lengths, which add up, by the inverse power, found on the same pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.smooth.metrics import variation

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

__all__ = ["UNEVEN", "Spacing", "bend", "respace"]

FLOOR = 0.1  # of all length is laid evenly, so that values do not run together where little changes
CLEARLY, UNEVEN = 0.85, 0.15  # the variation must fall to so much of what it was, where it was more than that
LEAST_BEND = 0.5


@dataclass(frozen=True)
class Spacing:
    """Where values have to stand.

    Parameters
    ----------
    shares : tuple of float
        Of the way from the first value to the last, ascending from 0 to 1: one more than there are edges.
    even : float
        The coefficient of variation of the steps where values stand evenly.
    spaced : float
        What it becomes, on lines that had no say in the shares.
    """

    shares: tuple[float, ...]
    even: float
    spaced: float

    @property
    def helps(self) -> bool:
        """Whether the steps become clearly more even."""
        return self.even > UNEVEN and self.spaced <= CLEARLY * self.even


def respace(steps: ArrayLike, across: ArrayLike, *, edges: int) -> Spacing:
    """Find the shares at which the steps of an axis look alike.

    Parameters
    ----------
    steps : array_like, shape (lines, n)
        FLIP between successive pictures of some lines along the axis, whose values stand evenly; n from 2.
    across : array_like, shape (lines, n - 1)
        FLIP between pictures two apart.
    edges : int
        How many edges the axis shall have, from 1.

    Returns
    -------
    Spacing
        Each line is measured with shares that the others gave. A single line is measured with shares that every second
        of its pictures gave.
    """
    e, two = np.asarray(steps, np.float64), np.asarray(across, np.float64)
    power = bend(e, two)
    lengths = e ** (1 / power)
    even = np.linspace(0, 1, edges + 1)
    if len(e) > 1:
        others = [_shares(np.delete(lengths, number, axis=0), edges) for number in range(len(e))]
    else:
        others = [_shares(two[:, ::2] ** (1 / power), edges)] if e.shape[1] % 2 == 0 else [even]
    before = [_seen(line, even, power) for line in lengths]
    after = [_seen(line, shares, power) for line, shares in zip(lengths, others, strict=True)]
    return Spacing(
        tuple(_shares(lengths, edges).tolist()),
        even=variation(np.concatenate(before)),
        spaced=variation(np.concatenate(after)),
    )


def bend(steps: ArrayLike, across: ArrayLike) -> float:
    """Return the power, 0.5 to 1, by which distance grows with length: two steps are so much further than one.

    1 where nothing changes.
    """
    e, two = np.asarray(steps, np.float64), np.asarray(across, np.float64)
    one = float((e[:, :-1] + e[:, 1:]).mean()) / 2
    if not one or not two.any():
        return 1.0
    return float(np.clip(np.log2(two.mean() / one), LEAST_BEND, 1.0))


def _shares(lengths: Numbers, edges: int) -> Numbers:
    """Return the shares that cut the mean of some lines into equal lengths."""
    mean = lengths.mean(axis=0)
    count = len(mean)
    even = np.full(count, 1 / count)
    density = (1 - FLOOR) * mean / mean.sum() + FLOOR * even if mean.sum() > 0 else even
    shares = np.interp(np.linspace(0, 1, edges + 1), _summed(density), np.linspace(0, 1, count + 1))
    shares[0], shares[-1] = 0.0, 1.0
    return shares


def _seen(lengths: Numbers, shares: Numbers, power: float) -> Numbers:
    """Return what the steps of a line will be, in FLIP, if its values stand at some shares."""
    at = np.interp(shares, np.linspace(0, 1, len(lengths) + 1), np.concatenate([[0.0], np.cumsum(lengths)]))
    seen: Numbers = np.maximum(np.diff(at), 0.0) ** power
    return seen


def _summed(density: Numbers) -> Numbers:
    total = np.concatenate([[0.0], np.cumsum(density)])
    shares: Numbers = total / total[-1]
    return shares
