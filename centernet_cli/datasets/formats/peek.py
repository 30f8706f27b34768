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
        except InputError as error:
            seen[path] = error
            raise
    value = seen[path]
    if isinstance(value, InputError):
        raise value
    return value


def unreadable() -> list[InputError]:
    """Return why files that were asked for in this block are no JSON."""
    return [value for value in (_seen.get() or {}).values() if isinstance(value, InputError)]
