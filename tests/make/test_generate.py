"""Making: every missing cell once, coarse levels first, resumable, and nothing lost when it fails."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tessonance as tess
from tessonance.errors import GeneratorError, OutOfMemory, TesseractError, TessError
from tessonance.generators.plasma import Plasma
from tessonance.make import attempts
from tessonance.make import worker as worker_module
from tessonance.make.painting import Progress
from tessonance.make.resolve import resolved
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import Project, parse_project
from tessonance.store import journal

SHAPES = {
    "1-D": '[[axis]]\nname = "a"\nsteps = 9',
    "3-D": "\n".join(f'[[axis]]\nname = "{name}"\nsteps = {steps}' for name, steps in (("a", 3), ("b", 2), ("c", 4))),
    "closed": '[[axis]]\nname = "a"\nsteps = 8\nclosed = true\n[[axis]]\nname = "b"\nsteps = 1',
}


@pytest.mark.parametrize("workers", [1, 2])
def test_every_cell_is_painted_with_the_picture_of_its_point(
    small_project: Project, tmp_path: Path, workers: int
) -> None:
    lossless = _with_codec(small_project, "lossless")
    generator = open_generator(lossless)
    with tess.generate(lossless, tmp_path / "small.tess", workers=workers) as tesseract:
        assert tesseract.painted() == 15
        for flat in range(15):
            cell = tesseract.grid.cell(flat)
            np.testing.assert_array_equal(tesseract.picture(cell), generator.paint([tesseract.grid.point(cell)])[0])


@pytest.mark.parametrize("shape", SHAPES)
def test_grids_of_any_shape_go_the_whole_way(shape: str, tmp_path: Path) -> None:
    project = parse_project(f'[picture]\nwidth = 16\nheight = 16\n[generator]\nuse = "plasma"\n{SHAPES[shape]}')
    with tess.generate(project, tmp_path / "any.tess", workers=1) as tesseract:
        assert tesseract.complete_level() == project.grid.levels - 1


def test_a_run_that_was_stopped_goes_on_where_it_was(small_project: Project, tmp_path: Path) -> None:
    seen: list[Progress] = []
    stop = lambda: bool(seen) and seen[-1].fresh >= 4  # noqa: E731
    with tess.generate(
        small_project, tmp_path / "s.tess", workers=1, durability="fast", progress=seen.append, stop=stop
    ) as tesseract:
        half = tesseract.painted()
        assert 4 <= half < 15
        assert tesseract.complete_level() is not None
    seen.clear()
    with tess.generate(small_project, tmp_path / "s.tess", workers=1, progress=seen.append) as tesseract:
        assert tesseract.painted() == 15
    assert (seen[0].painted, seen[-1].fresh) == (half, 15 - half)


def test_a_finished_tesseract_opens_no_generator(
    small_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tess.generate(small_project, tmp_path / "s.tess", workers=1).close()
    monkeypatch.setattr(worker_module, "Painter", None)
    tess.generate(small_project, tmp_path / "s.tess", workers=1).close()


def test_another_identity_is_refused_with_the_difference(
    small_project: Project, small_text: str, tmp_path: Path
) -> None:
    tess.generate(small_project, tmp_path / "s.tess", workers=1).close()
    other = parse_project(small_text.replace("seed = 3", "seed = 4"))
    with pytest.raises(TesseractError, match="seed"):
        tess.generate(other, tmp_path / "s.tess", workers=1)


def test_other_routes_are_no_other_identity_and_neither_is_a_default_spelt_out(
    small_project: Project, small_text: str, tmp_path: Path
) -> None:
    tess.generate(small_project, tmp_path / "s.tess", workers=1).close()
    other = parse_project(small_text.replace('"low"', '"onset"').replace("seed = 3", "seed = 3\ndelay_ms = 0.0"))
    tess.generate(other, tmp_path / "s.tess", workers=1).close()


PRESETS = [(kind, preset) for kind in ("painted", "cppn", "plasma") for preset in generator_kind(kind).presets]


@pytest.mark.parametrize(("kind", "preset"), PRESETS)
def test_every_preset_is_known_again_after_it_was_stored(kind: str, preset: str) -> None:
    project = resolved(parse_project(generator_kind(kind).presets[preset]))
    stored = Project.from_dict(json.loads(json.dumps(project.to_dict())))
    assert stored.differences(project) == []
    assert stored.to_dict() == project.to_dict()


def test_a_painted_tesseract_is_gone_on_with(tmp_path: Path) -> None:
    """Options that are lists come back from the file as they went in."""
    text = generator_kind("painted").presets["kaleidoscope"].replace("steps = 17", "steps = 2")
    project = parse_project(text.replace("width = 960", "width = 64").replace("height = 540", "height = 36"))
    tess.generate(project, tmp_path / "k.tess", workers=1, limit=1).close()
    with tess.generate(project, tmp_path / "k.tess", workers=1, limit=1) as tesseract:
        assert tesseract.painted() == 2


def test_a_packed_name_is_refused(small_project: Project, tmp_path: Path) -> None:
    with pytest.raises(TessError, match="tess pack"):
        tess.generate(small_project, tmp_path / "s.tess.zip")


def test_a_mistake_in_the_options_leaves_no_file_behind(small_text: str, tmp_path: Path) -> None:
    with pytest.raises(TessError, match="did you mean 'delay_ms'"):
        tess.generate(parse_project(small_text.replace("seed = 3", "delay = 3")), tmp_path / "s.tess", workers=1)
    assert not list(tmp_path.iterdir())


def failing(monkeypatch: pytest.MonkeyPatch, fails: Callable[[dict[str, float]], bool], error: Exception) -> list[int]:
    """Let the painter fail at some points; the sizes of its batches come back."""
    honest, sizes = Plasma.paint, []

    def paint(self: Plasma, points: Sequence[dict[str, float]]) -> NDArray[np.uint8]:
        sizes.append(len(points))
        if any(fails(point) for point in points):
            raise error
        return honest(self, points)

    monkeypatch.setattr(Plasma, "paint", paint)
    monkeypatch.setattr(attempts.Attempts.__init__, "__kwdefaults__", {"most": 3, "pause_seconds": 0.01})
    return sizes


def test_a_cell_that_fails_is_left_out_noted_and_tried_again_by_the_next_run(
    small_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, lambda point: point == {"bloom": 0.25, "ink": 1.0}, RuntimeError("the well is dry"))
        with pytest.raises(GeneratorError, match=r"some cells failed: 1 given up, 14 painted(.|\n)*the well is dry"):
            tess.generate(small_project, tmp_path / "s.tess", workers=1)
    with tess.open(tmp_path / "s.tess") as tesseract:
        assert tesseract.painted() == 14
        assert list(journal.failed_cells(journal.read(tesseract.place))) == [(1, 2)]
    with tess.generate(small_project, tmp_path / "s.tess", workers=1) as tesseract:
        assert tesseract.painted() == 15


def test_a_cell_that_fails_once_is_simply_tried_again(
    small_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, float]] = []

    def first_time(point: dict[str, float]) -> bool:
        seen.append(point)
        return len(seen) == 2

    failing(monkeypatch, first_time, RuntimeError("a hiccup"))
    with tess.generate(small_project, tmp_path / "s.tess", workers=1) as tesseract:
        assert tesseract.painted() == 15


def test_a_generator_that_fails_on_everything_is_stopped_early(
    small_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = parse_project(small_text.replace("steps = 3", "steps = 300"))
    sizes = failing(monkeypatch, lambda point: True, RuntimeError("the well is dry"))
    with pytest.raises(GeneratorError, match="every cell that was tried failed"):
        tess.generate(large, tmp_path / "s.tess", workers=1)
    assert sum(sizes) <= 3 * (attempts.DOUBTFUL + 2 * max(sizes))  # not 4,500, three attempts at every cell


def test_out_of_memory_stops_and_names_the_largest_batch_that_worked(
    small_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Plasma.paint

    def paint(self: Plasma, points: Sequence[dict[str, float]]) -> NDArray[np.uint8]:
        if len(points) > 2:
            raise MemoryError
        return honest(self, points)

    monkeypatch.setattr(Plasma, "paint", paint)
    with pytest.raises(OutOfMemory, match="batch_size = 2"):
        tess.generate(small_project, tmp_path / "s.tess", workers=1)


def test_a_stuck_task_counts_as_failed_and_the_run_goes_on(small_text: str, tmp_path: Path) -> None:
    slow = parse_project(small_text.replace("seed = 3", "delay_ms = 60_000"))
    with pytest.raises(GeneratorError, match=r"longer than 0.3 s"):
        tess.generate(slow, tmp_path / "s.tess", workers=1, task_seconds=0.3, limit=1)


def test_limits_hold(small_project: Project, tmp_path: Path) -> None:
    path = tmp_path / "s.tess"
    tess.generate(small_project, path, workers=1, until="level:0").close()
    with tess.generate(small_project, path, workers=1, limit=2) as tesseract:
        assert tesseract.painted() == 6
    with tess.generate(small_project, path, workers=1, cells="bloom=0") as tesseract:
        assert tesseract.is_painted(np.arange(3)).all()
        before = tesseract.painted()
    with tess.generate(small_project, path, workers=1, deadline_seconds=0.0) as tesseract:
        assert tesseract.painted() == before


def test_no_workers_are_refused(small_project: Project, tmp_path: Path) -> None:
    with pytest.raises(TessError, match="so many cannot paint here"):
        tess.generate(small_project, tmp_path / "s.tess", workers=0)


@pytest.mark.slow
def test_twenty_kills_lose_no_acknowledged_picture(small_file: Path, tmp_path: Path) -> None:
    """SIGKILL at random moments; what was announced is there afterwards, and zarr reads the file each time."""
    zarr = pytest.importorskip("zarr")
    text = small_file.read_text().replace("steps = 3", "steps = 33").replace("steps = 5", "steps = 33")
    small_file.write_text(text.replace("seed = 3", "seed = 3\ndelay_ms = 2"))
    target = tmp_path / "killed.tess"
    code = (
        "import sys, tessonance as tess\n"
        "tess.generate(sys.argv[1], sys.argv[2], workers=2, progress=lambda p: print(p.painted, flush=True))\n"
    )
    random = np.random.default_rng(5)
    acknowledged = 0
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(small_file), str(target)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(random.uniform(0, 0.4))
        child.kill()
        # The last line may be cut in two by the kill: it was not said whole, so it does not count.
        said = [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        child.wait()
        child.stdout.close()
        acknowledged = int(said[-1]) if said else acknowledged
        with tess.open(target) as tesseract:
            assert tesseract.painted() >= acknowledged
            flats = np.arange(tesseract.grid.size)
            for flat in flats[tesseract.is_painted(flats)][::37]:
                assert tesseract.picture(tesseract.grid.cell(int(flat))).shape == (32, 48, 3)
        assert zarr.open_group(target, mode="r")["frames"].shape == (33, 33, 32, 48, 3)
    assert acknowledged > 100


def _with_codec(project: Project, codec: str) -> Project:
    data = project.to_dict()
    data["picture"]["codec"] = codec
    return Project.from_dict(data)
