"""Everything `evaluate` finds out about a set of predictions, as one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.evaluation.bootstrap import DEFAULT_DRAWS, intervals
from centernet_cli.evaluation.box_errors import box_errors
from centernet_cli.evaluation.coco_ap import DEFAULT_MAX_DETS, coco_scores
from centernet_cli.evaluation.confusion import confusion_matrix
from centernet_cli.evaluation.deteval import deteval_scores
from centernet_cli.evaluation.line_metrics import line_report
from centernet_cli.evaluation.match_table import DEFAULT_IOUS, MatchTable
from centernet_cli.evaluation.weighted_ap import COCO_IOUS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.evaluation.bootstrap import Intervals
    from centernet_cli.evaluation.box_errors import ErrorReport
    from centernet_cli.evaluation.coco_ap import CocoScores, Evaluator
    from centernet_cli.evaluation.deteval import DetEvalReport
    from centernet_cli.evaluation.line_metrics import LineReport
    from centernet_cli.evaluation.pairs import PagePair


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How to score.

    Attributes:
        ious: For precision, recall and F1; the first is the headline.
        max_dets: For AP.
        threshold: For all scores but AP; None: the best one for each IoU.
        own: The threshold that the model uses by itself, to be shown beside the best ones, if known.
        evaluator: Of AP.
        draws: For intervals; 0: none.
        seed: For intervals.
    """

    ious: tuple[float, ...] = DEFAULT_IOUS
    max_dets: int = DEFAULT_MAX_DETS
    threshold: float | None = None
    own: float | None = None
    evaluator: Evaluator = "pycocotools"
    draws: int = DEFAULT_DRAWS
    seed: int = 0

    def steps(self, pages: int) -> int:
        """Return how often `summarise` calls `tick` for so many pages."""
        return pages * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Scores of one set of predictions.

    Attributes:
        classes: Those scored.
        pairs: The pages.
        scoring: How they were scored.
        table: Matches, for scores at other thresholds.
        boxes: Precision, recall and F1, at the threshold given or the best ones.
        own: The same at the model's own threshold, if known and none is given.
        deteval: Judged by areas, at the first IoU's threshold.
        errors: Fates of boxes, at the same threshold.
        confusion: `(classes + 1, classes + 1)` truths by detections, at the first IoU and its threshold.
        coco: AP over all pages.
        coco_per_source: AP of each source by itself.
        intervals: How far scores would move with other pages; None if not asked for.
    """

    classes: tuple[str, ...]
    pairs: tuple[PagePair, ...]
    scoring: Scoring
    table: MatchTable
    boxes: LineReport
    own: LineReport | None
    deteval: DetEvalReport
    errors: ErrorReport
    confusion: npt.NDArray[np.int64]
    coco: CocoScores
    coco_per_source: dict[str, CocoScores]
    intervals: Intervals | None


def summarise(
    pairs: Sequence[PagePair],
    classes: Sequence[str],
    scoring: Scoring,
    tick: Callable[[], None] = lambda: None,
) -> Summary:
    """Score predictions in every way there is but for the intervals, which `resample` finds.

    Args:
        pairs: The pages.
        classes: Names to score.
        scoring: How.
        tick: Called `scoring.steps(len(pairs))` times.

    Raises:
        ValueError: As in `line_scores` and `coco_scores`.
        MissingRequirementError: E712, the evaluator isn't installed.
    """
    table = MatchTable(pairs, classes, scoring.ious, tick)
    boxes = line_report(table, scoring.threshold)
    threshold = boxes.at[0].threshold
    coco = coco_scores(pairs, classes, scoring.max_dets, scoring.evaluator)
    return Summary(
        classes=tuple(classes),
        pairs=tuple(pairs),
        scoring=scoring,
        table=table,
        boxes=boxes,
        own=line_report(table, scoring.own) if scoring.own is not None and scoring.threshold is None else None,
        deteval=deteval_scores(pairs, threshold, classes, tick),
        errors=box_errors(pairs, threshold, classes, tick),
        confusion=confusion_matrix(pairs, classes, scoring.ious[0], threshold, tick),
        coco=coco,
        coco_per_source=_per_source(pairs, classes, scoring, coco),
        intervals=None,
    )


def resample(summary: Summary, tick: Callable[[], None] = lambda: None) -> Intervals:
    """Find how far scores would move with other pages.

    Args:
        summary: Of `summarise`.
        tick: Called after each of `scoring.draws`.
    """
    scoring = summary.scoring
    return intervals(
        summary.pairs,
        summary.table,
        MatchTable(summary.pairs, summary.classes, COCO_IOUS),
        {scores.iou: scores.threshold for scores in summary.boxes.at},
        max_dets=scoring.max_dets,
        draws=scoring.draws,
        seed=scoring.seed,
        tick=tick,
    )


def _per_source(
    pairs: Sequence[PagePair], classes: Sequence[str], scoring: Scoring, whole: CocoScores
) -> dict[str, CocoScores]:
    parts: dict[str, list[PagePair]] = {}
    for pair in pairs:
        parts.setdefault(pair.source, []).append(pair)
    if len(parts) == 1:
        return dict.fromkeys(parts, whole)
    return {name: coco_scores(part, classes, scoring.max_dets, scoring.evaluator) for name, part in parts.items()}
