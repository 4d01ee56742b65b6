"""A tesseract on the graphics processor: coordinate → frame at once, with what is there by then."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from tessonance.errors import RenderError, TessError, nearest
from tessonance.sampling.fit import covering
from tessonance.sampling.gl import GlSampler
from tessonance.sampling.shader import MOST_TAPS
from tessonance.sampling.shares import FAINT, MOST_SHARES, Share, telling
from tessonance.sampling.taps import METHODS, taps
from tessonance.show.fetch import Fetcher, decode_threads
from tessonance.show.flash_estimate import blended, thumbnail
from tessonance.show.foresight import Foresight
from tessonance.show.levels_watch import LevelsWatch
from tessonance.show.patience import PATIENCE_SECONDS, Patience
from tessonance.show.residency import Residency

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from moderngl import Context, Texture
    from numpy.typing import ArrayLike, NDArray

    from tessonance.grid import Cell, Grid, Knots
    from tessonance.sampling.taps import Tap
    from tessonance.store import Tesseract

__all__ = ["Counts", "Drawn", "Stage"]

LAYER_BYTES = 512 * 2**20  # the more is kept, the less is late: half of it has twice as many late pictures
UPLOAD_BYTES = 8 * 2**20  # a frame: a millisecond in software, and for a graphics card
START_SECONDS = 0.15  # how long the first frame may wait for the rest of its pictures
MOST_COARSE = 64  # cells that always stay, so that something near is there wherever the music jumps
MOST_TRIED = 32  # cells around the start, if none of its own can be read
AHEAD_AT_ONCE = 2  # cells around the coordinate that are asked for in a frame: they may be of use
SPARE_AT_ONCE = 1  # cells to fill layers that are free


class Drawn(NamedTuple):
    """A frame that was drawn.

    Parameters
    ----------
    texture : moderngl.Texture
        At the pictures' size, row 0 on top; as it is until the second next frame is drawn.
    late : bool
        Whether a picture was not ready and another stands in for it.
    replaced : int
        How many were not.
    """

    texture: Texture
    late: bool
    replaced: int


@dataclass
class Counts:
    """What has happened on a stage since it was opened.

    Parameters
    ----------
    frames : int
        Frames drawn.
    pictures : int
        Pictures they needed.
    late : int
        Frames for which a picture was not ready.
    replaced : int
        Pictures that were not ready.
    decoded : int
        Pictures read and decoded.
    failed : int
        Readings that failed.
    """

    frames: int = 0
    pictures: int = 0
    late: int = 0
    replaced: int = 0
    decoded: int = 0
    failed: int = 0


class _Ready(NamedTuple):
    """What a thread makes of a cell."""

    picture: NDArray[np.uint8]  # (H, W, 4)
    thumbnail: NDArray[np.float32]


class Stage:
    """Draws any coordinate of a tesseract, whether its pictures are there or not.

    A frame of the show is ``prepare`` in the time that is left after the last one, then ``draw``. Pictures are read and
    decoded on threads, put into layers of a texture array within a budget per frame, and the longest unused ones go.
    A picture that is not ready is replaced by the nearest one that is, and counted. So is one that cannot be read:
    once open, a stage raises nothing.

    Parameters
    ----------
    context : moderngl.Context
        OpenGL 3.3; all calls come from its thread.
    tesseract : Tesseract
        Stays open until the stage is closed; it may still be made.
    method : {"blend", "nearest"}
    start : array_like, shape (N,), optional
        The first coordinate, whose pictures are read at once; the middle unless given.
    layer_bytes : int
        How much memory to take for pictures that are ready, 4 bytes a pixel.
    upload_bytes : int
        How much of them to hand to the graphics processor in a frame; one picture at least.
    patience_seconds : float
        How long `draw` may give the threads, at most, for pictures that came to be needed only now, since music jumps;
        see `Patience`. 0 never waits.
    threads : int, optional
        How many read pictures; see `decode_threads`.

    Attributes
    ----------
    grid : Grid
    knots : Knots
        What it plays now.
    method : str
    size : (int, int)
        Width and height of the pictures.
    problem : str
        What the last reading that failed said.

    Raises
    ------
    RenderError
        If there is no such method, or the pictures do not fit into the graphics driver.
    TesseractError
        If no level is complete, or no picture around the start can be read.
    """

    def __init__(
        self,
        context: Context,
        tesseract: Tesseract,
        *,
        method: str = "blend",
        start: ArrayLike | None = None,
        layer_bytes: int = LAYER_BYTES,
        upload_bytes: int = UPLOAD_BYTES,
        patience_seconds: float = PATIENCE_SECONDS,
        threads: int | None = None,
    ) -> None:
        if method not in METHODS:
            raise RenderError(f"there is no method {method!r}", hint=nearest(method, METHODS))
        picture = tesseract.project.picture
        self.grid: Grid = tesseract.grid
        self.method, self.size = method, (picture.width, picture.height)
        self.knots: Knots = tesseract.knots()
        self._tesseract, self._upload_bytes = tesseract, upload_bytes
        self._bytes = 4 * picture.width * picture.height
        self._patience = Patience(patience_seconds)
        self._left = upload_bytes  # of the budget of this frame
        self._counts = Counts()
        self._keep: frozenset[Cell] = frozenset()  # what must not go
        self._last = [0.5] * len(self.grid.axes)
        self._levels = LevelsWatch(tesseract.knots, self.grid, self.knots)
        self._sampler = GlSampler(context, self.size, max(_fewest_layers(self.grid), layer_bytes // self._bytes))
        self._thumbnails: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * self._sampler.layers
        self._foresight = Foresight(self.grid, self.knots, method=method)
        self._residency = Residency(self.grid, self._sampler.layers, self._coarse())
        self._fetcher: Fetcher[_Ready] = Fetcher(
            self._read, threads=threads or decode_threads(), room=2 * MOST_TAPS, clock=time.monotonic
        )
        try:
            self._start(self._place(self._last if start is None else start))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the threads and give the memory back; the tesseract stays open."""
        self._fetcher.close()
        self._sampler.release()

    @property
    def counts(self) -> Counts:
        """What has happened so far."""
        return replace(self._counts, decoded=self._fetcher.fetched, failed=self._fetcher.failed)

    @property
    def resident(self) -> int:
        """How many pictures are ready to be drawn."""
        return len(self._residency)

    @property
    def problem(self) -> str:
        """What the last reading that failed said; empty where there was none."""
        return self._fetcher.problem

    def prepare(
        self, coordinate: ArrayLike, velocity: Sequence[float] | None = None, known: Iterable[Sequence[float]] = ()
    ) -> None:
        """Ask for the pictures that will be needed, and hand those that came to the graphics processor.

        Parameters
        ----------
        coordinate : array_like, shape (N,)
            Where the show is.
        velocity : sequence of float, length N, optional
            How it moves, per second.
        known : iterable of sequences of float
            Coordinates that are known to come, the next one first: of a song, say, that is heard only later.
        """
        where = self._place(coordinate)
        soon = self._foresight.soon(where, velocity, known)[: self._residency.layers // 2]
        around = self._foresight.around(where)[: self._near]
        self._keep = frozenset(soon)
        self._residency.touch(reversed(around))
        self._residency.touch(reversed(soon))
        wanted = [*self._absent(soon), *islice(self._absent(around), AHEAD_AT_ONCE), *self._spare(where)]
        self._fetcher.ask(list(dict.fromkeys(wanted)))
        self._left = self._upload_bytes
        self._take_up(wanted)

    def draw(self, coordinate: ArrayLike, *, shown_in: tuple[int, int] | None = None) -> Drawn:
        """Draw the frame of a coordinate with what is there.

        Parameters
        ----------
        coordinate : array_like, shape (N,)
            0..1 along each axis. What is no number stays as it was.
        shown_in : (int, int), optional
            Width and height of a frame that the picture is to cover: what stands over is not drawn.

        Returns
        -------
        Drawn
            The same texture as before where nothing changed.
        """
        found = taps(self._place(coordinate), self.grid, self.knots, method=self.method)
        self._keep = frozenset(tap.cell for tap in found)
        self._fetch(list(self._absent(tap.cell for tap in found)))
        shares, replaced = self._shares(found)
        self._count(len(found), replaced)
        region = None if shown_in is None else covering(self.size, shown_in)
        return Drawn(self._sampler.draw(shares, region=region), replaced > 0, replaced)

    def estimate(self, coordinate: ArrayLike) -> NDArray[np.float32]:
        """Return how much light the frame of a coordinate would have now, without looking at it.

        Parameters
        ----------
        coordinate : array_like, shape (N,)

        Returns
        -------
        ndarray of float32, shape (36, 64, 3)
            Linear light of the whole picture; see `tessonance.show.flash_estimate`.
        """
        found = taps(self._place(coordinate), self.grid, self.knots, method=self.method)
        shares, _ = self._shares(found)
        return blended([self._thumbnails[share.layer] for share in shares], [share.weight for share in shares])

    def refresh(self) -> bool:
        """Play a finer level, if one has been completed; costs nothing as a rule, since a thread looks for it.

        Returns
        -------
        bool
            Whether it has become finer.
        """
        finer = self._levels.finer()
        if finer is None:
            return False
        self.knots = finer
        self._foresight = Foresight(self.grid, finer, method=self.method)
        self._residency.pinned = frozenset(self._coarse())
        return True

    def _start(self, where: list[float]) -> None:
        """Read the pictures of the first frame at once, or the one nearest to it that can be read."""
        begun, problem = time.monotonic(), None
        soon = self._foresight.soon(where)
        for cell in dict.fromkeys([*soon, *self._foresight.around(where)[:MOST_TRIED]]):
            if len(self._residency) and (cell not in soon or time.monotonic() - begun > START_SECONDS):
                break
            try:
                self._hold(cell, self._read(cell))
            except TessError as error:
                problem = problem or error
        if problem is not None and not len(self._residency):
            raise problem
        self._sampler.warm(2 ** len(self.grid.axes) if self.method == "blend" else 1)

    def _read(self, cell: Cell) -> _Ready:
        """Read a picture; called on threads."""
        picture = self._tesseract.picture(cell)
        if picture.shape != (self.size[1], self.size[0], 3):
            raise RenderError("the picture has another size", where=f"cell {cell}", got=str(picture.shape))
        return _Ready(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8), thumbnail(picture))

    def _place(self, coordinate: ArrayLike) -> list[float]:
        given = np.asarray(coordinate, np.float64).tolist()
        place: list[float] = [u if math.isfinite(u) else last for u, last in zip(given, self._last, strict=True)]
        self._last = place
        return place

    def _coarse(self) -> list[Cell]:
        return self._foresight.coarse(min(MOST_COARSE, self._sampler.layers // 4))

    @property
    def _near(self) -> int:
        return min(1 << 2 * len(self.grid.axes), self._residency.layers // 4)

    def _absent(self, cells: Iterable[Cell]) -> Iterator[Cell]:
        return (cell for cell in cells if cell not in self._residency)

    def _spare(self, where: list[float]) -> Iterator[Cell]:
        """Return what to fill free layers with: something everywhere, then what is near."""
        if self._residency.full:
            return iter(())
        near = self._foresight.around(where)[: self._residency.layers]
        return islice(self._absent(chain(self._residency.pinned, near)), SPARE_AT_ONCE)

    def _fetch(self, missing: list[Cell]) -> None:
        """Take what a frame lacks and is ready, or will be in a moment."""
        self._left = max(self._left, self._upload_bytes // 2, self._bytes)
        if not missing:
            self._patience.rested()
        elif (seconds := self._patience.seconds) and not set(missing) <= set(self._fetcher.ready()):
            came = self._fetcher.hurry(missing, seconds)
            (self._patience.rewarded if came else self._patience.in_vain)()
        for cell in missing:
            self._take(cell)

    def _take_up(self, wanted: Sequence[Cell]) -> None:
        """Put what is ready into layers, the most urgent first, as far as the budget goes."""
        ready = self._fetcher.ready()
        rank = {cell: place for place, cell in enumerate(wanted)}
        for cell in sorted(ready, key=lambda cell: rank.get(cell, len(rank))):
            if not self._take(cell):
                break
        for cell in ready[: max(0, len(ready) - MOST_TAPS)]:  # nobody wants it, and there is no room for it
            if cell not in rank:
                self._fetcher.take(cell)

    def _take(self, cell: Cell) -> bool:
        """Put a picture into a layer if it is ready; False where the budget of this frame is used up."""
        if self._left < self._bytes and self._left < self._upload_bytes:
            return False
        if (ready := self._fetcher.take(cell)) is not None and self._hold(cell, ready):
            self._left -= self._bytes
        return True

    def _hold(self, cell: Cell, ready: _Ready) -> bool:
        layer = self._residency.admit(cell, self._keep)
        if layer is None:
            return False
        self._sampler.put(layer, ready.picture)
        self._thumbnails[layer] = ready.thumbnail
        return True

    def _shares(self, found: Sequence[Tap]) -> tuple[list[Share], int]:
        """Return the layers of a frame and their weights, and how many stand in for a picture that is not there."""
        shares, replaced = list[Share](), 0
        for tap in found:
            layer = self._residency.layer(tap.cell)
            if layer is None:
                layer = self._residency.nearest(tap.cell)
                replaced += tap.weight >= FAINT
            shares.append(Share(layer, tap.weight))
        return telling(shares), replaced

    def _count(self, pictures: int, replaced: int) -> None:
        self._counts.frames += 1
        self._counts.pictures += pictures
        self._counts.late += replaced > 0
        self._counts.replaced += replaced


def _fewest_layers(grid: Grid) -> int:
    """Return how many pictures must have room: those of two frames."""
    return 2 * min(1 << len(grid.axes), MOST_SHARES)
