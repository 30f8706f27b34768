"""A page to the network's size, and boxes from there back to page pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.datasets.resize import PAPER, resize

if TYPE_CHECKING:
    import numpy.typing as npt

MULTIPLE = 32
"""Both sides of what the network sees are multiples of this, its coarsest stride, or of what the network says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInput:
    """A page at the network's size.

    Attributes:
        pixels: RGB uint8 `(H, W, 3)`, H and W multiples of what the network asks for.
        size: What the long side of the page was scaled to, in pixels.
        scale: Network pixels per page pixel, along x and along y (they differ by rounding to whole pixels).
        page: Width and height of the page in its own pixels.
        shift: Where the page's left and top are, in network pixels.
    """

    pixels: npt.NDArray[np.uint8]
    size: int
    scale: tuple[float, float]
    page: tuple[int, int]
    shift: tuple[float, float] = (0.0, 0.0)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width; inputs of equal shape can share a batch."""
        height, width = self.pixels.shape[:2]
        return height, width


def network_input(pixels: npt.NDArray[np.uint8], size: int, multiple: int = MULTIPLE) -> NetworkInput:
    """Scale a page so that its long side is `size` pixels, then pad it with white, right and below.

    Args:
        pixels: RGB uint8 `(H, W, 3)`.
        size: Long side in pixels, at least 1.
        multiple: Both sides of the result are multiples of this.

    Returns:
        The input; a side never shrinks below one pixel, however narrow the page.
    """
    height, width = pixels.shape[:2]
    factor = size / max(height, width)
    new_width, new_height = (max(1, round(side * factor)) for side in (width, height))
    scaled = resize(pixels, new_width, new_height)
    padded = np.full((round_up(new_height, multiple), round_up(new_width, multiple), 3), PAPER, dtype=np.uint8)
    padded[:new_height, :new_width] = scaled
    return NetworkInput(pixels=padded, size=size, scale=(new_width / width, new_height / height), page=(width, height))


def to_page(boxes: npt.NDArray[np.floating], prepared: NetworkInput) -> npt.NDArray[np.float64]:
    """Map boxes from network pixels to page pixels.

    Args:
        boxes: `(N, 4)` x0, y0, x1, y1 in network pixels.
        prepared: The input they were found on.

    Returns:
        `(N, 4)` in page pixels, also where they lead out of the page.
    """
    scale = np.asarray(prepared.scale * 2, dtype=np.float64)
    shift = np.asarray(prepared.shift * 2, dtype=np.float64)
    mapped: npt.NDArray[np.float64] = (boxes.astype(np.float64) - shift) / scale
    return mapped


def clip_to_page(boxes: npt.NDArray[np.float64], page: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Clip boxes to a page of some width and height; those wholly in the padding come out with no area."""
    clipped: npt.NDArray[np.float64] = np.clip(boxes, 0.0, np.asarray(page * 2, dtype=np.float64))
    return clipped


def round_up(side: int, multiple: int) -> int:
    """Return the least multiple that `side` fits in."""
    return -(-side // multiple) * multiple
