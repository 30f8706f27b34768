"""Pages too large for one look: parts of them, with overlap, and what is found on the parts made one.

Of an overlap each half belongs to one tile, and a box to the tile that its centre lies in. A box that ends at the edge
of its tile is cut and isn't believed; what no tile has whole, such as the headline of a newspaper, is kept from the
look at the whole page.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Literal

import numpy as np

from centernet_cli.inference.adaptive import COMFORTABLE_LINE, COVERED, MAX_FACTOR, MIN_LINES, SMALL_LINE
from centernet_cli.inference.looks import Found
from centernet_cli.inference.preprocess import to_page
from centernet_cli.inference.views import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from centernet_cli.inference.preprocess import NetworkInput
    from centernet_cli.inference.runtime import RawBoxes

    Boxes = npt.NDArray[np.float64]

TileOption = Literal["auto", "on", "off"] | int
"""Whether to use tiles, or their side in network pixels."""
SIDE = 1024
"""Of a tile, in network pixels."""
OVERLAP = 128
"""Of neighbours at least, in network pixels."""
SMALLEST_LINE = 9.0
"""Median line height in network pixels that a second look must reach; where it cannot, tiles are used."""
WORTH = 1.25
"""Tiles that would show a page less than this larger than a second look aren't worth their time."""
AT_ONCE = 4
"""Tiles prepared together: a page of hundreds needs no more memory."""
UNSEEN = 6.0
"""A page with so many times the pixels of the first look may have text that is too small to be seen there."""
_GLASS = 640
_EDGE = 2.0
_MARGIN = 4.0
_SAME = 0.5


def tile_growth(line: float | None, scale: float) -> float | None:
    """Say how much larger than at the first look a page should be seen, if that needs tiles.

    Args:
        line: Height of its lines at the first look, in network pixels; None: not known.
        scale: Network pixels per page pixel of the first look; enlarging the page shows nothing new.
    """
    if line is None or line * MAX_FACTOR >= SMALLEST_LINE:
        return None
    growth = min(COMFORTABLE_LINE / max(line, 0.5), 1 / scale)
    return growth if growth > MAX_FACTOR else None


def still_small(line: float | None, scale: float) -> float | None:
    """Say how much larger than at a second look tiles should show a page, if lines are small even there.

    The first look alone doesn't tell: of very small lines it finds the larger ones.

    Args:
        line: Height of the lines at the second look, in network pixels.
        scale: Network pixels per page pixel of that look.
    """
    if line is None or line >= SMALL_LINE:
        return None
    growth = min(COMFORTABLE_LINE / max(line, 0.5), 1 / scale)
    return growth if growth >= WORTH else None


def magnifying_glasses(page: tuple[int, int], size: int) -> tuple[Tile, ...]:
    """Return a few parts of a page in its own pixels, to see whether there is text that a whole look cannot show.

    Args:
        page: Width and height.
        size: Of the look at the whole page, in network pixels.
    """
    width, height = (min(_GLASS, side) for side in page)
    return tuple(
        Tile(
            left=round(share_x * (page[0] - width)),
            top=round(share_y * (page[1] - height)),
            width=width,
            height=height,
            scale=1.0,
            size=size,
        )
        for share_x, share_y in ((0.25, 0.25), (0.75, 0.4), (0.3, 0.7))
    )


