"""COCO AP with weighted pages, from boxes matched once: what resampling needs a thousand times.

With all weights 1 the numbers are those of pycocotools; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.matching import IGNORED, MATCHED

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.evaluation.match_table import MatchTable

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

COCO_IOUS: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
RECALLS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class _Class:
    """Detections of one class, best first, at most `max_dets` a page.

    `page (D,)`; `truths (pages,)`; for each IoU the places of matches with their pages, and of what doesn't count.
    """

    page: Ints
    truths: Ints
    matched: list[Ints]
    page_of_match: list[Ints]
    ignored: list[Ints]


class WeightedAp:
    """AP of each class under any weights of the pages.

    Args:
        table: All pages matched at `COCO_IOUS`.
        max_dets: Detections of a class on a page that count.
    """

    def __init__(self, table: MatchTable, max_dets: int) -> None:
        found, wanted = table.found, table.wanted
        self.labels = table.labels
        self._classes: list[_Class] = []
        for label in range(len(table.labels)):
            places = np.flatnonzero(found.label == label)
            places = places[_rank(found.page[places]) < max_dets]
            status = found.status[:, places]
            self._classes.append(
                _Class(
                    page=found.page[places],
                    truths=np.bincount(wanted.page[wanted.label == label], minlength=len(table.source)),
                    matched=[np.flatnonzero(row == MATCHED) for row in status],
                    page_of_match=[found.page[places[row == MATCHED]] for row in status],
                    ignored=[np.flatnonzero(row == IGNORED) for row in status],
                )
            )

    def __call__(self, weights: npt.NDArray[np.float64]) -> Floats:
        """Return AP at each IoU of each class, `(classes, IoUs)`, NaN where nothing is to be found.

        Args:
            weights: `(pages,)`, how often each page counts.
        """
        result = np.full((len(self._classes), len(COCO_IOUS)), np.nan)
        for row, one in enumerate(self._classes):
            truths = float(weights @ one.truths)
            if truths <= 0:
                continue
            weight = weights[one.page]
            seen = np.cumsum(weight)
            for column, (matched, ignored) in enumerate(zip(one.matched, one.ignored, strict=True)):
                counted = seen
                if len(ignored):
                    counting = weight.copy()
                    counting[ignored] = 0.0
                    counted = np.cumsum(counting)
                result[row, column] = _ap(np.cumsum(weights[one.page_of_match[column]]), counted[matched], truths)
        return result


def _ap(right: Floats, counted: Floats, truths: float) -> float:
    """Return the mean precision at COCO's 101 recalls; `right` and `counted (M,)` are sums up to each match."""
    if not len(right):
        return 0.0
    precision = np.divide(right, counted, out=np.zeros_like(right), where=counted > 0)
    reached = np.searchsorted(right / truths, RECALLS, side="left")
    reached = reached[reached < len(right)]
    if not len(reached):
        return 0.0
    # The best precision at this recall or a higher one: the best between two recalls, then the best from there on.
    places, often = np.unique(reached, return_counts=True)
    best = np.maximum.accumulate(np.maximum.reduceat(precision, places)[::-1])[::-1]
    return float(best @ often / len(RECALLS))


def _rank(page: Ints) -> Ints:
    """Return how many entries before each have the same page, `(D,)`."""
    order = np.argsort(page, kind="stable")
    ordered = page[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(page) else np.empty(0, np.int64)
    lengths = np.diff(np.r_[starts, len(page)])
    ranks = np.empty(len(page), np.int64)
    ranks[order] = np.arange(len(page)) - np.repeat(starts, lengths)
    return ranks
