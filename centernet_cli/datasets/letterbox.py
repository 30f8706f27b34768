"""Pages to the size the network sees, the same way in training, validation and prediction."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

PAPER = 255
"""Value of padding: paper is white more often than not."""
MULTIPLE = 32
"""The coarsest stride of the backbones."""

Pixels = npt.NDArray[np.uint8]


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize RGB `(H, W, 3)`: averaging when it shrinks (text survives), bilinear when it grows."""
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return pixels
    shrinks = width <= pixels.shape[1] and height <= pixels.shape[0]
    return np.asarray(
        cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR),
        dtype=np.uint8,
    )


def letterbox(pixels: Pixels, long_side: int) -> tuple[Pixels, tuple[float, float]]:
    """Scale a page to `long_side` and pad it with white at the right and bottom to multiples of 32.

    Args:
        pixels: RGB `(H, W, 3)`.
        long_side: Pixels.

    Returns:
        The padded page, and the factors that took page pixels to its pixels, x and y (they differ by rounding).
    """
    height, width = pixels.shape[:2]
    factor = long_side / max(height, width)
    new_width, new_height = max(1, round(width * factor)), max(1, round(height * factor))
    scaled = resize(pixels, new_width, new_height)
    pad_right, pad_bottom = -new_width % MULTIPLE, -new_height % MULTIPLE
    padded = np.pad(scaled, ((0, pad_bottom), (0, pad_right), (0, 0)), constant_values=PAPER)
    return padded, (new_width / width, new_height / height)
