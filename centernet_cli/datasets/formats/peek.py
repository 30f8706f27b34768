"""Looking into a JSON file to tell its format: read once, however many formats ask."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_seen: ContextVar[dict[Path, object] | None] = ContextVar("_seen", default=None)
_KEPT = 50
_UNREADABLE = object()


@contextmanager
def peeking() -> Iterator[None]:
    """Remember what `peek_json` reads until the block ends."""
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def peek_json(path: Path) -> object:
    """Read a JSON file, or remember it.

    Raises:
        InputError: As `read_json`.
    """
    seen = _seen.get()
    if seen is None:
        return read_json(path)
    if path not in seen:
        if len(seen) >= _KEPT:
            return read_json(path)
        try:
            seen[path] = read_json(path)
        except InputError:
            seen[path] = _UNREADABLE
            raise
    if seen[path] is _UNREADABLE:
        raise InputError("J404", "not JSON", path=path)
    return seen[path]
