"""What calm, lively and wild mean: the limits that a film of each kind keeps to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import TessError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["KINDS", "Limits", "Smoothness", "kind_of", "limits"]

STRONG = 0.2  # F counts where the two steps sum to more
FEWEST = 5  # such places for F to mean anything


@dataclass(frozen=True)
class Smoothness:
    """How far successive frames are from each other, at 30 a second.

    Parameters
    ----------
    median, p90, p99, worst : float
        Of the steps, in FLIP.
    flicker, flicker_p99 : float
        Median and 99th percentile of F where the two steps sum above 0.2; NaN where hardly any do.
    """

    median: float
    p90: float
    p99: float
    worst: float
    flicker: float
    flicker_p99: float

    @classmethod
    def of(cls, steps: Sequence[float], across: Sequence[float]) -> Smoothness:
        """Measure them.

        Parameters
        ----------
        steps : sequence of float, length n >= 1
            From each frame to the next.
        across : sequence of float, length n - 1
            From each frame to the one after the next.
        """
        e = np.asarray(steps, np.float64)
        both = e[:-1] + e[1:]
        strong = both > STRONG
        f = 1.0 - np.asarray(across, np.float64)[strong] / both[strong]
        known = f.size >= FEWEST
        median, p90, p99 = np.percentile(e, (50, 90, 99)).tolist()
        return cls(
            median=median,
            p90=p90,
            p99=p99,
            worst=float(e.max()),
            flicker=float(np.median(f)) if known else float("nan"),
            flicker_p99=float(np.percentile(f, 99)) if known else float("nan"),
        )


@dataclass(frozen=True)
class Limits:
    """The most that a film of one kind may show. Fitted on films and music visuals, not validated on viewers.

    Parameters
    ----------
    kind : str
    median, p90, p99, worst : float
        Of the steps.
    flicker, flicker_p99 : float
    """

    kind: str
    median: float
    p90: float
    p99: float
    worst: float
    flicker: float
    flicker_p99: float

    def broken(self, found: Smoothness) -> Iterator[tuple[str, float, float]]:
        """Yield the name, the value and the limit of what is above it, to the two digits that the limits have."""
        for name in ("median", "p90", "p99", "worst", "flicker", "flicker_p99"):
            got, most = getattr(found, name), getattr(self, name)
            if round(got, 2) > most:
                yield name, got, most


KINDS = {
    "calm": Limits("calm", 0.07, 0.10, 0.13, 0.15, 0.28, 0.40),
    "lively": Limits("lively", 0.12, 0.22, 0.30, 0.40, 0.30, 0.45),
    "wild": Limits("wild", 0.20, 0.40, 0.55, 0.75, 0.35, 0.50),
}


def limits(kind: str) -> Limits:
    """Return the limits of a kind. Raises TessError for another."""
    if kind not in KINDS:
        raise TessError(f"there is no kind {kind!r}", hint=nearest(kind, KINDS))
    return KINDS[kind]


def kind_of(found: Smoothness) -> str:
    """Return the calmest kind whose limits a film keeps; "beyond wild" where there is none."""
    return next((name for name, most in KINDS.items() if not list(most.broken(found))), "beyond wild")
