"""RGB to BT.709 planes."""

from __future__ import annotations

import numpy as np

from tessonance.sinks.yuv import Bt709Planes

# Rec. ITU-R BT.709-6 worked out for 8 bits: R, G, B and the Y, Cb, Cr they must give.
KNOWN = {
    (255, 255, 255): (235, 128, 128),
    (0, 0, 0): (16, 128, 128),
    (255, 0, 0): (63, 102, 240),
    (0, 255, 0): (173, 42, 26),
    (0, 0, 255): (32, 240, 118),
}


def test_primaries_black_and_white_get_the_standard_values() -> None:
    for colour, wanted in KNOWN.items():
        planes = Bt709Planes((8, 4))(np.full((4, 8, 3), colour, np.uint8))
        assert planes.shape == (6, 8)
        assert tuple(int(plane.flat[0]) for plane in (planes[:4], planes[4:5], planes[5:])) == wanted
        assert [len(np.unique(plane)) for plane in (planes[:4], planes[4:5], planes[5:])] == [1, 1, 1]


def test_it_is_within_one_of_exact_arithmetic() -> None:
    frame = np.random.default_rng(1).integers(0, 256, (36, 64, 3), np.uint8)
    planes = Bt709Planes((64, 36))(frame)
    red, green, blue = (frame[..., k] / 255 for k in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    exact = [16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748]
    chroma = [plane.reshape(18, 2, 32, 2).mean((1, 3)) for plane in exact[1:]]
    assert np.abs(planes[:36] - exact[0]).max() < 0.75
    for got, wanted in zip(planes[36:].reshape(2, 18, 32), chroma, strict=True):
        assert np.abs(got - wanted).max() < 1.1
