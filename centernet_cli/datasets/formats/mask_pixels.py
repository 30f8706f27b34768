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

    from centernet_cli.core.records import Box

    Pixels = npt.NDArray[np.bool_]

MOST_PIXELS = 100_000_000
"""That are drawn, for memory's sake."""
_FEW_PIXELS = 1_000_000
_PIXELS_PER_RUN = 10_000
"""As in a mask as high as a page of 10,000 pixels: a few bytes that mean many more pixels would take much time."""


def is_worth_drawing(pixels: float, runs: int) -> bool:
    """Tell whether so many pixels, described by so many runs, are drawn in a time that suits the size of their file."""
    return pixels <= min(max(_FEW_PIXELS, _PIXELS_PER_RUN * runs), MOST_PIXELS)


def is_drawable(mask: RunLengths) -> bool:
    """Tell whether a mask has pixels, and isn't too large to be drawn."""
    box = mask_box(mask.counts, (mask.height, mask.width))
    if box is None:
        return False
    return is_worth_drawing((box[2] - box[0]) * mask.height, sum(1 for _ in runs_of(mask.counts)))


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
    # A pixel outside before each line and behind the last: then runs begin and end in turn.
    length = lines.shape[1] + 1
    flat = np.zeros(lines.shape[0] * length + 1, np.bool_)
    flat[:-1].reshape(-1, length)[:, 1:] = lines
    line, at = np.divmod(np.flatnonzero(flat[1:] != flat[:-1]), length)
    changes = starts[line] + at
    begins, ends = changes[0::2], changes[1::2]
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


def from_rows(
    spans: Sequence[tuple[int, int]], width: int, left: int, top: int, page: tuple[int, int]
) -> tuple[Box, RunLengths | None] | None:
    """Return the box around runs along the rows of a picture on a page, and their mask unless it is too large to draw.

    Args:
        spans: First and last pixel (not included) of each run, counted along the rows.
        width: Of the picture in pixels.
        left: Where it is on the page.
        top: Likewise.
        page: Width and height of the page.

    Returns:
        None if there are no pixels, or none on the page.
    """
    x0, y0, x1, y1 = width, -1, 0, 0
    for start, end in spans:
        (first, at), (last, until) = divmod(start, width), divmod(end - 1, width)
        y0, y1 = first if y0 < 0 else min(y0, first), max(y1, last + 1)
        x0, x1 = (min(x0, at), max(x1, until + 1)) if first == last else (0, width)
    if x1 <= x0:
        return None
    box = (float(x0 + left), float(y0 + top), float(x1 + left), float(y1 + top))
    if not is_worth_drawing((y1 - y0) * width, len(spans)):
        return box, None
    flat = np.zeros((y1 - y0) * width, np.bool_)
    for start, end in spans:
        flat[start - y0 * width : end - y0 * width] = True
    mask = mask_of(flat.reshape(-1, width), left, y0 + top, page)
    return None if mask is None else (box, mask)
