"""Reading data that may be wrong, as `data check` does: problems are heard instead of raised, and reading goes on."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from centernet_cli.core.errors import InputError


class Hearer(Protocol):
    """Whom readers tell what they find."""

    def problem(self, error: InputError) -> None:
        """Hear of a problem that would end the reading otherwise; what it is about is left out."""

    def page(self, identity: object) -> None:
        """Hear under which id a file knows the next page."""

    def shape(self, page: object, identity: object) -> None:
        """Hear under which id a file knows the next shape of a page."""


_hearer: ContextVar[Hearer | None] = ContextVar("_hearer", default=None)


@contextmanager
def lenient(hearer: Hearer) -> Iterator[None]:
    """Read leniently until the block ends.

    Readers then keep whatever has finite numbers, such as boxes that are empty, inverted or off their page, and pages
    of unknown size (`fields.UNKNOWN_SIDE`). JSON may hold NaN and the same key twice: they become null, and the last.
    """
    token = _hearer.set(hearer)
    try:
        yield
    finally:
        _hearer.reset(token)


def hearer() -> Hearer | None:
    """Return who hears of problems; None if they are to be raised, as usual."""
    return _hearer.get()
