"""Pixels of run-length masks, for formats that keep them as pictures or as runs of their own kind."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.core.records import RunLengths
from centernet_cli.datasets.formats.coco_masks import compressed, mask_box, runs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Pixels = npt.NDArray[np.bool_]

MOST_PIXELS = 100_000_000
"""Of the columns that a mask touches: larger ones aren't drawn, as little of them would be left for the rest."""


def is_drawable(mask: RunLengths) -> bool:
    """Tell whether a mask has pixels, and isn't too large to be drawn."""
    box = mask_box(mask.counts, (mask.height, mask.width))
    return box is not None and (box[2] - box[0]) * mask.height <= MOST_PIXELS


def pixels_of(mask: RunLengths) -> tuple[Pixels, int, int]:
    """Return the pixels `(h, w)` in the box around a mask that is drawable, and the left and top of that.

    Raises:
        ValueError: It isn't drawable.
    """
    box = mask_box(mask.counts, (mask.height, mask.width))
    if box is None or not is_drawable(mask):
        message = "a mask that is empty or too large to draw"
        raise ValueError(message)
    x0, y0, x1, y1 = map(int, box)
    flat = np.zeros((x1 - x0) * mask.height, np.bool_)
    ends = [0, *accumulate(runs_of(mask.counts))]
    origin = x0 * mask.height
    for start, end in zip(ends[1::2], ends[2::2], strict=False):
        flat[start - origin : end - origin] = True
    return flat.reshape(x1 - x0, mask.height)[:, y0:y1].T, x0, y0


def mask_of(pixels: Pixels, left: int, top: int, page: tuple[int, int]) -> RunLengths | None:
    """Return the mask of pixels `(h, w)` at a place of a page of some width and height; None if there are none on it.

    What lies off the page is cut off.
    """
    width, height = page
    pixels = pixels[max(-top, 0) : max(height - top, 0), max(-left, 0) : max(width - left, 0)]
    left, top = max(left, 0), max(top, 0)
    edges = _edges(pixels.T, (np.arange(pixels.shape[1], dtype=np.int64) + left) * height + top)
    if not len(edges):
        return None
    runs = np.diff(edges, prepend=0, append=width * height).tolist()
    counts = compressed(runs if runs[-1] else runs[:-1])
    return RunLengths(width=width, height=height, counts=counts)


def page_row_runs(mask: RunLengths) -> list[int]:
    """Return the lengths of runs outside and inside a drawable mask in turn, along the rows of its page."""
    pixels, left, top = pixels_of(mask)
    edges = _edges(pixels, (np.arange(len(pixels), dtype=np.int64) + top) * mask.width + left)
    runs: list[int] = np.diff(edges, prepend=0, append=mask.width * mask.height).tolist()
    return runs


def _edges(lines: Pixels, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where runs of lines `(n, m)`, one behind the other on a page, begin and end in turn.

    Args:
        lines: Columns or rows.
        starts: Number on the page of the first pixel of each line.
    """
    padded = np.zeros((lines.shape[0], lines.shape[1] + 2), np.int8)
    padded[:, 1:-1] = lines
    steps = np.diff(padded, axis=1)
    begins, ends = (starts[line] + at for line, at in (np.nonzero(steps > 0), np.nonzero(steps < 0)))
    apart = np.ones(len(begins) + 1, np.bool_)  # a run that goes on in the next line is one
    apart[1:-1] = begins[1:] != ends[:-1]
    edges = np.empty(2 * int(apart[:-1].sum()), np.int64)
    edges[0::2], edges[1::2] = begins[apart[:-1]], ends[apart[1:]]
    return edges


def row_runs(pixels: Pixels) -> list[int]:
    """Return the lengths of runs outside and inside in turn, along the rows of pixels `(h, w)`."""
    flat = pixels.ravel().astype(np.int8)
    edges = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
    return [end - start for start, end in pairwise([0, *edges, flat.size])]


def from_row_runs(runs: Sequence[int], width: int, height: int) -> Pixels:
    """Return the pixels `(h, w)` of runs along the rows, the first one outside.

    Raises:
        ValueError: The runs are negative or not as many as the pixels, or these are too many.
    """
    if not 0 < width * height <= MOST_PIXELS or min(runs, default=0) < 0 or sum(runs) != width * height:
        message = "runs that are no mask of this size"
        raise ValueError(message)
    flat = np.zeros(width * height, np.bool_)
    ends = [0, *accumulate(runs)]
    for start, end in zip(ends[1::2], ends[2::2], strict=False):
        flat[start:end] = True
    return flat.reshape(height, width)
