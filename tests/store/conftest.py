"""Small tesseracts whose pictures tell which cell they are of."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from bakes import bake
from file_server import Server, serving

from tessonance.grid import Axis
from tessonance.project import Codec, Generator, Picture, Project
from tessonance.store import TesseractWriter, open_tesseract, osfile, pack, web_client

SIDE = 16
NAMES = ("bloom", "ink", "turn", "hue")


def _project(*steps: int, codec: Codec = "jpeg", closed: tuple[str, ...] = (), **options: object) -> Project:
    names = zip(NAMES, steps, strict=False)
    axes = tuple(Axis(name=name, steps=count, stop=float(count), closed=name in closed) for name, count in names)
    picture = Picture(width=SIDE + 8, height=SIDE, codec=codec)
    return Project(picture=picture, generator=Generator(use="plasma", options=dict(options)), axes=axes)


def _picture(flat: int, *, version: int = 0) -> np.ndarray:
    """Paint red and green by place, blue by version: JPEG keeps them apart."""
    picture = np.empty((SIDE, SIDE + 8, 3), np.uint8)
    picture[...] = (flat % 16 * 16 + 8, flat // 16 % 16 * 16 + 8, version % 16 * 16 + 8)
    return picture


@pytest.fixture
def project_of() -> Callable[..., Project]:
    """Make a project with axes of so many steps."""
    return _project


@pytest.fixture
def picture_of() -> Callable[..., np.ndarray]:
    """Paint the picture of a cell, given its place in C order."""
    return _picture


@pytest.fixture
def is_of() -> Callable[..., bool]:
    """Tell whether a picture is that of a cell, given its place in C order."""

    def tell(picture: np.ndarray, flat: int, *, version: int = 0) -> bool:
        wanted = _picture(flat, version=version)
        return picture.shape == wanted.shape and int(np.abs(picture.astype(int) - wanted).max()) < 8

    return tell


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Make a tesseract of a project, with the pictures of some cells; all of them unless told."""

    def _make(project: Project, flats: object = None, *, name: str = "small.tess") -> Path:
        path = tmp_path / name
        with TesseractWriter.create(path, project) as writer:
            for flat in range(writer.grid.size) if flats is None else flats:  # type: ignore[union-attr]
                writer.put_picture(writer.grid.cell(flat), _picture(flat))
        return path

    return _make


@pytest.fixture
def baked(make, project_of, tmp_path, tmp_path_factory) -> Path:
    """A baked tesseract of 4 × 3, a copy of one that is made once."""
    if not _TEMPLATE or not _TEMPLATE[0].exists():
        path = make(project_of(4, 3), name="template.tess")
        bake(path)
        _TEMPLATE[:] = [path.rename(tmp_path_factory.mktemp("baked") / "small.tess")]
    return Path(shutil.copytree(_TEMPLATE[0], tmp_path / "small.tess"))


_TEMPLATE: list[Path] = []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A web server that gives out the folder of the test."""
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def small(make: Callable[..., Path], project_of: Callable[..., Project]) -> Path:
    """A tesseract of 5 × 3 in both forms."""
    path = make(project_of(5, 3))
    pack(path)
    return path


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that a test can wait for."""
    monkeypatch.setattr(web_client, "WAITS_SECONDS", (0.01, 0.02))


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AbstractContextManager[None]]:
    """Fill the disk up after so many writes."""

    @contextmanager
    def filled(*, after: int) -> Iterator[None]:
        whole, left = osfile.write_at, iter(range(after))

        def write_at(file: int, offset: int, data: bytes | memoryview) -> None:
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            whole(file, offset, data)

        with monkeypatch.context() as patch:
            patch.setattr(osfile, "write_at", write_at)
            yield

    return filled


DYING = """
import os, signal, sys
from tessonance.store import osfile

whole, calls = osfile.write_at, 0

def write_half_and_die(file, offset, data):
    global calls
    calls += 1
    if calls == int(sys.argv[1]):
        whole(file, offset, bytes(data)[:len(data) // 2])
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows both end it at once
    whole(file, offset, data)

osfile.write_at = write_half_and_die
"""


@pytest.fixture
def killed_at() -> Callable[..., None]:
    """Run a script in a process that is killed in the middle of a write to a shard, given which one."""

    def run(write: int, script: str, *words: object) -> None:
        command = [sys.executable, "-c", DYING + script, str(write), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode not in (0, 1, 2), done.stderr

    return run


@pytest.fixture
def bytes_of() -> Callable[[Path], dict[tuple[int, ...], bytes]]:
    """Read the encoded pictures of a tesseract, by cell."""

    def read(path: Path) -> dict[tuple[int, ...], bytes]:
        with open_tesseract(path) as tesseract:
            flats = np.flatnonzero(tesseract.is_painted(np.arange(tesseract.grid.size)))
            cells = [tesseract.grid.cell(int(flat)) for flat in flats]
            return {cell: bytes(tesseract.encoded(cell)) for cell in cells}

    return read


@pytest.fixture
def files_of() -> Callable[[Path], dict[str, bytes]]:
    """Read every file of a folder, by name."""

    def read(path: Path) -> dict[str, bytes]:
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}

    return read


@pytest.fixture
def packed() -> Callable[[Path], Path]:
    """Pack a tesseract into one file."""

    def pack(path: Path) -> Path:
        archive = path.with_name(f"{path.name}.zip")
        with zipfile.ZipFile(archive, "x") as file:
            for found in sorted(path.rglob("*")):
                file.write(found, found.relative_to(path))
        return archive

    return pack
