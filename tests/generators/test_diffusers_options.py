"""What `diffusers` refuses before it loads anything; no test here needs PyTorch."""

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tessonance.errors import MissingExtra, ProjectError
from tessonance.files import same_digest
from tessonance.generators.diffusion.options import DiffusersOptions
from tessonance.make.crew import usual_workers
from tessonance.make.resolve import lasting, resolved
from tessonance.plugins import generator_kind, open_generator
from tessonance.project import Project, options, parse_project

AXES = [{"name": "height", "from": 0.5, "to": 1.5, "steps": 3}]


def project(axes=AXES, picture=(64, 64), **own):
    own = {"model": "someone/something", "prompt": "a (tall:{height}) flower"} | own
    size = {"width": picture[0], "height": picture[1]}
    return Project.from_dict({"picture": size, "generator": {"use": "diffusers", **own}, "axis": axes}, folder=".")


def axis(name, **more):
    return [*AXES, {"name": name, "steps": 3, **more}]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: project(axes=axis("blot")), "axis 'blot' changes nothing"),
        (lambda: project(prompt="a (tall:{heigth}) flower"), "did you mean 'height'?"),
        (lambda: project(guidance="{cfg}"), "there is no axis 'cfg'"),
        (lambda: project(guidance="much"), "this is no number"),
        (lambda: project(guidance=1000), "guidance is out of range"),
        (lambda: project(axes=axis("turn", closed=True), guidance="{turn}"), "a number cannot come home"),
        (lambda: project(seeds={"drift": [1, 2]}), "there is no axis 'drift'"),
        (lambda: project(axes=axis("drift"), seeds={"drift": [1]}), "seeds.drift is out of range"),
        (lambda: project(axes=axis("drift", to=2), seeds={"drift": [1, 2]}), "leads too far"),
        (lambda: project(axes=axis("drift", closed=True), seeds={"drift": [1, 2]}), "does not come home"),
        (lambda: project(prefix=0.95), "prefix is out of range"),
        (lambda: project(prefix=0.5, image="a.png"), "a prefix begins at noise"),
        (lambda: project(batch_size=0), "batch_size is out of range"),
        (lambda: project(device="gpu"), "there is no such device"),
        (lambda: project(scheduler="ddimm"), "did you mean 'ddim'?"),
        (lambda: project(call={"generator": 1}), "`call` cannot set 'generator'"),
        (lambda: project(loras=[{"model": "a.safetensors", "scale": "{ink}"}]), "there is no axis 'ink'"),
        (lambda: project(loras=[{"model": "a.safetensors", "scale": 50}]), "loras 1, scale is out of range"),
        (lambda: project(picture=(60, 64)), "width does not fit"),
        (lambda: project(image="nothing.png"), "nothing of that name"),
    ],
)
def test_wrong_options_are_refused(made, text):
    with pytest.raises(ProjectError) as refused:
        open_generator(made())
    assert text in str(refused.value)


def test_without_its_packages_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra) as refused:
        open_generator(project())
    assert 'pip install "tessonance[diffusers]"' in str(refused.value)
    assert "--index-url https://download.pytorch.org/whl/cpu" in str(refused.value)


def test_few_steps_are_chosen_by_name_and_written_out():
    def chosen(**own):
        made = options(DiffusersOptions, {"prompt": "a"} | own, "[generator]")
        return made.sampling_steps, made.guidance

    assert chosen(model="stabilityai/sdxl-turbo") == (4, 0.0)
    assert chosen(model="sd15", loras=[{"model": "lcm-lora.safetensors"}]) == (4, 1.0)
    assert chosen(model="sd15") == (30, "model")
    assert chosen(model="stabilityai/sdxl-turbo", sampling_steps=1, guidance=2) == (1, 2)
    assert resolved(project(model="a/b-turbo")).generator.options["sampling_steps"] == 4


def test_the_name_of_a_folder_above_a_model_says_nothing_of_it():
    made = options(DiffusersOptions, {"prompt": "a", "model": "/home/turbo/models/sd15"}, "[generator]")
    assert (made.sampling_steps, made.guidance) == (30, "model")
    lora = {"model": "ByteDance/SDXL", "weight_name": "sdxl_lightning_4step_lora.safetensors"}
    made = options(DiffusersOptions, {"prompt": "a", "model": "sdxl", "loras": [lora]}, "[generator]")
    assert (made.sampling_steps, made.guidance) == (4, 0.0)


def model_in(folder: Path) -> Path:
    """Something like a model: an index, a small file and a large one, and things that it is not loaded from."""
    for name in ("unet/config.json", "model_index.json", "README.md", "unet/weights.safetensors", "whole.safetensors"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode() * (200_000 if "weights" in name else 1))
    return folder


@pytest.mark.parametrize(
    ("name", "is_other"),
    [
        ("model_index.json", True),
        ("unet/config.json", True),
        ("unet/weights.safetensors", True),
        ("vae/more.safetensors", True),
        ("README.md", False),
        ("whole.safetensors", False),
        ("unet/.cache/a.json", False),
    ],
)
def test_a_folder_with_another_model_under_the_same_name_is_another_tesseract(tmp_path, name, is_other):
    folder = model_in(tmp_path / "sd15")
    made = project(model=str(folder))
    before = resolved(made)
    assert list(before.generator.files) == [str(folder)]
    changed = folder / name
    changed.parent.mkdir(parents=True, exist_ok=True)
    old = changed.read_bytes() if changed.exists() else b""
    changed.write_bytes(bytes(255 - byte for byte in old) or b"{}")
    assert (resolved(made) != before) == is_other
    if is_other:
        with pytest.raises(ProjectError, match="this model is not the one that it was"):
            resolved(before)
        with pytest.raises(ProjectError, match="this model is not the one that it was"):
            same_digest(before, str(folder), before.generator.files)


def test_a_name_on_the_hub_is_no_folder():
    assert resolved(project()).generator.files == {}
    assert resolved(replace(project(), folder=None)).generator.files == {}


def test_a_name_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    model_in(tmp_path / "models" / "sd15")
    assert list(resolved(project(model="~/models/sd15")).generator.files) == ["~/models/sd15"]


def test_one_process_holds_the_model_unless_more_are_asked_for():
    assert usual_workers(project()) == 1


def test_where_it_paints_is_no_part_of_what_a_tesseract_is():
    one, other = (lasting(resolved(project(device=device, threads=2))) for device in ("cpu", "cuda:1"))
    assert one.differences(other) == []
    assert one.differences(lasting(resolved(project(guidance=3)))) != []


def test_files_that_it_starts_from_are_part_of_what_a_tesseract_is(tmp_path):
    (tmp_path / "ink.safetensors").write_bytes(b"weights")
    own = project(loras=[{"model": "ink.safetensors"}, {"model": "someone/lora"}]).to_dict()
    assert list(resolved(Project.from_dict(own, folder=tmp_path)).generator.files) == ["ink.safetensors"]


def test_its_preset_is_a_project():
    kind = generator_kind("diffusers")
    preset = parse_project(kind.presets["diffusers-flower"])
    assert preset.grid.names == ("height", "blot")
