"""Axes of every kind, on tiny pipelines with random weights: they move pixels, continuously, and nothing else does."""

import json
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import tessonance as tess
from tessonance.errors import GeneratorError, ProjectError, TesseractError
from tessonance.plugins import open_generator
from tessonance.project import Project
from tessonance.testing import GeneratorTests

pytestmark = pytest.mark.diffusers

FLOWER = "a drawing of a (tall:{height}) flower, (ink blot:{blot})"
WITHOUT = {"sd3": ["text_encoder_3", "tokenizer_3"]}


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    """A folder with a pipeline of each family, a LoRA and a picture."""
    import tiny_pipelines
    from PIL import Image

    from tessonance.generators.diffusion.loading import quietly

    folder = tmp_path_factory.mktemp("models")
    with quietly():
        for family in ("sd", "sdxl", "sd3"):
            getattr(tiny_pipelines, family)(folder / family)
        tiny_pipelines.lora(folder / "sd", folder / "ink.safetensors")
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    Image.fromarray(np.stack(np.broadcast_arrays(ramp, ramp[:, None], 128), -1).astype(np.uint8)).save(
        folder / "start.png"
    )
    return folder


def axis(name, start=0.0, stop=1.0, steps=3, **more):
    return {"name": name, "from": start, "to": stop, "steps": steps, **more}


def project(models, *axes, family="sd", size=32, **own):
    own = {"model": family, "prompt": FLOWER, "sampling_steps": 4, "seed": 7, "device": "cpu"} | own
    own |= {"without": WITHOUT[family]} if family in WITHOUT else {}
    return Project.from_dict(
        {"picture": {"width": size, "height": size}, "generator": {"use": "diffusers", **own}, "axis": list(axes)},
        folder=models,
    )


HEIGHT, BLOT = axis("height", 0, 1.6), axis("blot", 0, 1.6)


def painted(made, *points):
    """The pictures of some points, as float32 of 0..255."""
    generator = open_generator(made)
    try:
        return np.concatenate([generator.paint([point]) for point in points]).astype(np.float32)
    finally:
        generator.close()


def bare(models, family, prompt, seed=7, **more):
    """What the pipeline paints when it is simply called."""
    import torch
    from diffusers import AutoPipelineForText2Image

    from tessonance.generators.diffusion.loading import quietly

    with quietly():
        pipeline = AutoPipelineForText2Image.from_pretrained(models / family, **dict.fromkeys(WITHOUT.get(family, ())))
        pipeline.set_progress_bar_config(disable=True)
        image = pipeline(
            prompt, width=32, height=32, num_inference_steps=4, generator=torch.Generator().manual_seed(seed), **more
        ).images[0]
    return np.asarray(image, np.float32)


def change(one, other):
    return float(np.abs(one - other).mean())


def moves_continuously(line):
    """Of pictures at 0, 1/2, 1/2 + 1/64 and 1: the whole axis moves pixels, a 64th of it by no more than its share."""
    first, middle, beside, last = line
    assert change(first, last) > 3
    assert 0 < change(middle, beside) < 0.1 * max(change(first, middle), change(middle, last), change(first, last))


@pytest.mark.parametrize("family", ["sd", "sdxl", "sd3"])
def test_every_kind_of_axis_moves_pixels_continuously(models, family):
    axes = [HEIGHT, axis("look"), axis("frame"), axis("drift"), axis("cfg", 1, 8)]
    made = project(
        models, *axes, family=family, seeds={"drift": [7, 8]}, guidance="{cfg}", negative_prompt="(frame:{frame})",
        prompt="[a drawing of a (tall:{height}) flower|a photograph of two red cars:{look}]",
    )  # fmt: skip
    rest = {"height": 0.2, "look": 0.0, "frame": 0.5, "drift": 0.0, "cfg": 6.0}
    shares = (0, 0.5, 0.5 + 1 / 64, 1)
    points = [rest | {a["name"]: a["from"] + share * (a["to"] - a["from"])} for a in axes for share in shares]
    lines = dict(zip([a["name"] for a in axes], np.split(painted(made, *points), len(axes)), strict=True))
    for name, line in lines.items():
        assert change(line[0], line[3]) > 1, name
        if name != "frame":
            moves_continuously(line)


