"""Draws boat.jpg, so that the example needs nobody's photograph: python draw.py."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT, HORIZON = 1280, 720, 470
INK = (36, 32, 48)


def main() -> None:
    """Draw a sky, a sun, hills, a boat, waves and birds."""
    picture = sky()
    for number, colour in enumerate([(120, 110, 165), (84, 88, 140)]):
        hills(picture, 360 + 50 * number, colour, seed=number)
    picture[HORIZON:] = np.linspace((236, 150, 110), (28, 60, 110), HEIGHT - HORIZON)[:, None].astype(np.uint8)
    for number in range(14):
        wave(picture, HORIZON + 8 + 19 * number, 3 + number * 0.7, phase=2.3 * number)
    boat(picture, 560, 520)
    for x, y in ((190, 170), (270, 130), (330, 200), (1080, 220)):
        for side in (-1, 1):
            arc = [(x + side * 34 * u, y - 20 * np.sin(np.pi * u)) for u in np.linspace(0, 1, 30)]
            line(picture, arc, INK, 4)
    cv2.imwrite(str(Path(__file__).with_name("boat.jpg")), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])


def sky() -> np.ndarray:
    """A sunset, with clouds of summed noise."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) / HEIGHT
    low, high = np.array([250, 170, 120]), np.array([50, 80, 160])
    ground = high + (low - high) * np.clip(y / 0.65, 0, 1)[..., None] ** 1.4
    distance = np.hypot(x - 1.3, y - 0.36)
    ground += 110 * np.exp(-((distance / 0.28) ** 2))[..., None] * np.array([1, 0.75, 0.3])
    clouds = np.zeros((HEIGHT, WIDTH), np.float32)
    random = np.random.default_rng(5)
    for octave in range(6):
        noise = random.random((3 * 2**octave, 2 * 2**octave)).astype(np.float32)
        clouds += cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) / 2**octave
    cover = np.clip((clouds - 1.15) * 2, 0, 0.8)[..., None]
    picture = np.clip(ground * (1 - cover) + cover * np.array([255, 205, 180]), 0, 255).astype(np.uint8)
    cv2.circle(picture, (int(1.3 * HEIGHT), int(0.36 * HEIGHT)), 62, (255, 236, 150), -1, cv2.LINE_AA)
    return picture


def hills(picture: np.ndarray, height: float, colour: tuple[int, int, int], *, seed: int) -> None:
    """A line of hills."""
    random, x = np.random.default_rng(seed), np.arange(WIDTH)
    ridge = sum(50 / k * np.sin(x * k / 170 + random.uniform(0, 6)) for k in (1, 2, 3, 5, 9, 17))
    outline = [(0, HORIZON), *zip(x, height + ridge, strict=True), (WIDTH, HORIZON)]
    cv2.fillPoly(picture, [np.int32(outline)], colour, cv2.LINE_AA)


def boat(picture: np.ndarray, x: int, y: int) -> None:
    """A boat with two sails."""
    hull = [(x - 190 + 420 * u, y + 80 * np.sin(np.pi * u) ** 0.8) for u in np.linspace(0, 1, 60)]
    cv2.fillPoly(picture, [np.int32(hull)], (150, 54, 48), cv2.LINE_AA)
    line(picture, [*hull, hull[0]], INK, 5)
    for sail, colour in (
        ([(x + 14, y - 350), (x + 14, y - 18), (x + 190, y - 18)], (246, 240, 226)),
        ([(x - 6, y - 320), (x - 6, y - 18), (x - 140, y - 18)], (240, 190, 90)),
    ):
        cv2.fillPoly(picture, [np.int32(sail)], colour, cv2.LINE_AA)
        line(picture, [*sail, sail[0]], INK, 4)
    line(picture, [(x + 4, y), (x + 4, y - 372)], INK, 8)


def wave(picture: np.ndarray, y: float, height: float, *, phase: float) -> None:
    """A line of foam."""
    x = np.arange(0, WIDTH, 4)
    crest = zip(x, y + height * np.sin(x / (24 + height * 3) + phase), strict=True)
    line(picture, list(crest), (250, 226, 200) if int(phase) % 3 else (30, 50, 90), 3)


def line(picture: np.ndarray, places: list[tuple[float, float]], colour: tuple[int, int, int], width: int) -> None:
    """A line through some places."""
    cv2.polylines(picture, [np.int32(np.array(places) * 8)], False, colour, width, cv2.LINE_AA, 3)


if __name__ == "__main__":
    main()
