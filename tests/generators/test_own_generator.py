"""Code of one's own: everything in docs/how-to/own-generator.md works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tessonance as tess
from tessonance.errors import GeneratorError, ProjectError, TessError
from tessonance.grid import Grid
from tessonance.plugins import generator_kind, names, open_generator
from tessonance.project import Project, load_project, parse_project

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "own-generator.md"
BLOCKS = re.findall(r"```(?:python|toml)\n# (\w+\.\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    """A folder with every file of the page."""
    for name, text in BLOCKS:
        (tmp_path / name).write_text(f"# {name}\n{text}", encoding="utf-8")
    return tmp_path


def project(folder: Path, use: str, *, options: str = "") -> Project:
    text = f'picture = {{ width = 32, height = 24 }}\ngenerator = {{ use = "{use}"{options} }}\n'
    return parse_project(text + 'axis = [{ name = "a", steps = 3 }]', folder=folder)


def test_the_page_has_a_function_its_project_a_generator_and_its_test() -> None:
    assert [name for name, _ in BLOCKS] == ["rings.py", "rings.toml", "stripes.py", "test_stripes.py"]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_function_of_the_page_paints_in_this_process_and_in_others(studio: Path, workers: int) -> None:
    text = (studio / "rings.toml").read_text().replace("steps = 17", "steps = 3")
    (studio / "small.toml").write_text(text)
    with tess.generate(studio / "small.toml", studio / "small.tess", workers=workers) as tesseract:
        assert tesseract.painted() == 9
        assert tesseract.project.generator.options == {"rings": 5, "warm": True}
        assert tesseract.picture((0, 0)).std() > 20


def test_the_test_of_the_page_passes(studio: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_stripes.py"],
        cwd=studio,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"1[0-9] passed", done.stdout)


def test_an_installed_plugin_is_used_by_its_name(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = studio / "stripes-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: stripes\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[tessonance.generators]\nstripes = stripes:stripes\n")
    monkeypatch.syspath_prepend(studio)
    assert "stripes" in names("generators")
    kind = generator_kind("stripes")
    mine = parse_project(kind.presets["stripes"].replace("stripes:stripes", "stripes"))
    with tess.generate(mine, studio / "mine.tess", workers=1, limit=4) as tesseract:
        assert tesseract.painted() == 4
    sys.modules.pop("stripes")


def test_code_that_a_tesseract_names_is_never_run(studio: Path) -> None:
    (studio / "evil.py").write_text("open('ran', 'w').close()\ndef paint(point): pass\n")
    named = load_project_of(studio, "evil:paint")
    stored = Project.from_dict(named.to_dict())
    for refused in (open_generator, lambda p: tess.generate(p, studio / "x.tess")):
        with pytest.raises(ProjectError, match="only from a project file that you name"):
            refused(stored)
    assert not (studio / "ran").exists()
    assert not (studio / "x.tess").exists()


def load_project_of(folder: Path, use: str) -> Project:
    path = folder / "named.toml"
    path.write_text(f'generator = {{ use = "{use}" }}\naxis = [{{ name = "a", steps = 3 }}]')
    return load_project(path)


def test_two_projects_may_each_have_a_module_of_one_name(tmp_path: Path) -> None:
    painted = []
    for light in (0.2, 0.8):
        folder = tmp_path / str(light)
        folder.mkdir()
        (folder / "same.py").write_text(
            f"import numpy as np\ndef paint(point, width, height): return np.full((height, width, 3), {light})\n"
        )
        painted.append(int(open_generator(project(folder, "same:paint")).paint([{"a": 0.0}])[0, 0, 0, 0]))
    assert painted == [51, 204]


def test_a_file_beside_the_project_hides_no_module_of_python(tmp_path: Path) -> None:
    (tmp_path / "statistics.py").write_text("raise SystemExit('hidden')")
    (tmp_path / "mine.py").write_text(
        "import sys; sys.modules.pop('statistics', None); import statistics, numpy as np\n"
        "def paint(point, *, width, height): return np.full((height, width, 3), statistics.mean([0, 1]))\n"
    )
    assert open_generator(project(tmp_path, "mine:paint")).paint([{"a": 0.0}])[0, 0, 0, 0] == 128


@pytest.mark.parametrize(
    ("code", "use", "problem"),
    [
        ("", "none:paint", "there is no module 'none'"),
        ("", "mine:paint", "the module has no 'paint'"),
        ("def paints(point): pass", "mine:paint", "did you mean 'paints'?"),
        ("def paint(:", "mine:paint", "this is no Python"),
        ("1 / 0", "mine:paint", "the module fails when it is imported"),
        ("import nowhere_to_be_found", "mine:paint", "needs another one"),
        ("paint = 3", "mine:paint", "this is no generator"),
        ("class paint: pass", "mine:paint", "this is no generator"),
        ("def paint(): pass", "mine:paint", "takes no point"),
        ("def paint(point, **all): pass", "mine:paint", "which options"),
        ("def paint(point, *, many=object()): pass", "mine:paint", "cannot be options"),
        ("", "mine:paint.twice", "this is no name in a module"),
        ("", "../mine:paint", "this is no name in a module"),
    ],
)
def test_what_is_wrong_with_the_code_is_said(tmp_path: Path, code: str, use: str, problem: str) -> None:
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(TessError) as refused:
        open_generator(project(tmp_path, use))
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("return 1 / 0", "got: ZeroDivisionError('division by zero')\n  try: look at line 3 of"),
        ("return np.zeros((2, 2, 3))", "wanted: an array of shape (24, 32, 3), uint8 or numbers 0..1"),
        ("return np.full((height, width, 3), 255.0)", "got: from 255 to 255"),
        ("return np.full((height, width, 3), np.nan)", "got: from nan to nan"),
        ("return np.zeros((height, width, 3), np.int64)", "got: int64 of shape (24, 32, 3)"),
        ("return None", "gave no picture"),
    ],
)
def test_a_function_that_fails_or_gives_no_picture_is_told_of(tmp_path: Path, body: str, problem: str) -> None:
    (tmp_path / "mine.py").write_text(f"import numpy as np\ndef paint(point, *, width, height):\n    {body}\n")
    with pytest.raises(GeneratorError) as refused:
        open_generator(project(tmp_path, "mine:paint")).paint([{"a": 0.0}])
    assert problem in str(refused.value)


def test_options_of_a_function_are_checked_and_stored(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def paint(point, *, width, height, shade: float, tones=[1, 2], word='x'):\n"
        "    return np.full((height, width, 3), shade * tones[0])\n"
    )
    with pytest.raises(ProjectError, match="the key 'shade' is missing"):
        open_generator(project(tmp_path, "mine:paint"))
    with pytest.raises(ProjectError, match="there is no key 'shades'"):
        open_generator(project(tmp_path, "mine:paint", options=", shades = 1"))
    with pytest.raises(ProjectError, match="expected a number"):
        open_generator(project(tmp_path, "mine:paint", options=", shade = 'dark'"))
    with tess.generate(
        project(tmp_path, "mine:paint", options=", shade = 0.5"), tmp_path / "m.tess", workers=1
    ) as made:
        assert made.project.generator.options == {"shade": 0.5, "tones": [1, 2], "word": "x"}
        assert isinstance(made.grid, Grid)


def test_code_beside_a_project_is_run_by_the_workers_of_a_cluster_too(studio: Path) -> None:
    pytest.importorskip("distributed", reason="pip install 'tessonance[cluster]'")
    text = (studio / "rings.toml").read_text().replace("steps = 17", "steps = 2")
    (studio / "small.toml").write_text(text)
    with tess.generate(studio / "small.toml", studio / "small.tess", cluster="local:1") as tesseract:
        assert tesseract.painted() == 4
