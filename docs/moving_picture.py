"""Make the README's moving picture from the demo's film: `python docs/moving_picture.py tess-demo/film.mp4`."""

from __future__ import annotations

import sys
from pathlib import Path

import av

TARGET = Path(__file__).parent / "images" / "demo.webp"
START_SECONDS, STOP_SECONDS, FPS, SIZE = 6.4, 16.0, 10, (480, 270)


def main(film: str) -> None:
    """Take frames of the film and write them as an animated WebP."""
    with av.open(film) as container:
        step = round(float(container.streams.video[0].average_rate) / FPS)
        pictures = [
            frame.to_image().resize(SIZE)
            for number, frame in enumerate(container.decode(video=0))
            if number % step == 0 and START_SECONDS <= float(frame.time) < STOP_SECONDS
        ]
    TARGET.parent.mkdir(exist_ok=True)
    pictures[0].save(
        TARGET, save_all=True, append_images=pictures[1:], duration=1000 // FPS, loop=0, quality=55, method=6
    )
    print(f"{TARGET}: {len(pictures)} pictures, {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
