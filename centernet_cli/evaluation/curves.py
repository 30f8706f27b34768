"""What lies behind the scores: curves over thresholds and recalls, and how far scores of boxes can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.matching import IGNORED, MATCHED

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.evaluation.match_table import MatchTable

    Floats = npt.NDArray[np.float64]

THRESHOLDS = np.linspace(0.0, 1.0, 101)
RECALLS = np.linspace(0.0, 1.0, 101)
SCORE_EDGES = np.linspace(0.0, 1.0, 51)
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Means over sources at each threshold, `(101,)` each, NaN where undefined."""

    threshold: Floats
    precision: Floats
    recall: Floats
    f1: Floats


def threshold_curve(table: MatchTable, iou: float) -> ThresholdCurve:
    """Return precision, recall and F1, averaged over sources, at thresholds 0, 0.01, ... 1."""
    points = [table.at(iou, threshold) for threshold in THRESHOLDS.tolist()]
    columns = [
        [point.precision for point in points],
        [point.recall for point in points],
        [point.f1 for point in points],
    ]
    return ThresholdCurve(THRESHOLDS, *(np.array(column, dtype=np.float64) for column in columns))


def precision_recall(table: MatchTable, iou: float) -> dict[str, Floats]:
    """Return the best precision at each recall of 0, 0.01, ... 1 or above, `(101,)`, of each class that has truth."""
    row = table.ious.index(iou)
    result = {}
    for place, name in enumerate(table.labels):
        truths = int((table.wanted.label == place).sum())
        if not truths:
            continue
        status = table.found.status[row, table.found.label == place]
        status = status[status != IGNORED]
        right = np.cumsum(status == MATCHED)
        precision = right / np.arange(1, len(status) + 1)
        envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        result[name] = envelope[np.searchsorted(right / truths, RECALLS, side="left")]
    return result


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """Detections by score: `edges (51,)`, and how many of them are `right` and `wrong`, `(50,)` each."""

    edges: Floats
    right: npt.NDArray[np.int64]
    wrong: npt.NDArray[np.int64]


def score_histogram(table: MatchTable, iou: float) -> ScoreHistogram:
    """Count detections by score; scores outside 0 to 1 count at the ends."""
    score, right = _judged(table, iou)
    clipped = np.clip(score, 0, 1)
    return ScoreHistogram(
        SCORE_EDGES,
        np.histogram(clipped[right], SCORE_EDGES)[0].astype(np.int64),
        np.histogram(clipped[~right], SCORE_EDGES)[0].astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Share of right detections among those of about the same score.

    Attributes:
        score: `(10,)` mean score in each tenth of 0 to 1, NaN in empty ones.
        precision: `(10,)` share that is right.
        count: `(10,)`.
        error: Mean distance of both, weighted by count (expected calibration error); None without detections.
    """

    score: Floats
    precision: Floats
    count: npt.NDArray[np.int64]
    error: float | None


def calibration(table: MatchTable, iou: float) -> Calibration:
    """Compare scores with the share of detections that are right.

    Source of the error: M. P. Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.
    """
    score, right = _judged(table, iou)
    place = np.clip((score * CALIBRATION_BINS).astype(np.int64), 0, CALIBRATION_BINS - 1)
    count = np.bincount(place, minlength=CALIBRATION_BINS).astype(np.int64)
    means = [
        np.divide(
            np.bincount(place, weights=values, minlength=CALIBRATION_BINS),
            count,
            out=np.full(CALIBRATION_BINS, np.nan),
            where=count > 0,
        )
        for values in (score, right.astype(np.float64))
    ]
    gaps = np.nan_to_num(np.abs(means[0] - means[1]))
    return Calibration(means[0], means[1], count, float(gaps @ count / count.sum()) if count.any() else None)


def _judged(table: MatchTable, iou: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the scores of detections that count, and which of them are right."""
    status = table.found.status[table.ious.index(iou)]
    counts = status != IGNORED
    return table.found.score[counts], status[counts] == MATCHED
