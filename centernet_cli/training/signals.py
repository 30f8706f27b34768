"""Ends that are asked for: the first signal waits for the step, the second doesn't."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stopped(BaseException):
    """A signal asked for the end; everything is saved."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signum)


@contextmanager
def caught_signals(*, patient: bool = False) -> Iterator[list[int]]:
    """Collect the first SIGINT or SIGTERM instead of stopping at once; a second one acts immediately.

    Args:
        patient: Collect the others as well: `torchrun` passes on what the terminal has sent already, and kills its
            processes after half a minute anyway.
    """
    caught: list[int] = []
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}

    def handle(signum: int, _frame: object) -> None:
        caught.append(signum)
        if not patient:
            restore()

    def restore() -> None:
        for signum, handler in before.items():
            # None: set by something else than Python, which cannot set it again.
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)

    for signum in before:
        signal.signal(signum, handle)
    try:
        yield caught
    finally:
        restore()
