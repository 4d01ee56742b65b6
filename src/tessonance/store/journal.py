"""The journal: a line of JSON for each event worth telling; what is painted never depends on it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tessonance.store.metadata import FRAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from tessonance.store.osfile import Folder

    class Place(Protocol):
        """Where a small file can be read."""

        def read(self, name: str, *, limit: int) -> bytes:
            """Return the bytes of a file, or one more than `limit` of a larger one."""
            ...


__all__ = ["JOURNAL", "failed_cells", "note", "read"]

JOURNAL = f"{FRAMES}/journal.jsonl"  # beside the shards: zarr-python warns of strange files in a group, not in an array
MAX_BYTES = 64 * 2**20


def note(folder: Folder, event: Mapping[str, Any]) -> None:
    """Add an event, with the time. Raises OSError."""
    line = json.dumps({"time": round(time.time(), 3), **event}, ensure_ascii=False)
    folder.append(JOURNAL, line.encode() + b"\n")


def read(place: Place) -> list[dict[str, Any]]:
    """Return the events, oldest first; lines that are no events, as a power failure leaves them, are passed over.

    Raises
    ------
    OSError
        If there is a journal that cannot be read.
    """
    try:
        raw = place.read(JOURNAL, limit=MAX_BYTES)
    except FileNotFoundError:
        return []
    events = []
    for line in raw.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            events.append(event)
    return events


def failed_cells(events: list[dict[str, Any]]) -> dict[tuple[int, ...], str]:
    """Return the cells that were given up, with the newest reason; some may have been painted since."""
    failed = {}
    for event in events:
        cell = event.get("cell")
        if event["event"] == "failed" and isinstance(cell, list) and all(type(index) is int for index in cell):
            failed[tuple(cell)] = str(event.get("error", ""))
    return failed
