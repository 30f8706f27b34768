"""A comparison of two models as JSON-serialisable values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from centernet_cli.evaluation.compare import Comparison
    from centernet_cli.evaluation.counts import SourceScores


def comparison_to_json(comparison: Comparison) -> dict[str, object]:
    """Return what changed from the first model to the second; undefined values are null."""
    return {
        "differences": [
            {
                "measure": one.measure,
                "part": one.part or None,
                "a": one.a,
                "b": one.b,
                "change": one.change,
                "interval": None if one.interval is None else [one.interval.low, one.interval.high],
                "p": one.p,
            }
            for one in comparison.differences
        ],
        "draws": comparison.draws,
        "seed": comparison.seed,
        "documents": {
            "by_document": comparison.by_document,
            "wins": comparison.wins,
            "losses": comparison.losses,
            "ties": comparison.ties,
            "sign_test_p": comparison.sign_p,
            "wilcoxon_p": comparison.wilcoxon_p,
        },
        "pages": [
            {
                "source": comparison.b.pairs[page.index].source,
                "page": comparison.b.pairs[page.index].name,
                "truths": page.b.truths,
                "change": page.change,
                "a": _counts(page.a),
                "b": _counts(page.b),
            }
            for page in comparison.pages
        ],
    }


def _counts(scores: SourceScores) -> dict[str, object]:
    return {"detections": scores.detections, "matched": scores.matched, "f1": scores.f1}
