"""When to look at a page a second time, larger: many small lines, as in newspapers.

The first pass at the model's usual size tells how high the lines are there. Lines lower than a few cells are
found badly; if the page has more pixels to give, a second pass at up to 1.6 times the size replaces the first.
What is large on such a page, mastheads and headlines, can be too large for the second pass: it is kept from the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

SMALL_LINE = 10.0
"""Median line height, in network pixels, below which a second pass is worth its time."""
COMFORTABLE_LINE = 13.0
"""Median line height that the second pass aims at."""
MAX_FACTOR = 1.6
"""The second pass is at most this much larger (2.6 times the work)."""
MIN_FACTOR = 1.1
"""A second pass that could only be less than this larger is not worth it."""
MIN_LINES = 10
"""With fewer lines the median says little, and a few small lines cost little."""
LARGE = 2.0
"""Lines higher than this many medians are looked for among the first pass' boxes."""
COVERED = 0.3
"""A box of which the second pass found this share, in one box or several, isn't kept from the first."""


def second_size(heights: npt.NDArray[np.floating], size: int, page_side: int) -> int | None:
    """Say at which size to look again, if at all.

    Args:
        heights: `(N,)` heights of the lines found, in network pixels.
        size: Long side of the first pass in network pixels.
        page_side: Long side of the page in its own pixels; enlarging past it would show nothing new.

    Returns:
        The long side of the second pass, or None where the first is good enough.
    """
    if len(heights) < MIN_LINES:
        return None
    median = float(np.median(heights))
    if median >= SMALL_LINE:
        return None
    factor = min(MAX_FACTOR, COMFORTABLE_LINE / max(median, 1.0), page_side / size)
    return round(size * factor) if factor >= MIN_FACTOR else None


def lost_large(
    first: npt.NDArray[np.floating], second: npt.NDArray[np.floating], heights: npt.NDArray[np.floating]
) -> npt.NDArray[np.bool_]:
    """Say which boxes of the first pass to keep beside those of the second.

    Args:
        first: `(N, 4)` xyxy boxes of the first pass.
        second: `(M, 4)` boxes of the second, in the same pixels.
        heights: `(N,)` heights of `first`, whose median is that of the page's lines.

    Returns:
        `(N,)`: true for large boxes where the second pass found next to nothing.
    """
    if not len(first):
        return np.zeros(0, dtype=np.bool_)
    kept: npt.NDArray[np.bool_] = heights > LARGE * np.median(heights)
    boxes = first[kept]
    overlap = np.minimum(boxes[:, None, 2:], second[None, :, 2:]) - np.maximum(boxes[:, None, :2], second[None, :, :2])
    shared = overlap.clip(min=0).prod(axis=2).sum(axis=1)
    area = (boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1)
    kept[kept] = shared < COVERED * area
    return kept
