"""Progress bars, and a Ctrl-C that lets the work in flight be finished."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from tessonance.make.painting import Progress

__all__ = ["bar", "painting", "stop_on_interrupt"]


@contextmanager
def bar(text: str, *, unit: str = "") -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on standard error; nothing where that is no terminal.

    Parameters
    ----------
    text : str
        What is being done.
    unit : str
        What is counted.

    Yields
    ------
    callable
        To be called with how much is done and how much there is.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task(text, total=None, rate="")

        def update(done: int, total: int) -> None:
            speed = shown.tasks[task].speed
            shown.update(task, completed=done, total=total, rate=f"{speed:.1f}/s" if speed else "")

        yield update


@contextmanager
def painting(text: str) -> Iterator[Callable[[Progress], None]]:
    """Show how far a run of `generate` is."""
    with bar(text, unit="pictures") as update:
        yield lambda at: update(at.painted, at.cells)


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a wish to stop; the second one stops at once.

    Yields
    ------
    callable
        Whether to stop.
    """
    wished = False

    def wish(number: int, frame: FrameType | None) -> None:
        nonlocal wished
        if wished:
            raise KeyboardInterrupt
        wished = True
        print("\nfinishing the pictures in hand; Ctrl-C again stops at once", file=sys.stderr)

    signals = [signal.SIGINT, signal.SIGTERM]
    before = [signal.signal(number, wish) for number in signals]
    try:
        yield lambda: wished
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
