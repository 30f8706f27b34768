"""Pictures of the worst pages, read again from the datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Failure
from centernet_cli.core.safe_io import resolve_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Dataset, Page, PageInfo
    from centernet_cli.evaluation.page_fates import BoxFate
    from centernet_cli.evaluation.pairing import TruthSource
    from centernet_cli.evaluation.pairs import PagePair
    from centernet_cli.rendering.page_view import ViewBox


class Pictures:
    """Picks pages' pictures out of the datasets they belong to.

    Args:
        sources: In the order the pairs were made of them.
    """

    def __init__(self, sources: Sequence[TruthSource]) -> None:
        self._pages = [(source.dataset, record.info) for source in sources for record in source.dataset.pages]
        self._stock: dict[int, str] = {}
        self.failures: dict[int, str] = {}
        """Why pages have no picture, by their index."""

    def fetch(self, wanted: Sequence[int]) -> None:
        """Read the pictures of pages, given as indices of their pairs."""
        from centernet_cli.rendering.page_view import picture_data

        todo = [index for index in dict.fromkeys(wanted) if index not in self._stock and index not in self.failures]
        with console.progress("reading pictures", len(todo)) as progress:
            for index in todo:
                page = _read(*self._pages[index])
                if isinstance(page, Failure):
                    self.failures[index] = f"{page.code} {page.message}"
                else:
                    self._stock[index] = picture_data(page)
                progress.advance()

    def name(self, index: int) -> str | None:
        """Return the name of a page's picture in the stock; None if there is none."""
        return f"picture-{index}" if index in self._stock else None

    def size(self, index: int) -> tuple[int, int]:
        """Return width and height of a page in the pixels of its boxes."""
        info = self._pages[index][1]
        return info.width, info.height

    def stock(self) -> str:
        """Return all pictures read as markup for `rendering.page_view.page_view` to use."""
        from centernet_cli.rendering.page_view import picture_stock

        return picture_stock(
            [(f"picture-{index}", data, self.size(index)) for index, data in sorted(self._stock.items())]
        )


def view_boxes(fates: Sequence[BoxFate]) -> list[ViewBox]:
    """Return boxes to draw, with what became of them as their notes."""
    from centernet_cli.rendering.page_view import KINDS, ViewBox

    return [
        ViewBox(
            kind=fate.kind,
            box=fate.box,
            note=f"{fate.label}: {KINDS[fate.kind]}"
            + (f", score {fate.score:.2f}" if fate.score is not None else "")
            + f", IoU {fate.iou:.2f}",
        )
        for fate in fates
    ]


def caption(pair: PagePair, failure: str | None, text: str) -> str:
    """Return what to write above a page."""
    return f"{pair.source}: {pair.name} · {text}" + (f" · no picture: {failure}" if failure else "")


def _read(dataset: Dataset, info: PageInfo) -> Page | Failure:
    from centernet_cli.pages.options import PageOptions
    from centernet_cli.pages.source import read_pages
    from centernet_cli.rendering.page_view import MAX_SIDE

    if dataset.root is None:
        return Failure(source=info.source, code="D063", message="the dataset doesn't say where its pages are")
    try:
        path = resolve_inside(dataset.root, info.source)
    except InputError as error:
        return Failure(source=info.source, code=error.code, message=error.message)
    number = info.page or 1
    options = PageOptions(pages=((number, number),), target_long_side=MAX_SIDE)
    for page in read_pages(path, options):
        return page
    return Failure(source=info.source, code="D063", message="the page isn't there")
