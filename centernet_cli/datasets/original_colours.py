"""The original CenterNet's colour augmentation: brightness, contrast, saturation, then lighting by principal axes.

Principal axes of ImageNet's colours and the strength of lighting are those of AlexNet's training (Krizhevsky et al.
2012, section 4.1), as the original has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from centernet_cli.datasets.resize import Pixels

STRENGTH = 0.4
"""Brightness, contrast and saturation are multiplied by 1 ± this."""
LIGHTING = 0.1
"""Standard deviation of the shift along a principal axis, in units of its eigenvalue."""
EIGENVALUES = np.array([0.2141788, 0.01817699, 0.00341571])
EIGENVECTORS = np.array(
    [
        [-0.58752847, -0.69563484, 0.41340352],
        [-0.5832747, 0.00994535, -0.81221408],
        [-0.56089297, 0.71832671, 0.41158938],
    ]
)
"""An axis a column; the original adds the rows to blue, green and red, in this order."""
GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Shares of red, green and blue (ITU-R BT.601)."""


def original_colours(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Change brightness, contrast and saturation in random order, then the lighting.

    Grey values are those of the picture given, whatever was changed before, as in the original. Unlike there, what
    gets darker than black or lighter than white is cut off: samples are bytes.

    Args:
        pixels: RGB `(H, W, 3)`.
        rng: Four choices and three shifts are drawn from it.
    """
    values = pixels.astype(np.float32) / 255
    grey = (values @ GREY)[:, :, None]
    anchors = (0.0, grey.mean(), grey)
    for i in rng.permutation(3):
        factor = rng.uniform(1 - STRENGTH, 1 + STRENGTH)
        # Towards or away from black, the mean grey, each pixel's own grey.
        values = values * np.float32(factor) + anchors[i] * np.float32(1 - factor)
    shift = EIGENVECTORS @ (EIGENVALUES * rng.normal(0, LIGHTING, 3))
    values += shift[::-1].astype(np.float32)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
