"""The network run over what it is shown, and a page looked at from its first views to its boxes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.inference.views import PageSize, Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Page
    from centernet_cli.inference.plan import Look, Looks, SeenBoxes
    from centernet_cli.inference.preprocess import NetworkInput
    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.views import View


def page_size(page: Page) -> PageSize:
    """Return what a plan needs to know of a page."""
    return PageSize(width=page.info.width, height=page.info.height, decoded=max(page.pixels.shape[:2]))


def show(page: Page, views: Sequence[View], multiple: int) -> list[NetworkInput]:
    """Return what the network sees of a page."""
    size = (page.info.width, page.info.height)
    return [view.show(page.pixels, size, multiple) for view in views]


def look_together(runtime: Runtime, pages: Sequence[Sequence[NetworkInput]], batch_size: int) -> Iterator[list[Look]]:
    """Run the inputs of some pages, those of equal shape in batches, and yield what was found on each page."""
    found: list[list[Look | None]] = [[None] * len(inputs) for inputs in pages]
    places = [(page, index) for page, inputs in enumerate(pages) for index in range(len(inputs))]
    places.sort(key=lambda place: pages[place[0]][place[1]].shape)
    for _, group in groupby(places, key=lambda place: pages[place[0]][place[1]].shape):
        same = list(group)
        for start in range(0, len(same), batch_size):
            batch = same[start : start + batch_size]
            inputs = [pages[page][index] for page, index in batch]
            raw = runtime.predict(_stacked([prepared.pixels for prepared in inputs]))
            for (page, index), boxes, prepared in zip(batch, raw, inputs, strict=True):
                found[page][index] = boxes, prepared
    for looks in found:
        yield [look for look in looks if look is not None]


def _stacked(pages: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Return a batch `(B, H, W, 3)`; a single page isn't copied."""
    return pages[0][np.newaxis] if len(pages) == 1 else np.stack(pages)


def look_through(
    page: Page,
    steps: Looks,
    views: Sequence[View],
    runtime: Runtime,
    *,
    all_pixels: Callable[[], Page] | None = None,
    going_on: Callable[[], None] = lambda: None,
) -> tuple[Page, SeenBoxes]:
    """Look at a page, one view at a time, to the end of its plan.

    Args:
        page: With its pixels, perhaps fewer than its own.
        steps: Of its plan.
        views: That it has asked for.
        runtime: The model.
        all_pixels: Returns the page with all its pixels, for tiles; None: it has them, or makes do.
        going_on: Called before each view.

    Returns:
        The page, with all its pixels if they were needed, and what is on it.
    """
    while True:
        if all_pixels is not None and is_reduced(page) and any(isinstance(view, Tile) for view in views):
            page = all_pixels()
        looks = []
        for view in views:
            going_on()
            ((look,),) = look_together(runtime, [show(page, [view], runtime.multiple)], 1)
            looks.append(look)
        try:
            views = steps.send(looks)
        except StopIteration as end:
            return page, end.value


def is_reduced(page: Page) -> bool:
    """Tell whether a page was decoded at less than its own size."""
    return page_size(page).decoded < max(page.info.width, page.info.height)
