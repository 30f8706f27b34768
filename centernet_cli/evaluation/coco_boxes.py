"""The boxes of all pages as plain arrays: what the evaluators behind `coco_ap` are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.pairs import by_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Annotation
    from centernet_cli.evaluation.pairs import PagePair

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BoxTable:
    """Boxes of truth or of predictions.

    Attributes:
        page: `(N,)` number of the page, from 1.
        category: `(N,)` number of the class, from 1.
        xywh: `(N, 4)` left, top, width, height in pixels.
        score: `(N,)`; ones for truth.
        crowd: `(N,)` bool.
    """

    page: Ints
    category: Ints
    xywh: Floats
    score: Floats
    crowd: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CocoBoxes:
    """What COCO's evaluation needs.

    Attributes:
        pages: Number of pages.
        classes: Names; their place plus 1 is their category.
        truth: Boxes to find, in the order of pages.
        found: Boxes found, in the order of pages.
        over: Pages with more detections of some class than the limit asked for.
    """

    pages: int
    classes: tuple[str, ...]
    truth: BoxTable
    found: BoxTable
    over: int


def coco_boxes(pairs: Sequence[PagePair], classes: Sequence[str], max_dets: int) -> CocoBoxes:
    """Collect the boxes of those classes that each page annotates.

    Args:
        pairs: The pages.
        classes: Names to score.
        max_dets: Pages with more detections of a class are counted.
    """
    ids = {name: number for number, name in enumerate(classes, 1)}
    truth: list[tuple[int, int, Annotation]] = []
    found: list[tuple[int, int, Annotation]] = []
    over = 0
    for page, pair in enumerate(pairs, 1):
        for label, items in by_label(pair.truth, pair, ids).items():
            truth += [(page, ids[label], item) for item in items]
        groups = by_label(pair.predictions, pair, ids)
        for label, items in groups.items():
            found += [(page, ids[label], item) for item in items]
        over += any(len(items) > max_dets for items in groups.values())
    return CocoBoxes(len(pairs), tuple(classes), _table(truth), _table(found), over)


def _table(entries: Sequence[tuple[int, int, Annotation]]) -> BoxTable:
    xywh = np.array([item.box for _, _, item in entries], dtype=np.float64).reshape(-1, 4)
    xywh[:, 2:] -= xywh[:, :2]
    return BoxTable(
        page=np.array([page for page, _, _ in entries], dtype=np.int64),
        category=np.array([category for _, category, _ in entries], dtype=np.int64),
        xywh=xywh,
        score=np.array([1.0 if item.score is None else item.score for _, _, item in entries], dtype=np.float64),
        crowd=np.array([item.crowd for _, _, item in entries], dtype=np.bool_),
    )
