"""Encoded pictures that came from elsewhere: decoded within bounds, and of the right size."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from tessonance.errors import GeneratorError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["picture_received"]

FORMATS = ("PNG", "JPEG", "WEBP")


def picture_received(encoded: bytes, size: tuple[int, int], *, where: str) -> NDArray[np.uint8]:
    """Decode a picture that a server sent.

    Parameters
    ----------
    encoded : bytes
        PNG, JPEG or WebP.
    size : (int, int)
        The width and height that it has to have; nothing larger is decoded.
    where : str
        Who sent it.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Where it is transparent, black shows.

    Raises
    ------
    GeneratorError
        If it is no picture, or of another size.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(encoded), formats=FORMATS)
            if image.size == tuple(size):
                if image.mode in ("RGBA", "LA", "PA"):
                    black = Image.new("RGBA", image.size, (0, 0, 0, 255))
                    return np.asarray(Image.alpha_composite(black, image.convert("RGBA")).convert("RGB"), np.uint8)
                return np.asarray(image.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        said = "" if isinstance(error, UnidentifiedImageError) else f": {error}"
        raise GeneratorError(
            "what came is no picture", where=where, wanted=" or ".join(FORMATS), got=f"{len(encoded):,} bytes{said}"
        ) from None
    raise GeneratorError(
        "the picture has another size",
        where=where,
        wanted=f"{size[0]} × {size[1]}, as [picture] says",
        got=f"{image.size[0]} × {image.size[1]}",
        hint="models want multiples of 8 or 64; a [[finish]] resize brings any size to that of [picture]",
    )
