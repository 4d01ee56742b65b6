"""The film encoders of the installed PyAV: which there are, which work here, and how they are told a quality."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import av
import av.error

from tessonance.errors import RenderError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["AUTO", "available_encoders", "check_encoder", "encoder_options", "own_pace", "pixel_format"]

os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 writes a page to standard error otherwise
AUTO = "libx264"
TRIAL_SIZE = (320, 240)  # hardware refuses very small pictures

_Options = dict[str, str]
# Quality is told on x264's scale, 0 (lossless) to 51; encoders with a longer one are told in proportion.
_OPTIONS: dict[str, Callable[[int, str], _Options]] = {
    "libx264": lambda crf, preset: {"crf": str(crf), "preset": preset},
    "libx265": lambda crf, preset: {"crf": str(crf), "preset": preset, "x265-params": "log-level=none"},
    "libsvtav1": lambda crf, _: {"crf": str(round(crf * 63 / 51)), "preset": "9"},
    "libvpx-vp9": lambda crf, _: {"crf": str(round(crf * 63 / 51)), "b": "0", "cpu-used": "5", "row-mt": "1"},
    "h264_nvenc": lambda crf, _: {"rc": "vbr", "cq": str(crf), "b": "0", "preset": "p4"},
    "hevc_nvenc": lambda crf, _: {"rc": "vbr", "cq": str(crf), "b": "0", "preset": "p4"},
    "av1_nvenc": lambda crf, _: {"rc": "vbr", "cq": str(crf), "b": "0", "preset": "p4"},
    "h264_qsv": lambda crf, _: {"global_quality": str(crf)},
    "hevc_qsv": lambda crf, _: {"global_quality": str(crf)},
    "h264_amf": lambda crf, _: {"rc": "cqp", "qp_i": str(crf), "qp_p": str(crf)},
    "hevc_amf": lambda crf, _: {"rc": "cqp", "qp_i": str(crf), "qp_p": str(crf)},
    "h264_mf": lambda crf, _: {"rate_control": "quality", "quality": str(100 - round(crf * 100 / 51))},
    "h264_videotoolbox": lambda _crf, _: {"b": "16000000"},  # knows no quality on Intel machines
    "hevc_videotoolbox": lambda _crf, _: {"b": "12000000"},
}


@cache
def available_encoders() -> tuple[str, ...]:
    """Return the encoders that work on this machine, the usual one first; each was tried on one frame."""
    return tuple(name for name in _OPTIONS if _works(name))


def check_encoder(name: str) -> str:
    """Return the encoder that a name means.

    Parameters
    ----------
    name : str
        ``"auto"``, or one of `available_encoders`.

    Returns
    -------
    str
        ``libx264`` for ``"auto"``.

    Raises
    ------
    RenderError
        If it is unknown, or does not work here.
    """
    meant = AUTO if name == "auto" else name
    if meant in _OPTIONS and _works(meant):
        return meant
    there = available_encoders()
    problem = f"the encoder {meant!r} does not work on this machine" if meant in _OPTIONS else f"no encoder {name!r}"
    raise RenderError(
        problem,
        wanted="auto, " + ", ".join(there),
        hint=nearest(name, there) if meant not in _OPTIONS else "a driver may be missing; auto works everywhere",
    )


def encoder_options(name: str, crf: int, preset: str) -> _Options:
    """Return the options that tell an encoder a quality on x264's scale; only x264 and x265 know presets."""
    return _OPTIONS[name](crf, preset)


def pixel_format(name: str) -> str:
    """Return the 4:2:0 layout an encoder takes: planes where it can, Intel's hardware wants chroma interleaved."""
    formats = {known.name for known in av.Codec(name, "w").video_formats or ()}
    return "yuv420p" if "yuv420p" in formats or "nv12" not in formats else "nv12"


@contextmanager
def own_pace() -> Iterator[None]:
    """Keep an encoder that is opened from changing how this thread is scheduled.

    SVT-AV1 makes the thread that opens it a real-time one where it may, as for root; so would be everything that is
    started afterwards, before which the whole machine has to stand back.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != before[0]:
            with suppress(OSError):
                os.sched_setscheduler(0, *before)


@cache
def _works(name: str) -> bool:
    try:
        context: Any = av.CodecContext.create(name, "w")
    except (av.error.FFmpegError, ValueError):
        return False
    context.width, context.height = TRIAL_SIZE
    context.pix_fmt, context.framerate, context.time_base = pixel_format(name), Fraction(30), Fraction(1, 30)
    context.options = encoder_options(name, 30, "veryfast")
    frame = av.VideoFrame(*TRIAL_SIZE, context.pix_fmt)
    frame.pts = 0
    try:
        with own_pace():
            return bool([*context.encode(frame), *context.encode(None)])
    except (av.error.FFmpegError, ValueError):
        return False
