"""The project file (TOML) as frozen structs: picture, generator, finishes, axes, routes, sound."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import msgspec

from tessonance.chain import Finish, Generator, as_table, finishes_of, generator_of
from tessonance.errors import GridError, ProjectError, nearest
from tessonance.grid import Axis, Grid
from tessonance.tables import as_stored, flatten, located, many, options, parse_toml, read_toml, tables

__all__ = [
    "BANDS",
    "CHROMA",
    "FEATURES",
    "Codec",
    "Finish",
    "Generator",
    "Mapping",
    "Picture",
    "Project",
    "Route",
    "Sound",
    "load_mapping",
    "load_project",
    "mapping_beside",
    "mapping_for",
    "options",
    "parse_project",
]

Codec = Literal["jpeg", "jpeg444", "lossless"]

ANALYSIS_RATE = 48_000
BANDS: dict[str, tuple[float, float]] = {
    "sub": (20.0, 60.0),
    "low": (20.0, 150.0),
    "mid": (150.0, 2_000.0),
    "high": (2_000.0, 16_000.0),
}
CHROMA = tuple(f"chroma_{tone}" for tone in ("c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b"))
FEATURES = (*BANDS, "loudness", "onset", "brightness", "noisiness", *CHROMA)
MAX_SIDE = 8_192
TABLES = ("picture", "generator", "finish", "axis", "route", "sound")


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


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feature driving an axis, with its shaping.

    The feature is followed (`attack_ms`, `release_ms`), bent (`curve`), then scaled: ``offset + gain * value``.

    Parameters
    ----------
    feature : str or (float, float)
        One of `FEATURES`, or a band ``[lo, hi]`` in Hz.
    axis : str
        The axis it drives. Several routes to one axis add up.
    act : {"position", "speed", "step"}
        What the value is: a place on the axis (0..1); a speed (axis lengths per second); or, at every onset of the
        feature, a step of `gain` axis lengths.
    gain, offset : float
        Scale and shift, finite.
    curve : float or {"linear", "smooth"}
        An exponent above 0, or the smoothstep polynomial.
    attack_ms, release_ms : float
        Time constants of the follower as the feature rises and falls, 0..60,000 ms.
    edge : {"bounce", "wrap"}
        What ``speed`` and ``step`` do at the end of the axis; only a closed axis can wrap.
    """

    feature: str | tuple[float, float]
    axis: str
    act: Literal["position", "speed", "step"] = "position"
    gain: float = 1.0
    offset: float = 0.0
    curve: float | Literal["linear", "smooth"] = "linear"
    attack_ms: float = 40.0
    release_ms: float = 500.0
    edge: Literal["bounce", "wrap"] = "bounce"

    def __post_init__(self) -> None:
        check_feature(self.feature)
        for name in ("gain", "offset"):
            if not (math.isfinite(value := getattr(self, name)) and abs(value) <= 1000):
                raise ProjectError(f"{name} is out of range", where="[[route]]", wanted="-1000..1000", got=str(value))
        for name in ("attack_ms", "release_ms"):
            if not 0 <= (value := getattr(self, name)) <= 60_000:
                raise ProjectError(f"{name} is out of range", where="[[route]]", wanted="0..60000 ms", got=str(value))
        if not isinstance(self.curve, str) and not 0.01 <= self.curve <= 100:
            raise ProjectError(
                "curve is out of range",
                where="[[route]]",
                wanted="an exponent from 0.01 to 100, 'linear' or 'smooth'",
                got=str(self.curve),
            )

    @property
    def feature_name(self) -> str:
        """The feature as one word: its name, or ``40-90Hz`` for a band."""
        return feature_name(self.feature)


