"""Boxes to targets (arXiv 1904.07850, section 3; the l/t/r/b distances after TTFNet, arXiv 1909.00700)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch

from centernet_cli.codec.draw import draw, windows
from centernet_cli.codec.gaussian import spread_of
from centernet_cli.codec.targets import Cells, Objects, Targets

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.codec.draw import Window
    from centernet_cli.core.recipe import TargetsSection

BITS = 32
"""Two numbers are packed into one int64, so that the largest of many carries a second number with it."""


class _Placed(NamedTuple):
    """Objects on the map, in cells: `boxes (N, 4)`, `sizes (N, 2)`, `labels (N,)`, `page (N,)`, `corner (N, 2)`."""

    boxes: Tensor
    sizes: Tensor
    labels: Tensor
    page: Tensor
    corner: Tensor


class _Maps(NamedTuple):
    """Flat maps: `heatmap (B * K * h * w,)`; `(B * h * w,)` int64 of packed owners and Gaussians, None if unwanted."""

    heatmap: Tensor
    smallest: Tensor | None
    strongest: Tensor | None


def encode(
    boxes: Tensor,
    labels: Tensor,
    *,
    shape: tuple[int, int],
    num_classes: int,
    section: TargetsSection,
    stride: int = 4,
    ignore: Tensor | None = None,
    annotated: Tensor | None = None,
) -> Targets:
    """Return the targets of one page, as `encode_batch` would, with maps `(K, h, w)`.

    Args:
        boxes: `(N, 4)` xyxy in pixels of the network's input.
        labels: `(N,)` int64 class indices.
        shape: Height and width of the input in pixels, multiples of `stride`.
        num_classes: K.
        section: Rules.
        stride: Pixels per cell.
        ignore: `(M, 4)` areas in pixels without heatmap loss.
        annotated: `(K,)` bool, classes that the page's source labels; None means all.
    """
    ignore = boxes.new_zeros(0, 4) if ignore is None else ignore
    annotated = torch.ones(num_classes, dtype=torch.bool, device=boxes.device) if annotated is None else annotated
    first, first_ignored = (torch.zeros(len(each), dtype=torch.long, device=boxes.device) for each in (boxes, ignore))
    objects = Objects(boxes, labels, first, ignore, first_ignored, annotated[None])
    targets = encode_batch(objects, shape=shape, section=section, stride=stride)
    return replace(targets, heatmap=targets.heatmap[0], mask=None if targets.mask is None else targets.mask[0])


def encode_batch(
    objects: Objects, *, shape: tuple[int, int], section: TargetsSection, stride: int = 4, ltrb: bool = True
) -> Targets:
    """Draw all boxes of all pages at once, on whatever device they are; there is no cap on their number.

    Where Gaussians of one class meet, the larger value stays, as in the original code. `merge: min` is what an article
    says, "element-wise smallest", taken by its word: the least of the Gaussians that cover a cell. It is wrong, since
    an object's centre is 1 in its own Gaussian only: any other of the class that reaches that cell takes the 1 away,
    and with it the only positive example of the object, most easily from small ones beside large ones.

    Each cell under a Gaussian learns the distances to the sides of the smallest box there (`ltrb`), and, with
    `dense_size`, the size of the object whose Gaussian is largest there, the last one given if several are.

    Round Gaussians come with the original's clipping of boxes: to the last cell's near edge, not to its far one.

    Args:
        objects: Of B pages. Boxes that have no area on the page are left out.
        shape: Height and width of the input in pixels, multiples of `stride`.
        section: Rules.
        stride: Pixels per cell.
        ltrb: Whether distances are wanted.
    """
    h, w = shape[0] // stride, shape[1] // stride
    pages, classes = objects.annotated.shape
    placed = _place(objects, (h, w), section, stride)
    window = windows(placed.corner, placed.page, spread_of(placed.sizes, section), (h, w))
    # Largest first, so that the highest rank is the smallest box; of equal ones the last one given.
    order = (placed.sizes[:, 0] * placed.sizes[:, 1]).argsort(descending=True, stable=True)
    smallest = torch.zeros(pages * h * w, dtype=torch.long, device=order.device) if ltrb else None
    strongest = torch.zeros(pages * h * w, dtype=torch.long, device=order.device) if section.dense_size else None
    # To begin with: the smallest of nothing is more than any Gaussian.
    heatmap = torch.full((pages * classes * h * w,), 0.0 if section.merge == "max" else 2.0, device=order.device)
    _draw_all(_Maps(heatmap, smallest, strongest), placed, window, order, section.merge, (classes, h, w))
    if section.merge == "min":
        heatmap[heatmap > 1] = 0
    heatmap = heatmap.view(pages, classes, h, w)
    return Targets(
        heatmap,
        _mask(objects, heatmap, stride),
        index=((placed.page * h + placed.corner[:, 1].long()) * w + placed.corner[:, 0].long()),
        label=placed.labels,
        size=placed.sizes,
        offset=(placed.boxes[:, :2] + placed.boxes[:, 2:]) / 2 - placed.corner,
        dense_size=None if strongest is None else _dense_sizes(strongest, placed),
        ltrb=None if smallest is None else _distances(smallest, placed, order, (h, w)),
    )


def _place(objects: Objects, shape: tuple[int, int], section: TargetsSection, stride: int) -> _Placed:
    """Bring boxes onto the map; the corner of a box is that of its centre cell."""
    h, w = shape
    rim = 0 if section.gaussian == "ellipse" else 1
    cells = objects.boxes.float() / stride
    cells = torch.stack([*(c.clamp(0, (w, h)[i % 2] - rim) for i, c in enumerate(cells.unbind(1)))], 1)
    sizes = cells[:, 2:] - cells[:, :2]
    keep = (sizes > 0).all(1)
    cells, sizes = cells[keep], sizes[keep]
    corner = ((cells[:, :2] + cells[:, 2:]) / 2).floor()
    corner = torch.stack([corner[:, 0].clamp(max=w - 1), corner[:, 1].clamp(max=h - 1)], 1)
    return _Placed(cells, sizes, objects.labels[keep], objects.page[keep], corner)


def _draw_all(
    maps: _Maps, placed: _Placed, window: Window, order: Tensor, merge: str, shape: tuple[int, int, int]
) -> None:
    """Draw all objects into `maps` of `shape`, K, h and w; `order` has the numbers of the objects, least rank first."""
    classes, h, w = shape
    rank = torch.empty_like(order)
    rank[order] = torch.arange(1, len(order) + 1, device=order.device)
    # From a cell of the batch to that of the object's class on the heatmap.
    shift = (placed.page * (classes - 1) + placed.labels) * (h * w)
    for objects, cells, values in draw(window, w):
        maps.heatmap.scatter_reduce_(0, cells + shift[objects] if classes > 1 else cells, values, f"a{merge}")
        # The bits of positive floats sort as the floats do.
        bits = values.view(torch.int32).long()
        if maps.smallest is not None:
            maps.smallest.scatter_reduce_(0, cells, (rank[objects] << BITS) + bits, "amax")
        if maps.strongest is not None:
            maps.strongest.scatter_reduce_(0, cells, (bits << BITS) + objects + 1, "amax")


def _dense_sizes(strongest: Tensor, placed: _Placed) -> Cells:
    index, bits, owner = _unpack(strongest)
    owner = owner - 1
    return Cells(index, placed.sizes[owner], _floats(bits), placed.labels[owner])


def _distances(smallest: Tensor, placed: _Placed, order: Tensor, shape: tuple[int, int]) -> Cells:
    """Return the distances to the owner's sides with weights log(1 + area) * G / sum(G)."""
    h, w = shape
    index, rank, bits = _unpack(smallest)
    owner = order[rank - 1]
    cx, cy = index % w + 0.5, index // w % h + 0.5
    x0, y0, x1, y1 = placed.boxes[owner].unbind(1)
    values = torch.stack([cx - x0, cy - y0, x1 - cx, y1 - cy], 1)
    # A thin line's neighbouring row can lie outside its box: nothing sensible to regress there.
    inside = (values > 0).all(1)
    index, owner, values, strength = index[inside], owner[inside], values[inside], _floats(bits)[inside]
    total = placed.sizes.new_zeros(len(placed.sizes)).index_add_(0, owner, strength)
    # log(1 + area) instead of log(area): boxes of one cell must count as well.
    share = torch.log1p(placed.sizes[:, 0] * placed.sizes[:, 1]) / total.clamp(min=1e-6)
    return Cells(index, values, strength * share[owner], placed.labels[owner])


