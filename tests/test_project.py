"""The project file: what is read, what is refused, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tessonance.errors import ProjectError
from tessonance.project import Project, load_mapping, load_project, mapping_for, parse_project


def test_a_project_reads_into_structs(small_project: Project) -> None:
    assert small_project.grid.shape == (5, 3)
    assert small_project.generator.use == "plasma"
    assert small_project.mapping.feature_names == ("low", "high")


def test_what_is_left_out_has_the_defaults() -> None:
    project = parse_project('[generator]\nuse = "plasma"\n[[axis]]\nname = "a"\nsteps = 3')
    assert (project.picture.width, project.picture.height, project.picture.codec) == (512, 512, "jpeg")
    assert project.axes[0].values.tolist() == [0, 0.5, 1]
    assert project.sound.automatic_level


def test_plain_data_leads_back_to_the_project(small_project: Project) -> None:
    assert Project.from_dict(small_project.to_dict()) == small_project


def test_options_of_the_generator_are_kept_for_the_generator(small_text: str) -> None:
    project = parse_project(small_text.replace("seed = 3", "seed = 3\ndelay_ms = 5"))
    assert project.generator.options == {"delay_ms": 5}


def test_a_band_is_a_feature(small_text: str) -> None:
    project = parse_project(small_text.replace('feature = "low"', "feature = [40, 90]"))
    assert project.mapping.feature_names == ("40-90Hz", "high")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("width", "widht", "did you mean 'width'"),
        ("[picture]", "[pictures]", "did you mean 'picture'"),
        ("steps = 5", "steps = 0", "steps is out of range"),
        ("steps = 5", "steps = '5'", "steps: expected a whole number, got text"),
        ("steps = 5", "", "the key 'steps' is missing"),
        ('name = "ink"', 'name = "bloom"', "two axes have the same name"),
        ('axis = "ink"', 'axis = "inc"', "did you mean 'ink'"),
        ('feature = "low"', 'feature = "lwo"', "did you mean 'low'"),
        ('feature = "low"', "feature = [40, 30000]", "24000"),
        ('feature = "low"', "feature = [90, 40]", "this is no band"),
        ('axis = "ink"', 'axis = "ink"\nedge = "wrap"', "an open axis cannot wrap"),
        ('axis = "ink"', 'axis = "ink"\nattack_ms = -1', "attack_ms is out of range"),
        ('axis = "ink"', 'axis = "ink"\ngain = nan', "gain is out of range"),
        ('axis = "ink"', 'axis = "ink"\ncurve = 0', "curve is out of range"),
        ('axis = "ink"', 'axis = "ink"\nact = "jump"', "invalid enum value 'jump'"),
        ("seed = 3", "seed = 3.5", "seed: expected a whole number"),
        ('use = "plasma"', "", "it does not say which generator"),
        ("[generator]", "[generator", "is not TOML"),
        ("width = 48", "width = 4", "width is out of range"),
        ("seed = 3", "seed = -3", "seed is out of range"),
        ("seed = 3", f"seed = {10**30}", "seed is out of range"),
        ("height = 32", 'height = 32\ncodec = "gif"', "one of jpeg, jpeg444, lossless"),
        ("height = 32", 'height = 32\ncodec = "jpg"', "did you mean 'jpeg'"),
        ('axis = "ink"', 'axis = "ink"\ncurve = "lin"', "did you mean 'linear'"),
    ],
)
def test_a_mistake_is_answered_with_the_place_and_the_cure(small_text: str, old: str, new: str, says: str) -> None:
    assert old in small_text
    with pytest.raises(ProjectError, match=says) as caught:
        parse_project(small_text.replace(old, new, 1), where="flower.toml")
    assert "flower.toml" in str(caught.value)


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read: No such file"):
        load_project(tmp_path / "no.toml")
    with pytest.raises(ProjectError, match="cannot be read"):
        load_project(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProjectError, match="is not text"):
        load_project(tmp_path / "binary.toml")
    (tmp_path / "huge.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ProjectError, match="too large"):
        load_project(tmp_path / "huge.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(ProjectError, match="is not TOML"):
        load_project(tmp_path / "deep.toml")


def test_routes_never_count_for_the_identity(small_text: str, small_project: Project) -> None:
    other = parse_project(small_text.replace('feature = "low"', 'feature = "onset"'))
    assert other.identity == small_project.identity


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seed = 3", "seed = 4", "generator.seed: 3 here, 4 there"),
        ("width = 48", "width = 64", "picture.width: 48 here, 64 there"),
        ("to = 1.0", "to = 2.0", "axis.ink.to: 1.0 here, 2.0 there"),
    ],
)
def test_identities_differ_in_words(small_text: str, small_project: Project, old: str, new: str, says: str) -> None:
    assert small_project.differences(parse_project(small_text.replace(old, new, 1))) == [says]


def test_an_axis_that_only_one_has_is_one_difference(small_project: Project, small_text: str) -> None:
    turning = parse_project(f'{small_text}\n[[axis]]\nname = "turn"\nsteps = 4\nclosed = true\n')
    assert turning.differences(small_project) == ["axis.turn: an axis here, nothing there"]
    assert small_project.differences(turning) == ["axis.turn: nothing here, an axis there"]


def test_the_mapping_is_the_file_named_else_the_one_beside_else_the_one_inside(
    tmp_path: Path, small_project: Project, small_text: str
) -> None:
    tesseract = tmp_path / "small.tess"
    assert mapping_for(tesseract, small_project).feature_names == ("low", "high")
    (tmp_path / "small.toml").write_text(small_text.replace('feature = "low"', 'feature = "sub"'))
    assert mapping_for(tesseract, small_project).feature_names == ("sub", "high")
    routes = tmp_path / "routes.toml"
    routes.write_text('[[route]]\nfeature = "onset"\naxis = "ink"\n')
    assert mapping_for(tesseract, small_project, mapping=routes).feature_names == ("onset",)
    routes.write_text('[[route]]\nfeature = "onset"\naxis = "pink"\n')
    with pytest.raises(ProjectError, match=r"routes.toml.*\n.*did you mean 'ink'"):
        load_mapping(routes, small_project.grid)
