"""The ``zarr.json`` documents of a tesseract ↔ its project and layout. Pure."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tessonance.errors import ProjectError, TesseractError
from tessonance.project import Project
from tessonance.store.codec import codec_for, largest_encoding
from tessonance.store.layout import Layout, shard_shape

if TYPE_CHECKING:
    from tessonance.grid import Axis, Cell

__all__ = [
    "FORMAT",
    "FRAMES",
    "MAX_DOCUMENT_BYTES",
    "ROOT",
    "document",
    "document_limits",
    "documents",
    "parse",
    "read_layout",
    "read_project",
    "same_axis_file",
    "with_project",
]

FORMAT = 1
FRAMES, ROOT = "frames", "zarr.json"
MAX_DOCUMENT_BYTES = 4_000_000
MAX_SHARD_CELLS = 1_000_000  # an index of 16 MB
_INDEX_CODECS = [{"name": "bytes", "configuration": {"endian": "little"}}]
_DOTTED = {"name": "default", "configuration": {"separator": "."}}  # a folder for each index would cost inodes


def documents(project: Project, *, version: str) -> dict[str, bytes]:
    """Return every file of a new tesseract.

    Parameters
    ----------
    project : Project
    version : str
        Of tessonance.

    Returns
    -------
    dict of str to bytes
        Contents by name, with ``/`` between folder and file.

    Raises
    ------
    TesseractError
        If the project holds a number that JSON cannot keep.
    """
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"tessonance": {"format": FORMAT}}}
    shard = shard_shape(project.grid)
    files = {
        ROOT: with_project(group, project, version=version),
        f"{FRAMES}/{ROOT}": document(_frames(project, shard)),
    }
    for axis in project.axes:
        files[f"{axis.name}/{ROOT}"] = document(_coordinates(axis))
        files[f"{axis.name}/c.0"] = axis.values.astype("<f8").tobytes()
    return files


def document_limits(project: Project) -> dict[str, int]:
    """Return how many bytes each file may have at the most that stands beside the shards.

    Parameters
    ----------
    project : Project

    Returns
    -------
    dict of str to int
        By name. The two of the group and the pictures must be there; the axes' are for others.
    """
    limits = {ROOT: MAX_DOCUMENT_BYTES, f"{FRAMES}/{ROOT}": MAX_DOCUMENT_BYTES}
    for axis in project.axes:
        limits[f"{axis.name}/{ROOT}"] = MAX_DOCUMENT_BYTES
        limits[f"{axis.name}/c.0"] = 8 * axis.steps
    return limits


def same_axis_file(name: str, found: bytes, wanted: bytes) -> bool:
    """Tell whether a file of an axis' array says what `documents` would; keys that others add are passed over.

    Raises
    ------
    TesseractError
        If a document is no JSON object.
    """
    if not name.endswith(ROOT):
        values, theirs = np.frombuffer(wanted, "<f8"), np.frombuffer(found[: len(found) // 8 * 8], "<f8")
        span = float(np.abs(values).max())
        return len(found) == len(wanted) and bool(np.allclose(theirs, values, rtol=0, atol=1e-12 * span))
    document = parse(found, where=name)
    return all(document.get(key) == value for key, value in json.loads(wanted).items() if key != "attributes")


def with_project(group: dict[str, Any], project: Project, *, version: str) -> bytes:
    """Return the group's document with a project in place of the one in it; other attributes stay.

    Parameters
    ----------
    group : dict
        As `read_project` accepts it.
    project : Project
    version : str
        Of tessonance.

    Returns
    -------
    bytes

    Raises
    ------
    TesseractError
        If the project holds a number that JSON cannot keep.
    """
    ours = {**group["attributes"]["tessonance"], "project": project.to_dict(), "made_with": f"tessonance {version}"}
    return document({**group, "attributes": {**group["attributes"], "tessonance": ours}})


def parse(raw: bytes, *, where: str) -> dict[str, Any]:
    """Return a document as plain data.

    Parameters
    ----------
    raw : bytes
    where : str
        What to call it in errors.

    Returns
    -------
    dict

    Raises
    ------
    TesseractError
        If it is too large or no JSON object.
    """
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise TesseractError("is too large", where=where, wanted=f"at most {MAX_DOCUMENT_BYTES:,} bytes")
    try:
        data = msgspec.json.decode(raw)
    except (ValueError, RecursionError) as error:
        raise TesseractError(f"is no JSON: {error}", where=where, hint="the file is damaged: take a copy") from None
    if not isinstance(data, dict):
        raise TesseractError("is no JSON object", where=where, got=repr(data)[:80])
    return data


def read_project(group: dict[str, Any], *, where: str) -> Project:
    """Return the project stored in a tesseract.

    Parameters
    ----------
    group : dict
        The group's document.
    where : str
        What to call it in errors.

    Returns
    -------
    Project

    Raises
    ------
    TesseractError
        If it is no tesseract, of a newer format, or holds no project.
    """
    ours = _dig(group, "attributes", "tessonance")
    if group.get("zarr_format") != 3 or group.get("node_type") != "group" or not isinstance(ours, dict):
        raise TesseractError("this is no tesseract", where=where, wanted="a Zarr v3 group made by tessonance")
    version = ours.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise TesseractError("its format is no number", where=where, wanted="format = 1", got=repr(version)[:80])
    if version > FORMAT:
        raise TesseractError(
            "this tesseract was made by a newer tessonance",
            where=where,
            wanted=f"format {FORMAT} or earlier",
            got=f"format {version}, {str(ours.get('made_with', 'by an unknown version'))[:80]}",
            hint="update tessonance: `pip install --upgrade tessonance`",
        )
    try:
        project = Project.from_dict(ours.get("project"), where="its project")
    except ProjectError as error:
        problem = f"{error.where}: {error.problem}"
        raise TesseractError(problem, where=where, wanted=error.wanted, got=error.got, hint=error.hint) from None
    if left_open := next((axis.name for axis in project.axes if not axis.is_decided), None):
        raise TesseractError("a perceptual axis has no values", where=f"{where}, axis {left_open!r}", wanted="values")
    return project


def read_layout(frames: dict[str, Any], project: Project, *, where: str) -> Layout:
    """Return where the pictures of a tesseract are.

    Parameters
    ----------
    frames : dict
        The document of the array of pictures.
    project : Project
        What it must fit.
    where : str
        What to call it in errors.

    Returns
    -------
    Layout

    Raises
    ------
    TesseractError
        If it says anything else than the format allows.
    """
    steps, picture = project.grid.shape, project.picture
    chunk = _dig(frames, "chunk_grid", "configuration", "chunk_shape")
    n = len(steps)
    if not _is_shard(chunk, steps, (picture.height, picture.width, 3)):
        raise _misfit(where, "chunk_shape", f"1..{list(steps)}, then [{picture.height}, {picture.width}, 3]", chunk)
    shard: Cell = tuple(chunk[:n])
    wanted = _essence(_frames(project, shard))
    found = _essence(frames)
    for key, value in wanted.items():
        if found[key] != value:
            raise _misfit(where, key, str(value), found[key])
    return Layout(steps, shard, largest_encoding(picture.height, picture.width))


def _frames(project: Project, shard: Cell) -> dict[str, Any]:
    picture = [project.picture.height, project.picture.width, 3]
    sharding = {
        "chunk_shape": [*[1] * len(shard), *picture],
        "codecs": codec_for(project.picture).zarr_codecs(),
        "index_codecs": _INDEX_CODECS,
        "index_location": "start",
    }
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [*project.grid.shape, *picture],
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [*shard, *picture]}},
        "chunk_key_encoding": _DOTTED,
        "fill_value": 0,
        "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        "attributes": {},
        "dimension_names": [*project.grid.names, "y", "x", "rgb"],
    }


def _coordinates(axis: Axis) -> dict[str, Any]:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [axis.steps],
        "data_type": "float64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [axis.steps]}},
        "chunk_key_encoding": _DOTTED,
        "fill_value": 0.0,
        "codecs": _INDEX_CODECS,
        "attributes": {},
        "dimension_names": [axis.name],
    }


def _essence(frames: dict[str, Any]) -> dict[str, Any]:
    """Return what a reader must agree with; how a picture was encoded is told by its own header."""
    keys = ("zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value")
    codecs = frames.get("codecs")
    outer = codecs[0] if isinstance(codecs, list) and len(codecs) == 1 else None
    inner = _dig(outer, "configuration", "codecs")
    return {
        **{key: frames.get(key) for key in keys},
        "outer codec": _dig(outer, "name"),
        "inner codecs": [_dig(codec, "name") for codec in inner] if isinstance(inner, list) else inner,
        **{key: _dig(outer, "configuration", key) for key in ("chunk_shape", "index_codecs", "index_location")},
    }


def _is_shard(chunk: object, steps: Cell, picture: Cell) -> bool:
    n = len(steps)
    if not isinstance(chunk, list) or not all(type(size) is int for size in chunk) or tuple(chunk[n:]) != picture:
        return False
    return all(1 <= size <= most for size, most in zip(chunk, steps, strict=False)) and (
        math.prod(chunk[:n]) <= MAX_SHARD_CELLS
    )


def _dig(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _misfit(where: str, key: str, wanted: str, got: object) -> TesseractError:
    return TesseractError(f"{key} does not fit the project inside", where=where, wanted=wanted, got=repr(got)[:120])


def document(data: dict[str, Any]) -> bytes:
    """Return a document as bytes. Raises TesseractError if it holds a number that JSON cannot keep."""
    try:
        return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise TesseractError(
            "the project holds a number that a tesseract cannot keep",
            wanted="finite numbers",
            hint="look at [generator]",
        ) from None
