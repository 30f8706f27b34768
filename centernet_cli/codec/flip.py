"""Maps of a page and of its mirror image made one: the flip test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_EXCHANGED = (2, 1, 0, 3)
"""Left, top, right, bottom as seen in a mirror."""


def average_mirrored(maps: dict[str, Tensor], pages: int, copies: int = 2) -> dict[str, Tensor]:
    """Average the maps of pages with those of their mirror images.

    Written without a branch, so that one exported graph does both: with one copy there is nothing to average.

    Args:
        maps: As for `decode.averaged_maps`, with probabilities as `heatmap`: the pages, then each of them mirrored left
            to right, if there are two copies.
        pages: B.
        copies: 1 or 2.

    Returns:
        The maps of B pages. The offset is that of the page alone, as in the original: what the mirror image says of
        it refers to cells counted from the other side.
    """
    return {name: _average(name, values.float(), pages, copies) for name, values in maps.items()}


def _average(name: str, values: Tensor, pages: int, copies: int) -> Tensor:
    page, mirrored = values[:pages], values[pages:]
    if name == "offset":
        return page
    back = mirrored.flip(3)
    if name == "ltrb":
        back = back[:, list(_EXCHANGED)]
    return torch.cat([page, back]).reshape(copies, pages, *values.shape[1:]).mean(0)