@pytest.mark.parametrize("family", ["sd", "sdxl", "sd3"])
def test_anchors_are_the_pictures_of_the_plain_prompts_and_seeds(models, family):
    made = project(models, HEIGHT, axis("drift", 0, 1), family=family, prompt="a (tall:{height}) flower",
                   seeds={"drift": [7, 8]})  # fmt: skip
    without, phrase, seed = painted(
        made, {"height": 0, "drift": 0}, {"height": 1, "drift": 0}, {"height": 1, "drift": 1}
    )
    assert np.array_equal(without, bare(models, family, "a flower"))
    assert np.array_equal(phrase, bare(models, family, "a tall flower"))
    assert np.array_equal(seed, bare(models, family, "a tall flower", seed=8))


def test_a_weight_is_smooth_through_1_and_has_no_singular_corner(models):
    at = [0.96, 0.98, 1.0, 1.02, 1.04]
    line = painted(project(models, HEIGHT, BLOT, size=64), *({"height": value, "blot": 0.3} for value in at))
    steps = [change(one, other) for one, other in pairwise(line)]
    assert max(steps) < 1.5 * min(steps)
    near = painted(
        project(models, HEIGHT, BLOT), *({"height": a, "blot": b} for a, b in ((0, 0), (0.01, 0), (0, 0.01)))
    )
    assert max(change(near[0], near[1]), change(near[0], near[2])) < 0.6


def test_noise_keeps_its_variance_on_the_way_in_every_dimension(models):
    from tessonance.generators.diffusion.noise import Noise, drawn_by_sources

    axes = project(
        models, axis("u"), axis("v", 0, 3, 4, closed=True), prompt="a", seeds={"u": [1, 2], "v": [3, 4, 5]}
    ).axes
    noise = Noise(7, {"u": (1, 2), "v": (3, 4, 5)}, axes)
    with drawn_by_sources():
        from diffusers.utils import torch_utils

        for point in ({"u": 0, "v": 0}, {"u": 0.5, "v": 0.5}, {"u": 0.3, "v": 2.8}):
            assert sum(weight**2 for weight, _ in noise.mixture(point)) == pytest.approx(1)
            drawn = torch_utils.randn_tensor((2, 4, 64, 64), generator=[noise.source(point)] * 2)
            assert drawn.std().item() == pytest.approx(1, abs=0.03)
    assert noise.mixture({"u": 1, "v": 3}) == noise.mixture({"u": 1, "v": 0})
    assert torch_utils.randn_tensor.__module__.startswith("diffusers")


def test_the_scale_of_a_lora_moves_pixels_and_0_is_none(models):
    made = project(models, axis("ink"), prompt="a flower", loras=[{"model": "ink.safetensors", "scale": "{ink}"}])
    line = painted(made, *({"ink": share} for share in (0, 0.5, 0.5 + 1 / 64, 1)))
    moves_continuously(line)
    assert change(line[0], bare(models, "sd", "a flower")) < 0.5


@pytest.mark.parametrize("scheduler", ["ddim", "euler_ancestral"])
def test_strength_is_continuous_between_its_steps_and_across_them(models, scheduler):
    made = project(
        models, axis("more", 0.25, 1), prompt="a flower", image="start.png", strength="{more}", scheduler=scheduler
    )
    at = (0.25, 0.375, 0.375 + 1 / 64, 0.5 - 1 / 1024, 0.5, 0.5 + 1 / 1024, 1)
    line = painted(made, *({"more": value} for value in at))
    moves_continuously(line[[0, 1, 2, 6]])
    assert change(line[3], line[4]) < 1
    assert change(line[4], line[5]) < 1


def test_strength_that_is_a_whole_number_of_steps_is_the_pipelines_own(models):
    import torch
    from diffusers import AutoPipelineForImage2Image
    from PIL import Image

    from tessonance.generators.diffusion.loading import quietly

    made = project(models, HEIGHT, prompt="a (tall:{height}) flower", image="start.png", strength=0.75)
    with quietly():
        pipeline = AutoPipelineForImage2Image.from_pretrained(models / "sd")
        start = Image.open(models / "start.png").resize((32, 32), Image.Resampling.LANCZOS)
        own = pipeline("a tall flower", image=start, strength=0.75, num_inference_steps=4,
                       generator=torch.Generator().manual_seed(7)).images[0]  # fmt: skip
    assert change(painted(made, {"height": 1})[0], np.asarray(own, np.float32)) < 0.5


