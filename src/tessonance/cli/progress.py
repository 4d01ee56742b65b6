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
def bar(text: str, *, unit: str = "") -> Iterator[Callable[..., None]]:
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
        To be called with how much is done, how much there is, and perhaps a note to show behind the rate.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(compact=True),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task(text, total=None, note="")

        def update(done: float, total: float, note: str = "") -> None:
            speed = shown.tasks[task].speed
            rate = f"{speed:.1f}/s" if speed else ""
            shown.update(task, completed=int(done), total=int(total), note=f"{rate} {note}".strip())

        yield update


@contextmanager
def painting(text: str) -> Iterator[Callable[[Progress], None]]:
    """Show how far a run of `generate` is."""
    with bar(text, unit="pictures") as update:
        yield lambda at: update(at.painted, at.cells, _note(at))


def _note(at: Progress) -> str:
    in_hand = " ".join(f"{share:.0%}" for share in at.in_hand)
    parts = (
        f"(in hand {in_hand})" if in_hand else "",
        f"{at.bytes_to_come / 1e6:,.1f} MB to come" if at.bytes_to_come else "",
        f"{at.failed} failed" if at.failed else "",
    )
    return " ".join(part for part in parts if part)


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
