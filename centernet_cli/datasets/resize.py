"""Resizing, the same way in training, validation and prediction: a difference would cost accuracy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PAPER = 255
"""Value of what lies beyond a page: paper is white more often than not."""

Pixels = npt.NDArray[np.uint8]
"""RGB `(H, W, 3)`."""


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize RGB `(H, W, 3)`: halved by averaging as often as it goes (thin strokes survive), then bilinear.

    OpenCV's averaging over parts of pixels takes seven times as long for the last step, and finds lines no better.
    """
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return pixels
    import cv2  # the main process of `predict` knows this module, but resizes nothing

    while pixels.shape[1] >= 2 * width and pixels.shape[0] >= 2 * height:
        half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
