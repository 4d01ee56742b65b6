"""What tests of the graphics processor share: a context, and a painted tesseract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import moderngl
import pytest
from stages import PROJECT

import tessonance as tess
from tessonance.project import parse_project
from tessonance.sinks.offscreen import offscreen_context


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    made = offscreen_context()
    yield made
    made.release()


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stage") / "plasma.tess"
    tess.generate(parse_project(PROJECT), path).close()
    return path
