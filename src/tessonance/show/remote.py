"""Other programs at the desk: what they say over OSC is done, and they are told how the show goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tessonance.control import messages as osc
from tessonance.show.changes import Release, SetAxis, SetFeature

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tessonance.control.osc import OscIn, OscOut
    from tessonance.show.desk import Desk
    from tessonance.show.ensemble import Voice

__all__ = ["Remote"]


class Remote:
    """Does what other programs say, as the artist's keys do it, and tells them of every frame.

    Parameters
    ----------
    desk : Desk
    hearing : OscIn, optional
    telling : OscOut, optional
    features : bool
        Whether features may come from other programs: where no sound is heard.
    """

    def __init__(
        self, desk: Desk, *, hearing: OscIn | None = None, telling: OscOut | None = None, features: bool = False
    ) -> None:
        self._desk, self._in, self._out, self._features = desk, hearing, telling, features
        self._bpm: float | None = None

    def attend(self, now: float) -> None:
        """Do what was said since the last frame."""
        for message in self._in.poll() if self._in is not None else ():
            self._do(message, now)

    def tell(self, voice: Voice, coordinate: NDArray[np.float64], seconds: float) -> None:
        """Tell of a frame."""
        if self._out is None:
            return
        features = dict(zip(voice.track.names, voice.track.now(seconds).tolist(), strict=True))
        names = voice.performer.mapping.grid.names
        beat, bpm = voice.performer.beat(seconds) or (None, None)
        self._out.send(features, dict(zip(names, coordinate.tolist(), strict=True)), beat=beat, bpm=bpm)

    @property
    def text(self) -> str:
        """How it stands, for the panel; empty where no program has a say."""
        if self._in is None:
            return ""
        state = self._in.state
        ignored = f", {state.ignored:,} ignored: {state.reason}" if state.ignored else ""
        return f"OSC {state.address}: {state.messages:,} messages{ignored}"

    def _do(self, message: osc.Message, now: float) -> None:
        desk = self._desk
        if isinstance(message, osc.SetAxis):
            self._set_axis(message)
        elif isinstance(message, osc.SetFeature):
            self._set_feature(message)
        elif isinstance(message, osc.Hold):
            desk.freeze(not desk.frozen if message.on is None else message.on, now)
        elif isinstance(message, osc.Release):
            if desk.frozen:
                desk.freeze(False, now)
            desk.send(Release())
        elif isinstance(message, osc.Gain):
            desk.set_hands(replace(desk.piece.hands, gain=message.factor))
        elif isinstance(message, osc.Smoothing):
            desk.set_hands(replace(desk.piece.hands, smoothing=message.factor))
        elif isinstance(message, osc.Blackout):
            desk.blackout(not desk.dark if message.on is None else message.on, now)
        elif isinstance(message, osc.Choose):
            self._choose(message, now)
        else:
            self._beat(message)

    def _set_axis(self, message: osc.SetAxis) -> None:
        if any(message.axis in piece.mapping.grid.names for piece in self._desk.pieces):
            self._desk.send(SetAxis(message.axis, message.value))
        else:
            self._ignore(f"no axis {message.axis}")

    def _set_feature(self, message: osc.SetFeature) -> None:
        if not self._features:
            self._ignore("features come from the sound; with --input osc they come from here")
        elif message.feature not in self._desk.piece.played.feature_names:
            self._ignore(f"no route needs the feature {message.feature}")
        else:
            self._desk.send(SetFeature(message.feature, message.value))

    def _choose(self, message: osc.Choose, now: float) -> None:
        names = [piece.name for piece in self._desk.pieces]
        if isinstance(message.tesseract, int) and message.tesseract <= len(names):
            self._desk.choose(message.tesseract - 1, now)
        elif message.tesseract in names:
            self._desk.choose(names.index(str(message.tesseract)), now)
        else:
            self._ignore(f"no tesseract {message.tesseract}")

    def _beat(self, message: osc.Message) -> None:
        """Pass on what is in time, with the time at which it came: frames may be far from one another."""
        if isinstance(message, osc.Bpm):
            self._bpm = message.value
        elif isinstance(message, osc.Tap):
            self._desk.act("tap", message.seconds)
        elif isinstance(message, osc.Beat):
            self._desk.beat(message.seconds, bpm=self._bpm, first=message.first)

    def _ignore(self, reason: str) -> None:
        if self._in is not None:
            self._in.ignore(reason)
