"""Classes of size: how thick a box is on its page.

The shorter side over the page's longer one says how well a line can be seen at the size networks look at, at any
resolution of the scan; COCO's limits of 32² and 96² pixels don't.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

THICKNESS = (0.005, 0.0075, 0.01, 0.015, 0.025)
"""Limits of the classes: a box's shorter side over the page's longer one."""


def size_classes(boxes: npt.NDArray[np.float64], width: float, height: float) -> npt.NDArray[np.int64]:
    """Return the class of each of `boxes (N, 4)` xyxy on a page of `width` by `height`, `(N,)`, 0 for the thinnest."""
    sides = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    return np.searchsorted(THICKNESS, sides / max(width, height, 1e-9), side="right").astype(np.int64)


def size_names() -> list[str]:
    """Return the names of the classes, thin ones first: `below 0.5 %`, `0.5-0.75 %` and so on."""
    shares = [f"{100 * limit:g} %" for limit in THICKNESS]
    return [f"below {shares[0]}", *(f"{low[:-2]}-{high}" for low, high in pairwise(shares)), f"from {shares[-1]}"]
