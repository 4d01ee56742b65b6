"""`style`: the user's own pictures, painted, turned and zoomed without an edge."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import ClassVar

import cv2
import msgspec
import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import ProjectError, TesseractError, TessError
from tessonance.generators.painting.view import extent, seen
from tessonance.generators.style import AXES, StyleOptions
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import Project, load_project, parse_project
from tessonance.testing import GeneratorTests

ROOT = Path(__file__).parents[2]
FILES = ROOT / "examples" / "style"
PAGE = (ROOT / "docs" / "how-to" / "style.md").read_text(encoding="utf-8")


def project(options: str, axes: str, *, folder: Path = FILES, size: tuple[int, int] = (96, 64)) -> Project:
    return parse_project(
        f'[picture]\nwidth = {size[0]}\nheight = {size[1]}\n[generator]\nuse = "style"\n{options}\n'
        + "".join(f"[[axis]]\n{axis}\n" for axis in axes.split(";")),
        folder=folder,
    )


BOAT = 'content = "boat.jpg"\ncanvas = 128\n'
TURN = 'name = "turn"\nclosed = true\nsteps = 8'


class TestHands(GeneratorTests):
    project: ClassVar = project(
        BOAT + 'style = "haze"\nstyles = { night = { nocturne = 0.5, nightsky = 0.5 }, storm = "storm" }\nglow = 0.2',
        f'name = "night"\nsteps = 5;name = "storm"\nsteps = 5;name = "zoom"\nsteps = 9;{TURN}',
    )
    largest_step: ClassVar = 70.0  # an eighth of a whole turn


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The boat, two 'paintings' and a video."""
    folder = tmp_path_factory.mktemp("style")
    shutil.copy(FILES / "boat.jpg", folder)
    random = np.random.default_rng(1)
    for name, size in (("dots.png", 9), ("stripes.png", 60)):
        cv2.imwrite(str(folder / name), cv2.resize(random.integers(0, 255, (size, 8, 3), np.uint8), (300, 280)))
    _film(folder / "clip.mp4")
    return folder


def _film(path: Path) -> None:
    import av

    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(9):
            frame = np.full((64, 96, 3), 20 + 25 * number, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode())


def test_paintings_of_ones_own_mix(studio: Path) -> None:
    own = BOAT + 'style = "dots.png"\nstyles = { other = "stripes.png" }'
    generator = open_generator(project(own, 'name = "other"\nsteps = 5', folder=studio))
    first, between, last = (generator.paint([{"other": value}])[0].astype(int) for value in (0.0, 0.1, 1.0))
    assert 0 < np.abs(between - first).mean() < 0.6 * np.abs(last - first).mean()
    mixed = BOAT + 'style = { "dots.png" = 0.9, "stripes.png" = 0.1 }'
    same = open_generator(project(mixed, 'name = "zoom"\nsteps = 5', folder=studio)).paint([{"zoom": 0.0}])[0]
    assert np.abs(same - between).max() <= 1


def test_the_network_for_paintings_answers_the_same_at_any_size_as_its_file_does_at_its_own() -> None:
    from tessonance.generators.painting import stylist
    from tessonance.networks import open_network

    raw = stylist._weights(stylist.TRANSFORM, stylist.TRANSFORM_SHA256)
    as_it_is = open_network(raw)
    names = [one.name for one in as_it_is.get_inputs()]
    random = np.random.default_rng(2)
    picture, numbers = random.random((1, 384, 384, 3), np.float32), random.normal(0, 1, (1, 1, 1, 100)).astype("f4")
    wanted = as_it_is.run(None, dict(zip(names, (picture, numbers), strict=True)))[0]
    freed = raw.replace(stylist.FIXED_SIDE * 2, stylist.FREE_SIDE + stylist.FREE_SIDE[:-1] + b"w")
    found = open_network(freed).run(None, dict(zip(names, (picture, numbers), strict=True)))[0]
    assert np.array_equal(wanted, found)


def test_strength_0_is_the_picture_itself_and_colour_1_has_its_colours() -> None:
    axes = 'name = "strength"\nsteps = 5;name = "colour"\nsteps = 5'
    generator = open_generator(project(BOAT + 'style = "ember"', axes))
    bare = generator.paint([{"strength": 0.0, "colour": 0.0}])[0]
    boat = cv2.imread(str(FILES / "boat.jpg"))[..., ::-1]
    cut = boat[8:712, 112:1168]  # two hundredths are kept in hand
    small = cv2.resize(cut, (96, 64), interpolation=cv2.INTER_AREA).astype(int)
    painted, coloured = (generator.paint([{"strength": 1.0, "colour": value}])[0] for value in (0.0, 1.0))
    assert np.abs(small - bare).mean() < 0.2 * np.abs(small - painted).mean()

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        tones = [cv2.cvtColor(p, cv2.COLOR_RGB2LAB)[..., 1:].astype(int) for p in (one, other)]
        return float(np.abs(tones[0] - tones[1]).mean())

    assert apart(coloured, bare) < 0.4 * apart(painted, bare)


