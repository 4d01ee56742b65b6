"""A tesseract on the graphics processor: coordinate → frame at once, with what is there by then."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import TessError
from tessonance.sampling.fit import covering
from tessonance.sampling.shader import MOST_TAPS
from tessonance.sampling.taps import Edge, taps
from tessonance.show.drawn import Counts, Drawn
from tessonance.show.fetch import Fetcher, decode_threads
from tessonance.show.foresight import Foresight
from tessonance.show.layers import Layers
from tessonance.show.levels_watch import LevelsWatch
from tessonance.show.methods import FieldsToCome, chosen
from tessonance.show.patience import PATIENCE_SECONDS, Patience
from tessonance.show.ready import ReadyField, read_field, read_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from moderngl import Context
    from numpy.typing import ArrayLike, NDArray

    from tessonance.grid import Cell, Grid, Knots
    from tessonance.sampling.fields import Fields
    from tessonance.sampling.taps import Tap
    from tessonance.show.layers import Taken
    from tessonance.show.ready import Ready, Wanted
    from tessonance.store import Tesseract

__all__ = ["Counts", "Drawn", "Stage"]

LAYER_BYTES = 512 * 2**20  # the more is kept, the less is late: half of it has twice as many late pictures
FIELD_SHARE = 1 / 8  # of them, beside them, for the fields of pictures that move
UPLOAD_BYTES = 8 * 2**20  # a frame: a millisecond in software, and for a graphics card
START_SECONDS = 0.15  # how long the first frame may wait for the rest of its pictures
MOST_COARSE = 64  # cells that always stay, so that something near is there wherever the music jumps
MOST_TRIED = 32  # cells around the start, if none of its own can be read
AHEAD_AT_ONCE = 2  # cells around the coordinate that are asked for in a frame: they may be of use
SPARE_AT_ONCE = 1  # cells to fill layers that are free
RISE_FRAMES = 60  # over which pictures come to move all the way by a bake that has just come, so that nothing leaps


class Stage:
    """Draws any coordinate of a tesseract, whether its pictures are there or not.

    A frame of the show is ``prepare`` in the time that is left after the last one, then ``draw``. Pictures are read and
    decoded on threads, put into layers of a texture array within a budget per frame, and the longest unused ones go.
    A picture that is not ready is replaced by the nearest one that is, and counted. So is one that cannot be read:
    once open, a stage raises nothing. Fields come as pictures do; while one is not ready, what it moves stands still.

    Parameters
    ----------
    context : moderngl.Context
        OpenGL 3.3; all calls come from its thread.
    tesseract : Tesseract
        Stays open until the stage is closed; it may still be made.
    method : {"nearest", "blend", "morph"}, optional
        ``morph`` unless given where the tesseract is baked, else ``blend`` until it is.
    start : array_like, shape (N,), optional
        The first coordinate, whose pictures are read at once; the middle unless given.
    layer_bytes : int
        How much memory to take for pictures that are ready, 4 bytes a pixel; for fields an eighth as much more.
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
        What it draws by now, or will once there are fields for finer knots.
    size : (int, int)
        Width and height of the pictures.
    problem : str
        What the last reading that failed said.

    Raises
    ------
    RenderError
        If there is no such method, nothing to morph by, or the pictures do not fit into the graphics driver.
    TesseractError
        If no level is complete, or no picture around the start can be read.
    """

    def __init__(
        self,
        context: Context,
        tesseract: Tesseract,
        *,
        method: str | None = None,
        start: ArrayLike | None = None,
        layer_bytes: int = LAYER_BYTES,
        upload_bytes: int = UPLOAD_BYTES,
        patience_seconds: float = PATIENCE_SECONDS,
        threads: int | None = None,
    ) -> None:
        self.method, self._fields = chosen(tesseract, method)
        self._may_morph, self._to_come = method in (None, "morph"), FieldsToCome(tesseract)
        picture = tesseract.project.picture
        self.grid: Grid = tesseract.grid
        self.size = picture.width, picture.height
        self.knots: Knots = tesseract.knots()
        self._tesseract, self._upload_bytes = tesseract, upload_bytes
        self._patience = Patience(patience_seconds)
        self._left = upload_bytes  # of the budget of this frame
        self._counts = Counts()
        self._keep: frozenset[Wanted] = frozenset()  # what must not go
        self._last = [0.5] * len(self.grid.axes)
        self._strength = self._rise = 1.0
        self._levels = LevelsWatch(self._look, self.grid, self.knots, also=self._lacks_fields)
        self._fields_found: Fields | None = None
        field_bytes = 1 + int(FIELD_SHARE * layer_bytes) if self._may_morph else 0  # now: later would be a wait
        self._layers = Layers(context, self.grid, self.size, layer_bytes=layer_bytes, field_bytes=field_bytes)
        self._foresight = Foresight(self.grid, self.knots, method=self._moving_method)
        self._layers.pictures.pin(self._coarse())
        self._fetcher: Fetcher[Wanted, Ready] = Fetcher(
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
        self._layers.release()

    @property
    def counts(self) -> Counts:
        """What has happened so far."""
        return replace(self._counts, decoded=self._fetcher.fetched, failed=self._fetcher.failed)

    @property
    def resident(self) -> int:
        """How many pictures are ready to be drawn."""
        return len(self._layers.pictures)

    @property
    def morphs(self) -> bool:
        """Whether there is something to move pictures by."""
        return self._moving_method == "morph"

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
        soon = self._soon(where, velocity, known)
        around = self._foresight.around(where)[: self._near]
        self._keep = frozenset(soon)
        self._layers.touch(reversed(around))
        self._layers.touch(reversed(soon))
        beside = islice(self._layers.absent(around), AHEAD_AT_ONCE)
        wanted = [*self._layers.absent(soon), *beside, *self._spare(where)]
        self._fetcher.ask(list(dict.fromkeys(wanted)))
        self._left = self._upload_bytes
        self._take_up(wanted)

    def draw(
        self,
        coordinate: ArrayLike,
        *,
        shown_in: tuple[int, int] | None = None,
        strength: float = 1.0,
        fineness: float = 1.0,
    ) -> Drawn:
        """Draw the frame of a coordinate with what is there.

        Parameters
        ----------
        coordinate : array_like, shape (N,)
            0..1 along each axis. What is no number stays as it was.
        shown_in : (int, int), optional
            Width and height of a frame that the picture is to cover: what stands over is not drawn.
        strength : float
            How far pictures are moved, 0..1 of their way: at 0 they only cross-fade, which costs less.
        fineness : float
            How far those that move are read along curves, 0..1; see `tessonance.sampling.fine`.

        Returns
        -------
        Drawn
            The same texture as before where nothing changed.
        """
        self._strength, self._rise = strength * self._rise, min(1.0, self._rise + 1 / RISE_FRAMES)
        found = self._taps(self._place(coordinate))
        self._keep = frozenset(tap.cell for tap in found)
        self._fetch(found)
        taken = self._layers.take(found, self._strength)
        self._count(found, taken)
        region = None if shown_in is None else covering(self.size, shown_in)
        texture = self._layers.sampler.draw(taken.shares, region=region, fineness=fineness)
        moved = any(share.moves for share in taken.shares)
        self._counts.plain += moved and fineness == 0
        return Drawn(texture, taken.replaced > 0, taken.replaced, moved)

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
        found = self._taps(self._place(coordinate))
        return self._layers.light(self._layers.take(found, self._strength).shares)

    def refresh(self) -> bool:
        """Play a finer level, or by a bake, if there is one now; costs nothing as a rule, since a thread looks for it.

        Returns
        -------
        bool
            Whether it has become finer.
        """
        finer = self._levels.finer()
        if finer is None:
            self._take_up_bake()
            return False
        self.knots, self._fields = finer, self._fields_found
        self._layers.forget_fields()
        self._foresight = Foresight(self.grid, finer, method=self._moving_method)
        self._layers.pictures.pin(self._coarse())
        return True

    def _lacks_fields(self) -> bool:
        return self._may_morph and self._fields is None

    def _take_up_bake(self) -> None:
        """Morph, or morph again, where these knots have been baked meanwhile."""
        found = self._fields_found
        if found is not None and self._lacks_fields() and all(map(np.array_equal, found.knots, self.knots)):
            self.method, self._fields, self._rise = "morph", found, 1 / RISE_FRAMES
            self._foresight = Foresight(self.grid, self.knots, method="morph")

    def _look(self) -> Knots:
        """Look which knots there are, and which fields between them; called on a thread."""
        whole = math.prod(map(len, self.knots)) == self.grid.size
        knots = self.knots if whole else self._tesseract.knots()
        if self._may_morph:
            self._fields_found = self._to_come.look(knots)
        return knots

    @property
    def _moving_method(self) -> str:
        return "blend" if self._lacks_fields() else self.method

    def _taps(self, where: Sequence[float]) -> list[Tap]:
        return taps(where, self.grid, self.knots, method=self._moving_method)

    def _soon(
        self, where: list[float], velocity: Sequence[float] | None = None, known: Iterable[Sequence[float]] = ()
    ) -> list[Wanted]:
        """Return what will be needed: not more pictures than there is room for, and no fields while nothing moves."""
        soon = self._foresight.soon(where, velocity, known)
        cells = islice((each for each in soon if not isinstance(each, Edge)), self._layers.pictures.layers // 2)
        few = frozenset(cells)
        return [each for each in soon if (self._strength > 0 if isinstance(each, Edge) else each in few)]

    def _start(self, where: list[float]) -> None:
        """Read the pictures of the first frame at once, or the one nearest to it that can be read."""
        begun, problem = time.monotonic(), None
        soon, pictures = self._soon(where), self._layers.pictures
        first = sorted(soon, key=_is_edge)
        for each in dict.fromkeys([*first, *self._foresight.around(where)[:MOST_TRIED]]):
            if len(pictures) and (each not in soon or time.monotonic() - begun > START_SECONDS):
                break
            try:
                self._layers.hold(each, self._read(each))
            except TessError as error:
                problem = problem or error
        if problem is not None and not len(pictures):
            raise problem
        self._layers.sampler.warm(1 if self.method == "nearest" else 2 ** len(self.grid.axes))

    def _read(self, wanted: Wanted) -> Ready:
        """Read a picture or a field; called on threads."""
        if isinstance(wanted, Edge):
            return read_field(self._fields, wanted, self.size)
        return read_picture(self._tesseract.picture, wanted, self.size)

    def _place(self, coordinate: ArrayLike) -> list[float]:
        given = np.asarray(coordinate, np.float64).tolist()
        place: list[float] = [u if math.isfinite(u) else last for u, last in zip(given, self._last, strict=True)]
        self._last = place
        return place

    def _coarse(self) -> list[Cell]:
        return self._foresight.coarse(min(MOST_COARSE, self._layers.pictures.layers // 4))

    @property
    def _near(self) -> int:
        return min(1 << 2 * len(self.grid.axes), self._layers.pictures.layers // 4)

    def _spare(self, where: list[float]) -> Iterator[Wanted]:
        """Return what to fill free layers with: something everywhere, then what is near."""
        pictures = self._layers.pictures
        if pictures.full:
            return iter(())
        near = self._foresight.around(where)[: pictures.layers]
        return islice(self._layers.absent(chain(pictures.pinned, near)), SPARE_AT_ONCE)

    def _fetch(self, found: Sequence[Tap]) -> None:
        """Take what a frame lacks and is ready; of its pictures, also what will be in a moment."""
        self._left = max(self._left, self._upload_bytes // 2, self._layers.picture_bytes)
        missing = list(self._layers.absent(tap.cell for tap in found))
        if not missing:
            self._patience.rested()
        elif (seconds := self._patience.seconds) and not set(missing) <= set(self._fetcher.ready()):
            came = self._fetcher.hurry(missing, seconds)
            (self._patience.rewarded if came else self._patience.in_vain)()
        if self._strength > 0:
            missing += self._layers.absent(shift.edge for tap in found for shift in tap.shifts)
        for wanted in missing:
            self._take(wanted)

    def _take_up(self, wanted: Sequence[Wanted]) -> None:
        """Put what is ready into layers, the most urgent first, as far as the budget goes."""
        ready = self._fetcher.ready()
        rank = {each: place for place, each in enumerate(wanted)}
        for each in sorted(ready, key=lambda each: rank.get(each, len(rank))):
            if not self._take(each):
                break
        for each in ready[: max(0, len(ready) - MOST_TAPS)]:  # nobody wants it, and there is no room for it
            if each not in rank:
                self._fetcher.take(each)

    def _take(self, wanted: Wanted) -> bool:
        """Put something into a layer if it is ready; False where the budget of this frame is used up."""
        needed = self._layers.bytes_of(wanted)
        if self._left < needed and self._left < self._upload_bytes:
            return False
        ready = self._fetcher.take(wanted)
        if isinstance(ready, ReadyField) and ready.fields is not self._fields:
            return True  # it was read before there were finer knots, and is of another edge
        if ready is not None and self._layers.hold(wanted, ready, self._keep):
            self._left -= needed
        return True

    def _count(self, found: Sequence[Tap], taken: Taken) -> None:
        self._counts.frames += 1
        self._counts.pictures += len(found)
        self._counts.late += taken.replaced > 0
        self._counts.replaced += taken.replaced
        self._counts.unmoved += taken.unmoved > 0
        self._counts.blended += self._strength == 0 and any(tap.shifts for tap in found)


def _is_edge(wanted: Wanted) -> bool:
    return isinstance(wanted, Edge)
