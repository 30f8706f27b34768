"""When to look at a page a second time, larger: many small lines, as in newspapers.

The first pass at the model's usual size tells how high the lines are there. Lines lower than a few cells are
found badly; if the page has more pixels to give, a second pass at up to 1.6 times the size replaces the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

SMALL_LINE = 11.0
"""Median line height, in network pixels, below which a second pass is worth its time."""
COMFORTABLE_LINE = 13.0
"""Median line height that the second pass aims at."""
MAX_FACTOR = 1.6
"""The second pass is at most this much larger (2.6 times the work)."""
MIN_FACTOR = 1.1
"""A second pass that could only be less than this larger is not worth it."""
MIN_LINES = 10
"""With fewer lines the median says little, and a few small lines cost little."""


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
