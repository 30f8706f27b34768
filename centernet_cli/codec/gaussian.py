"""How far a box's Gaussian reaches on the target heatmap.

Lengths are cells. `support` is the half side of the area drawn (integer for the round rules),
`sigma` the standard deviation, both per axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.core.recipe import TargetsSection

SIGMAS = 3.0


class Spread(NamedTuple):
    """Standard deviations and half sides per object: four tensors `(N,)`, cells."""

    sigma_x: Tensor
    sigma_y: Tensor
    support_x: Tensor
    support_y: Tensor


def spread_of(sizes: Tensor, section: TargetsSection) -> Spread:
    """Return the Gaussians of boxes of `sizes (N, 2)`, width and height in cells, by the recipe's rule."""
    width, height = sizes.unbind(1)
    if section.gaussian == "ellipse":
        return ellipse_spread(height, width, section.alpha, section.max_radius_cells)
    rule = original_radius if section.gaussian == "original" else corrected_radius
    return round_spread(rule(height.ceil(), width.ceil(), section.min_overlap), height.dtype)


def original_radius(height: Tensor, width: Tensor, min_overlap: float = 0.7) -> Tensor:
    """Return the radius `(N,)` in cells that the original code computes, its quirk included.

    The original takes the larger root and never divides by 2a in the first two cases (arXiv 1808.01244,
    appendix, describes the intended rule, `corrected_radius`), so the third case always decides: with 0.7 a 10x10
    box gets 2, where the intended rule gives 0.

    Args:
        height: `(N,)` box heights in cells, already rounded up.
        width: `(N,)` box widths in cells, already rounded up.
        min_overlap: IoU that a shifted box must keep.

    Returns:
        Float64, as the original computes: in float32 a radius that is just a whole number could fall below it.
    """
    (_, b1, root1), (_, b2, root2), (_, b3, root3) = _cases(height, width, min_overlap)
    return torch.minimum(torch.minimum((b1 + root1) / 2, (b2 + root2) / 2), (b3 + root3) / 2)


def corrected_radius(height: Tensor, width: Tensor, min_overlap: float = 0.7) -> Tensor:
    """Return the radius `(N,)` in cells by which both corners may be off, each in any direction, at `min_overlap`.

    The smallest of three cases (arXiv 1808.01244, appendix, as its code was put right later): the box is shifted,
    lies inside the true one, or around it. Arguments and type as for `original_radius`.
    """
    (a1, b1, root1), (a2, b2, root2), (a3, b3, root3) = _cases(height, width, min_overlap)
    shifted, inside, around = (b1 - root1) / (2 * a1), (b2 - root2) / (2 * a2), (b3 + root3) / (2 * a3)
    return torch.minimum(torch.minimum(shifted, inside), around)


def round_spread(radius: Tensor, dtype: torch.dtype = torch.float32) -> Spread:
    """Return the round Gaussian of the original: the radius r as a whole number, not below 0, sigma (2r + 1) / 6.

    It is drawn on (2r + 1) x (2r + 1) cells. What the original sets to zero, values below the smallest distinguishable
    share of the largest, never occurs with this sigma: the corner has e^-9 at the least.
    """
    whole = radius.clamp(min=0).floor().to(dtype)
    sigma = (2 * whole + 1) / 6
    return Spread(sigma, sigma, whole, whole)


def ellipse_spread(height: Tensor, width: Tensor, alpha: float, max_radius: float) -> Spread:
    """Return an axis-aligned ellipse: half axes `alpha` of the box's, capped (after TTFNet, arXiv 1909.00700).

    Unlike TTFNet's the radii stay real numbers: a line 3 cells tall would otherwise have no neighbours at all
    above and below its centre row.
    """
    radius_x = (alpha * width / 2).clamp(max=max_radius)
    radius_y = (alpha * height / 2).clamp(max=max_radius)
    sigma_x, sigma_y = (2 * radius_x + 1) / 6, (2 * radius_y + 1) / 6
    return Spread(sigma_x, sigma_y, SIGMAS * sigma_x, SIGMAS * sigma_y)


def _cases(height: Tensor, width: Tensor, min_overlap: float) -> tuple[tuple[float, Tensor, Tensor], ...]:
    """Return a, b and the root of the discriminant of each case's equation a r^2 - b r + c = 0 (third: + b r)."""
    height, width = height.double(), width.double()
    total = height + width
    equations = (
        (1.0, total, width * height * (1 - min_overlap) / (1 + min_overlap)),
        (4.0, 2 * total, (1 - min_overlap) * width * height),
        (4 * min_overlap, -2 * min_overlap * total, (min_overlap - 1) * width * height),
    )
    return tuple((a, b, (b * b - 4 * a * c).sqrt()) for a, b, c in equations)
