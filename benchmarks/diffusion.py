"""What `diffusers` costs beside a pipeline that is simply called, and what a prefix saves.

Run: ``python benchmarks/diffusion.py``, with the extra ``[diffusers]`` and open_clip_torch. The pipeline is the tiny
one of the tests at a size where a picture takes a good part of a second, as real ones do on a graphics card; both ways
take turns, picture by picture. Then the smoothness of a line with a prefix and without, on the test generator `toy`.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tessonance.generators.diffusion.loading import quietly
from tessonance.plugins import open_generator
from tessonance.project import Project
from tessonance.smooth.line import measure_line

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "generators"))

SIDE, STEPS, CELLS = 256, 8, 17
PROMPT = "a drawing of a (tall:{height}) flower, (ink blot:{blot})"


def project(folder: Path, *, size: int, prefix: float = 0.0) -> Project:
    """Make a grid of 17 × 17 on the tiny pipeline in a folder."""
    own = {"model": "sd", "prompt": PROMPT, "sampling_steps": STEPS, "prefix": prefix, "device": "cpu"}
    axes = [{"name": name, "to": 1.4, "steps": CELLS} for name in ("height", "blot")]
    picture = {"width": size, "height": size}
    return Project.from_dict(
        {"picture": picture, "generator": {"use": "diffusers", **own}, "axis": axes}, folder=folder
    )


def overhead(folder: Path, rounds: int) -> float:
    """Return the median time of a picture over that of a bare call, which is given embeddings that are ready."""
    import torch

    made = project(folder, size=SIDE)
    generator, bare = open_generator(made), open_generator(made)
    with quietly():
        from diffusers import AutoPipelineForText2Image

        pipeline = AutoPipelineForText2Image.from_pretrained(folder / "sd")
        pipeline.set_progress_bar_config(disable=True)
        positive, negative = pipeline.encode_prompt("a drawing of a tall flower", "cpu", 1, True, "")
    bare.close()
    times: dict[str, list[float]] = {"bare": [], "ours": []}
    for number in range(rounds + 1):
        point = made.grid.point((number % CELLS, number * 5 % CELLS))
        began = time.perf_counter()
        generator.paint([point])
        middle = time.perf_counter()
        with quietly():
            pipeline(
                prompt_embeds=positive, negative_prompt_embeds=negative, width=SIDE, height=SIDE,
                num_inference_steps=STEPS,
                generator=torch.Generator().manual_seed(0), output_type="np",
            )  # fmt: skip
        if number:  # the first encodes the corners' prompts
            times["ours"].append(middle - began)
            times["bare"].append(time.perf_counter() - middle)
    generator.close()
    print(f"a picture, bare / ours: {statistics.median(times['bare']):.3f} / {statistics.median(times['ours']):.3f} s")
    return statistics.median(ours / base for ours, base in zip(times["ours"], times["bare"], strict=True))


def network_steps(folder: Path, prefix: float) -> int:
    """Return the network steps of a whole grid of 17 × 17."""
    made = project(folder, size=16, prefix=prefix)
    generator, grid = open_generator(made), made.grid
    for flat in range(grid.size):
        generator.paint([grid.point(grid.cell(flat))])
    taken: int = generator.network_steps  # type: ignore[attr-defined]
    generator.close()
    return taken


def toy_line(prefix: float) -> dict[str, float]:
    """Return tortuosity, roughness and range of a line of 41 pictures of `toy`."""
    axes = [{"name": "tall", "steps": 41}]
    picture = {"width": 128, "height": 128}
    own = {"use": "toy", "seed": 3, "prefix": prefix}
    made = Project.from_dict({"picture": picture, "generator": own, "axis": axes})
    generator = open_generator(made)
    pictures = np.concatenate([generator.paint([{"tall": share}]) for share in np.linspace(0, 1, 41)])
    line = measure_line(list(pictures))
    return {name: getattr(line, name) for name in ("tortuosity", "roughness", "span", "spread")}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    for prefix in (0.0, 0.5):
        print(f"toy, prefix {prefix:g}:", {name: round(value, 3) for name, value in toy_line(prefix).items()})
    with tempfile.TemporaryDirectory() as name:
        import tiny_pipelines

        folder = Path(name)
        with quietly():
            tiny_pipelines.sd(folder / "sd")
        print(f"over a bare call: {overhead(folder, rounds):.3f}")
        full, shared = network_steps(folder, 0.0), network_steps(folder, 0.5)
        print(f"network steps of {CELLS} × {CELLS} cells: {full:,}; with prefix 0.5: {shared:,}, {shared / full:.3f}")


if __name__ == "__main__":
    main()
