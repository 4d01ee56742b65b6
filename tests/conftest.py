"""What every test may use: small projects and tesseracts, painted by `plasma`."""

from __future__ import annotations

from pathlib import Path

import components
import hypothesis
import pytest

from tessonance.project import Project, parse_project

# Machines are shared: how long one example takes says nothing.
hypothesis.settings.register_profile("tessonance", deadline=None)
hypothesis.settings.load_profile("tessonance")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a component that is not here; on the automatic check that is a failure."""
    for mark, reason in components.REASONS.items():
        if item.get_closest_marker(mark) and (lack := reason()):
            components.do_without(lack)


SMALL = """
[picture]
width = 48
height = 32

[generator]
use = "plasma"
seed = 3

[[axis]]
name = "bloom"
steps = 5

[[axis]]
name = "ink"
from = -1.0
to = 1.0
steps = 3

[[route]]
feature = "low"
axis = "bloom"

[[route]]
feature = "high"
axis = "ink"
"""


@pytest.fixture
def small_text() -> str:
    """The text of a 5 × 3 project of `plasma`."""
    return SMALL


@pytest.fixture
def small_project() -> Project:
    """A 5 × 3 project of `plasma`, 48 × 32 pixels."""
    return parse_project(SMALL)


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    """The small project in a file."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path
