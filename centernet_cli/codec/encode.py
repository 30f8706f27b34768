"""Boxes to target maps (arXiv 1904.07850, section 3; the l/t/r/b maps after TTFNet, arXiv 1909.00700)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from centernet_cli.codec.gaussian import Spread, ellipse_spread, original_spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from centernet_cli.core.recipe import TargetsSection

CHUNK = 64
"""Objects drawn at once: bounds memory on pages of thousands of lines."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Target maps of one page, or of a batch after `stack`.

    Attributes:
        heatmap: `(K, h, w)` or `(B, K, h, w)`, 1 at centre cells.
        mask: like `heatmap`; 0 where the heatmap takes no loss (ignored areas, classes not annotated).
        index: `(N,)` int64, flat centre cells: `(b * h + y) * w + x`.
        size: `(N, 2)` width and height in cells.
        offset: `(N, 2)` centre minus centre cell, x and y, in [0, 1) cells.
        ltrb: `(4, h, w)` or `(B, 4, h, w)` distances from the cell's centre to the sides, in cells.
        ltrb_weight: `(h, w)` or `(B, h, w)`; 0 where no box is trained.
    """

    heatmap: Tensor
    mask: Tensor
    index: Tensor
    size: Tensor
    offset: Tensor
    ltrb: Tensor
    ltrb_weight: Tensor


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
    """Draw all boxes of a page at once; there is no cap on their number.

    Where Gaussians of one class meet, the larger value stays (the original code; an article that says
    "smallest" would erase the centres of small boxes next to large ones). Where boxes meet, the smaller one
    owns the cell's distances.

    Args:
        boxes: `(N, 4)` xyxy in pixels of the network's input.
        labels: `(N,)` int64 class indices.
        shape: Height and width of the input in pixels, multiples of `stride`.
        num_classes: K.
        section: Gaussian rule.
        stride: Pixels per cell.
        ignore: `(M, 4)` areas in pixels without heatmap loss.
        annotated: `(K,)` bool, classes that the page's source labels; None means all.
    """
    h, w = shape[0] // stride, shape[1] // stride
    device = boxes.device
    mask = boxes.new_ones(num_classes, h, w)
    for x0, y0, x1, y1 in (ignore / stride).tolist() if ignore is not None else ():
        mask[:, max(0, int(y0)) : int(y1) + 1, max(0, int(x0)) : int(x1) + 1] = 0
    cells = boxes / stride
    cells[:, 0::2] = cells[:, 0::2].clamp(0, w)
    cells[:, 1::2] = cells[:, 1::2].clamp(0, h)
    sizes = cells[:, 2:] - cells[:, :2]
    keep = (sizes > 0).all(1)
    cells, sizes, labels = cells[keep], sizes[keep], labels[keep]
    # Largest first, so that "the last one drawn" is the smallest box.
    order = (sizes[:, 0] * sizes[:, 1]).argsort(descending=True, stable=True)
    cells, sizes, labels = cells[order], sizes[order], labels[order]
    centres = (cells[:, :2] + cells[:, 2:]) / 2
    corner = centres.floor()
    corner[:, 0].clamp_(max=w - 1)
    corner[:, 1].clamp_(max=h - 1)

    spread = _spread(sizes, section)
    xs = torch.arange(w, device=device, dtype=cells.dtype)
    ys = torch.arange(h, device=device, dtype=cells.dtype)
    heatmap = cells.new_zeros(num_classes, h, w)
    owner = torch.zeros(h, w, dtype=torch.long, device=device)
    strength = cells.new_zeros(h, w)
    for start in range(0, len(cells), CHUNK):
        part = slice(start, start + CHUNK)
        gx = _bell(xs, corner[part, 0], spread.sigma_x[part], spread.support_x[part])
        gy = _bell(ys, corner[part, 1], spread.sigma_y[part], spread.support_y[part])
        drawn = gy[:, :, None] * gx[:, None, :]
        for label in set(labels[part].tolist()):
            of_label = drawn[labels[part] == label].amax(0)
            heatmap[label] = torch.maximum(heatmap[label], of_label)
        # Ranks are exact in float32 up to 16 million objects, and far faster there than as integers.
        rank = torch.arange(start + 1, start + 1 + len(gx), device=device, dtype=cells.dtype)
        last = ((drawn > 0) * rank[:, None, None]).amax(0).long()
        taken = last > 0
        owner = torch.where(taken, last, owner)
        value = drawn.gather(0, (last - start - 1).clamp(min=0)[None])[0]
        strength = torch.where(taken, value, strength)
    ltrb, weight = _distances(cells, owner, strength, xs, ys)
    # An ignored stub may lie over the centre of a box that is learnt: that centre stays.
    mask = torch.maximum(mask, (heatmap == 1).to(mask.dtype))
    if annotated is not None:
        mask = mask * annotated.to(mask.dtype)[:, None, None]
    index = (corner[:, 1] * w + corner[:, 0]).long()
    return Targets(heatmap, mask, index, sizes, centres - corner, ltrb, weight)


def stack(targets: Sequence[Targets]) -> Targets:
    """Join the targets of equally large pages into those of a batch; `index` counts through the batch."""
    cells = targets[0].ltrb_weight.numel()
    return Targets(
        torch.stack([t.heatmap for t in targets]),
        torch.stack([t.mask for t in targets]),
        torch.cat([t.index + i * cells for i, t in enumerate(targets)]),
        torch.cat([t.size for t in targets]),
        torch.cat([t.offset for t in targets]),
        torch.stack([t.ltrb for t in targets]),
        torch.stack([t.ltrb_weight for t in targets]),
    )


def _spread(sizes: Tensor, section: TargetsSection) -> Spread:
    width, height = sizes.unbind(1)
    if section.gaussian == "original":
        return original_spread(height, width)
    return ellipse_spread(height, width, section.alpha, section.max_radius_cells)


def _bell(positions: Tensor, centre: Tensor, sigma: Tensor, support: Tensor) -> Tensor:
    """Return `(N, P)` values of one axis' Gaussian, 0 outside its support."""
    distance = positions[None] - centre[:, None]
    value = torch.exp(-(distance**2) / (2 * sigma[:, None] ** 2))
    return torch.where(distance.abs() <= support[:, None], value, torch.zeros_like(value))


def _distances(cells: Tensor, owner: Tensor, strength: Tensor, xs: Tensor, ys: Tensor) -> tuple[Tensor, Tensor]:
    """Return `(4, h, w)` distances to the owner's sides and `(h, w)` weights log(area) * G / sum(G)."""
    h, w = owner.shape
    if not len(cells):
        return cells.new_zeros(4, h, w), cells.new_zeros(h, w)
    boxes = cells[(owner - 1).clamp(min=0)]
    cx, cy = xs[None, :] + 0.5, ys[:, None] + 0.5
    ltrb = torch.stack([cx - boxes[..., 0], cy - boxes[..., 1], boxes[..., 2] - cx, boxes[..., 3] - cy])
    # A thin line's neighbouring row can lie outside its box: nothing sensible to regress there.
    inside = (owner > 0) & (ltrb > 0).all(0)
    strength = torch.where(inside, strength, torch.zeros_like(strength))
    total = cells.new_zeros(len(cells) + 1).index_add_(0, owner.flatten(), strength.flatten())
    area = ((cells[:, 2] - cells[:, 0]) * (cells[:, 3] - cells[:, 1])).clamp(min=0)
    # log(1 + area) instead of log(area): boxes of one cell must count as well.
    share = torch.cat([area.new_zeros(1), torch.log1p(area)]) / total.clamp(min=1e-6)
    return ltrb * inside, strength * share[owner]
