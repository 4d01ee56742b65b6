"""The tiny diffusers pipeline of the tests as a fixture of the benchmarks: Stable Diffusion's parts, random weights.

What it paints is no picture of anything, but a texture that its words, its guidance and its noise really move, step by
step through the same code as a real model's.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

__all__ = ["GENERATOR", "LINES", "WORDS", "in_folder"]

NEEDED = ("torch", "diffusers", "transformers", "peft", "open_clip")
HOW = "pip install -e '.[diffusers]' && pip install --no-deps open_clip_torch"
GENERATOR = 'use = "diffusers", model = "sd", device = "cpu", sampling_steps = 8'
WORDS = f'{GENERATOR}, prompt = "a drawing of a (tall:{{a}}) flower, (ink blot:{{b}})"'  # the article's two axes
_TALL, _NOISE = (f'{GENERATOR}, prompt = "a drawing of a {words}flower"' for words in ("(tall:{a}) ", ""))
LINES = {  # name: generator with options, axis, whether it has to pass the gates of smoothness
    "diffusers, a word": (_TALL, 'name = "a", to = 1.4', True),
    "diffusers, prefix 0.5": (f"{_TALL}, prefix = 0.5", 'name = "a", to = 1.4', True),
    "diffusers, two noises": (f"{_NOISE}, seeds = {{ a = [1, 2] }}", 'name = "a"', True),
    "diffusers, new seeds": (f"{_NOISE}, seeds = {{ a = {list(range(61))} }}", 'name = "a", to = 60', False),
}


def in_folder(folder: Path) -> bool:
    """Save the pipeline in a folder, as `sd`; print what to install and return False where something is lacking."""
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if lacking:
        print(f"(diffusers: left out, without {', '.join(lacking)}: {HOW})")
        return False
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "generators"))
    from tessonance.generators.diffusion.loading import quietly

    with quietly():
        import tiny_pipelines

        tiny_pipelines.sd(folder / "sd")
    return True
