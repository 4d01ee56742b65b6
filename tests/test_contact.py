"""Contact sheets: any two axes, labelled, with holes where nothing is painted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tessonance as tess
from tessonance.contact import HOLE, LEFT, TOP, draw_sheet
from tessonance.errors import GridError, OutputExists
from tessonance.project import Project, parse_project


@pytest.fixture
def tesseract(small_project: Project, tmp_path: Path):
    with tess.generate(small_project, tmp_path / "small.tess", workers=1) as opened:
        yield opened


def at(image, row: int, column: int, *, width: int = 64, height: int = 43) -> np.ndarray:
    x, y = LEFT + column * (width + 4), TOP + row * (height + 4)
    return np.asarray(image)[y : y + height, x : x + width]


def test_the_first_axis_runs_down_and_the_second_right(tesseract) -> None:
    image = draw_sheet(tesseract, width=64)
    shown = at(image, 4, 2).mean((0, 1))
    assert np.abs(shown - tesseract.picture((4, 2)).mean((0, 1))).max() < 4
    turned = draw_sheet(tesseract, axes=("ink", "bloom"), width=64)
    assert np.abs(at(turned, 2, 4).astype(int) - at(image, 4, 2)).max() == 0


def test_cells_that_are_not_painted_are_dark(small_project: Project, tmp_path: Path) -> None:
    stop = lambda asked=[]: len(asked) > 0 or asked.append(1)  # noqa: E731
    with tess.generate(small_project, tmp_path / "part.tess", workers=1, stop=stop) as part:
        image = draw_sheet(part, width=64)
        flats = np.arange(15)
        for flat in flats[~part.is_painted(flats)]:
            row, column = part.grid.cell(int(flat))
            assert (at(image, row, column) == HOLE).all()


def test_other_axes_are_held_where_they_are_told(tmp_path: Path) -> None:
    axes = "\n".join(f'[[axis]]\nname = "{name}"\nsteps = 3' for name in "abd")
    project = parse_project(f'[picture]\nwidth = 32\nheight = 32\n[generator]\nuse = "plasma"\n{axes}')
    with tess.generate(project, tmp_path / "t.tess", workers=1) as tesseract:
        image = draw_sheet(tesseract, axes=("a", "d"), at={"b": 1.0}, width=32)
        shown = at(image, 1, 2, width=32, height=32)
        assert np.abs(shown.astype(int) - tesseract.picture((1, 2, 2))).max() <= 1


def test_a_line_is_one_row(tmp_path: Path) -> None:
    project = parse_project(
        '[picture]\nwidth = 32\nheight = 32\n[generator]\nuse = "plasma"\n[[axis]]\nname = "a"\nsteps = 5'
    )
    with tess.generate(project, tmp_path / "t.tess", workers=1) as tesseract:
        assert draw_sheet(tesseract, width=32).height < 200


def test_a_sheet_is_not_overwritten_and_mistakes_are_named(tesseract, tmp_path: Path) -> None:
    path = tess.sheet(tesseract, tmp_path / "sheet.png", width=64)
    assert path.read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(OutputExists, match="--force"):
        tess.sheet(tesseract, path)
    tess.sheet(tesseract, path, force=True, most=2)
    with pytest.raises(GridError, match="did you mean 'ink'"):
        draw_sheet(tesseract, axes=("bloom", "inc"))
    with pytest.raises(GridError, match="did you mean 'ink'"):
        draw_sheet(tesseract, at={"inc": 1})
    with pytest.raises(GridError, match="too large or too small"):
        draw_sheet(tesseract, width=5000)
    assert [item.name for item in tmp_path.iterdir() if "partial" in item.name] == []
