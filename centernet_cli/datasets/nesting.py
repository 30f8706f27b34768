"""Which region a line belongs to, which line a word: by the share of its area inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box

LEAST_SHARE = 0.5
_AS_GOOD = 0.1
"""Shares that differ by less are alike: then the smaller box, which is the inner one, is meant."""


def nest(inner: Sequence[Box], outer: Sequence[Box], *, least: float = LEAST_SHARE) -> list[int | None]:
    """Return for each inner box the index of the outer box that it belongs to, None if there is none.

    An inner box belongs to an outer one that covers at least the share `least` of its area: the one that covers most,
    or, of those that cover nearly as much, the smallest; so a line in a caption in a figure belongs to the caption.

    Args:
        inner: Boxes such as lines, in pixels.
        outer: Boxes such as regions, in pixels.
        least: Smallest share, above 0.
    """
    import numpy as np

    if not outer:
        return [None] * len(inner)
    x0, y0, x1, y1 = np.asarray(outer, dtype=np.float64).T
    sizes = (x1 - x0) * (y1 - y0)
    found: list[int | None] = []
    for left, top, right, bottom in inner:
        area = (right - left) * (bottom - top)
        across = np.minimum(x1, right) - np.maximum(x0, left)
        down = np.minimum(y1, bottom) - np.maximum(y0, top)
        shares = np.maximum(across, 0.0) * np.maximum(down, 0.0) / area if area > 0 else np.zeros_like(sizes)
        most = shares.max()
        if most < least:
            found.append(None)
            continue
        good = np.flatnonzero((shares >= least) & (shares > most - _AS_GOOD))
        found.append(int(good[sizes[good].argmin()]))
    return found
