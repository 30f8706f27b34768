"""Curves, calibration, sizes, classes and confusion: by hand on few boxes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.confusion import confusion_matrix
from centernet_cli.evaluation.curves import calibration, precision_recall, score_histogram, threshold_curve
from centernet_cli.evaluation.line_metrics import MatchTable
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.evaluation.sizes import size_classes, size_names
from centernet_cli.evaluation.summary import Scoring, resample, summarise
from centernet_cli.evaluation.summary_json import summary_to_json

A, B, C, D = ((0, 100 * k, 200, 100 * k + 20) for k in range(4))


def box(place, label="text", score=None, crowd=False):
    return Annotation(label=label, box=place, score=score, crowd=crowd)


def page(truth, found, annotates=None, source="s"):
    return PagePair(
        source=source, truth=tuple(truth), predictions=tuple(found), width=1000, height=1000, annotates=annotates
    )


PAGE = page([box(A), box(B), box(C)], [box(A, score=0.9), box(D, score=0.8), box(B, score=0.35)])


def test_over_thresholds():
    curve = threshold_curve(MatchTable([PAGE]), 0.5)
    at = dict(zip(curve.threshold.round(2).tolist(), range(101), strict=True))
    assert curve.recall[at[0.3]] == pytest.approx(2 / 3)
    assert curve.precision[at[0.3]] == pytest.approx(2 / 3)
    assert curve.precision[at[0.85]] == 1
    assert curve.f1[at[0.85]] == pytest.approx(2 / 4)
    assert np.isnan(curve.precision[at[0.95]]), "nothing is found there"
    assert curve.f1[at[0.95]] == 0


def test_precision_at_recall():
    curve = precision_recall(MatchTable([PAGE], ["text", "table"]), 0.5)
    assert list(curve) == ["text"], "no table to find"
    assert curve["text"][33] == 1
    assert curve["text"][50] == pytest.approx(2 / 3)
    assert curve["text"][67] == 0


def test_scores_of_right_and_wrong():
    found = score_histogram(MatchTable([PAGE]), 0.5)
    assert found.right.sum() == 2
    assert found.wrong.sum() == 1
    assert found.wrong[40] == 1, "0.8 is in the bin from 0.8"


def test_calibration():
    found = calibration(MatchTable([PAGE]), 0.5)
    assert found.count.tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 1, 1]
    assert found.error == pytest.approx((0.65 + 0.8 + 0.1) / 3)
    assert calibration(MatchTable([page([box(A)], [])]), 0.5).error is None


def test_by_size_a_match_counts_where_the_truth_is():
    thin, thick = (0, 0, 300, 14), (0, 0, 300, 16)
    table = MatchTable([page([box(thin)], [box(thick, score=0.9), box((0, 500, 300, 540), score=0.8)])])
    sizes = {name: one for name, one in table.per_size(0.5, 0.5).items() if one.truths or one.detections}
    assert {name: (one.truths, one.detections, one.matched) for name, one in sizes.items()} == {
        "1-1.5 %": (1, 1, 1),
        "from 2.5 %": (0, 1, 0),
    }


def test_by_size_with_nothing_to_find():
    table = MatchTable([page([], [box(A, score=0.5)])])
    assert sum(one.detections for one in table.per_size(0.5, 0.1).values()) == 1


def test_sizes_have_names():
    boxes = np.array([[0, 0, 100, 4], [0, 0, 100, 5], [0, 0, 100, 30], [0, 0, 30, 100]], dtype=np.float64)
    assert [size_names()[k] for k in size_classes(boxes, 800, 1000)] == [
        "below 0.5 %",
        "0.5-0.75 %",
        "from 2.5 %",
        "from 2.5 %",
    ]


def test_by_class_on_pages_that_judge_it():
    partial = page([box(A, "table")], [box(A, "table", 0.9), box(B, "text", 0.9)], frozenset({"table"}))
    classes = MatchTable([PAGE, partial], ["text", "table"]).per_class(0.5, 0.5)
    assert (classes["text"].pages, classes["text"].detections) == (1, 2)
    assert (classes["table"].pages, classes["table"].f1) == (2, 1)


def test_best_thresholds_of_classes():
    tables = [box(A, "table", 0.3), box(C, "table", 0.25), box(B, "table", 0.2)]
    partial = page([box(A, "table"), box(B, "table")], [*tables, box(D, "text", 0.9)], frozenset({"table"}))
    best = MatchTable([PAGE, partial], ["text", "table", "list"]).best_of_classes(0.5)
    assert list(best) == ["text", "table"]
    assert best["text"] == pytest.approx((0.35, 2 / 3))
    assert best["table"] == pytest.approx((0.2, 0.8))


def test_confusion():
    truth = [box(A), box(B), box(C, "table"), box(D, crowd=True)]
    found = [
        box(A, score=0.9),
        box(B, "table", 0.8),
        box((400, 400, 500, 420), score=0.7),
        box(D, score=0.6),
        box(C, "table", 0.1),
    ]
    assert confusion_matrix([page(truth, found)], ["text", "table"], 0.5, 0.5).tolist() == [
        [1, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
    ]


def test_the_diagonal_of_confusion_is_what_scores_count():
    found = [box(A, "table", 0.9), box(A, score=0.2)]
    matrix = confusion_matrix([page([box(A)], found)], ["text", "table"], 0.5, 0.1)
    assert matrix.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_confusion_of_partial_labels():
    partial = page([box(A, "table")], [box(B, "text", 0.9)], frozenset({"table"}))
    assert confusion_matrix([partial], ["text", "table"], 0.5, 0.1).tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize("draws", [0, 20])
def test_the_document_is_json_and_progress_adds_up(draws):
    steps = []
    scoring = Scoring(draws=draws)
    pages = [PAGE, page([], []), page([box(A, "table")], [], frozenset({"table"}), "t")]
    summary = summarise(pages, ["text", "table"], scoring, lambda: steps.append(1))
    assert len(steps) == scoring.steps(len(pages))
    if draws:
        summary = replace(summary, intervals=resample(summary, lambda: steps.append(1)))
        assert len(steps) == scoring.steps(len(pages)) + draws
    document: Any = summary_to_json(summary)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert (document["intervals"] is None) == (draws == 0)
    half = document["boxes"][0]
    assert sum(one["truths"] for one in half["per_size"].values()) == half["pooled"]["truths"]
    assert sum(one["matched"] for one in half["per_class"].values()) == half["pooled"]["matched"]
