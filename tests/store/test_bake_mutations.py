"""Whatever a stranger puts in place of a bake: numbers that can be, a blend, or a reason; and pictures as before."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
from bakes import bake
from mutations import cut, erase, flip_bits, lengthen, make_sound, replace_value

from tessonance.errors import TessError
from tessonance.store import open_tesseract, pack, repair, unpack, verify
from tessonance.store.bake import find_bake

MUTATIONS = 40


def mutate(path: Path, rng: random.Random) -> str:
    """Change one file of a bake, and say how."""
    files = sorted(file for file in (path / "bake").rglob("*") if file.is_file())
    file = rng.choice(files)
    ways = [flip_bits, cut, erase, lengthen]
    way = rng.choice([*ways, replace_value, replace_value] if file.name == "zarr.json" else ways)
    raw = bytearray(file.read_bytes())
    if raw:
        way(raw, rng)
    file.write_bytes(raw)
    return f"{way.__name__} {file.relative_to(path)}"


def use(path: Path) -> bool:
    """Use a bake as anybody might; return whether it was as good as none."""
    with open_tesseract(path) as tesseract:
        found = find_bake(tesseract)
        assert (found.bake is None) == bool(found.reason)
        for flat in range(tesseract.grid.size):
            assert tesseract.picture(tesseract.grid.cell(flat)).shape == (16, 24, 3)
        if found.bake is None:
            return True
        for axis in range(len(found.bake.knots)):
            distances, methods = found.bake.distances(axis), found.bake.methods(axis)
            assert set(np.unique(methods)) <= {0, 1, 2}
            assert (np.isfinite(distances).all(axis=-1) == (methods > 0)).all()
            assert ((distances >= 0) & (distances <= 1))[methods > 0].all()
            for edge in np.ndindex(methods.shape):
                field = found.bake.field(axis, edge)
                if field is not None:
                    assert methods[edge] == 2
                    assert field.forward.shape == field.backward.shape == (4, 6, 2)
                    assert 0 <= field.scale * 127 <= 24.001
    return False


def test_a_mutated_bake_is_read_or_as_good_as_none(tmp_path) -> None:
    sound = make_sound(tmp_path)["jpeg"]
    bake(sound)
    none = 0
    for seed in range(MUTATIONS):
        rng = random.Random(seed)
        path = Path(shutil.copytree(sound, tmp_path / "trial.tess"))
        what = [mutate(path, rng) for _ in range(rng.choice([1, 1, 3]))]
        try:
            none += use(path)
            verify(path)
            try:
                unpack(pack(path, tmp_path / "trial.zip").path, tmp_path / "unpacked.tess")
                use(tmp_path / "unpacked.tess")
            except TessError:
                pass
            assert repair(path).sound
            assert verify(path).sound
            use(path)
        except BaseException as error:
            error.add_note(f"seed {seed}: {', '.join(what)}")
            raise
        for left in (path, tmp_path / "unpacked.tess"):
            shutil.rmtree(left, ignore_errors=True)
        (tmp_path / "trial.zip").unlink(missing_ok=True)
    assert MUTATIONS / 5 < none < MUTATIONS  # the mutations do reach what is checked
