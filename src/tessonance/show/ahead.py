"""Work done ahead on a thread of its own."""

from __future__ import annotations

from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

__all__ = ["ahead"]

Item = TypeVar("Item")
GLANCE_SECONDS = 0.05  # how often a thread whose queue is full looks whether it is still wanted


@dataclass(frozen=True)
class _End:
    """The last thing in the queue: how the work ended."""

    error: BaseException | None = None


def ahead(items: Iterable[Item], *, depth: int) -> Generator[Item, None, None]:
    """Iterate over items that a thread makes beforehand, in their order.

    Parameters
    ----------
    items : iterable
        Iterated on the thread.
    depth : int
        How many items may wait; then the thread does.

    Yields
    ------
    object
        The items. What the thread raised is raised here, after the items before it. Closing the generator ends the
        thread; wrap it in `contextlib.closing` where the loop may be left early.
    """
    queue: Queue[Item | _End] = Queue(depth)
    unwanted = Event()
    thread = Thread(target=_work, args=(items, queue, unwanted), name="tessonance-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        thread.join()


def _work(items: Iterable[Item], queue: Queue[Item | _End], unwanted: Event) -> None:
    try:
        for item in items:
            if not _put(item, queue, unwanted):
                return
        _put(_End(), queue, unwanted)
    except BaseException as error:  # raised again where the items are wanted
        _put(_End(error), queue, unwanted)


def _put(item: Item | _End, queue: Queue[Item | _End], unwanted: Event) -> bool:
    while not unwanted.is_set():
        try:
            queue.put(item, timeout=GLANCE_SECONDS)
        except Full:
            continue
        return True
    return False
