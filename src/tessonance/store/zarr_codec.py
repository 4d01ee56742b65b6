"""The pictures' JPEG as a codec of zarr-python, which finds it by the entry point ``tessonance.jpeg``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from zarr.abc.codec import ArrayBytesCodec

from tessonance.store.codec import JPEG_NAME, Jpeg

if TYPE_CHECKING:
    from typing import Self

__all__ = ["JpegCodec"]


@dataclass(frozen=True)
class JpegCodec(ArrayBytesCodec):
    """One picture a chunk, as a JPEG.

    Parameters
    ----------
    quality : int
        1..100, for writing.
    subsampling : {"420", "444"}
        Resolution of colour, for writing.
    """

    is_fixed_size = False

    quality: int = 92
    subsampling: str = "420"

    def __post_init__(self) -> None:
        if type(self.quality) is not int or not 1 <= self.quality <= 100 or self.subsampling not in ("420", "444"):
            got = f"{self.quality!r} and {self.subsampling!r}"
            raise ValueError(f"{JPEG_NAME} wants a quality of 1..100 and subsampling '420' or '444', not {got}")

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make the codec from its entry in ``zarr.json``."""
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return the codec's entry in ``zarr.json``."""
        return {"name": JPEG_NAME, "configuration": {"quality": self.quality, "subsampling": self.subsampling}}

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Raise ValueError where an array holds no pictures."""
        if len(shape) < 3 or shape[-1] != 3 or dtype.to_native_dtype() != np.uint8:
            raise ValueError(f"{JPEG_NAME} wants uint8 arrays of shape (…, height, width, 3), not {dtype} {shape}")

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: Any) -> int:
        """Raise NotImplementedError: a JPEG's size is not known beforehand."""
        raise NotImplementedError

    def _jpeg(self, shape: tuple[int, ...]) -> Jpeg:
        *leading, height, width, _ = shape
        if any(size != 1 for size in leading):
            raise ValueError(f"{JPEG_NAME} wants one picture a chunk, not {shape}")
        return Jpeg(height, width, quality=self.quality, subsampling=self.subsampling)

    # zarr calls the first two where it can, and the others in its event loop.

    def _decode_sync(self, chunk_data: Any, chunk_spec: Any) -> Any:
        encoded = memoryview(chunk_data.to_bytes())
        picture = self._jpeg(chunk_spec.shape).decode(encoded)
        return chunk_spec.prototype.nd_buffer.from_ndarray_like(picture.reshape(chunk_spec.shape))

    def _encode_sync(self, chunk_data: Any, chunk_spec: Any) -> Any:
        jpeg = self._jpeg(chunk_spec.shape)
        picture = chunk_data.as_numpy_array().reshape(jpeg.height, jpeg.width, 3)
        return chunk_spec.prototype.buffer.from_bytes(jpeg.encode(picture))

    async def _decode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
        return await asyncio.to_thread(self._decode_sync, chunk_data, chunk_spec)

    async def _encode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
        return await asyncio.to_thread(self._encode_sync, chunk_data, chunk_spec)
