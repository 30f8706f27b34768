"""Resizing, the same way in training, validation and prediction: a difference would cost accuracy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PAPER = 255
"""Value of what lies beyond a page: paper is white more often than not."""

Pixels = npt.NDArray[np.uint8]
"""RGB `(H, W, 3)`."""


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize RGB `(H, W, 3)`: averaging when it shrinks (thin strokes survive), bilinear when it grows."""
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return pixels
    import cv2  # the main process of `predict` knows this module, but resizes nothing

    shrinks = width <= pixels.shape[1] and height <= pixels.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method), dtype=np.uint8)
