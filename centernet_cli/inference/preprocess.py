"""A page to the network's size, and boxes from there back to page pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.datasets.resize import PAPER, resize

if TYPE_CHECKING:
    import numpy.typing as npt

MULTIPLE = 32
"""Both sides of what the network sees are multiples of this: its coarsest stride."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInput:
    """A page at the network's size.

    Attributes:
        pixels: RGB uint8 `(H, W, 3)`, H and W multiples of 32; the page is at the top left, white elsewhere.
        size: What the long side of the page was scaled to, in pixels.
        scale: Network pixels per page pixel, along x and along y (they differ by rounding to whole pixels).
        page: Width and height of the page in its own pixels.
    """

    pixels: npt.NDArray[np.uint8]
    size: int
    scale: tuple[float, float]
    page: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width; inputs of equal shape can share a batch."""
        height, width = self.pixels.shape[:2]
        return height, width


def network_input(pixels: npt.NDArray[np.uint8], size: int) -> NetworkInput:
    """Scale a page so that its long side is `size` pixels, then pad it right and below to multiples of 32.

    Args:
        pixels: RGB uint8 `(H, W, 3)`.
        size: Long side in pixels, at least 1.

    Returns:
        The input; a side never shrinks below one pixel, however narrow the page.
    """
    height, width = pixels.shape[:2]
    factor = size / max(height, width)
    new_width, new_height = (max(1, round(side * factor)) for side in (width, height))
    scaled = resize(pixels, new_width, new_height)
    padded = np.full((_round_up(new_height), _round_up(new_width), 3), PAPER, dtype=np.uint8)
    padded[:new_height, :new_width] = scaled
    return NetworkInput(pixels=padded, size=size, scale=(new_width / width, new_height / height), page=(width, height))


def to_page(boxes: npt.NDArray[np.float32], prepared: NetworkInput) -> npt.NDArray[np.float64]:
    """Map boxes from network pixels to page pixels and clip them to the page.

    Args:
        boxes: `(N, 4)` x0, y0, x1, y1 in network pixels.
        prepared: The input they were found on.

    Returns:
        `(N, 4)` in page pixels; boxes that lie wholly in the padding come out with no area.
    """
    scale = np.asarray(prepared.scale * 2, dtype=np.float64)
    limits = np.asarray(prepared.page * 2, dtype=np.float64)
    clipped: npt.NDArray[np.float64] = np.clip(boxes.astype(np.float64) / scale, 0.0, limits)
    return clipped


def _round_up(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE
