"""`tess bake`, and what `tess info`, `verify` and `pack` say of a bake."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tessonance.cli import cli, main
from tessonance.project import parse_project
from tessonance.store import TesseractWriter

TEXT = """
picture = { width = 64, height = 48 }
generator = { use = "plasma", seed = 1 }
axis = [{ name = "sway", steps = 3 }, { name = "hue", steps = 3, closed = true }]
"""


@pytest.fixture
def small(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("small.tess")
    x, y = np.meshgrid(np.arange(64), np.arange(48))
    with TesseractWriter.create(path, parse_project(TEXT)) as writer:
        for flat in range(9):
            sway, hue = writer.grid.cell(flat)
            wave = np.sin((x + 3 * sway) / 5) * np.cos(y / 6)
            tint = np.array([90, 90 - 20 * hue, 50 + 20 * hue])
            writer.put_picture((sway, hue), (128 + wave[..., None] * tint).astype(np.uint8))
    return path


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, words)
    return done.exit_code, done.output


def test_it_says_what_it_did(small) -> None:
    assert "bake       none: not baked yet" in run("info", "small.tess")[1]
    code, out = run("bake", "small.tess", "--workers", "2")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("small.tess: 15 edges, 15 of them baked now")
    assert [line.split()[:2] for line in lines[2:4]] == [["sway", "6"], ["hue", "9"]]
    assert "as FLIP does by" in lines[4]
    code, out = run("bake", "small.tess")
    assert "15 edges, 0 of them baked now" in out
    assert "15 edges were baked before" in out
    assert "15 of 15 edges" in run("info", "small.tess")[1]
    assert "bake       15 of 15 edges" in run("verify", "small.tess")[1]


def test_scripts_read_json(small) -> None:
    assert json.loads(run("info", "small.tess", "--json")[1])["bake"] == {"fits": False, "reason": "not baked yet"}
    facts = json.loads(run("bake", "small.tess", "--json")[1])
    assert facts["made"] == 15
    assert [axis["edges"] for axis in facts["axes"]] == [6, 9]
    told = json.loads(run("info", "small.tess", "--json")[1])["bake"]
    assert told["fits"]
    assert told["axes"] == facts["axes"]
    assert json.loads(run("verify", "small.tess", "--json")[1])["bake"] == "15 of 15 edges"


def test_edges_of_other_pictures_are_told_of(small) -> None:
    run("bake", "small.tess")
    with TesseractWriter.open(small) as writer:
        random = np.random.default_rng(1)
        writer.put_picture((1, 1), random.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    assert "11 of 15 edges" in run("info", "small.tess")[1]
    assert "4 of other pictures" in run("info", "small.tess")[1]
    assert "4 edges were made again" in run("bake", "small.tess")[1]


def test_a_damaged_bake_is_told_left_out_and_made_again(small) -> None:
    run("bake", "small.tess")
    (small / "bake" / "zarr.json").write_text("{}")
    assert "bake       none: " in run("info", "small.tess")[1]
    code, out = run("verify", "small.tess")
    assert (code, "DAMAGED" in out, "bake/zarr.json" in out) == (1, True, True)
    assert "the bake was left out, it is damaged" in run("pack", "small.tess")[1]
    assert "could not be used and was made again" in run("bake", "small.tess")[1]


def test_without_a_picture_it_says_what_to_do(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    TesseractWriter.create(Path("empty.tess"), parse_project(TEXT)).close()
    with pytest.raises(SystemExit) as leaving:
        main(["bake", "empty.tess"])
    assert leaving.value.code == 1
    assert "there is no picture in it yet" in capsys.readouterr().err
