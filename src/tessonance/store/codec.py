"""Pictures ↔ encoded bytes: JPEG in two qualities, and a lossless codec."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from tessonance.errors import DamagedPicture, TesseractError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tessonance.project import Picture

__all__ = ["JPEG_NAME", "Encoded", "Jpeg", "Lossless", "PictureCodec", "codec_for", "largest_encoding"]

Encoded = bytes | memoryview

JPEG_NAME = "tessonance.jpeg"
MAX_SEGMENTS = 256
_SOI = b"\xff\xd8"
_SEQUENTIAL = (0xC0, 0xC1)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOS = 0xDA


class PictureCodec(Protocol):
    """Encodes and decodes pictures of one size; any number of threads may use one."""

    def encode(self, picture: NDArray[np.uint8]) -> bytes:
        """Encode a picture.

        Parameters
        ----------
        picture : ndarray of uint8, shape (height, width, 3)
            sRGB, top row first.

        Returns
        -------
        bytes

        Raises
        ------
        TesseractError
            If its shape or type is another.
        """
        ...

    def decode(self, encoded: Encoded) -> NDArray[np.uint8]:
        """Decode a picture into memory of its own.

        Parameters
        ----------
        encoded : bytes or memoryview

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)

        Raises
        ------
        DamagedPicture
            If the bytes are no picture of that size.
        """
        ...

    def check(self, encoded: Encoded) -> None:
        """Raise DamagedPicture unless the header is that of a picture of the right size; decodes nothing."""
        ...

    def zarr_codecs(self) -> list[dict[str, Any]]:
        """Return the codecs of the inner chunk as they stand in ``zarr.json``."""
        ...


def codec_for(picture: Picture) -> PictureCodec:
    """Return the codec that a project asks for.

    Parameters
    ----------
    picture : Picture
        ``[picture]`` of the project.

    Returns
    -------
    PictureCodec
    """
    size = picture.height, picture.width
    if picture.codec == "lossless":
        return Lossless(*size)
    if picture.codec == "jpeg444":
        return Jpeg(*size, quality=97, subsampling="444")
    return Jpeg(*size)


def largest_encoding(height: int, width: int) -> int:
    """Return how many bytes an encoded picture may have at most: no sound encoder comes near it."""
    return 2 * 3 * height * width + 65_536


@dataclass(frozen=True)
class Jpeg:
    """Sequential JPEG through libjpeg-turbo.

    Parameters
    ----------
    height, width : int
        Pixels.
    quality : int
        1..100.
    subsampling : {"420", "444"}
        Whether colour has half the resolution or all of it.
    """

    height: int
    width: int
    quality: int = 92
    subsampling: str = "420"

    def encode(self, picture: NDArray[np.uint8]) -> bytes:
        """Encode a picture; see `PictureCodec.encode`."""
        import simplejpeg

        encoded: bytes = simplejpeg.encode_jpeg(
            _checked(picture, self.height, self.width),
            quality=self.quality,
            colorspace="RGB",
            colorsubsampling=self.subsampling,
        )
        return encoded

    def decode(self, encoded: Encoded) -> NDArray[np.uint8]:
        """Decode a picture; see `PictureCodec.decode`."""
        import simplejpeg

        self.check(encoded)
        picture = np.empty((self.height, self.width, 3), np.uint8)
        try:
            decoded = simplejpeg.decode_jpeg(encoded, "RGB", buffer=picture)
        except ValueError as error:
            raise DamagedPicture(f"the JPEG is damaged: {error}") from None
        if decoded.shape != picture.shape:
            raise _wrong_size(self, *decoded.shape[:2])
        return picture

    def prove(self, encoded: Encoded) -> None:
        """Raise DamagedPicture unless all of the code can be read; half the work of decoding the picture."""
        import simplejpeg

        self.check(encoded)
        try:  # every coefficient is read, and an eighth of the picture made of them
            simplejpeg.decode_jpeg(encoded, "GRAY", min_height=self.height // 8, min_width=self.width // 8)
        except ValueError as error:
            raise DamagedPicture(f"the JPEG is damaged: {error}") from None

    def check(self, encoded: Encoded) -> None:
        """Check the header; see `PictureCodec.check`."""
        _check_length(encoded, self.height, self.width)
        height, width = _jpeg_size(encoded)
        if (height, width) != (self.height, self.width):
            raise _wrong_size(self, height, width)

    def zarr_codecs(self) -> list[dict[str, Any]]:
        """Return the codecs for ``zarr.json``; see `PictureCodec.zarr_codecs`."""
        return [{"name": JPEG_NAME, "configuration": {"quality": self.quality, "subsampling": self.subsampling}}]


@dataclass(frozen=True)
class Lossless:
    """Raw pixels through Zstandard, so that any Zarr reader reads them.

    Parameters
    ----------
    height, width : int
        Pixels.
    """

    height: int
    width: int
    level: ClassVar[int] = 1  # levels 2 and 3 take longer and save under a hundredth

    def encode(self, picture: NDArray[np.uint8]) -> bytes:
        """Encode a picture; see `PictureCodec.encode`."""
        import zstandard

        compressor = zstandard.ZstdCompressor(level=self.level, write_checksum=True)
        return compressor.compress(_checked(picture, self.height, self.width).data)

    def decode(self, encoded: Encoded) -> NDArray[np.uint8]:
        """Decode a picture; see `PictureCodec.decode`."""
        import zstandard

        self.check(encoded)
        # A decompressor of its own for each call: they must not be shared between threads, and cost 6 µs.
        try:
            pixels = zstandard.ZstdDecompressor().decompress(encoded)
        except zstandard.ZstdError as error:
            raise DamagedPicture(f"the lossless picture is damaged: {error}") from None
        return np.frombuffer(pixels, np.uint8).reshape(self.height, self.width, 3).copy()

    def check(self, encoded: Encoded) -> None:
        """Check the header; see `PictureCodec.check`."""
        import zstandard

        _check_length(encoded, self.height, self.width)
        wanted = self.height * self.width * 3
        try:
            size = zstandard.frame_content_size(encoded)
        except zstandard.ZstdError as error:
            raise DamagedPicture(f"the lossless picture is damaged: {error}") from None
        if size != wanted:
            raise DamagedPicture("the stored picture has another size", wanted=f"{wanted:,} bytes", got=f"{size:,}")

    def zarr_codecs(self) -> list[dict[str, Any]]:
        """Return the codecs for ``zarr.json``; see `PictureCodec.zarr_codecs`."""
        return [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": self.level, "checksum": True}}]


def _checked(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    if picture.dtype != np.uint8 or picture.shape != (height, width, 3):
        raise TesseractError(
            "this is no picture of the tesseract",
            wanted=f"uint8, shape {(height, width, 3)}",
            got=f"{picture.dtype}, shape {picture.shape}",
        )
    return np.ascontiguousarray(picture)


def _check_length(encoded: Encoded, height: int, width: int) -> None:
    most = largest_encoding(height, width)
    if not 0 < len(encoded) <= most:
        raise DamagedPicture("no picture has so many bytes", wanted=f"1..{most:,}", got=f"{len(encoded):,}")


def _jpeg_size(encoded: Encoded) -> tuple[int, int]:
    """Read height and width from a JPEG (ITU-T T.81, annex B).

    Only what takes one pass is let through: sequential, 8 bits, three components in one scan. A progressive file can
    ask for minutes of work with few bytes.
    """
    if encoded[:2] != _SOI:
        raise DamagedPicture("the stored bytes are no JPEG")
    size = None
    with suppress(IndexError):  # cut short
        at = 2
        for _ in range(MAX_SEGMENTS):
            marker = encoded[at + 1]
            if encoded[at] != 0xFF:
                break
            if marker in _FRAMES:
                if marker not in _SEQUENTIAL or encoded[at + 4] != 8 or encoded[at + 9] != 3 or size:
                    raise DamagedPicture("this kind of JPEG is not read", wanted="sequential, 8 bits, 3 components")
                size = encoded[at + 5] << 8 | encoded[at + 6], encoded[at + 7] << 8 | encoded[at + 8]
            elif marker == _SOS:
                if size and encoded[at + 4] == 3:
                    return size
                break
            at += 2 + (encoded[at + 2] << 8 | encoded[at + 3])
    raise DamagedPicture("the header of the JPEG is damaged")


def _wrong_size(codec: Jpeg, height: int, width: int) -> DamagedPicture:
    return DamagedPicture(
        "the stored picture has another size",
        wanted=f"{codec.width} × {codec.height}",
        got=f"{width} × {height}",
    )
