"""From boxes on a page to its annotations: sides moved to the ink, rounded, named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.core.records import Annotation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Page
    from centernet_cli.inference.overrides import Ink
    from centernet_cli.inference.plan import SeenBoxes

    Boxes = npt.NDArray[np.float64]

BOX_DIGITS = 3
SCORE_DIGITS = 5


def to_ink_of_page(page: Page, boxes: Boxes, ink: Ink) -> Boxes:
    """Move the sides of boxes to the ink.

    Args:
        page: Its pixels may be fewer than `page.info` says.
        boxes: `(N, 4)` in page pixels.
        ink: Whether, and how.
    """
    if ink == "off" or not len(boxes):
        return boxes
    from centernet_cli.inference.ink import to_ink  # needs OpenCV, which only page workers have loaded

    height, width = page.pixels.shape[:2]
    if (width, height) == (page.info.width, page.info.height):
        return to_ink(page.pixels, boxes, ink)
    there = np.array([width / page.info.width, height / page.info.height] * 2)
    moved: Boxes = to_ink(page.pixels, boxes * there, ink) / there
    return moved


def annotations_of(boxes: Boxes, found: SeenBoxes, classes: Sequence[str]) -> tuple[Annotation, ...]:
    """Return the annotations of a page.

    Args:
        boxes: `(N, 4)`, those of `found` or what became of them.
        found: Scores and classes.
        classes: Names.
    """
    return tuple(
        Annotation(label=classes[index], box=(box[0], box[1], box[2], box[3]), score=round(score, SCORE_DIGITS))
        for box, score, index in zip(
            boxes.round(BOX_DIGITS).tolist(), found.scores.tolist(), found.classes.tolist(), strict=True
        )
        if box[0] < box[2] and box[1] < box[3]
    )
