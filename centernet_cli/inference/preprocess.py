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


def network_input(
    pixels: npt.NDArray[np.uint8], size: int, multiple: int = MULTIPLE, page: tuple[int, int] | None = None
) -> NetworkInput:
    """Scale a page so that its long side is `size` pixels, then pad it with white, right and below.

    Args:
        pixels: RGB uint8 `(H, W, 3)`.
        size: Long side in pixels, at least 1.
        multiple: Both sides of the result are multiples of this.
        page: Width and height of the page in its own pixels, where `pixels` are fewer; None: they are all.

    Returns:
        The input; a side never shrinks below one pixel, however narrow the page.
    """
    width, height = page or (pixels.shape[1], pixels.shape[0])
    factor = size / max(height, width)
    new_width, new_height = (max(1, round(side * factor)) for side in (width, height))
    padded = _padded(resize(pixels, new_width, new_height), multiple)
    return NetworkInput(pixels=padded, size=size, scale=(new_width / width, new_height / height), page=(width, height))


def tile_input(
    pixels: npt.NDArray[np.uint8],
    window: tuple[int, int, int, int],
    scale: float,
    size: int,
    multiple: int,
    page: tuple[int, int],
) -> NetworkInput:
    """Show a part of a page, padded with white.

    Args:
        pixels: RGB uint8 `(H, W, 3)` of the whole page.
        window: Left, top, width and height in page pixels.
        scale: Network pixels per page pixel.
        size: What the long side of the page would be at this scale.
        multiple: Both sides of the result are multiples of this.
        page: Width and height of the page in its own pixels.
    """
    there = (pixels.shape[1] / page[0], pixels.shape[0] / page[1])
    # Whole pixels of what is there; the exact scale and shift follow from them.
    left, top = (int(start * ratio) for start, ratio in zip(window[:2], there, strict=True))
    right, bottom = (
        min(end, max(start + 1, round((begin + side) * ratio)))
        for begin, side, ratio, start, end in zip(
            window[:2], window[2:], there, (left, top), (pixels.shape[1], pixels.shape[0]), strict=True
        )
    )
    new_width, new_height = (max(1, round(side * scale)) for side in window[2:])
    scales = (new_width * there[0] / (right - left), new_height * there[1] / (bottom - top))
    return NetworkInput(
        pixels=_padded(resize(pixels[top:bottom, left:right], new_width, new_height), multiple),
        size=size,
        scale=scales,
        page=page,
        shift=(-left / there[0] * scales[0], -top / there[1] * scales[1]),
    )


def _padded(scaled: npt.NDArray[np.uint8], multiple: int) -> npt.NDArray[np.uint8]:
    height, width = scaled.shape[:2]
    if height % multiple == 0 and width % multiple == 0:
        return scaled
    padded = np.full((round_up(height, multiple), round_up(width, multiple), 3), PAPER, dtype=np.uint8)
    padded[:height, :width] = scaled
    return padded


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
