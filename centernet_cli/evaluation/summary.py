"""Everything `evaluate` says about a set of predictions, as one object and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.evaluation.coco_ap import coco_scores
from centernet_cli.evaluation.line_metrics import MatchTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.coco_ap import CocoScores
    from centernet_cli.evaluation.line_metrics import LineReport, SourceScores
    from centernet_cli.evaluation.pairs import PagePair

SCHEMA_VERSION = 1
"""Of the JSON; raised when a reader of the old form would misread the new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Scores of one set of predictions.

    Attributes:
        classes: Those scored.
        pairs: The pages.
        table: Matches, for scores at other thresholds.
        boxes: Precision, recall and F1, at the threshold given or the best ones.
        threshold: The threshold given, if any.
        coco: AP over all pages.
        coco_per_source: AP of each source by itself.
    """

    classes: tuple[str, ...]
    pairs: tuple[PagePair, ...]
    table: MatchTable
    boxes: LineReport
    threshold: float | None
    coco: CocoScores
    coco_per_source: dict[str, CocoScores]


def summarise(
    pairs: Sequence[PagePair],
    classes: Sequence[str],
    *,
    ious: Sequence[float],
    max_dets: int,
    threshold: float | None = None,
) -> Summary:
    """Score predictions in every way there is.

    Args:
        pairs: The pages.
        classes: Names to score.
        ious: For precision, recall and F1; the first is the headline.
        max_dets: For AP.
        threshold: For precision, recall and F1; None: the best one for each IoU.

    Raises:
        ValueError: As in `line_scores` and `coco_scores`.
    """
    table = MatchTable(pairs, classes, ious)
    coco = coco_scores(pairs, classes, max_dets)
    sources = list(dict.fromkeys(pair.source for pair in pairs))
    per_source = (
        {sources[0]: coco}
        if len(sources) == 1
        else {name: coco_scores([pair for pair in pairs if pair.source == name], classes, max_dets) for name in sources}
    )
    return Summary(
        classes=tuple(classes),
        pairs=tuple(pairs),
        table=table,
        boxes=table.report(threshold),
        threshold=threshold,
        coco=coco,
        coco_per_source=per_source,
    )


def summary_to_json(summary: Summary) -> dict[str, object]:
    """Return the scores as JSON-serialisable values; undefined ones are null."""
    return {
        "schema_version": SCHEMA_VERSION,
        "classes": list(summary.classes),
        "max_dets": summary.coco.max_dets,
        "ious": list(summary.table.ious),
        "threshold": summary.threshold,
        "boxes": [
            {
                "iou": scores.iou,
                "threshold": scores.threshold,
                "threshold_chosen": summary.threshold is None,
                "f1": scores.f1,
                "precision": scores.precision,
                "recall": scores.recall,
                "pooled": _source(scores.pooled),
                "per_source": {name: _source(one) for name, one in scores.per_source.items()},
            }
            for scores in summary.boxes.at
        ],
        "coco": {
            **_coco(summary.coco),
            "per_source": {name: _coco(scores) for name, scores in summary.coco_per_source.items()},
        },
    }


def _source(scores: SourceScores) -> dict[str, object]:
    return {
        "pages": scores.pages,
        "truths": scores.truths,
        "detections": scores.detections,
        "matched": scores.matched,
        "precision": scores.precision,
        "recall": scores.recall,
        "f1": scores.f1,
    }


def _coco(scores: CocoScores) -> dict[str, object]:
    return {
        "max_dets": scores.max_dets,
        "pages_over_max_dets": scores.over_max_dets,
        "ap": scores.ap,
        "ap50": scores.ap50,
        "ap75": scores.ap75,
        "recall": scores.recall,
        "per_class": {
            name: {
                "truths": one.truths,
                "detections": one.detections,
                "ap": one.ap,
                "ap50": one.ap50,
                "ap75": one.ap75,
                "recall": one.recall,
            }
            for name, one in scores.classes.items()
        },
    }
