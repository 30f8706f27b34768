"""Line scores: hand-computed cases, and properties on random pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.line_metrics import MatchTable, line_scores
from centernet_cli.evaluation.pairs import PagePair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box


def line(box: Box, score: float | None = None, label: str = "text_line", *, crowd: bool = False) -> Annotation:
    return Annotation(label=label, box=box, score=score, crowd=crowd)


def pair(
    truth: Sequence[Annotation],
    predictions: Sequence[Annotation],
    source: str = "s",
    annotates: frozenset[str] | None = None,
) -> PagePair:
    return PagePair(
        source=source,
        truth=tuple(truth),
        predictions=tuple(predictions),
        width=100,
        height=100,
        annotates=annotates,
    )


def test_hand_computed() -> None:
    truth = [line((0, 0, 10, 10)), line((20, 0, 30, 10)), line((40, 0, 50, 10))]
    found = [
        line((0, 0, 10, 10), 0.9),  # exact
        line((20, 0, 30, 6), 0.8),  # IoU 0.6
        line((60, 0, 70, 10), 0.7),  # nothing there
        line((40, 0, 50, 10), 0.6),  # exact
        line((80, 0, 90, 10), 0.5),  # nothing there
    ]
    report = line_scores([pair(truth, found)])
    half, strict = report.at
    assert half.threshold == 0.6
    assert half.per_source["s"].precision == pytest.approx(3 / 4)
    assert half.per_source["s"].recall == pytest.approx(1)
    assert report.f1_50 == pytest.approx(2 * 3 / (3 + 4))
    # At 0.75 one match of three at 0.9 gives 2/4, two matches with four detections 4/7.
    assert strict.threshold == 0.6
    assert report.f1_75 == pytest.approx(4 / 7)
    assert report.threshold == 0.6
    fixed = line_scores([pair(truth, found)], threshold=0.8)
    assert fixed.f1_50 == pytest.approx(2 * 2 / (3 + 2))
    assert fixed.f1_75 == pytest.approx(2 * 1 / (3 + 2))


def test_sources_may_weigh_more_than_others() -> None:
    here, there = (0, 0, 10, 10), (50, 50, 60, 60)
    # As below: alone, a would choose 0.9 and b 0.3.
    pairs = [
        pair([line(here)], [line(here, 0.9), line(there, 0.5)], "a"),
        pair([line(here)], [line(here, 0.3)], "b"),
        pair([], [], "empty"),
    ]
    weights = {"a": 4.0, "b": 1.0, "empty": 7.0}
    report = line_scores(pairs, weights=weights)
    assert report.threshold == 0.9
    assert report.at[0].weighted_f1(weights) == pytest.approx((4 * 1 + 1 * 0) / 5)
    assert report.f1_50 == pytest.approx(1 / 2)
    assert line_scores(pairs, weights=dict.fromkeys(weights, 2.0)) == line_scores(pairs)
    assert line_scores(pairs, weights=weights).at[0].weighted_f1({"a": 0.0, "b": 0.0}) is None


def test_mean_over_sources_at_one_threshold() -> None:
    here, there = (0, 0, 10, 10), (50, 50, 60, 60)
    # Alone, a would choose 0.9 and b would choose 0.3; together 0.3 is better: (2/3 + 1) / 2.
    pairs = [
        pair([line(here)], [line(here, 0.9), line(there, 0.5)], "a"),
        pair([line(here)], [line(here, 0.3)], "b"),
        pair([], [], "empty"),
    ]
    report = line_scores(pairs)
    assert report.threshold == 0.3
    assert report.f1_50 == pytest.approx((2 / 3 + 1) / 2)
    assert report.per_source["a"].f1 == pytest.approx(2 / 3)
    assert report.per_source["b"].f1 == 1
    assert report.per_source["empty"].f1 is None
    assert report.at[0].pooled.f1 == pytest.approx(2 * 2 / (2 + 3))


def test_a_truth_is_matched_once_and_the_best_score_chooses_first() -> None:
    truth = [line((0, 0, 10, 10)), line((0, 3, 10, 13))]
    # The first detection overlaps both and takes the one it overlaps more; the second gets the other.
    found = [line((0, 1, 10, 11), 0.9), line((0, 0, 10, 10), 0.8), line((0, 0, 10, 10), 0.7)]
    scores = line_scores([pair(truth, found)], ious=(0.5,), threshold=0.0).per_source["s"]
    assert (scores.truths, scores.detections, scores.matched) == (2, 3, 2)


def test_crowds_neither_reward_nor_punish() -> None:
    truth = [line((0, 0, 10, 10)), line((50, 50, 100, 100), crowd=True)]
    found = [line((0, 0, 10, 10), 0.9), line((60, 60, 70, 70), 0.8), line((70, 70, 80, 80), 0.8)]
    scores = line_scores([pair(truth, found)], threshold=0.1).per_source["s"]
    assert (scores.truths, scores.detections, scores.matched) == (1, 1, 1)


def test_boxes_match_within_their_class_only() -> None:
    box = (0, 0, 10, 10)
    pages = [pair([line(box, label="table")], [line(box, 0.9, "figure"), line(box, 0.8, "table")])]
    assert line_scores(pages).per_source["s"].detections == 2
    assert line_scores(pages).f1_50 == pytest.approx(2 / 3)
    assert line_scores(pages, classes=["table"]).f1_50 == 1


def test_classes_that_a_source_does_not_annotate_are_left_out() -> None:
    box = (0, 0, 10, 10)
    found = [line(box, 0.9, "figure"), line(box, 0.8, "table")]
    assert line_scores([pair([line(box, label="table")], found, annotates=frozenset({"table"}))]).f1_50 == 1


def test_nothing_at_all() -> None:
    assert line_scores([]).f1_50 is None
    assert line_scores([pair([], [line((0, 0, 1, 1), 0.5)])]).f1_50 is None
    missed = line_scores([pair([line((0, 0, 1, 1))], [])])
    assert missed.f1_50 == 0
    assert missed.threshold == 0
    assert missed.per_source["s"].precision is None


def test_boxes_without_area_match_nothing() -> None:
    assert line_scores([pair([line((5, 5, 5, 5))], [line((5, 5, 5, 5), 0.5)])]).f1_50 == 0


def test_predictions_without_scores_count_as_certain() -> None:
    report = line_scores([pair([line((0, 0, 10, 10))], [line((0, 0, 10, 10))])])
    assert report.f1_50 == 1
    assert report.threshold == 1


def test_scores_per_page() -> None:
    box = (0, 0, 10, 10)
    pages = [
        pair([line(box)], [line(box, 0.9)], "b"),
        pair([line(box)], [line(box, 0.1)], "a"),
        pair([line(box)], [line((50, 50, 60, 60), 0.9), line(box, 0.8)], "b"),
    ]
    table = MatchTable(pages, ious=(0.5,))
    assert [(index, scores.f1) for index, scores in table.pages(0.5, 0.5)] == [
        (0, 1),
        (1, 0),
        (2, pytest.approx(2 / 3)),
    ]


@pytest.mark.parametrize("ious", [(), (0.0,), (0.5, 1.1), (float("nan"),)])
def test_refuses_impossible_ious(ious: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="IoUs must be"):
        line_scores([], ious=ious)


def test_refuses_scores_that_are_no_numbers() -> None:
    with pytest.raises(ValueError, match="finite"):
        line_scores([pair([], [line((0, 0, 1, 1), float("nan"))])])
