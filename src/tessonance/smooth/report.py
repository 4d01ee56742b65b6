"""A survey written beside its tesseract: one page to look at, and the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tessonance.errors import TessError
from tessonance.outputs import check_output, write_text
from tessonance.smooth.page import page

if TYPE_CHECKING:
    from tessonance.smooth.findings import Survey
    from tessonance.store import Tesseract

__all__ = ["check_outputs", "outputs", "write_both", "write_report"]


def outputs(path: str | Path) -> tuple[Path, Path]:
    """Return where the page and the JSON of a report go. Raises TessError unless `path` ends in .html."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise TessError("a report is a page", where=path, hint=f"{path.stem}.html")
    return path, path.with_suffix(".json")


def check_outputs(path: str | Path, *, force: bool = False) -> None:
    """Refuse outputs that exist, or cannot be written, before anything is measured. Raises TessError."""
    for output in outputs(path):
        check_output(output, force=force)


def write_report(survey: Survey, tesseract: Tesseract, path: str | Path, *, force: bool = False) -> tuple[Path, Path]:
    """Write a survey as HTML and, beside it, as JSON.

    Parameters
    ----------
    survey : Survey
    tesseract : Tesseract
        That it is of.
    path : path-like
        The HTML file.
    force : bool
        Whether to replace files that exist.

    Returns
    -------
    html, json : Path

    Raises
    ------
    TessError
        OutputExists, or because a file cannot be written.
    """
    return write_both(path, page(survey, tesseract), survey.to_dict(), force=force)


def write_both(path: str | Path, page: str, data: dict[str, Any], *, force: bool = False) -> tuple[Path, Path]:
    """Write a page and, beside it, the same as JSON; return both paths. Raises as `write_report` does."""
    check_outputs(path, force=force)
    html, json_path = outputs(path)
    write_text(html, page)
    write_text(json_path, json.dumps(data, indent=1))
    return html, json_path