def line_height(boxes: npt.NDArray[np.floating]) -> float | None:
    """Return the median height of boxes `(N, 4)`; None where they are too few to say."""
    return float(np.median(boxes[:, 3] - boxes[:, 1])) if len(boxes) >= MIN_LINES else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A tile, and the part of the page whose boxes are its own: left, top, right, bottom in page pixels."""

    tile: Tile
    own: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """All tiles of a page.

    Attributes:
        cells: Row by row.
        columns: How many there are in a row.
        rows: How many rows.
    """

    cells: tuple[Cell, ...]
    columns: int
    rows: int


def grid(page: tuple[int, int], scale: float, side: int, widest: float) -> Grid:
    """Divide a page into tiles.

    Args:
        page: Width and height in pixels.
        scale: Network pixels per page pixel.
        side: Of a tile, in network pixels; a page not much wider or higher isn't divided that way.
        widest: Width of the page's lines, in page pixels: as long as they fit, they are whole in some tile.
    """
    reach = min(max(OVERLAP, widest * scale), side / 2)
    columns = _spans(page[0], side / scale, reach / scale)
    rows = _spans(page[1], side / scale, OVERLAP / scale)
    size = round(max(page) * scale)
    cells = tuple(
        Cell(
            Tile(left=x0, top=y0, width=x1 - x0, height=y1 - y0, scale=scale, size=size),
            (own_x[0], own_y[0], own_x[1], own_y[1]),
        )
        for ((y0, y1), own_y), ((x0, x1), own_x) in product(rows, columns)
    )
    return Grid(cells, len(columns), len(rows))


def _spans(length: int, side: float, overlap: float) -> list[tuple[tuple[int, int], tuple[float, float]]]:
    """Divide a length into parts of equal size that overlap; return each, and what of it is its own."""
    count = 1 if length <= 1.25 * side else int(np.ceil((length - overlap) / (side - overlap)))
    part = (length + (count - 1) * overlap) / count
    starts = [round(index * (part - overlap)) for index in range(count)]
    ends = [min(length, round(start + part)) for start in starts[:-1]] + [length]
    middles = [(start + end) / 2 for start, end in zip(starts[1:], ends[:-1], strict=True)]
    own = pairwise([-np.inf, *middles, np.inf])
    return list(zip(zip(starts, ends, strict=True), own, strict=True))


def merge(cells: Sequence[Cell], looks: Sequence[tuple[RawBoxes, NetworkInput]], before: Found) -> Found:
    """Make one list of what was found on tiles.

    Args:
        cells: The tiles.
        looks: What was found on each, in network pixels.
        before: What was found on the whole page, or on larger tiles.
    """
    parts = [_own(cell, raw, prepared) for cell, (raw, prepared) in zip(cells, looks, strict=True)]
    boxes, scores, classes, near = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = ~_doubles(boxes, scores, classes, near)
    boxes, scores, classes = boxes[kept], scores[kept], classes[kept]
    lost = np.flatnonzero([_share_covered(box, boxes) < COVERED for box in before.boxes])
    boxes = np.concatenate([boxes, before.boxes[lost]])
    scores = np.concatenate([scores, before.scores[lost]])
    classes = np.concatenate([classes, before.classes[lost]])
    best = np.argsort(-scores, kind="stable")
    return Found(boxes[best], scores[best], classes[best], any(one.capped for one, _ in looks))


def _own(
    cell: Cell, raw: RawBoxes, prepared: NetworkInput
) -> tuple[Boxes, npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the boxes that belong to a tile, in page pixels, and which of them its neighbour may have as well."""
    boxes = to_page(raw.boxes, prepared)
    tile, own = cell.tile, np.array(cell.own)
    margin, edge = _MARGIN / tile.scale, _EDGE / tile.scale
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    inward = np.stack([x - own[0], y - own[1], own[2] - x, own[3] - y], axis=1)
    inner = np.isfinite(own)  # edges that aren't the page's
    outer = np.array([tile.left, tile.top, tile.left + tile.width, tile.top + tile.height], dtype=np.float64)
    gap = np.stack([boxes[:, 0] - outer[0], boxes[:, 1] - outer[1], outer[2] - boxes[:, 2], outer[3] - boxes[:, 3]], 1)
    cut = ((gap < edge) & inner).any(axis=1)
    kept = (inward >= -margin).all(axis=1) & ~cut
    # A neighbour that sees a shorter or longer box finds its centre on the other side, even far from the border.
    inside = np.stack([boxes[:, 0] - own[0], boxes[:, 1] - own[1], own[2] - boxes[:, 2], own[3] - boxes[:, 3]], 1)
    near: npt.NDArray[np.bool_] = np.any(inside <= margin, axis=1)
    return boxes[kept], raw.scores[kept], raw.classes[kept], near[kept]


def _doubles(
    boxes: Boxes, scores: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], near: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Say which boxes at the borders of tiles a neighbour has found better."""
    double = np.zeros(len(boxes), dtype=np.bool_)
    order = np.flatnonzero(near)
    order = order[np.argsort(-scores[order], kind="stable")]
    for position, index in enumerate(order):
        if not double[index]:
            rest = order[position + 1 :]
            same = (classes[rest] == classes[index]) & (_iou(boxes[index], boxes[rest]) > _SAME)
            double[rest[same]] = True
    return double


def _shared(box: Boxes, others: Boxes) -> npt.NDArray[np.float64]:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared: npt.NDArray[np.float64] = sides.clip(min=0).prod(axis=1)
    return shared


def _area(boxes: Boxes) -> npt.NDArray[np.float64]:
    area: npt.NDArray[np.float64] = (boxes[..., 2:] - boxes[..., :2]).clip(min=0).prod(axis=-1)
    return area


def _iou(box: Boxes, others: Boxes) -> npt.NDArray[np.float64]:
    shared = _shared(box, others)
    iou: npt.NDArray[np.float64] = shared / np.maximum(_area(box) + _area(others) - shared, 1e-9)
    return iou


def _share_covered(box: Boxes, others: Boxes) -> float:
    return float(_shared(box, others).sum() / max(float(_area(box)), 1e-9))
