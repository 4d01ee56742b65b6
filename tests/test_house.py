"""What holds the house: directions of import, public names, weight, size, and docs that cannot lie."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import tessonance as tess
from tessonance.cli import COMMANDS, cli

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "tessonance"
MODULES = sorted(SOURCE.rglob("*.py"))

# Which rooms a room may import from. Data flows one way: an arrow back is a design fault.
SEES = {
    "errors": set(),
    "axis": {"errors"},
    "grid": {"errors", "axis"},
    "tables": {"errors"},
    "chain": {"errors", "tables"},
    "mapping": {"errors", "grid"},
    "project": {"errors", "grid", "mapping", "tables", "chain"},
    "files": {"errors", "project"},
    "owncode": {"errors"},
    "outputs": {"errors"},
    "shell": set(),
    "networks": {"errors"},
    "images": {"errors"},
    "clips": {"errors"},
    "generators": {"errors", "grid", "project", "files", "owncode", "networks", "images", "clips"},
    "finishers": {"errors", "grid", "project", "files", "networks", "generators"},
    "plugins": {"errors", "project", "owncode", "generators", "finishers"},
    "testing": {"errors", "grid", "project", "generators", "plugins"},
    "store": {"errors", "grid", "project"},
    "make": {"errors", "grid", "project", "chain", "files", "generators", "finishers", "plugins", "store", "images"}
    | {"smooth"},
    "sound": {"errors", "project", "outputs"},
    "motion": {"errors", "grid", "project", "sound"},
    "sampling": {"errors", "grid"},
    "smooth": {"errors", "grid", "outputs", "store", "sampling", "motion"},
    "sinks": {"errors", "sampling"},
    "control": {"errors", "grid", "project"},
    "show": {"errors", "grid", "project", "tables", "store", "sound", "motion", "sampling", "sinks", "control"}
    | {"shell"},
    "certify": {"errors", "grid", "mapping", "project", "store", "sound", "motion", "smooth", "show"},
    "contact": {"errors", "grid", "outputs", "store"},
    "trials": {"errors", "grid", "project", "make", "store", "smooth"},
    "trial_sheet": {"outputs", "contact", "trials"},
    "__init__": {"errors", "grid", "project", "contact", "make", "motion", "show", "smooth"}
    | {"sound", "store", "trials"},
}
# Where a room sees another for one purpose, the modules that serve it; see docs/decisions/0016.
NARROW = {
    ("make", "smooth"): {"flip", "flow", "guess", "line", "metrics", "spacing", "views"},
    ("trials", "smooth"): {"line"},
}
PURE = ["axis.py", "grid.py", "chain.py", "mapping.py", "project.py", "motion", "sampling/taps.py"]
HEAVY = {"cv2", "av", "glfw", "moderngl", "onnxruntime", "PIL", "pythonosc", "simplejpeg", "sounddevice", "soundfile"}
HEAVY |= {"soxr", "tomlkit", "zarr"}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path, *, lazy: bool = True) -> set[str]:
    """The modules a file imports, by full name; without `lazy`, only those outside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if not lazy and id(node) in inner:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_from_the_rooms_it_may_see(path: Path) -> None:
    here = room(path)
    if here == "cli":
        return
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("tessonance.")}
    known = {room(module) for module in MODULES} - {here}
    assert rooms & known <= SEES[here], f"{here} may import from {sorted(SEES[here])}"


def test_no_module_names_one_that_names_it_again_be_it_round_corners_or_for_a_type_only() -> None:
    names = {path: ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in MODULES}
    names = {path: name.removesuffix(".__init__") for path, name in names.items()}
    known = set(names.values())
    sees = {}
    for path, name in names.items():
        found = imports(path) & known
        # What is imported from a room is the room's, unless it is a module in it.
        rooms = {above for above in found if any(below.startswith(f"{above}.") for below in found)}
        sees[name] = found - rooms - {name}
    TopologicalSorter(sees).prepare()  # raises CycleError, which names them


@pytest.mark.parametrize(("here", "there"), NARROW)
def test_a_room_that_sees_another_for_one_purpose_sees_only_what_serves_it(here: str, there: str) -> None:
    names = {name for path in MODULES if room(path) == here for name in imports(path)}
    found = {name.split(".")[2] for name in names if name.startswith(f"tessonance.{there}.")}
    assert found == NARROW[here, there], f"{here} may import of {there} {sorted(NARROW[here, there])}"


def test_pure_rooms_know_no_library_of_files_pictures_or_sound() -> None:
    for name in PURE:
        path = SOURCE / name
        for module in [path] if path.is_file() else path.rglob("*.py"):
            tops = {found.split(".")[0] for found in imports(module)}
            assert not tops & (HEAVY | {"time", "os", "threading"}), f"{module} is to be pure"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 60, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_public_names_are_there_documented_and_no_others() -> None:
    assert sorted(tess.__all__) == sorted(tess._HOMES)
    for name in tess.__all__:
        assert getattr(tess, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        tess.utils  # noqa: B018


def test_a_room_and_a_function_of_one_name_get_along() -> None:
    """`tess.motion` can be called, whether the room of that name was imported first or not."""
    for first in ("", "import tessonance.motion, tessonance.show.render;"):
        run(f"{first}import tessonance as tess; assert callable(tess.motion)")


HELP = "from tessonance.cli import cli; cli.main(['-h'], 'tess', standalone_mode=False)"


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("code", ["import tessonance", HELP])
def test_importing_and_helping_load_nothing_heavy(code: str) -> None:
    out = run(f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))")
    loaded = set(json.loads(out.splitlines()[-1]))
    assert not loaded & (HEAVY | {"numpy", "msgspec", "rich", "importlib.metadata"})


def test_every_command_is_in_the_reference_with_its_help() -> None:
    reference = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        section = re.search(rf"## tess {name}\n+```text\n(.*?)```", reference, re.DOTALL)
        assert section, f"docs/reference/commands.md has no section on {name}; run `python docs/reference.py`"
        assert section[1].split() == help_text(name).split(), "run `python docs/reference.py`"


def test_options_on_a_page_are_those_of_its_command() -> None:
    known = {name: set(re.findall(r"--[a-z][a-z-]+", help_text(name))) for name in COMMANDS}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.*")]
    for page in [page for page in pages if page.suffix in (".md", ".toml")]:
        for name, words in re.findall(r"\btess ([a-z]+)( [^`#\n]*)", page.read_text(encoding="utf-8")):
            named = set(re.findall(r"(?<!\S)--[a-z][a-z-]+", words))
            assert name not in known or named <= known[name], f"{page.name}: `tess {name}` has no {named}"


def help_text(name: str) -> str:
    import click

    parent = click.Context(cli, info_name="tess", **cli.context_settings)
    command = cli.get_command(parent, name)
    assert command is not None
    return command.get_help(click.Context(command, parent=parent, info_name=name))


def test_every_public_name_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    for name in tess.__all__:
        module, _, attribute = tess._HOMES[name].partition(":")  # `tess.motion` may be the room of that name
        doc = getattr(import_module(f"tessonance.{module}"), attribute or name).__doc__ or ""
        assert doc.strip().splitlines()[0] in reference, f"{name} changed; run `python docs/reference.py`"


def test_no_lock_file_and_no_path_of_a_machine_is_committed() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert not [name for name in files if Path(name).name in ("uv.lock", "poetry.lock")]


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_two_files_of_tests_share_a_name() -> None:
    """They are imported by it, whatever folder they are in."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
