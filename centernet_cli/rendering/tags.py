"""Tags of boxes: small patches of text, placed where they hide least."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL import ImageDraw

PAD = 2
"""Pixels around a tag's text."""


class Tagger:
    """Draws tags on a picture, clear of its boxes and of earlier tags where it can.

    Args:
        draw: The picture.
        size: Its width and height in pixels.
        boxes: `(N, 4)` x0, y0, x1, y1 of all boxes, in pixels of the picture.
        font_size: In pixels.
    """

    def __init__(
        self, draw: ImageDraw.ImageDraw, size: tuple[int, int], boxes: npt.NDArray[np.float64], font_size: int
    ) -> None:
        self._draw = draw
        self._size = size
        self._taken = boxes.reshape(-1, 4)
        # Of several tags at one place, the second moves away rather than covering the first.
        self._tags = np.empty((0, 4))
        self._font = ImageFont.load_default(size=font_size)

    def tag(self, box: Sequence[float], text: str, colour: tuple[int, int, int]) -> tuple[float, ...]:
        """Write `text` on a patch of `colour` at a corner of `box`; return where, as x0, y0, x1, y1."""
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=self._font)
        width, height = right - left + 2 * PAD, bottom - top + 2 * PAD
        places = self._places(box, width, height)
        hidden = 3 * _overlaps(places, self._tags) + _overlaps(places, self._taken)
        # The first of equals: in the order of preference.
        x0, y0, x1, y1 = (float(value) for value in places[int(np.argmin(hidden))])
        self._tags = np.vstack([self._tags, [[x0, y0, x1, y1]]])
        self._draw.rectangle((x0, y0, x1, y1), fill=colour)
        luminance = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
        fill = "black" if luminance > 150 else "white"
        self._draw.text((x0 + PAD - left, y0 + PAD - top), text, font=self._font, fill=fill)
        return x0, y0, x1, y1

    def _places(self, box: Sequence[float], width: float, height: float) -> npt.NDArray[np.float64]:
        """Return places for a patch, best first, none of them outside the picture."""
        x0, y0, x1, y1 = box
        corners = [
            (x0, y0 - height),  # on top, at the left
            (x1 - width, y0 - height),  # on top, at the right
            (x0 - width, y0),  # beside, at the left
            (x1, y0),  # beside, at the right
            (x0, y1),  # below, at the left
            (x1 - width, y0),  # inside, at the right: the first line is the least likely to be full there
        ]
        limit = np.maximum(0, np.array(self._size) - 1 - (width, height))
        starts = np.clip(np.array(corners, dtype=np.float64), 0, limit).round()
        return np.hstack([starts, starts + np.array([round(width), round(height)])])


def _overlaps(places: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return `(P,)` areas that each of `places (P, 4)` shares with `others (N, 4)`, summed."""
    low = np.maximum(places[:, None, :2], others[None, :, :2])
    high = np.minimum(places[:, None, 2:], others[None, :, 2:])
    areas: npt.NDArray[np.float64] = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
    return areas