class Sound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the sound is heard.

    Parameters
    ----------
    automatic_level : bool
        Whether amplitudes are relative to the loudness of the last four seconds.
    start_level_db : float
        The level in dBFS that automatic level starts from, and stays at where it is off; -120..20.
    gate_db : float
        Below this level in dBFS the automatic level stands still; -160..0.
    hop : int
        Samples per step of the analysis at 48 kHz, 64..1024.
    """

    automatic_level: bool = True
    start_level_db: float = -20.0
    gate_db: float = -60.0
    hop: int = 256

    def __post_init__(self) -> None:
        for name, low, high in (("start_level_db", -120, 20), ("gate_db", -160, 0), ("hop", 64, 1024)):
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", where="[sound]", wanted=f"{low}..{high}", got=str(value))


class Mapping:
    """All routes together, bound to the grid whose axes they drive.

    Parameters
    ----------
    grid : Grid
    routes : sequence of Route
    sound : Sound, optional

    Raises
    ------
    ProjectError
        If a route drives no axis of the grid, or wraps on an open one.
    """

    def __init__(self, grid: Grid, routes: tuple[Route, ...] | list[Route], sound: Sound | None = None) -> None:
        self.grid, self.routes, self.sound = grid, tuple(routes), sound or Sound()
        for number, route in enumerate(self.routes, 1):
            where = f"[[route]] {number} ({route.feature_name} to {route.axis})"
            if route.axis not in grid.names:
                raise ProjectError(
                    f"there is no axis {route.axis!r}", where=where, hint=nearest(route.axis, grid.names)
                )
            closed = grid.axes[grid.names.index(route.axis)].closed
            if route.edge == "wrap" and not closed:
                raise ProjectError(
                    "an open axis cannot wrap",
                    where=where,
                    wanted='edge = "wrap" only where the axis says closed = true',
                    hint='edge = "bounce", or close the axis',
                )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features that the routes need, each once, in the order of the routes."""
        return tuple(dict.fromkeys(route.feature_name for route in self.routes))

    def __repr__(self) -> str:
        return "Mapping(" + ", ".join(f"{route.feature_name} → {route.axis}" for route in self.routes) + ")"


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A whole project file.

    Parameters
    ----------
    picture : Picture
    generator : Generator
    axes : tuple of Axis
    routes : tuple of Route
    sound : Sound
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
    finishes: tuple[Finish, ...] = ()
    folder: str | None = None

    @property
    def grid(self) -> Grid:
        """The grid of the axes."""
        return Grid(self.axes)

    @property
    def mapping(self) -> Mapping:
        """The project's own mapping."""
        return Mapping(self.grid, self.routes, self.sound)

    @property
    def identity(self) -> dict[str, Any]:
        """What makes a tesseract of this project what it is, as plain data; routes never count."""
        finish = {"finish": [as_table(finish) for finish in self.finishes]} if self.finishes else {}
        return as_stored({"picture": self.picture, "generator": as_table(self.generator), **finish, "axis": self.axes})

    def differences(self, other: Project) -> list[str]:
        """Say in what the identities of two projects differ, one line each; empty where they agree."""
        mine, theirs = flatten(self.identity), flatten(other.identity)
        return [
            f"{key}: {mine.get(key, 'nothing')} here, {theirs.get(key, 'nothing')} there"
            for key in dict.fromkeys([*mine, *theirs])
            if mine.get(key) != theirs.get(key)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data in the layout of the project file; `from_dict` reads it back."""
        return self.identity | as_stored({"route": self.routes, "sound": self.sound})

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
            finishes=finishes_of(found.get("finish", []), f"{where} [[finish]]"),
            folder=None if folder is None else str(folder),
        )
        try:
            project.mapping  # noqa: B018  building it is what checks axes against routes
        except (GridError, ProjectError) as error:
            raise located(error, where) from None
        return project


def feature_name(feature: str | tuple[float, float]) -> str:
    """Name a feature in one word: its own name, or ``40-90Hz`` for a band."""
    return feature if isinstance(feature, str) else f"{feature[0]:g}-{feature[1]:g}Hz"


def check_feature(feature: str | tuple[float, float]) -> None:
    """Raise ProjectError unless `feature` is a known name or a band that can be heard."""
    if isinstance(feature, str):
        if feature not in FEATURES:
            raise ProjectError(f"there is no feature {feature!r}", hint=nearest(feature, FEATURES))
        return
    low, high = feature
    nyquist = ANALYSIS_RATE / 2
    if not 0 <= low < high <= nyquist:
        raise ProjectError(
            "this is no band",
            wanted=f"[lo, hi] in Hz with 0 <= lo < hi <= {nyquist:g} (half the {ANALYSIS_RATE} Hz of the analysis)",
            got=f"[{low:g}, {high:g}]",
        )


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
    """Read the routes and the sound settings of a file, and bind them to a grid.

    Parameters
    ----------
    path : path-like
        A mapping file (``[[route]]`` and ``[sound]``) or a whole project file, whose other tables are passed over.
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
    try:
        return Mapping(grid, routes, sound)
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
