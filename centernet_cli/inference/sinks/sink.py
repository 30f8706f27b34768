"""The one way into every output format of `predict`: pages come in input order and are not kept in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from centernet_cli.core.records import Failure, Page, PageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is the same for all pages of a run.

    Attributes:
        classes: The model's class names, in its order.
        info: Facts about the run, the `info` of boxes.json.
    """

    classes: tuple[str, ...]
    info: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPage:
    """A page with what was found on it, and how it was looked at.

    Attributes:
        record: The boxes, in page pixels, best score first.
        network_size: Long side, in pixels, at which the network saw the page; the largest, if there were several.
        capped: Whether the model's `top_k` was reached, so that boxes may be missing.
        tiles: Columns and rows, where the page was looked at in tiles.
        page: The page with its pixels, as long as they are at hand.
    """

    record: PageRecord
    network_size: int
    capped: bool = False
    tiles: tuple[int, int] | None = None
    page: Page | None = None

    def extras(self) -> dict[str, object]:
        """Return what outputs in JSON say of a page beside its record."""
        extras: dict[str, object] = {"network_size": self.network_size}
        return extras if self.tiles is None else {**extras, "tiles": list(self.tiles)}


class PageSink(Protocol):
    """Takes the pages of one run, in input order.

    `start` is called once, before the first `add`, and not at all in a run without a single page; `fail` may come
    before it. The last call is `finish` or `discard`. All raise OutputError (O8xx) where something cannot be written.
    """

    def start(self, header: Header) -> None:
        """Learn the classes and facts of the run."""

    def add(self, page: SeenPage) -> None:
        """Take the next page."""

    def fail(self, failure: Failure) -> None:
        """Take what could not be read or processed, in its place among the pages."""

    def finish(self) -> None:
        """Put the output, complete, in its place."""

    def discard(self, *, interrupted: bool = False) -> None:
        """Forget everything; also after `finish` raised. An output of an earlier run stays as it was.

        Args:
            interrupted: Somebody stopped the program: what is useful without the rest may stay.
        """
