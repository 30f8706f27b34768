"""A target heatmap over the picture that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from centernet_cli.rendering.overlay import colour_of

if TYPE_CHECKING:
    import numpy.typing as npt

STRENGTH = 0.75
"""How much of the picture a peak hides."""
_FADED = 0.35
_IGNORED = (150, 150, 150)


def draw_heat(
    pixels: npt.NDArray[np.uint8],
    heatmap: npt.NDArray[np.float32],
    boxes: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    ignore: npt.NDArray[np.float32],
) -> Image.Image:
    """Draw what the network sees and what it is to learn of it.

    Args:
        pixels: `(H, W, 3)` RGB.
        heatmap: `(K, h, w)` in [0, 1]; cells are drawn as they are, not smoothed.
        boxes: `(N, 4)` xyxy, pixels: drawn as outlines in the colour of their class.
        labels: `(N,)` classes.
        ignore: `(M, 4)` areas without loss: hatched.

    Returns:
        A picture of `pixels`' size.
    """
    height, width = pixels.shape[:2]
    faded = pixels.astype(np.float32) * (1 - _FADED) + 255 * _FADED
    strongest = heatmap.argmax(axis=0)
    strength = heatmap.max(axis=0) * STRENGTH
    colours = np.array([colour_of(index) for index in range(len(heatmap))], dtype=np.float32)
    shade = _enlarged(strength, (width, height))[..., None]
    tint = _enlarged(colours[strongest], (width, height))
    picture = Image.fromarray((faded * (1 - shade) + tint * shade).round().astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for x0, y0, x1, y1 in ignore.tolist():
        draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=_IGNORED)
        draw.line((x0, y0, x1, y1), fill=_IGNORED)
        draw.line((x0, y1, x1, y0), fill=_IGNORED)
    for (x0, y0, x1, y1), label in zip(boxes.tolist(), labels.tolist(), strict=True):
        draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=colour_of(label))
    return picture


def _enlarged(cells: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return `(H, W, …)` with each cell of `(h, w, …)` repeated."""
    rows = np.arange(size[1]) * cells.shape[0] // size[1]
    columns = np.arange(size[0]) * cells.shape[1] // size[0]
    large: npt.NDArray[np.float32] = cells[rows][:, columns]
    return large