def _unpack(packed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where `packed` holds something, with the upper and the lower number there."""
    index = packed.nonzero().squeeze(1)
    values = packed[index]
    return index, values >> BITS, values & (2**BITS - 1)


def _floats(bits: Tensor) -> Tensor:
    return bits.int().view(torch.float32)


def _mask(objects: Objects, heatmap: Tensor, stride: int) -> Tensor | None:
    """Return where the heatmap takes loss; None if everywhere."""
    if not len(objects.ignore) and bool(objects.annotated.all()):
        return None
    pages, _, h, w = heatmap.shape
    size = torch.tensor([w, h], device=heatmap.device)
    cells = (objects.ignore / stride).floor().long()
    first = torch.minimum(cells[:, :2].clamp(min=0), size)
    last = torch.maximum(torch.minimum(cells[:, 2:] + 1, size), first)
    # Corners of the areas, summed up along both axes, count how many areas cover a cell.
    corners = torch.zeros(pages, h + 1, w + 1, dtype=torch.int32, device=heatmap.device)
    for y, x, sign in ((first, first, 1), (first, last, -1), (last, first, -1), (last, last, 1)):
        place = (objects.ignore_page, y[:, 1], x[:, 0])
        corners.index_put_(place, torch.tensor(sign, dtype=torch.int32, device=heatmap.device), accumulate=True)
    covered = corners.cumsum(1).cumsum(2)[:, :h, :w] > 0
    # An ignored stub may lie over the centre of a box that is learnt: that centre stays.
    mask = ~covered[:, None] | (heatmap == 1)
    return (mask & objects.annotated[:, :, None, None]).to(heatmap.dtype)