def test_several_pictures_and_a_video_are_gone_through(studio: Path) -> None:
    axes = 'name = "content"\nsteps = 3'
    several = 'content = ["boat.jpg", "dots.png"]\nrest = { strength = 0.0 }\ncanvas = 128'
    first, middle, last = open_generator(project(several, axes, folder=studio)).paint(
        [{"content": value} for value in (0.0, 0.5, 1.0)]
    )
    assert np.abs((first.astype(int) + last) / 2 - middle).mean() < 3
    film = 'content = "clip.mp4"\nrest = { strength = 0.0 }\ncanvas = 128'
    frames = open_generator(project(film, axes, folder=studio)).paint([{"content": v} for v in (0.0, 1.0, 0.5)])
    assert [round(float(frame.mean()) / 10) for frame in frames] == [2, 22, 12]


@pytest.mark.parametrize("edges", ["inside", "mirror"])
@pytest.mark.parametrize("size", [(96, 64), (40, 90)])
def test_no_turn_and_no_zoom_shows_an_edge(
    tmp_path: Path, edges: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies beyond the canvas is painted pure red here, and never seen."""
    look = cv2.warpAffine
    red = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": (255, 0, 0)}
    monkeypatch.setattr(cv2, "warpAffine", lambda *given, **how: look(*given, **how | red))
    picture = np.full((300, 400, 3), 128, np.uint8)
    cv2.imwrite(str(tmp_path / "plain.png"), picture)
    own = f'content = "plain.png"\nrest = {{ strength = 0.0 }}\nedges = "{edges}"\ncanvas = 256'
    generator = open_generator(
        project(own, f'{TURN};name = "zoom"\nsteps = 3\nfrom = -0.25', folder=tmp_path, size=size)
    )
    for turn in np.linspace(0, 1, 13):
        for zoom in (-0.25, 0.0, 1.0):
            assert np.abs(generator.paint([{"turn": turn, "zoom": zoom}])[0].astype(int) - 128).max() <= 1


@pytest.mark.parametrize("size", [(96, 64), (40, 90), (64, 64)])
@pytest.mark.parametrize("turns", [(0.0, 0.0), (-0.05, 0.05), (0.1, 0.7), (0.0, 1.0)])
def test_the_canvas_is_as_large_as_anything_that_is_seen(size: tuple[int, int], turns: tuple[float, float]) -> None:
    reach = extent(*size, turns, 0.8)
    canvas = np.zeros((1200, 1200, 3), np.uint8)
    side = round(1200 / (2 * 3.5) * reach.across), round(1200 / (2 * 3.5) * reach.down)
    canvas[600 - side[1] : 600 + side[1], 600 - side[0] : 600 + side[0]] = 255
    whole = type(reach)(3.5, 3.5)
    for turn in np.linspace(*turns, 25):
        assert seen(canvas, whole, size, turn=float(turn), magnification=0.8).min() > 250


def test_a_canvas_is_painted_once_for_the_cells_that_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from tessonance.generators.painting.brush import Brush

    calls, paint = [], Brush.paint
    monkeypatch.setattr(Brush, "paint", lambda self, *given: calls.append(1) or paint(self, *given))
    own = BOAT + 'styles = { storm = "storm" }'
    axes = f'name = "storm"\nsteps = 2;{TURN};name = "strength"\nsteps = 3;name = "hue"\nclosed = true\nsteps = 2'
    named = project(own, axes)
    generator = open_generator(named)
    assert generator.slow_axes == ("storm",)
    for flat in range(named.grid.size):
        generator.paint([named.grid.point(named.grid.cell(flat))])
    assert len(calls) == 2


def test_a_changed_photograph_is_another_tesseract(tmp_path: Path) -> None:
    shutil.copy(FILES / "boat.jpg", tmp_path)
    named = project(BOAT, 'name = "zoom"\nsteps = 3', folder=tmp_path)
    with tess.generate(named, tmp_path / "boat.tess", workers=1, limit=2) as made:
        digest = made.project.generator.files["boat.jpg"]
        assert re.fullmatch("sha256:[0-9a-f]{64}", digest)
    shutil.copy(FILES / "boat.jpg", tmp_path / "boat.jpg")
    tess.generate(named, tmp_path / "boat.tess", workers=2).close()
    (tmp_path / "boat.jpg").write_bytes((FILES / "boat.jpg").read_bytes() + b" ")
    with pytest.raises(TesseractError) as refused:
        tess.generate(named, tmp_path / "boat.tess", workers=1)
    assert "generator.files.boat.jpg: sha256:" in str(refused.value)
    assert "another file makes another tesseract" in str(refused.value)


def test_a_photograph_that_changes_while_it_is_painted_is_noticed(tmp_path: Path) -> None:
    from tessonance.make.resolve import resolved

    shutil.copy(FILES / "boat.jpg", tmp_path)
    named = resolved(project(BOAT, 'name = "zoom"\nsteps = 3', folder=tmp_path))
    (tmp_path / "boat.jpg").write_bytes(b"")
    with pytest.raises(ProjectError, match="this file is not the one that it was"):
        open_generator(named)


def test_files_are_never_followed_from_a_tesseract() -> None:
    stored = Project.from_dict(project(BOAT, 'name = "zoom"\nsteps = 3').to_dict())
    with pytest.raises(ProjectError, match="followed only from a project file that you name"):
        open_generator(stored)


@pytest.mark.parametrize(
    ("options", "axes", "problem"),
    [
        ("", 'name = "zoom"\nsteps = 3', "the key 'content' is missing"),
        ('content = "boat.png"', 'name = "zoom"\nsteps = 3', "nothing of that name"),
        ('content = "."', 'name = "zoom"\nsteps = 3', "something that is no file"),
        ('content = "boat.toml"', 'name = "zoom"\nsteps = 3', "this is no picture that can be read"),
        ("content = []", 'name = "zoom"\nsteps = 3', "this is no content"),
        ('content = ["a.mp4", "boat.jpg"]', 'name = "zoom"\nsteps = 3', "or one video"),
        (BOAT + 'style = "nocturn"', 'name = "zoom"\nsteps = 3', "did you mean 'nocturne'?"),
        (BOAT + "style = { nocturne = 0.1 }", 'name = "zoom"\nsteps = 3', "a sum of about 1"),
        (BOAT + 'style = "boat.jpg"\nstyles = { red = "ember" }', 'name = "red"\nsteps = 3', "do not mix"),
        (BOAT + 'style = { "boat.jpg" = 3.0 }', 'name = "zoom"\nsteps = 3', "too strong together"),
        (BOAT + 'styles = { zoom = "ember" }', 'name = "zoom"\nsteps = 3', "an axis of another kind"),
        (BOAT + 'styles = { "a b" = "ember" }', 'name = "zoom"\nsteps = 3', "cannot be the name of an axis"),
        (BOAT, 'name = "zom"\nsteps = 3', "did you mean 'zoom'?"),
        (BOAT, 'name = "content"\nsteps = 3', "one picture has no way to another"),
        (BOAT, 'name = "zoom"\nsteps = 3\nto = 2', "within -0.25..1.25"),
        (BOAT, 'name = "strength"\nsteps = 3\nto = 1.1', "within 0..1"),
        (BOAT, 'name = "turn"\nsteps = 3\nto = 0.5\nclosed = true', "to = from + 1"),
        (BOAT, 'name = "zoom"\nsteps = 3\nclosed = true', "leave out `closed`"),
        (BOAT + "rest = { zooms = 0 }", 'name = "zoom"\nsteps = 3', "did you mean 'zoom'?"),
        (BOAT + "closest = 0.5", 'name = "zoom"\nsteps = 3', "closest is out of range"),
        ('content = "boat.jpg"\ncanvas = 4000', 'name = "zoom"\nsteps = 3', "canvas is out of range"),
    ],
)
def test_wrong_options_and_axes_are_refused(options: str, axes: str, problem: str) -> None:
    with pytest.raises(TessError) as refused:
        open_generator(project(options, axes))
    assert problem in str(refused.value)


def test_the_example_is_painted_as_it_stands(tmp_path: Path) -> None:
    for name in ("boat.toml", "boat.jpg"):
        shutil.copy(FILES / name, tmp_path)
    small = (tmp_path / "boat.toml").read_text().replace("960", "96").replace("540", "54")
    (tmp_path / "small.toml").write_text(small)
    named = load_project(tmp_path / "small.toml")
    with tess.generate(named, tmp_path / "small.tess", workers=1, until="level:0") as made:
        assert made.painted() == 4
        assert made.picture((0, 0)).std() > 20


def test_the_page_tells_of_every_axis_option_and_preset() -> None:
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
    first = {
        name: {word for cell in re.findall(r"^\|([^|]*`[^|]*)\|", text, re.M) for word in re.findall(r"`(\w+)`", cell)}
        for name, text in sections.items()
    }
    assert first["Axes"] == {*AXES, "styles"}
    assert first["Options of `[generator]`"] == {field.name for field in msgspec.structs.fields(StyleOptions)}
    assert first["Presets"] == set(generator_kind("style").presets)
