"""How far a box's Gaussian reaches on the target heatmap.

Lengths are cells. `support` is the half side of the area drawn (integer for the original rule),
`sigma` the standard deviation, both per axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

SIGMAS = 3.0


class Spread(NamedTuple):
    """Standard deviations and half sides per object: four tensors `(N,)`, cells."""

    sigma_x: Tensor
    sigma_y: Tensor
    support_x: Tensor
    support_y: Tensor


def original_radius(height: Tensor, width: Tensor, min_overlap: float = 0.7) -> Tensor:
    """Return the radius `(N,)` in cells that the original code computes, its quirk included.

    The original takes the larger root and never divides by 2a in the first two cases (arXiv 1808.01244,
    appendix, describes the intended rule), so the third case always decides: with 0.7 a 10x10 box gets 2,
    where the intended rule gives 0.

    Args:
        height: `(N,)` box heights in cells, already rounded up.
        width: `(N,)` box widths in cells, already rounded up.
        min_overlap: IoU that a shifted box must keep.
    """
    total, area = height + width, width * height
    a3 = 4 * min_overlap
    b3 = -2 * min_overlap * total
    c3 = (min_overlap - 1) * area
    r3 = (b3 + (b3**2 - 4 * a3 * c3).sqrt()) / 2
    c1 = area * (1 - min_overlap) / (1 + min_overlap)
    r1 = (total + (total**2 - 4 * c1).sqrt()) / 2
    c2 = (1 - min_overlap) * area
    r2 = (2 * total + (4 * total**2 - 16 * c2).sqrt()) / 2
    return torch.minimum(torch.minimum(r1, r2), r3)


def original_spread(height: Tensor, width: Tensor, min_overlap: float = 0.7) -> Spread:
    """Return the round Gaussian of the original: integer radius r, sigma (2r + 1) / 6."""
    radius = original_radius(height.ceil(), width.ceil(), min_overlap).clamp(min=0).floor()
    sigma = (2 * radius + 1) / 6
    return Spread(sigma, sigma, radius, radius)


def ellipse_spread(height: Tensor, width: Tensor, alpha: float, max_radius: float) -> Spread:
    """Return an axis-aligned ellipse: half axes `alpha` of the box's, capped (after TTFNet, arXiv 1909.00700).

    Unlike TTFNet's the radii stay real numbers: a line 3 cells tall would otherwise have no neighbours at all
    above and below its centre row.
    """
    radius_x = (alpha * width / 2).clamp(max=max_radius)
    radius_y = (alpha * height / 2).clamp(max=max_radius)
    sigma_x, sigma_y = (2 * radius_x + 1) / 6, (2 * radius_y + 1) / 6
    return Spread(sigma_x, sigma_y, SIGMAS * sigma_x, SIGMAS * sigma_y)
