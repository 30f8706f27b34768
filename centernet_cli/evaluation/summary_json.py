"""Everything `evaluate` finds out, as JSON-serialisable values; undefined scores are null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.box_errors import report_to_json
from centernet_cli.evaluation.curves import calibration, precision_recall, score_histogram, threshold_curve

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.evaluation.bootstrap import Interval, Intervals
    from centernet_cli.evaluation.coco_ap import CocoScores
    from centernet_cli.evaluation.counts import SourceScores
    from centernet_cli.evaluation.deteval import DetEvalReport, DetEvalScores
    from centernet_cli.evaluation.summary import Summary

SCHEMA_VERSION = 1
"""Of the JSON; raised when a reader of the old form would misread the new one."""


def summary_to_json(summary: Summary) -> dict[str, object]:
    """Return the scores as JSON-serialisable values; undefined ones are null."""
    table, first = summary.table, summary.boxes.at[0]
    return {
        "schema_version": SCHEMA_VERSION,
        "classes": list(summary.classes),
        "max_dets": summary.coco.max_dets,
        "ious": list(table.ious),
        "threshold": summary.scoring.threshold,
        "boxes": [
            {
                "iou": scores.iou,
                "threshold": scores.threshold,
                "threshold_chosen": summary.scoring.threshold is None,
                "f1": scores.f1,
                "precision": scores.precision,
                "recall": scores.recall,
                "at_own_threshold": _own(summary, scores.iou),
                "pooled": _counts(scores.pooled),
                "per_source": {name: _counts(one) for name, one in scores.per_source.items()},
                "per_class": _parts(table.per_class(scores.iou, scores.threshold)),
                "best_of_classes": {
                    name: {"threshold": threshold, "f1": f1}
                    for name, (threshold, f1) in table.best_of_classes(scores.iou).items()
                },
                "per_size": _parts(table.per_size(scores.iou, scores.threshold)),
            }
            for scores in summary.boxes.at
        ],
        "deteval": _deteval(summary.deteval),
        "errors": report_to_json(summary.errors),
        "confusion": {
            "iou": first.iou,
            "threshold": first.threshold,
            "rows": [*summary.classes, "background"],
            "columns": [*summary.classes, "background"],
            "counts": summary.confusion.tolist(),
        },
        "coco": {
            "evaluator": summary.coco.evaluator,
            **_coco(summary.coco),
            "per_source": {name: _coco(scores) for name, scores in summary.coco_per_source.items()},
        },
        "intervals": None if summary.intervals is None else _intervals(summary.intervals),
        "curves": _curves(summary),
    }


def _own(summary: Summary, iou: float) -> dict[str, object] | None:
    if summary.own is None:
        return None
    scores = summary.own.at_iou(iou)
    return {
        "threshold": scores.threshold,
        "f1": scores.f1,
        "precision": scores.precision,
        "recall": scores.recall,
        "pooled": _counts(scores.pooled),
    }


def _counts(scores: SourceScores) -> dict[str, object]:
    return {
        "pages": scores.pages,
        "truths": scores.truths,
        "detections": scores.detections,
        "matched": scores.matched,
        "precision": scores.precision,
        "recall": scores.recall,
        "f1": scores.f1,
    }


def _parts(parts: dict[str, SourceScores]) -> dict[str, object]:
    return {name: _counts(one) for name, one in parts.items()}


def _deteval(report: DetEvalReport) -> dict[str, object]:
    return {
        "threshold": report.threshold,
        "f1": report.f1,
        "precision": report.precision,
        "recall": report.recall,
        "pooled": _areas(report.pooled),
        "per_source": {name: _areas(scores) for name, scores in report.per_source.items()},
    }


def _areas(scores: DetEvalScores) -> dict[str, object]:
    return {
        "truths": scores.truths,
        "detections": scores.detections,
        "one_to_one": scores.single,
        "split": scores.split,
        "merged": scores.merged,
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


def _intervals(found: Intervals) -> dict[str, object]:
    return {
        "level": 0.95,
        "draws": found.draws,
        "seed": found.seed,
        "documents": found.documents,
        "by_document": found.by_document,
        "boxes": [
            {
                "iou": iou,
                "f1": _pair(found.f1[iou]),
                "pooled": _pair(found.pooled[iou]),
                "per_source": {name: _pair(one) for name, one in found.per_source[iou].items()},
            }
            for iou in found.f1
        ],
        "coco": {
            "ap": _pair(found.ap),
            "ap50": _pair(found.ap50),
            "per_class": {name: _pair(one) for name, one in found.per_class.items()},
        },
    }


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _curves(summary: Summary) -> dict[str, object]:
    table, iou = summary.table, summary.boxes.at[0].iou
    over, scores, belief = threshold_curve(table, iou), score_histogram(table, iou), calibration(table, iou)
    return {
        "iou": iou,
        "over_threshold": {
            "threshold": _list(over.threshold),
            "precision": _list(over.precision),
            "recall": _list(over.recall),
            "f1": _list(over.f1),
        },
        "precision_at_recall": {name: _list(values) for name, values in precision_recall(table, iou).items()},
        "scores": {"edges": _list(scores.edges), "right": scores.right.tolist(), "wrong": scores.wrong.tolist()},
        "calibration": {
            "score": _list(belief.score),
            "precision": _list(belief.precision),
            "count": belief.count.tolist(),
            "error": belief.error,
        },
    }


def _list(values: npt.NDArray[np.float64]) -> list[float | None]:
    return [round(value, 6) if np.isfinite(value) else None for value in values.tolist()]
