"""The example projects: what the presets are, and what runs against servers that speak the published APIs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from image_servers import FakeComfy, FakeServer, FakeWebui

import tessonance as tess
from tessonance.make.resolve import resolved
from tessonance.plugins import generator_kind
from tessonance.project import load_project

EXAMPLES = Path(__file__).parents[2] / "examples"
FLOWERS = ("comfyui", "diffusers", "webui")


@pytest.mark.parametrize("name", FLOWERS)
def test_the_articles_flower_is_the_preset(name: str) -> None:
    text = (EXAMPLES / name / "flower.toml").read_text(encoding="utf-8")
    assert text == generator_kind(name).presets[f"{name}-flower"]
    assert load_project(EXAMPLES / name / "flower.toml").grid.names == ("height", "blot")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.toml")), ids=lambda path: path.parent.name)
def test_every_example_finds_what_it_reads_and_is_listed(path: Path) -> None:
    resolved(load_project(path))
    assert f"({path.parent.name}/{path.name})" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "kind"), [("webui", FakeWebui), ("comfyui", FakeComfy)])
def test_the_flower_is_painted_by_a_server(name: str, kind: type[FakeServer], tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    file = tmp_path / name / "flower.toml"
    with kind().running() as server:
        text = file.read_text(encoding="utf-8")
        usual = "http://127.0.0.1:7860" if name == "webui" else "http://127.0.0.1:8188"
        assert usual in text
        file.write_text(text.replace(usual, server.address), encoding="utf-8")
        with tess.generate(file, tmp_path / "flower.tess", until="level:0") as tesseract:
            assert tesseract.painted() == 4
            corners = [tesseract.picture(corner).mean(axis=(0, 1)).round() for corner in tesseract.grid.corners()]
    assert len({tuple(colour) for colour in corners}) == 4
