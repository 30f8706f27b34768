"""Gaussians of many objects drawn at once: no loop over objects, memory that doesn't grow with their number.

The windows of all objects are laid end to end, a row after the other, in one long list of cells; what lands on the
same cell is settled by a reduction. Largest and smallest don't depend on the order, so neither do the results, on any
device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from centernet_cli.codec.gaussian import Spread

CHUNK = 2**20
"""Cells drawn at once, about 60 bytes each; a single object may have more, but never more than the map."""


class Window(NamedTuple):
    """Where objects are drawn: centre cells and, clipped to the map, the first and last columns and rows; int64 `(N,)`.

    `start` is the number of the first cell of each object's page, `spread` that of the same objects.
    """

    centre_x: Tensor
    centre_y: Tensor
    left: Tensor
    right: Tensor
    top: Tensor
    bottom: Tensor
    start: Tensor
    spread: Spread


class Drawn(NamedTuple):
    """Part of the long list: `objects (T,)` and `cells (T,)` int64, `values (T,)` float in (0, 1].

    Cells count through the batch: `(page * h + y) * w + x`.
    """

    objects: Tensor
    cells: Tensor
    values: Tensor


def windows(centres: Tensor, page: Tensor, spread: Spread, shape: tuple[int, int]) -> Window:
    """Return the windows of objects.

    Args:
        centres: `(N, 2)` centre cells, x and y.
        page: `(N,)` int64.
        spread: Of N objects.
        shape: Height and width of a page's map, cells.
    """
    x, y = centres.long().unbind(1)
    reach_x, reach_y = spread.support_x.long(), spread.support_y.long()
    h, w = shape
    return Window(
        x,
        y,
        (x - reach_x).clamp(min=0),
        (x + reach_x).clamp(max=w - 1),
        (y - reach_y).clamp(min=0),
        (y + reach_y).clamp(max=h - 1),
        page * (h * w),
        spread,
    )


def draw(window: Window, width: int) -> Iterator[Drawn]:
    """Yield all cells of all objects' Gaussians, about `CHUNK` at a time; exactly 1 at the centre.

    Args:
        window: Of N objects.
        width: Of the map, cells.
    """
    columns = window.right - window.left + 1
    rows = window.bottom - window.top + 1
    ends = (columns * rows).cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    marks = torch.arange(1, total // CHUNK + 1, device=ends.device) * CHUNK
    stops = [*torch.searchsorted(ends, marks, right=True).tolist(), len(ends)]
    start = 0
    for stop in stops:
        # The object that straddles a mark goes with the next part; one beyond several marks leaves parts empty.
        if stop > start:
            yield _draw(window, columns, rows, slice(start, stop), width)
        start = stop


def _draw(window: Window, columns: Tensor, rows: Tensor, part: slice, width: int) -> Drawn:
    """Draw the objects of `part`: rows first, which are few, so that the long list needs as few steps as possible."""
    columns, rows = columns[part], rows[part]
    spread = window.spread
    of_row = _repeat(rows)
    y = window.top[part][of_row] + _count_within(rows, of_row)
    distance_y = (y - window.centre_y[part][of_row]).to(spread.sigma_y.dtype)
    fall_y = distance_y**2 / (2 * spread.sigma_y[part][of_row] ** 2)
    steep_x = (1 / (2 * spread.sigma_x[part] ** 2))[of_row]
    lengths = columns[of_row]

    of_cell = _repeat(lengths)
    first = lengths.cumsum(0) - lengths
    position = torch.arange(len(of_cell), device=of_cell.device)
    left = window.left[part][of_row]
    cells = position + (window.start[part][of_row] + y * width + left - first)[of_cell]
    distance_x = position + (left - window.centre_x[part][of_row] - first)[of_cell]
    values = torch.exp(-(distance_x.to(steep_x.dtype) ** 2 * steep_x[of_cell] + fall_y[of_cell]))
    return Drawn((of_row + part.start)[of_cell], cells, values)


def _repeat(counts: Tensor) -> Tensor:
    """Return 0 `counts[0]` times, 1 `counts[1]` times, and so on."""
    return torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)


def _count_within(counts: Tensor, repeated: Tensor) -> Tensor:
    """Return 0, 1, … `counts[0]` - 1, 0, 1, … `counts[1]` - 1, and so on."""
    first = counts.cumsum(0) - counts
    return torch.arange(len(repeated), device=counts.device) - first[repeated]
