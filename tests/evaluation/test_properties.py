"""Properties that every score must have, on random pages."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.coco_ap import EVALUATORS, coco_scores
from centernet_cli.evaluation.line_metrics import MatchTable, line_report, line_scores
from centernet_cli.evaluation.pairs import PagePair

CLASSES = ("text", "table")
coordinate = st.integers(0, 60).map(float)
side = st.integers(1, 40).map(float)
label = st.sampled_from(CLASSES)


@st.composite
def boxes(draw: st.DrawFn, *, scores: bool) -> tuple[Annotation, ...]:
    result = []
    for _ in range(draw(st.integers(0, 6))):
        x, y = draw(coordinate), draw(coordinate)
        score = draw(st.integers(0, 10)) / 10 if scores else None
        box = (x, y, x + draw(side), y + draw(side))
        result.append(Annotation(label=draw(label), box=box, score=score))
    return tuple(result)


@st.composite
def pages(draw: st.DrawFn) -> list[PagePair]:
    return [
        PagePair(
            source=draw(st.sampled_from("abc")),
            truth=draw(boxes(scores=False)),
            predictions=draw(boxes(scores=True)),
            width=100,
            height=100,
            name=str(index),
        )
        for index in range(draw(st.integers(1, 5)))
    ]


@settings(deadline=None, max_examples=50)
@given(pages())
def test_perfect_predictions_score_one(pairs: list[PagePair]) -> None:
    assume(any(pair.truth for pair in pairs))
    perfect = [replace(pair, predictions=tuple(replace(item, score=0.5) for item in pair.truth)) for pair in pairs]
    report = line_scores(perfect, ious=(0.5, 0.75, 1.0))
    assert [scores.f1 for scores in report.at] == [1, 1, 1]
    assert coco_scores(perfect, CLASSES).ap == 1


@settings(deadline=None, max_examples=50)
@given(pages(), st.randoms())
def test_order_of_pages_and_boxes_does_not_matter(pairs: list[PagePair], rng: random.Random) -> None:
    shuffled = [
        replace(
            pair,
            truth=tuple(rng.sample(pair.truth, len(pair.truth))),
            predictions=tuple(rng.sample(pair.predictions, len(pair.predictions))),
        )
        for pair in pairs
    ]
    rng.shuffle(shuffled)
    before, after = line_scores(pairs), line_scores(shuffled)
    assert before.threshold == after.threshold
    assert before.per_source == after.per_source
    assert before.f1_75 == pytest.approx(after.f1_75)


@settings(deadline=None, max_examples=50)
@given(pages())
def test_best_threshold_beats_every_other(pairs: list[PagePair]) -> None:
    table = MatchTable(pairs)
    for iou in table.ious:
        best = table.at(iou, table.best_threshold(iou)).f1
        others = [table.at(iou, step / 20).f1 for step in range(22)]
        for other in others:
            assert (best is None) == (other is None)
            assert best is None or other is None or best >= other - 1e-12


@settings(deadline=None, max_examples=50)
@given(pages())
def test_looking_up_a_threshold_equals_dropping_the_boxes_below_it(pairs: list[PagePair]) -> None:
    table = MatchTable(pairs)
    for threshold in (0.0, 0.3, 0.55, 1.0):
        kept = [
            replace(pair, predictions=tuple(item for item in pair.predictions if (item.score or 0) >= threshold))
            for pair in pairs
        ]
        assert line_report(table, threshold).per_source == line_scores(kept, threshold=0.0).per_source


@settings(deadline=None, max_examples=50)
@given(pages())
def test_f1_does_not_care_which_side_is_the_truth_when_every_match_is_plain(pairs: list[PagePair]) -> None:
    # Above an IoU of 0.75 disjoint truths leave each detection one candidate at most, and the other way round.
    apart = [
        replace(pair, truth=_disjoint(pair.truth), predictions=_disjoint(pair.predictions, score=1.0)) for pair in pairs
    ]
    turned = [
        replace(pair, truth=pair.predictions, predictions=tuple(replace(item, score=1.0) for item in pair.truth))
        for pair in apart
    ]
    there, back = MatchTable(apart).at(0.75, 0.0).pooled, MatchTable(turned).at(0.75, 0.0).pooled
    assert there.matched == back.matched
    assert there.precision == back.recall
    assert there.recall == back.precision
    assert there.f1 == back.f1 or None in {there.f1, back.f1}


def _disjoint(items: tuple[Annotation, ...], score: float | None = None) -> tuple[Annotation, ...]:
    kept: list[Annotation] = []
    for item in items:
        x0, y0, x1, y1 = item.box
        boxes_so_far = (other.box for other in kept)
        if all(x1 <= other[0] or other[2] <= x0 or y1 <= other[1] or other[3] <= y0 for other in boxes_so_far):
            kept.append(replace(item, score=score))
    return tuple(kept)


@settings(deadline=None, max_examples=50)
@given(pages())
def test_pages_add_up_to_the_pool(pairs: list[PagePair]) -> None:
    table = MatchTable(pairs)
    pooled = table.at(0.5, 0.4).pooled
    found = table.pages(0.5, 0.4)
    assert [index for index, _ in found] == list(range(len(pairs)))
    for name in ("pages", "truths", "detections", "matched"):
        assert sum(getattr(scores, name) for _, scores in found) == getattr(pooled, name)


@settings(deadline=None, max_examples=50)
@given(pages())
def test_all_scores_lie_between_zero_and_one(pairs: list[PagePair]) -> None:
    coco = coco_scores(pairs, CLASSES)
    report = line_scores(pairs)
    values = [coco.ap, coco.ap50, coco.ap75, coco.recall, *coco.per_class.values(), report.f1_50, report.f1_75]
    assert all(value is None or 0 <= value <= 1 for value in values)


@settings(deadline=None, max_examples=50)
@given(pages())
def test_detections_of_unannotated_classes_change_nothing(pairs: list[PagePair]) -> None:
    tables_only = [
        replace(pair, annotates=frozenset({"table"}), predictions=(*pair.predictions, *_strays(pair.width)))
        for pair in pairs
    ]
    clean = [
        replace(
            pair,
            truth=tuple(item for item in pair.truth if item.label == "table"),
            predictions=tuple(item for item in pair.predictions if item.label == "table"),
        )
        for pair in pairs
    ]
    assert line_scores(tables_only).at == line_scores(clean).at
    assert coco_scores(tables_only, CLASSES).per_class == coco_scores(clean, CLASSES).per_class


def _strays(width: int) -> tuple[Annotation, ...]:
    return tuple(Annotation(label="text", box=(x, 0.0, x + 9.0, 9.0), score=1.0) for x in range(0, width, 10))


@settings(deadline=None, max_examples=100)
@given(pages(), st.integers(1, 8))
def test_both_evaluators_agree(pairs: list[PagePair], max_dets: int) -> None:
    reference, fast = (coco_scores(pairs, CLASSES, max_dets, one) for one in EVALUATORS)
    for name in CLASSES:
        for score in ("ap", "ap50", "ap75", "recall"):
            expected, value = (getattr(scores.classes[name], score) for scores in (reference, fast))
            assert (expected is None) == (value is None)
            assert value is None or value == pytest.approx(expected, abs=1e-9)
    assert reference.over_max_dets == fast.over_max_dets
