"""Progress of work whose length nobody knows before: shown only if it takes longer than a moment."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from centernet_cli.cli import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 1.0
"""Seconds before a bar is shown."""


@contextmanager
def watch(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give what to call for each part done; a `Tally.watch`."""
    start = time.monotonic()
    done = 0
    bar: console.Progress | None = None
    with ExitStack() as stack:

        def advance(count: int) -> None:
            nonlocal done, bar
            done += count
            if bar is not None:
                bar.advance(count)
            elif time.monotonic() - start > _PATIENCE:
                bar = stack.enter_context(console.progress(what, total, "items"))
                bar.advance(done)

        yield advance
