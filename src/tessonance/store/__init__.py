"""The tesseract on disk: the only room that knows bytes, offsets and the operating system's file calls."""

from __future__ import annotations

from tessonance.store.adopt import adopted
from tessonance.store.codec import PictureCodec, codec_for
from tessonance.store.grow import grow
from tessonance.store.merge import MergeReport, merge
from tessonance.store.packing import PackReport, UnpackReport, pack, unpack
from tessonance.store.places import check_new
from tessonance.store.reader import Tesseract, open_tesseract
from tessonance.store.verify import VerifyReport, repair, verify
from tessonance.store.whole import remove_folder as remove_tesseract
from tessonance.store.writer import TesseractWriter

__all__ = [
    "MergeReport",
    "PackReport",
    "PictureCodec",
    "Tesseract",
    "TesseractWriter",
    "UnpackReport",
    "VerifyReport",
    "adopted",
    "check_new",
    "codec_for",
    "grow",
    "merge",
    "open_tesseract",
    "pack",
    "remove_tesseract",
    "repair",
    "unpack",
    "verify",
]
