"""The panels over a show: side by side where there is room, and to be read where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tessonance.grid import Axis, Grid
from tessonance.project import Mapping, Route
from tessonance.show.changes import Play, Routes
from tessonance.show.desk import Desk, LivePiece
from tessonance.show.listener import Listener
from tessonance.show.mapping_file import MappingFile
from tessonance.show.overlays import Overlays
from tessonance.show.panels import Status, status_panel
from tessonance.sinks.presenter import Panel
from tessonance.sound.inputs import MemoryInput

GRID = Grid([Axis(name="bloom", steps=5), Axis(name="ink", steps=5)])
MAPPING = Mapping(GRID, [Route(feature="low", axis="bloom"), Route(feature="high", axis="ink")])
LONG = tuple(f"something that went wrong in part {k} of this show, and what to do about it" for k in range(4))


def panels(tmp_path: Path, size: tuple[int, int], notes: tuple[str, ...]) -> list[Panel]:
    """The status panel and the HUD, as they lie over a frame."""
    host = [0.0]
    source = MemoryInput(np.zeros(48_000, np.float32), clock=lambda: host[0])
    listener = Listener(source, [GRID], clock=lambda: host[0])
    file = MappingFile(tmp_path / "flower.toml", GRID)
    desk = Desk([LivePiece("flower", MAPPING, file)], listener, hud=True)
    listener.send(Play(0, Routes.of(MAPPING)))
    host[0] = 0.5
    listener.advance()
    overlays = Overlays(desk, lambda now: Status(60.0, 0.0, -20.0, "a song", notes=notes))
    return list(overlays.panels(listener.voice(0), 0.4, size, 1.0))


def laid(panel: Panel, size: tuple[int, int]) -> np.ndarray:
    """Where a panel covers a frame."""
    frame, (left, top) = np.zeros((size[1], size[0]), bool), panel.corner
    image = panel.image[: size[1] - top, : size[0] - left, 3] > 0
    frame[top : top + image.shape[0], left : left + image.shape[1]] = image
    return frame


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (1920, 1080)])
def test_no_panel_lies_over_what_is_to_be_read_in_the_status(tmp_path: Path, size: tuple[int, int]) -> None:
    status, hud = panels(tmp_path, size, LONG)
    assert np.array_equal(status.image, status_panel(Status(60.0, 0.0, -20.0, "a song", notes=LONG), size))
    assert not (laid(status, size) & laid(hud, size)).any()


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080)])
def test_where_there_is_room_the_panels_are_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    _, hud = panels(tmp_path, size, ())
    middle = hud.image[hud.image.shape[0] // 2, :, 3]
    assert (middle > 0).all()
    assert (hud.image[:, hud.image.shape[1] // 2, 3] > 0).all()
