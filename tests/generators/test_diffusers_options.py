"""What `diffusers` refuses before it loads anything; no test here needs PyTorch."""

import sys

import pytest

from tessonance.errors import MissingExtra, ProjectError
from tessonance.generators.diffusion.options import DiffusersOptions
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
