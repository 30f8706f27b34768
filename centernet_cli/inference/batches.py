"""Which pages run together: those of equal shape that are near each other, always the same ones."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from centernet_cli.inference.file_queue import Ticket
    from centernet_cli.inference.preprocess import NetworkInput

WINDOW = 4
"""Pages of so many batches are sorted by shape."""

Batch = list[tuple["Ticket", "list[NetworkInput]"]]
_Shapes = tuple[tuple[int, int], ...]


def window(batch_size: int) -> int:
    """Return how many pages must be held at a time for batches of some size."""
    return WINDOW * batch_size if batch_size > 1 else 1


class Batches:
    """Gathers pages into batches.

    First looks are gathered by shape from windows of a fixed number of pages in input order, so that which pages run
    together doesn't depend on who was read first. Later looks are the page's own.

    Args:
        size: Pages of a batch.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._ready: deque[Batch] = deque()
        self._first: dict[Ticket, list[NetworkInput]] = {}
        self._passed: set[Ticket] = set()
        self._buckets: dict[_Shapes, Batch] = {}
        self._in_window = 0

    def add(self, ticket: Ticket, inputs: list[NetworkInput]) -> None:
        """Take what the network is to see of a page."""
        if self._size == 1 or ticket.shown:
            self._ready.append([(ticket, inputs)])
        else:
            self._first[ticket] = inputs
        ticket.shown = True

    def gather(self, line: Iterable[Ticket], *, more: bool) -> None:
        """Make batches of the pages that are there.

        Args:
            line: All pages on their way, in input order, up to the first place where one may be missing.
            more: Whether pages may follow that aren't in line yet.
        """
        seen = set()
        blocked = False
        for ticket in () if self._size == 1 else line:
            seen.add(ticket)
            if ticket in self._passed:
                continue
            inputs = self._first.pop(ticket, None)
            if inputs is None and ticket.result is None:
                blocked = True
                break
            self._pass(ticket, inputs)
        if self._size > 1:
            self._passed &= seen
            if not blocked and not more:
                self._flush()

    def _pass(self, ticket: Ticket, inputs: list[NetworkInput] | None) -> None:
        self._passed.add(ticket)
        if inputs is not None:
            bucket = self._buckets.setdefault(tuple(prepared.shape for prepared in inputs), [])
            bucket.append((ticket, inputs))
            if len(bucket) == self._size:
                self._ready.append(bucket[:])
                bucket.clear()
        self._in_window += 1
        if self._in_window == WINDOW * self._size:
            self._flush()

    def _flush(self) -> None:
        self._in_window = 0
        self._ready.extend(bucket for bucket in self._buckets.values() if bucket)
        self._buckets = {}

    def pop(self) -> Batch | None:
        """Return the next batch to run."""
        return self._ready.popleft() if self._ready else None
