"""Finished pictures that tell which cell they are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

import tessonance as tess
from tessonance.generators.folder import FolderOptions
from tessonance.make.finding import found_project
from tessonance.project import Project, parse_project

WIDTH, HEIGHT = 48, 32


def shade(*parts: float) -> np.ndarray:
    """A picture that tells its cell: smooth, so that JPEG keeps it."""
    ramp = np.linspace(0, 40, WIDTH)[None, :, None] * np.ones((HEIGHT, 1, 1))
    return (ramp + np.array([*(180 * part for part in parts), 0, 0])[:3]).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        path.write_bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=92, colorsubsampling="420"))
    else:
        Image.fromarray(pixels).save(path)


def found(source: Path, folder: Path, **how: object) -> Project:
    axes, own = how.pop("axes", ()), FolderOptions(source="", **how)
    return parse_project(found_project(source, folder, own=own, axes=axes).text, folder=folder)


def imported(project: Project, path: Path, **how: object):
    return tess.import_pictures(project, path, **how)
