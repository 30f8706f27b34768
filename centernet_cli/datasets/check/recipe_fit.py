"""A dataset seen with a recipe's eyes: how small its boxes get, which meet in a cell, how many there are on a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.core.records import Annotation
    from centernet_cli.datasets.check.shapes import Told

SMALLEST = 1.5
"""Cells that the shorter side of a box needs to be found reliably: its Gaussian is a single cell otherwise."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What of a recipe decides how it sees a page.

    Attributes:
        classes: That it learns.
        class_map: Renames labels before that; to nothing: dropped.
        mode: As `augment.mode`.
        input: Width and height of the network's input.
        page_size: Long side of whole pages.
        stride: Pixels of a cell.
        most: Boxes that it finds on a page at most.
    """

    classes: tuple[str, ...]
    class_map: dict[str, str]
    mode: str
    input: tuple[int, int]
    page_size: int
    stride: int
    most: int

    @classmethod
    def of(cls, recipe: Recipe) -> Eyes:
        """Return a recipe's."""
        return cls(
            recipe.data.classes,
            recipe.data.class_map,
            recipe.augment.mode,
            recipe.train.input,
            recipe.train.page_size,
            recipe.model.stride,
            min(recipe.decode.top_k, recipe.eval.max_dets),
        )

    def learns(self, label: str) -> str | None:
        """Return the class that a label is learnt as; None if it isn't."""
        name = self.class_map.get(label, label)
        return name if name in self.classes else None

    def scale(self, width: int, height: int) -> float:
        """Return the network's pixels for a pixel of a page, without random scaling."""
        if self.mode == "crop":
            return self.page_size / max(width, height)
        across, down = self.input
        if self.mode == "page" and width > height:
            across, down = down, across
        return min(across / width, down / height)


def look(annotations: Sequence[Annotation], size: tuple[int, int], eyes: Eyes, told: Told) -> int:
    """Look at a page's boxes with a recipe's eyes.

    Args:
        annotations: Boxes on the page.
        size: Its width and height in pixels.
        eyes: The recipe's.
        told: Is told of boxes too small for the cells (D042) and centres that share one (D041).

    Returns:
        How many of the boxes the recipe learns.
    """
    learnt = [(number, name) for number, each in enumerate(annotations) if (name := eyes.learns(each.label))]
    if not learnt:
        return 0
    scale = eyes.scale(*size)
    boxes = np.array([annotations[number].box for number, _ in learnt]) * scale
    shortest = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
    for index in np.flatnonzero(shortest < SMALLEST * eyes.stride):
        told("D042", learnt[index][0], f"{shortest[index]:.1f} pixels at {scale:.3g} of the page's size")
    cells = ((boxes[:, :2] + boxes[:, 2:]) / (2 * eyes.stride)).astype(np.int64)
    seen: dict[tuple[int, int, str], int] = {}
    for (number, name), (x, y) in zip(learnt, cells.tolist(), strict=True):
        first = seen.setdefault((x, y, name), number)
        if first != number:
            told("D041", number, f"with shape {first + 1}, in cell {x},{y}")
    return len(learnt)
