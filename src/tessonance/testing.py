"""Conformance suites: what a plugin must keep to, as tests that its author inherits."""

# ruff: noqa: D102  the tests' names say what they hold

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

import msgspec
import numpy as np

from tessonance.plugins import kind_of, open_generator
from tessonance.project import options, parse_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.generators import Generator, GeneratorKind
    from tessonance.grid import Cell, Point
    from tessonance.project import Project

__all__ = ["GeneratorTests"]


class GeneratorTests:
    """What every generator keeps to; for pytest or any runner that calls methods named ``test_…``.

    Inherit it and give it a project with small pictures, and axes with several steps::

        class TestMine(GeneratorTests):
            project = parse_project(PROJECT)

    Parameters
    ----------
    project : Project
        What is painted. Its ``use`` names the generator, unless `kind` is given; for ``module:name`` and for files it
        needs a folder: ``parse_project(PROJECT, folder=…)``.
    kind : GeneratorKind, optional
        The generator, where it is not installed as an entry point.
    largest_step : float
        The mean change of a pixel, of 255, that one edge of the grid may make.
    """

    project: ClassVar[Project]
    kind: ClassVar[GeneratorKind | None] = None
    largest_step: ClassVar[float] = 40.0

    def open(self) -> Generator:
        """Open the generator anew."""
        return self.kind.open(self.project) if self.kind else open_generator(self.project)

    def points(self) -> list[Point]:
        """Return a few points: the first and the last corner of the grid, its middle, and two cells beside that."""
        grid = self.project.grid
        middle = tuple(steps // 2 for steps in grid.shape)
        corners, beside = list(grid.corners()), [cell for _, cell in grid.neighbours(middle)]
        cells = dict.fromkeys([corners[0], middle, *beside[:1], *beside[-1:], corners[-1]])
        return [grid.point(cell) for cell in cells]

    def test_a_picture_has_the_size_of_the_project_and_is_uint8(self) -> None:
        picture = self.project.picture
        for number in {1, self._batch_size()}:
            points = (self.points() * number)[:number]
            painted = self._paint_with(self.open(), points, together=number)
            assert painted.dtype == np.uint8
            assert painted.shape == (number, picture.height, picture.width, 3)

    def test_opened_twice_it_paints_the_same_pictures(self) -> None:
        first, second = (self._paint_with(self.open(), self.points()) for _ in range(2))
        assert np.array_equal(first, second)

    def test_a_picture_does_not_depend_on_what_was_painted_before(self) -> None:
        points = self.points()
        order = random.Random(1).sample(range(len(points)), len(points))
        shuffled = self._paint_with(self.open(), [points[place] for place in order])
        assert np.array_equal(shuffled, self._paint_with(self.open(), points)[order])

    def test_a_picture_does_not_depend_on_its_companions(self) -> None:
        points = self.points()
        alone = self._paint_with(self.open(), points, together=1)
        beside = self._paint_with(self.open(), points, together=self._batch_size())
        assert np.array_equal(alone, beside)

    def test_points_are_left_as_they_were(self) -> None:
        points = self.points()
        kept = [dict(point) for point in points]
        self._paint_with(self.open(), points)
        assert points == kept

    def test_every_axis_changes_the_picture(self) -> None:
        for axis, step in self._steps(of_all=True).items():
            assert step > 0, f"axis {axis!r} changes nothing"

    def test_neighbouring_cells_are_close(self) -> None:
        for axis, step in self._steps().items():
            assert step <= self.largest_step, f"an edge of axis {axis!r} changes a pixel by {step:.1f} on average"

    def test_a_closed_axis_meets_its_ends(self) -> None:
        grid = self.project.grid
        for axis in (axis for axis in grid.axes if axis.closed):
            start = grid.point((0,) * len(grid.axes))
            first, last = self._paint_with(self.open(), [start, start | {axis.name: axis.stop}]).astype(np.int16)
            assert np.abs(first - last).mean() < 1, f"the ends of closed axis {axis.name!r} differ"

    def test_slow_axes_are_axes_of_the_grid(self) -> None:
        generator = self.open()
        try:
            assert set(generator.slow_axes) <= set(self.project.grid.names)
        finally:
            generator.close()

    def test_its_options_can_be_written_out_and_read_back(self) -> None:
        kind = self.kind or kind_of(self.project)
        own = options(kind.options, self.project.generator.options, "[generator]")
        written = msgspec.json.decode(msgspec.json.encode(own))
        assert options(kind.options, written, "[generator]") == own

    def test_its_presets_are_projects_that_it_paints(self) -> None:
        kind = self.kind or kind_of(self.project)
        for name, text in kind.presets.items():
            assert text.lstrip().startswith("#"), f"preset {name!r} does not say in a comment what it is"
            preset = parse_project(text, where=f"preset {name}")
            options(kind.options, preset.generator.options, f"preset {name} [generator]")

    def test_closing_after_painting_and_before_it_is_well(self) -> None:
        generator = self.open()
        generator.paint(self.points()[:1])
        generator.close()
        self.open().close()

    def _batch_size(self) -> int:
        generator = self.open()
        try:
            assert generator.batch_size >= 1
            return generator.batch_size
        finally:
            generator.close()

    def _steps(self, *, of_all: bool = False) -> dict[str, float]:
        """Measure each axis: the mean change of a pixel over its first and middle edge, or over half the axis."""
        grid = self.project.grid
        found = {}
        for number, axis in enumerate(grid.axes):
            if axis.steps == 1:
                continue
            cells = [_replaced(tuple(s // 2 for s in grid.shape), number, index) for index in (0, 1, axis.steps // 2)]
            cells.append(_replaced(cells[0], number, (axis.steps // 2 + 1) % axis.steps))
            first, second, middle, after = self._paint_with(self.open(), [grid.point(c) for c in cells]).astype(
                np.int16
            )
            changes = [middle - first] if of_all else [second - first, after - middle]
            found[axis.name] = max(float(np.abs(change).mean()) for change in changes)
        return found

    @staticmethod
    def _paint_with(generator: Generator, points: Sequence[Point], together: int = 1) -> NDArray[np.uint8]:
        try:
            parts = [generator.paint(points[start : start + together]) for start in range(0, len(points), together)]
            return np.concatenate(parts)
        finally:
            generator.close()


def _replaced(cell: Cell, number: int, index: int) -> Cell:
    return (*cell[:number], index, *cell[number + 1 :])
