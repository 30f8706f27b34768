"""Names under which users know files: those of a ZIP file lie in a temporary folder whose name says nothing to them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_known: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("_known", default=())


@contextmanager
def shown_as(folder: object, name: object) -> Iterator[None]:
    """Show `folder`, and what is below it, under another name until the block ends."""
    token = _known.set((*_known.get(), *((place, str(name)) for place in {str(folder), os.path.realpath(str(folder))})))
    try:
        yield
    finally:
        _known.reset(token)


def shown(path: object) -> str:
    """Return a path as users know it, such as `scans.zip/labels/a.txt`."""
    text = str(path)
    for folder, name in _known.get():
        if text == folder or text.startswith(folder + os.sep):
            return name + text[len(folder) :]
    return text