def test_a_picture_to_start_from_is_turned_as_the_camera_noted_and_cut_not_squeezed(models):
    from PIL import Image

    whole = Image.open(models / "start.png")
    wide = Image.new("RGB", (128, 64), "white")
    wide.paste(whole, (32, 0))
    noted = Image.Exif()
    noted[0x0112] = 6  # to be turned by 90 degrees to the right
    wide.rotate(90, expand=True).save(models / "wide.png", exif=noted)
    made = [
        project(models, axis("more", 0.5, 1), prompt="a flower", image=name, strength="{more}")
        for name in ("start.png", "wide.png")
    ]
    assert change(*(painted(each, {"more": 0.5})[0] for each in made)) < 0.5


def test_a_model_exchanged_under_its_name_is_noticed(models, tmp_path):
    import shutil

    shutil.copytree(models / "sd", tmp_path / "sd")
    made = project(tmp_path, HEIGHT, prompt="a (tall:{height}) flower")
    tess.generate(made, tmp_path / "a.tess", limit=1).close()
    raw = bytearray((weights := tmp_path / "sd" / "unet" / "diffusion_pytorch_model.safetensors").read_bytes())
    raw[len(raw) // 2 :] = bytes(len(raw) - len(raw) // 2)
    weights.write_bytes(raw)
    with pytest.raises(TesseractError, match="another project"):
        tess.generate(made, tmp_path / "a.tess")


def counted(generator, point):
    """A picture, and how often the network was called for it."""
    pipeline, calls = generator._reins.pipeline, []
    network = getattr(pipeline, "unet", None) or pipeline.transformer
    hook = network.register_forward_pre_hook(lambda *_: calls.append(1))
    picture = generator.paint([point])
    hook.remove()
    return picture, len(calls)


@pytest.mark.parametrize("family", ["sd", "sdxl", "sd3"])
def test_a_prefix_paints_the_corners_as_without_it_for_half_the_steps(models, family):
    pictures, steps = {}, {}
    for prefix in (0.0, 0.5):
        made = project(models, HEIGHT | {"steps": 9}, BLOT | {"steps": 9}, family=family, prefix=prefix)
        generator = open_generator(made)
        corners = [generator.paint([{"height": h, "blot": b}]) for h in (0, 1.6) for b in (0, 1.6)]
        middle, calls = counted(generator, {"height": 0.8, "blot": 0.8})
        pictures[prefix] = np.concatenate([*corners, middle]).astype(np.float32)
        steps[prefix] = calls, generator.network_steps
        generator.close()
    assert np.abs(pictures[0.0][:4] - pictures[0.5][:4]).max() <= 1
    assert change(pictures[0.0][4], pictures[0.5][4]) > 0, "between them it is another picture"
    assert steps == {0.0: (4, 20), 0.5: (2, 18)}, "4 corners of 2 shared steps, then 2 for each picture"


def test_a_prefix_with_ancestral_noise_paints_the_corners_too(models):
    own = {"scheduler": "euler_ancestral", "prompt": "a (tall:{height}) flower"}
    corners = {"height": 0.0}, {"height": 1.6}
    full, shared = (painted(project(models, HEIGHT, prefix=prefix, **own), *corners) for prefix in (0.0, 0.5))
    assert np.abs(full - shared).max() <= 1


def test_the_noise_between_steps_is_the_same_for_all_pictures(models):
    made = project(models, HEIGHT, prompt="a (tall:{height}) flower", scheduler="euler_ancestral", size=64)
    one, beside, far = painted(made, {"height": 0.8}, {"height": 0.81}, {"height": 1.6})
    assert change(one, beside) < 0.2 * change(one, far)


class TestPictures(GeneratorTests):
    """Batches of three: a picture does not depend on its companions, on their order, or on a restart."""

    project: ClassVar

    @pytest.fixture(autouse=True)
    def own_project(self, models):
        type(self).project = project(
            models, HEIGHT | {"steps": 5}, axis("cfg", 2, 8, 5), prompt="a (tall:{height}) flower",
            guidance="{cfg}", scheduler="euler_ancestral", batch_size=3, sampling_steps=2, size=64,
        )  # fmt: skip


def test_a_run_that_is_continued_gives_the_tesseract_of_one_that_was_not(models, tmp_path):
    made = project(models, HEIGHT, axis("drift"), prompt="a (tall:{height}) flower", seeds={"drift": [7, 8]},
                   prefix=0.5, batch_size=2)  # fmt: skip
    tess.generate(made, tmp_path / "one.tess", workers=1).close()
    tess.generate(made, tmp_path / "two.tess", workers=1, limit=4).close()
    tess.generate(made, tmp_path / "two.tess", workers=1).close()
    with tess.open(tmp_path / "one.tess") as one, tess.open(tmp_path / "two.tess") as two:
        for cell in np.ndindex(3, 3):
            assert np.array_equal(one.picture(cell), two.picture(cell))


def test_multistep_schedulers_are_refused_where_a_run_begins_in_its_midst(models):
    with pytest.raises(GeneratorError, match="needs a scheduler of single steps"):
        open_generator(project(models, HEIGHT, prompt="a (tall:{height}) flower", prefix=0.5, scheduler="dpmpp_2m"))


def test_what_the_pipeline_does_not_have_is_refused(models):
    own = {"prompt": "a (tall:{height}) flower"}
    with pytest.raises(GeneratorError, match="this pipeline has no clip_skipp"):
        open_generator(project(models, HEIGHT, call={"clip_skipp": 1}, **own))
    with pytest.raises(GeneratorError, match="this model cannot be sampled so"):
        open_generator(project(models, HEIGHT, family="sd3", scheduler="lcm", **own))


def test_arguments_of_the_pipeline_can_be_set_and_be_axes(models):
    made = project(models, axis("eta"), prompt="a flower", call={"eta": "{eta}"})
    first, last = painted(made, {"eta": 0.0}, {"eta": 1.0})
    assert change(first, last) > 1


@pytest.mark.parametrize("model", ["nothing", "../nothing/at/all", "empty", "a.safetensors"])
def test_models_that_are_not_there_are_refused(models, model):
    (models / "empty").mkdir(exist_ok=True)
    with pytest.raises((GeneratorError, ProjectError)) as refused:
        open_generator(project(models, HEIGHT, model=model, prompt="a (tall:{height}) flower"))
    assert "docs/how-to/diffusers.md" in str(refused.value)


def test_a_model_that_cannot_be_fetched_is_told_with_its_page(models, monkeypatch):
    import diffusers

    def unreachable(*given, **named):
        raise OSError("no network")

    monkeypatch.setattr(diffusers.AutoPipelineForText2Image, "from_pretrained", unreachable)
    with pytest.raises(GeneratorError, match=r"is fetched from https://huggingface\.co/someone/something"):
        open_generator(project(models, HEIGHT, model="someone/something", prompt="a (tall:{height}) flower"))


def test_models_are_followed_only_from_a_project_that_somebody_named(models):
    made = Project.from_dict(project(models, HEIGHT, prompt="a (tall:{height}) flower").to_dict())
    with pytest.raises(ProjectError, match="only from a project file that you name"):
        open_generator(made)


def test_code_inside_a_model_is_not_run(models):
    folder = models / "evil"
    folder.mkdir(exist_ok=True)
    witness = models / "witness"
    for name in ("pipeline.py", "my_pipeline.py"):
        (folder / name).write_text(f"open({str(witness)!r}, 'w').close()\nclass Evil: pass\n", encoding="utf-8")
    for index in (
        {"_class_name": ["my_pipeline", "Evil"], "unet": ["my_pipeline", "Evil"]},
        {"_class_name": "StableDiffusionPipeline", "unet": ["my_pipeline", "Evil"]},
    ):
        (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
        with pytest.raises(GeneratorError, match="this model cannot be loaded"):
            open_generator(project(models, HEIGHT, model="evil", prompt="a (tall:{height}) flower"))
    assert not witness.exists()


def test_pictures_that_are_no_numbers_are_refused(models):
    import torch

    generator = open_generator(project(models, HEIGHT, prompt="a (tall:{height}) flower"))
    with torch.no_grad():
        generator._reins.pipeline.vae.decoder.conv_out.bias += float("nan")
    with pytest.raises(GeneratorError, match="the model gave no numbers"):
        generator.paint([{"height": 1.0}])
