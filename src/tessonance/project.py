"""The project file (TOML) as frozen structs: picture, generator, finishes, axes, routes, sound, governor."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from tessonance.chain import Finish, Generator, as_table, finishes_of, generator_of
from tessonance.errors import GridError, ProjectError
from tessonance.grid import Axis, Grid
from tessonance.mapping import (
    ANALYSIS_RATE,
    BANDS,
    CHROMA,
    FEATURES,
    TEMPO,
    Governing,
    Idle,
    Mapping,
    Route,
    Sound,
    check_feature,
    feature_name,
)
from tessonance.tables import as_stored, flatten, located, many, options, parse_toml, read_toml, tables

__all__ = [
    "ANALYSIS_RATE",
    "BANDS",
    "CHROMA",
    "FEATURES",
    "TEMPO",
    "Codec",
    "Finish",
    "Generator",
    "Governing",
    "Idle",
    "Mapping",
    "Picture",
    "Project",
    "Route",
    "Sound",
    "check_feature",
    "feature_name",
    "load_mapping",
    "load_project",
    "mapping_beside",
    "mapping_for",
    "options",
    "parse_project",
]

Codec = Literal["jpeg", "jpeg444", "lossless"]

MAX_SIDE = 8_192
TABLES = ("picture", "generator", "finish", "axis", "route", "sound", "idle", "governor")


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the stored pictures are like.

    Parameters
    ----------
    width, height : int
        Pixels, from 16 to 8192.
    codec : {"jpeg", "jpeg444", "lossless"}
        JPEG 4:2:0 at quality 92, JPEG 4:4:4 at quality 97, or every pixel exact.
    """

    width: int = 512
    height: int = 512
    codec: Codec = "jpeg"

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            if not 16 <= getattr(self, name) <= MAX_SIDE:
                raise ProjectError(
                    f"{name} is out of range",
                    where="[picture]",
                    wanted=f"a whole number from 16 to {MAX_SIDE}",
                    got=str(getattr(self, name)),
                )


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A whole project file.

    Parameters
    ----------
    picture : Picture
    generator : Generator
    axes : tuple of Axis
    routes : tuple of Route
    sound : Sound
    idle : Idle
    governor : Governing
    finishes : tuple of Finish
    folder : str, optional
        Where the files and the code that it names are looked for: the folder of the file it was read from. None for a
        project that nobody named, such as the one inside a tesseract: nothing that it names is followed.
    """

    picture: Picture
    generator: Generator
    axes: tuple[Axis, ...]
    routes: tuple[Route, ...] = ()
    sound: Sound = Sound()
    idle: Idle = Idle()
    governor: Governing = Governing()
    finishes: tuple[Finish, ...] = ()
    folder: str | None = None

    @property
    def grid(self) -> Grid:
        """The grid of the axes."""
        return Grid(self.axes)

    @property
    def mapping(self) -> Mapping:
        """The project's own mapping."""
        return Mapping(self.grid, self.routes, self.sound, self.idle, self.governor)

    @property
    def identity(self) -> dict[str, Any]:
        """What makes a tesseract of this project what it is, as plain data; routes never count."""
        finish = {"finish": [as_table(finish) for finish in self.finishes]} if self.finishes else {}
        return as_stored({"picture": self.picture, "generator": as_table(self.generator), **finish, "axis": self.axes})

    @property
    def is_decided(self) -> bool:
        """Whether it is known of every axis where its values stand."""
        return all(axis.is_decided for axis in self.axes)

    def decided_by(self, other: Project) -> Project:
        """Let perceptual axes whose values are not decided have those of another project's same axis, if it has any."""
        theirs = {replace(axis, recorded=msgspec.UNSET): axis for axis in other.axes}
        return replace(self, axes=tuple(axis if axis.is_decided else theirs.get(axis, axis) for axis in self.axes))

    def decided_evenly(self) -> Project:
        """Record for perceptual axes whose values are not decided that they stand evenly."""
        axes = (axis if axis.is_decided else replace(axis, recorded=tuple(axis.values.tolist())) for axis in self.axes)
        return replace(self, axes=tuple(axes))

    def differences(self, other: Project) -> list[str]:
        """Say in what the identities of two projects differ, one line each; empty where they agree.

        An axis whose values are not decided agrees with any.
        """
        mine, theirs = flatten(self.decided_by(other).identity), flatten(other.decided_by(self).identity)
        differing = [key for key in dict.fromkeys([*mine, *theirs]) if mine.get(key) != theirs.get(key)]
        told = [key for key in differing if not _is_left_open(key, mine, theirs)]
        return list(dict.fromkeys(_said(key, mine, theirs) for key in told))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data in the layout of the project file; `from_dict` reads it back."""
        hands = as_stored({"route": self.routes, "sound": self.sound, "idle": self.idle, "governor": self.governor})
        # A key that says nothing would only keep older versions from reading the tesseract.
        for name in ("idle", "governor"):
            if getattr(self, name) == type(getattr(self, name))():
                del hands[name]
        for route in hands["route"]:
            if not route["accent"]:
                del route["accent"]
        return self.identity | hands

    @classmethod
    def from_dict(cls, data: object, *, where: str = "project", folder: str | Path | None = None) -> Project:
        """Build a project from plain data in the layout of the project file.

        Parameters
        ----------
        data : dict
        where : str
            What to call the data in errors.
        folder : path-like, optional
            Where files and code that it names are looked for; they are followed nowhere unless given.

        Returns
        -------
        Project

        Raises
        ------
        ProjectError
            With the table, what was wanted and what came.
        """
        found = tables(data, TABLES, where)
        for needed in ("generator", "axis"):
            if needed not in found:
                name = "[generator]" if needed == "generator" else "[[axis]]"
                raise ProjectError(f"there is no {name} table", where=where, hint="`tess new` writes a whole project")
        project = cls(
            picture=options(Picture, found.get("picture", {}), f"{where} [picture]"),
            generator=generator_of(found["generator"], f"{where} [generator]"),
            axes=many(Axis, found["axis"], f"{where} [[axis]]"),
            routes=many(Route, found.get("route", []), f"{where} [[route]]"),
            sound=options(Sound, found.get("sound", {}), f"{where} [sound]"),
            idle=options(Idle, found.get("idle", {}), f"{where} [idle]"),
            governor=options(Governing, found.get("governor", {}), f"{where} [governor]"),
            finishes=finishes_of(found.get("finish", []), f"{where} [[finish]]"),
            folder=None if folder is None else str(folder),
        )
        try:
            project.mapping  # noqa: B018  building it is what checks axes against routes
        except (GridError, ProjectError) as error:
            raise located(error, where) from None
        return project


def _is_left_open(key: str, mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Tell whether a difference is only that one of two axes, which are not the same anyway, has no values yet."""
    return key.startswith("axis.") and key.endswith(".values") and not (key in mine and key in theirs)


