"""Split and merged boxes judged by areas, as DetEval does for the ICDAR robust reading competitions.

Source: C. Wolf and J.-M. Jolion, "Object count/area graphs for the evaluation of object detection and segmentation
algorithms", International Journal on Document Analysis and Recognition 8(4), 2006, 280-296; with the thresholds and the
order of the ICDAR 2003 to 2013 evaluations: one to one, then splits, then merges.

A truth and a detection fit when their common area is at least `AREA_RECALL` of the truth and `AREA_PRECISION` of the
detection. Where they fit nobody else, both count 1. A truth that several detections cover together, each of them mostly
on it, is split: it and each of them count `SCATTER`. A detection that covers several truths, together enough of it, has
merged them: it and each of them count `SCATTER`. (The ICDAR 2013 script counts merges 1, because words found as a line
are no harm there; to a line detector two lines in one box are one, so the paper's 0.8 holds for both.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.counts import ScoresBySource
from centernet_cli.evaluation.matching import area, common_area
from centernet_cli.evaluation.pairs import box_set, by_label

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    import numpy.typing as npt

    from centernet_cli.evaluation.pairs import PagePair

    Floats = npt.NDArray[np.float64]

AREA_RECALL, AREA_PRECISION = 0.8, 0.4
SCATTER = 0.8


@dataclass(slots=True)
class DetEvalScores:
    """Sums over pages, and what follows from them.

    Attributes:
        truths: Boxes to find.
        detections: Boxes found above the threshold.
        found: What the truths count, up to 1 each.
        right: What the detections count, up to 1 each.
        single: Truths matched one to one.
        split: Truths found in several pieces.
        merged: Truths found together with others.
    """

    truths: int = 0
    detections: int = 0
    found: float = 0.0
    right: float = 0.0
    single: int = 0
    split: int = 0
    merged: int = 0

    def add(self, other: DetEvalScores) -> None:
        """Add another's sums to these."""
        self.truths += other.truths
        self.detections += other.detections
        self.found += other.found
        self.right += other.right
        self.single += other.single
        self.split += other.split
        self.merged += other.merged

    @property
    def recall(self) -> float | None:
        """Mean of what the truths count; None without truths."""
        return self.found / self.truths if self.truths else None

    @property
    def precision(self) -> float | None:
        """Mean of what the detections count; None without detections."""
        return self.right / self.detections if self.detections else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None without truths."""
        if not self.truths:
            return None
        recall, precision = self.recall or 0.0, self.precision or 0.0
        return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DetEvalReport(ScoresBySource[DetEvalScores]):
    """Scores by areas at one threshold."""


def deteval_scores(
    pairs: Iterable[PagePair],
    threshold: float,
    classes: Collection[str] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> DetEvalReport:
    """Judge pages by areas.

    Args:
        pairs: The pages.
        threshold: Detections below it are left out.
        classes: Count only these; boxes are compared within their class only. None: all.
        tick: Called after each page.
    """
    per_source: dict[str, DetEvalScores] = {}
    pooled = DetEvalScores()
    for pair in pairs:
        scores = per_source.setdefault(pair.source, DetEvalScores())
        truth = by_label(pair.truth, pair, classes)
        predicted = by_label(pair.predictions, pair, classes)
        for label in dict.fromkeys([*truth, *predicted]):
            wanted, found = box_set(truth.get(label, [])), box_set(predicted.get(label, []))
            boxes = found.boxes[found.scores >= threshold]
            crowds = wanted.boxes[wanted.crowd]
            if len(crowds):
                # Don't-care regions: what lies mostly on one is neither right nor wrong.
                on = common_area(boxes, crowds) / np.maximum(area(boxes), 1e-9)[:, None]
                boxes = boxes[(on <= AREA_PRECISION).all(1)]
            one = page_scores(wanted.boxes[~wanted.crowd], boxes)
            scores.add(one)
            pooled.add(one)
        tick()
    return DetEvalReport(threshold=threshold, per_source=per_source, pooled=pooled)


def page_scores(truth: Floats, found: Floats) -> DetEvalScores:
    """Judge the boxes of one class on one page, `truth (N, 4)` against `found (M, 4)`, xyxy in pixels."""
    scores = DetEvalScores(truths=len(truth), detections=len(found))
    common = common_area(truth, found)
    recall = common / np.maximum(area(truth), 1e-9)[:, None]
    precision = common / np.maximum(area(found), 1e-9)[None, :]
    fits = (recall >= AREA_RECALL) & (precision >= AREA_PRECISION)
    single = fits & (fits.sum(1) == 1)[:, None] & (fits.sum(0) == 1)[None, :]
    scores.single = int(single.sum())
    scores.found = scores.right = float(scores.single)
    free_truth, free_found = ~single.any(1), ~single.any(0)
    mostly_on, covered = precision >= AREA_PRECISION, recall >= AREA_RECALL
    for at in np.flatnonzero(free_truth & ((mostly_on & free_found).sum(1) > 1)).tolist():
        parts = mostly_on[at] & free_found
        if parts.sum() > 1 and recall[at, parts].sum() >= AREA_RECALL:
            free_truth[at], free_found[parts] = False, False
            scores.split += 1
            scores.found += SCATTER
            scores.right += SCATTER * int(parts.sum())
    for at in np.flatnonzero(free_found & (covered & free_truth[:, None]).any(0)).tolist():
        within = covered[:, at] & free_truth
        count = int(within.sum())
        if count and precision[within, at].sum() >= AREA_PRECISION:
            free_truth[within], free_found[at] = False, False
            weight = 1.0 if count == 1 else SCATTER
            scores.single += count == 1
            scores.merged += count if count > 1 else 0
            scores.found += weight * count
            scores.right += weight
    return scores
