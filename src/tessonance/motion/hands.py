"""How one route moves its axis: a place, a speed, or a step at every onset."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from tessonance.project import Route

__all__ = ["Follower", "Hand", "bend", "coefficient", "hand"]

ONSET_LEVEL = 0.5  # an onset is where the bent feature rises through this …
REARM_LEVEL = 0.35  # … and there is no other before it fell below this
REFRACTORY_SECONDS = 0.1  # nor sooner than this: sixteenths at 150 beats a minute still count each


class Hand(Protocol):
    """One route at work: a feature's value in, a share of the axis' place out, once per hop."""

    def step(self, value: float) -> float:
        """Advance by one hop.

        Parameters
        ----------
        value : float
            The feature, 0..1.

        Returns
        -------
        float
            In axis lengths: the place it wants (``position``), or how far it has travelled since the beginning.
        """
        ...

    @property
    def place(self) -> float:
        """What the last `step` gave; before the first, what it is at rest."""
        ...

    def carry_on(self, before: Self) -> None:
        """Take over how far another hand of its kind has come."""
        ...


def hand(route: Route, hop_seconds: float) -> Hand:
    """Return the hand that a route's ``act`` asks for."""
    return _HANDS[route.act](route, hop_seconds)


def coefficient(milliseconds: float, hop_seconds: float) -> float:
    """Return the share of the way that a one-pole follower goes in one hop: ``1 - exp(-hop / tau)``, 1 for tau 0.

    It is the exact solution of ``tau y' = x - y`` for an input held during the hop, so a time constant means the same
    whatever the hop.
    """
    return 1.0 if milliseconds <= 0 else -math.expm1(-hop_seconds * 1000.0 / milliseconds)


def bend(curve: float | str) -> Callable[[float], float]:
    """Return the function 0..1 → 0..1 of a route's ``curve``: a power, the identity, or ``3x² - 2x³``."""
    if curve == "smooth":
        return lambda x: x * x * (3.0 - 2.0 * x)
    if isinstance(curve, str) or curve == 1:
        return lambda x: x
    exponent = float(curve)
    return lambda x: x**exponent


class Follower:
    """Follows a value, with one time constant as it rises and another as it falls."""

    def __init__(self, attack_ms: float, release_ms: float, hop_seconds: float) -> None:
        self.attack = coefficient(attack_ms, hop_seconds)
        self.release = coefficient(release_ms, hop_seconds)
        self.level = 0.0

    def step(self, value: float) -> float:
        """Advance by one hop; the level stays between 0 and the largest value seen."""
        self.level += (self.attack if value > self.level else self.release) * (value - self.level)
        return self.level


class PositionHand:
    """``position``: the shaped feature is the place."""

    def __init__(self, route: Route, hop_seconds: float) -> None:
        self.follower = Follower(route.attack_ms, route.release_ms, hop_seconds)
        self.bend, self.gain, self.offset = bend(route.curve), route.gain, route.offset

    def step(self, value: float) -> float:
        return self.offset + self.gain * self.bend(self.follower.step(value))

    @property
    def place(self) -> float:
        return self.offset + self.gain * self.bend(self.follower.level)

    def carry_on(self, before: Self) -> None:
        self.follower.level = before.follower.level


class SpeedHand:
    """``speed``: the shaped feature is a speed in axis lengths per second, summed up hop by hop."""

    def __init__(self, route: Route, hop_seconds: float) -> None:
        self.shaped = PositionHand(route, hop_seconds)
        self.hop_seconds = hop_seconds
        self.travelled = 0.0

    def step(self, value: float) -> float:
        self.travelled += self.shaped.step(value) * self.hop_seconds
        return self.travelled

    @property
    def place(self) -> float:
        return self.travelled

    def carry_on(self, before: Self) -> None:
        self.shaped.carry_on(before.shaped)
        self.travelled = before.travelled


class StepHand:
    """``step``: every onset of the feature adds a step of `gain` axis lengths, which glides in over the attack.

    The bent feature plus `offset` is what must rise through `ONSET_LEVEL`: a positive offset makes it more sensitive.
    """

    def __init__(self, route: Route, hop_seconds: float) -> None:
        self.bend, self.gain, self.offset = bend(route.curve), route.gain, route.offset
        self.glide = coefficient(route.attack_ms, hop_seconds)
        self.refractory_hops = math.ceil(REFRACTORY_SECONDS / hop_seconds)
        self.hops_since_onset = self.refractory_hops
        self.armed = True
        self.pending = 0.0
        self.travelled = 0.0

    def step(self, value: float) -> float:
        self.hops_since_onset += 1
        level = self.bend(value) + self.offset
        if level < REARM_LEVEL:
            self.armed = True
        elif level >= ONSET_LEVEL and self.armed and self.hops_since_onset > self.refractory_hops:
            self.armed, self.hops_since_onset = False, 0
            self.pending += self.gain
        going = self.glide * self.pending
        self.pending -= going
        self.travelled += going
        return self.travelled

    @property
    def place(self) -> float:
        return self.travelled

    def carry_on(self, before: Self) -> None:
        self.hops_since_onset, self.armed = before.hops_since_onset, before.armed
        self.pending, self.travelled = before.pending, before.travelled


_HANDS: dict[str, Callable[[Route, float], Hand]] = {
    "position": PositionHand,
    "speed": SpeedHand,
    "step": StepHand,
}