def _said(key: str, mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Say how a key differs; of an axis that only one of them has, no more than that."""
    axis = ".".join(key.split(".")[:2])
    has = [f"{axis}.steps" in keys for keys in (mine, theirs)]
    if axis.startswith("axis.") and has[0] != has[1]:
        here, there = ("an axis" if each else "nothing" for each in has)
        return f"{axis}: {here} here, {there} there"
    return f"{key}: {_short(mine.get(key))} here, {_short(theirs.get(key))} there"


def _short(value: object) -> str:
    """Tell a value in a line that is read; of many numbers, the first ones."""
    return "nothing" if value is None else str(value) if len(str(value)) <= 60 else f"{str(value)[:57]}…"


def load_project(path: str | Path) -> Project:
    """Read a project file.

    Parameters
    ----------
    path : path-like
        A TOML file of at most a megabyte.

    Returns
    -------
    Project

    Raises
    ------
    ProjectError
        If the file cannot be read or is not as it should be.
    """
    path = Path(path)
    return Project.from_dict(read_toml(path), where=path.name, folder=path.absolute().parent)


def parse_project(text: str, *, where: str = "project", folder: str | Path | None = None) -> Project:
    """Read a project from TOML text; see `load_project`, and `Project` for `folder`."""
    return Project.from_dict(parse_toml(text, where), where=where, folder=folder)


def load_mapping(path: str | Path, grid: Grid) -> Mapping:
    """Read the routes, the sound, the idle and the governor's settings of a file, and bind them to a grid.

    Parameters
    ----------
    path : path-like
        A mapping file (``[[route]]``, ``[sound]``, ``[idle]``, ``[governor]``), or a project file, whose other tables
        are passed over.
    grid : Grid

    Returns
    -------
    Mapping

    Raises
    ------
    ProjectError
        If the file cannot be read, or does not fit the grid.
    """
    where = Path(path).name
    found = tables(read_toml(Path(path)), TABLES, where)
    routes = many(Route, found.get("route", []), f"{where} [[route]]")
    sound = options(Sound, found.get("sound", {}), f"{where} [sound]")
    idle = options(Idle, found.get("idle", {}), f"{where} [idle]")
    governor = options(Governing, found.get("governor", {}), f"{where} [governor]")
    try:
        return Mapping(grid, routes, sound, idle, governor)
    except ProjectError as error:
        raise located(error, where) from None


def mapping_for(tesseract: Path, project: Project, *, mapping: str | Path | None = None) -> Mapping:
    """Find the mapping that plays a tesseract.

    That is the file named, else ``NAME.toml`` beside ``NAME.tess``, else the copy stored inside.

    Parameters
    ----------
    tesseract : Path
        Where the tesseract is.
    project : Project
        The project stored inside it.
    mapping : path-like, optional
        A mapping or project file.

    Returns
    -------
    Mapping

    Raises
    ------
    ProjectError
        If the file that was found is not as it should be; a broken file is never passed over.
    """
    beside = mapping_beside(tesseract)
    if mapping is not None:
        return load_mapping(mapping, project.grid)
    return load_mapping(beside, project.grid) if beside.is_file() else project.mapping


def mapping_beside(tesseract: Path) -> Path:
    """Return where the mapping of a tesseract would be: ``NAME.toml`` for ``NAME.tess`` and for ``NAME.tess.zip``."""
    named = tesseract if tesseract.name.strip(".") else tesseract.resolve()  # `tess info .` in the tesseract itself
    return (named.with_suffix("") if named.suffix.lower() == ".zip" else named).with_suffix(".toml")
