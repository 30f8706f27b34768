"""Maps of a page and of its mirror image made one: the flip test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_EXCHANGED = (2, 1, 0, 3)
"""Left, top, right, bottom as seen in a mirror."""


def average_mirrored(maps: dict[str, Tensor]) -> dict[str, Tensor]:
    """Average the maps of B pages with those of their mirror images.

    Args:
        maps: As for `decode`, with probabilities as `heatmap`, for 2B images: the pages, then each of them mirrored
            left to right.

    Returns:
        The maps of B pages. The offset is that of the page alone, as in the original: what the mirror image says of
        it refers to cells counted from the other side.
    """
    return {name: _average(name, *values.float().chunk(2)) for name, values in maps.items()}


def _average(name: str, page: Tensor, mirrored: Tensor) -> Tensor:
    if name == "offset":
        return page
    back = mirrored.flip(3)
    if name == "ltrb":
        back = back[:, list(_EXCHANGED)]
    return torch.add(page, back) / 2
