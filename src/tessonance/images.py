"""Picture files of any kind → sRGB arrays; what a camera noted (turned, other colours) is heeded."""

from __future__ import annotations

import io
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from tessonance.errors import GeneratorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["MOST_BYTES", "MOST_PIXELS", "SUFFIXES", "decode_picture", "picture_size"]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "PPM")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".ppm"})
MOST_PIXELS = 8192 * 8192
MOST_BYTES = 512_000_000
MOST_WORK = 2_000_000_000  # pixels times passes: a few bytes of progressive JPEG can ask for minutes
_ORIENTATION = 0x0112

_opening = Lock()


def decode_picture(raw: bytes, *, where: object, most_pixels: int = MOST_PIXELS) -> NDArray[np.uint8]:
    """Decode a picture file.

    It is turned as its EXIF data say, brought from its own colour space to sRGB, and what is transparent becomes white.

    Parameters
    ----------
    raw : bytes
    where : object
        What to call it in errors.
    most_pixels : int
        More are refused, before they are decoded.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB, top row first.

    Raises
    ------
    GeneratorError
        If it is no picture, damaged, cut short, or too large.
    """
    image = _opened(raw, where, most_pixels)
    try:
        return _as_rgb(image)
    except Exception as error:  # each decoder raises what it likes
        raise GeneratorError("this picture is damaged", where=where, got=str(error)[:200] or repr(error)) from None


def picture_size(raw: bytes, *, where: object, most_pixels: int = MOST_PIXELS) -> tuple[int, int]:
    """Return width and height of a picture file, as it is turned; decodes nothing. Raises GeneratorError."""
    image = _opened(raw, where, most_pixels)
    width, height = image.size
    try:
        turned = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # EXIF data that are none say nothing
        turned = 1
    return (height, width) if isinstance(turned, int) and 5 <= turned <= 8 else (width, height)


def _opened(raw: bytes, where: object, most_pixels: int) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with _opening, _any_size(Image):
            image = Image.open(io.BytesIO(raw), formats=FORMATS)
    except Exception as error:  # each decoder raises what it likes
        wanted = "JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF"
        got = "something else" if isinstance(error, UnidentifiedImageError) else " ".join(str(error).split())[:200]
        raise GeneratorError("this is no picture that can be read", where=where, wanted=wanted, got=got) from None
    width, height = image.size
    if not 0 < width * height <= most_pixels:
        raise GeneratorError(
            "this picture is too large",
            where=where,
            wanted=f"at most {most_pixels:,} pixels",
            got=f"{width} × {height}",
        )
    if image.format == "JPEG" and raw.count(b"\xff\xda") * width * height > MOST_WORK:
        raise GeneratorError("this picture is too large", where=where, got=f"{width} × {height}, in too many passes")
    return image


def _any_size(module: Any) -> AbstractContextManager[None]:
    """Leave the limit of the size to this module: Pillow warns of large contact sheets."""
    from contextlib import contextmanager

    @contextmanager
    def lifted() -> Iterator[None]:
        before, module.MAX_IMAGE_PIXELS = module.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            module.MAX_IMAGE_PIXELS = before

    return lifted()


def _as_rgb(image: Image) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    image.load()
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16") or image.mode == "I":
        deep = np.asarray(image).astype(np.float64) / 257
        return np.repeat((np.clip(deep, 0, 255) + 0.5).astype(np.uint8)[..., None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(ground, image).convert("RGB")
    if profile:
        image = _in_srgb(image, profile)
    return np.array(image.convert("RGB"))


def _in_srgb(image: Image, profile: bytes) -> Image:
    """Bring a picture from its own colour space to sRGB; a profile that is none is passed over."""
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            return image
        srgb = ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(image, own, srgb, outputMode="RGB")
        return changed or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
