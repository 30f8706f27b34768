"""A page to the network as CenterNet's own code shows it: black all round, the middle in the middle.

Coordinates: the original maps indices of pixels where we map their continuous edges, which differ by half a pixel
once a scale is involved. It does so in training and at test alike, so its networks have learnt it, and boxes are
mapped back here by the inverse of its own map. With `keep` at scale 1 nothing but whole pixels is moved and both agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from centernet_cli.inference.preprocess import MULTIPLE, NetworkInput, round_up

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]


def keep_input(pixels: Pixels, scale: float = 1.0, multiple: int = MULTIPLE) -> NetworkInput:
    """Show a page in its own resolution, in the middle of the next larger multiples.

    Sides that are multiples already grow as well: 512 becomes 544, or 640 for multiples of 128.

    Args:
        pixels: RGB uint8 `(H, W, 3)`.
        scale: Resized by this first, for tests at several scales.
        multiple: Of both sides of the result.
    """
    scaled = _scaled(pixels, scale)
    height, width = scaled.shape[:2]
    full_height, full_width = (round_up(side + 1, multiple) for side in (height, width))
    left, top = full_width // 2 - width // 2, full_height // 2 - height // 2
    black = np.zeros((full_height, full_width, 3), dtype=np.uint8)
    black[top : top + height, left : left + width] = scaled
    # Resized sides are rounded down to whole pixels; like the original, the way back doesn't know.
    return NetworkInput(
        pixels=black, size=max(width, height), scale=(scale, scale), page=_page(pixels), shift=(left, top)
    )


def fixed_input(pixels: Pixels, size: tuple[int, int], scale: float = 1.0, multiple: int = MULTIPLE) -> NetworkInput:
    """Fit a page into an input of fixed size.

    Args:
        pixels: RGB uint8 `(H, W, 3)`.
        size: Width and height of the result; rounded up to the next multiples.
        scale: Of the page within the input, for tests at several scales. Beyond 1 its borders are cut off, as in the
            original, where `keep` is used for such tests.
        multiple: Of both sides of the result.
    """
    height, width = pixels.shape[:2]
    full_width, full_height = (round_up(side, multiple) for side in size)
    # The original has the first of these alone and so cuts tall pages where the input isn't square.
    factor = min(full_width / max(height, width), full_height / height)
    scaled = _scaled(pixels, scale)
    new_height, new_width = scaled.shape[:2]
    shift = (full_width / 2 - factor * new_width / 2, full_height / 2 - factor * new_height / 2)
    matrix = np.array([[factor, 0, shift[0]], [0, factor, shift[1]]], dtype=np.float64)
    warped = cv2.warpAffine(scaled, matrix, (full_width, full_height), flags=cv2.INTER_LINEAR)
    return NetworkInput(
        pixels=np.asarray(warped, dtype=np.uint8),
        size=max(1, round(factor * max(new_width, new_height))),
        scale=(factor * scale, factor * scale),
        page=_page(pixels),
        shift=shift,
    )


def _page(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _scaled(pixels: Pixels, scale: float) -> Pixels:
    """Resize as the original does: bilinear without averaging, sides rounded down."""
    if scale == 1:
        return pixels
    height, width = (max(1, int(side * scale)) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
