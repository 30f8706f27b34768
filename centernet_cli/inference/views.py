"""The ways to show a page, or a part of it, to the network; each makes a `NetworkInput` of a page's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from centernet_cli.inference.preprocess import network_input, tile_input

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from centernet_cli.core.recipe import TestSection
    from centernet_cli.inference.preprocess import NetworkInput

    Pixels = npt.NDArray[np.uint8]
    Size = tuple[int, int]


LONG = 2.0
"""Longer side over shorter side from which on a page is seen larger than others, as receipts are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSize:
    """What a plan needs to know of a page.

    Attributes:
        width: Of the page in its own pixels.
        height: Likewise.
        decoded: Long side of the pixels there are, fewer where a JPEG was decoded at reduced scale.
    """

    width: int
    height: int
    decoded: int


class View(Protocol):
    """A way to show a page; can be pickled, so that another process may do it."""

    def show(self, pixels: Pixels, page: Size, multiple: int) -> NetworkInput:
        """Return what the network sees.

        Args:
            pixels: RGB uint8 `(H, W, 3)`: the whole page, perhaps decoded at less than its own size.
            page: Width and height of the page in its own pixels.
            multiple: Of both sides of what the network sees.
        """


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole page, its long side scaled to `size` pixels."""

    size: int

    def show(self, pixels: Pixels, page: Size, multiple: int) -> NetworkInput:
        return network_input(pixels, self.size, multiple, page)


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the page: `left`, `top`, `width`, `height` in page pixels, scaled by `scale`.

    Attributes:
        size: What the long side of the whole page would be at this scale, in network pixels.
    """

    left: int
    top: int
    width: int
    height: int
    scale: float
    size: int

    def show(self, pixels: Pixels, page: Size, multiple: int) -> NetworkInput:
        window = (self.left, self.top, self.width, self.height)
        return tile_input(pixels, window, self.scale, self.size, multiple, page)


@dataclass(frozen=True, slots=True)
class Kept:
    """As the original's `keep_res`; needs all pixels of the page."""

    scale: float

    def show(self, pixels: Pixels, page: Size, multiple: int) -> NetworkInput:
        del page
        from centernet_cli.inference.original_input import keep_input

        return keep_input(pixels, self.scale, multiple)


@dataclass(frozen=True, slots=True)
class Fitted:
    """As the original's `fix_res`; needs all pixels of the page."""

    size: Size
    scale: float

    def show(self, pixels: Pixels, page: Size, multiple: int) -> NetworkInput:
        del page
        from centernet_cli.inference.original_input import fixed_input

        return fixed_input(pixels, self.size, self.scale, multiple)


def first_views(section: TestSection, page_size: int) -> tuple[View, ...]:
    """Return how a model is first shown a page: once for each scale.

    Args:
        section: Which way and at which scales.
        page_size: Long side in pixels at scale 1, for `page`.
    """
    if section.resize == "keep":
        return tuple(Kept(scale) for scale in section.scales)
    if section.resize == "fixed":
        return tuple(Fitted(section.size, scale) for scale in section.scales)
    return tuple(Whole(max(1, round(page_size * scale))) for scale in section.scales)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """How every page is looked at first; small and without the model, so that worker processes can have it.

    Attributes:
        shown: The views.
        multiple: Of both sides of what the network sees.
        stretch: Whether very long pages may be seen larger.
    """

    shown: tuple[View, ...]
    multiple: int
    stretch: bool = False

    def views(self, page: PageSize) -> tuple[View, ...]:
        """Return what to show of a page: of a very long one as many pixels as of others, not just its long side."""
        aspect = max(page.width, page.height) / max(min(page.width, page.height), 1)
        if not self.stretch or aspect <= LONG:
            return self.shown
        most = max(page.decoded, *(view.size for view in self.shown if isinstance(view, Whole)))
        return tuple(
            Whole(min(round(view.size * (aspect / LONG) ** 0.5), most)) if isinstance(view, Whole) else view
            for view in self.shown
        )
