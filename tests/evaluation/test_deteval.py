"""DetEval by hand: one to one, splits, merges, and what is none of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.deteval import deteval_scores, page_scores
from centernet_cli.evaluation.pairs import PagePair

LINE = (100, 100, 300, 120)  # 200 x 20
NEXT = (100, 130, 300, 150)  # the line below, after a gap of 10


def judge(truth, found):
    scores = page_scores(*(np.array(boxes, dtype=np.float64).reshape(-1, 4) for boxes in (truth, found)))
    return scores.recall, scores.precision, (scores.single, scores.split, scores.merged)


@pytest.mark.parametrize(
    ("truth", "found", "recall", "precision", "kinds"),
    [
        pytest.param([LINE], [LINE], 1, 1, (1, 0, 0), id="exact"),
        pytest.param([LINE], [(100, 100, 260, 120)], 1, 1, (1, 0, 0), id="80 % of the line, no more"),
        pytest.param([LINE], [(100, 100, 259, 120)], 0, 0, (0, 0, 0), id="less than 80 % of the line"),
        pytest.param([LINE], [(100, 90, 300, 140)], 1, 1, (1, 0, 0), id="the line is 40 % of the box"),
        pytest.param([LINE], [(100, 90, 300, 141)], 0, 0, (0, 0, 0), id="the line is less than 40 % of the box"),
        pytest.param([LINE], [(100, 100, 200, 120), (200, 100, 300, 120)], 0.8, 0.8, (0, 1, 0), id="two halves"),
        pytest.param([LINE], [(100, 100, 180, 120), (210, 100, 290, 120)], 0.8, 0.8, (0, 1, 0), id="80 % in two parts"),
        pytest.param([LINE], [(100, 100, 170, 120), (210, 100, 290, 120)], 0, 0, (0, 0, 0), id="75 % in two parts"),
        pytest.param([LINE, NEXT], [(100, 100, 300, 150)], 0.8, 0.8, (0, 0, 2), id="two lines in one box"),
        pytest.param([LINE, NEXT], [(100, 100, 300, 201)], 0, 0, (0, 0, 0), id="two lines in a box far too tall"),
        pytest.param([LINE, NEXT], [(100, 100, 300, 149)], 0.5, 1, (1, 0, 0), id="only the first is 40 % of the box"),
        pytest.param([LINE], [LINE, LINE], 0.8, 0.8, (0, 1, 0), id="found twice"),
        pytest.param([LINE], [LINE, (500, 500, 600, 520)], 1, 0.5, (1, 0, 0), id="one more elsewhere"),
        pytest.param([LINE, NEXT], [LINE], 0.5, 1, (1, 0, 0), id="one missed"),
        pytest.param(
            [LINE, NEXT, (400, 100, 600, 120)],
            [LINE, (100, 130, 200, 150), (200, 130, 300, 150)],
            (1 + 0.8) / 3,
            (1 + 2 * 0.8) / 3,
            (1, 1, 0),
            id="one right, one split, one missed",
        ),
        pytest.param([LINE], [], 0, None, (0, 0, 0), id="nothing found"),
        pytest.param([], [LINE], None, 0, (0, 0, 0), id="nothing to find"),
    ],
)
def test_by_hand(truth, found, recall, precision, kinds):
    result = judge(truth, found)
    assert result[0] == (None if recall is None else pytest.approx(recall))
    assert result[1] == (None if precision is None else pytest.approx(precision))
    assert result[2] == kinds


def pair(truth, found, source="a", crowd=()):
    return PagePair(
        source=source,
        truth=tuple(Annotation(label="text_line", box=box) for box in truth)
        + tuple(Annotation(label="text_line", box=box, crowd=True) for box in crowd),
        predictions=tuple(
            Annotation(label="text_line", box=box, score=0.9 - 0.1 * place) for place, box in enumerate(found)
        ),
        width=1000,
        height=1000,
    )


def test_mean_over_sources_and_all_pages_as_one():
    report = deteval_scores([pair([LINE, NEXT], [LINE, NEXT]), pair([LINE], [], "b")], 0.5)
    assert report.f1 == pytest.approx(0.5)
    assert report.pooled.f1 == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))


def test_the_threshold_and_crowds():
    page = pair([LINE], [LINE, (500, 500, 600, 520), (700, 700, 800, 720)], crowd=[(450, 450, 620, 620)])
    assert deteval_scores([page], 0.0).pooled.detections == 2
    assert deteval_scores([page], 0.75).pooled.precision == 1
    assert deteval_scores([page], 0.95).pooled.recall == 0


corner = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 60), st.integers(1, 12))
boxes = st.lists(corner.map(lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])), max_size=8)


@given(boxes, boxes)
def test_scores_are_shares(truth, found):
    recall, precision, kinds = judge(truth, found)
    assert recall is None or 0 <= recall <= 1 + 1e-9
    assert precision is None or 0 <= precision <= 1 + 1e-9
    assert sum(kinds) <= len(truth)


@given(boxes)
def test_lines_apart_that_are_found_exactly_score_one(found):
    apart = [(x0, 100 * place, x1, 100 * place + 12) for place, (x0, _, x1, _) in enumerate(found)]
    recall, precision, kinds = judge(apart, apart)
    assert kinds == (len(apart), 0, 0)
    assert recall in {None, 1}
    assert precision in {None, 1}
