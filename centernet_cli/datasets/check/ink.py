"""Boxes and what is printed on the page: were they made on the image as it is stored, or as EXIF shows it?

Sizes cannot tell where the orientation keeps them: upside down and mirrored (2 to 4), and boxes that fit either way.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.datasets.check.frames import Verdict, moved_page, orientation_of, turned, without_masks
from centernet_cli.datasets.formats.image_header import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from centernet_cli.core.records import Box, PageRecord

_SIDE = 1024
"""Pixels of the longer side at which pages are looked at."""
_MARGIN = 0.25
"""Of a box's shorter side: how far around it is looked whether the ink ends with the box."""
_MORE_INK = 1.25
"""Times as much ink as in the boxes as they are has to be in the turned ones, before they are believed in."""
_FIT = 0.1
"""By how much better the ink has to end with the boxes; boxes of another page score about 0."""


def judge_by_ink(page: PageRecord, path: Path) -> Verdict | None:
    """Tell whether a page's boxes fit its image as it is stored, and not as its EXIF orientation shows it.

    Args:
        page: Its size is that of the image as it is shown.
        path: Its image.

    Returns:
        D053, with the boxes turned; None if they fit, nobody can say, or the orientation is the usual one.
    """
    orientation = orientation_of(path)
    if orientation == 1 or not page.annotations:
        return None
    edges = _edges(path)
    if edges is None:
        return None
    size = (page.info.width, page.info.height)
    stored = size if orientation < 5 else size[::-1]
    mapped = moved_page(page, turned(orientation, *stored), size)
    scale = (edges.shape[1] / size[0], edges.shape[0] / size[1])
    ink, fit = _looks(edges, [each.box for each in page.annotations], scale)
    other_ink, other_fit = _looks(edges, [each.box for each in mapped.annotations], scale)
    if other_ink < _MORE_INK * ink or other_fit < fit + _FIT:
        return None
    detail = f"what is printed fits the boxes only as EXIF orientation {orientation} turns them"
    return Verdict(mapped, "D053", detail, f"boxes turned as the image is{without_masks(page)}")


def _edges(path: Path) -> npt.NDArray[np.float64] | None:
    """Return how much neighbouring pixels of the shown image differ, `(height, width)`; None if it is damaged."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                image.draft("L", (_SIDE, _SIDE))
                grey = ImageOps.exif_transpose(image).convert("L")
    except Exception:  # noqa: BLE001 (damaged files are reported where all images are decoded)
        return None
    grey.thumbnail((_SIDE, _SIDE))
    values = np.asarray(grey, dtype=np.float64)
    edges = np.zeros_like(values)
    edges[:, 1:] += np.abs(np.diff(values, axis=1))
    edges[1:] += np.abs(np.diff(values, axis=0))
    return edges


def _looks(edges: npt.NDArray[np.float64], boxes: Sequence[Box], scale: tuple[float, float]) -> tuple[float, float]:
    """Return how much ink lies in boxes, and how well it ends with them: 0 if no better than anywhere, 1 at best."""
    sums = np.pad(edges.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    height, width = edges.shape
    inside_all = fits = 0.0
    for x0, y0, x1, y1 in boxes:
        box = (x0 * scale[0], y0 * scale[1], x1 * scale[0], y1 * scale[1])
        margin = max(_MARGIN * min(box[2] - box[0], box[3] - box[1]), 2.0)
        inside, area = _sum(sums, box, width, height)
        wide = (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
        around, wide_area = _sum(sums, wide, width, height)
        inside_all += inside
        if around > 0 and wide_area > area:
            share = area / wide_area
            fits += (inside / around - share) / (1 - share)
    return inside_all, fits / len(boxes)


def _sum(sums: npt.NDArray[np.float64], box: Box, width: int, height: int) -> tuple[float, float]:
    """Return the sum of the pixels of a box, and how many these are, by the table of sums."""
    x0, x1 = (min(max(round(value), 0), width) for value in (box[0], box[2]))
    y0, y1 = (min(max(round(value), 0), height) for value in (box[1], box[3]))
    return float(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]), float((x1 - x0) * (y1 - y0))
