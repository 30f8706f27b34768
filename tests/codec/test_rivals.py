from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.codec.rivals import lower_rivals
from centernet_cli.codec.select import select
from centernet_cli.core.recipe import DecodeSection

HEADING = [10, 10, 110, 30]
NEAR = [12, 10, 110, 31]
BELOW = [10, 40, 110, 60]
PARAGRAPH = [10, 5, 110, 60]
BOXES = np.array([HEADING, NEAR, BELOW, PARAGRAPH], np.float32)
SCORES = np.array([0.8, 0.6, 0.5, 0.4], np.float32)


def test_the_worse_name_of_one_thing_is_less_sure():
    lowered = lower_rivals(BOXES, SCORES, np.array([0, 1, 1, 2]), 0.5)
    # What holds the heading, or lies beside it, is another thing.
    assert lowered.tolist() == pytest.approx([0.8, 0.6 * (1 - 0.5 * 0.8), 0.5, 0.4])
    assert lowered.dtype == np.float32


def test_boxes_of_one_class_are_no_rivals():
    assert lower_rivals(BOXES, SCORES, np.zeros(4, np.int64), 0.5).tolist() == SCORES.tolist()


def test_the_best_of_several_rivals_counts():
    boxes = np.array([HEADING, HEADING, HEADING], np.float32)
    lowered = lower_rivals(boxes, np.array([0.9, 0.8, 0.7], np.float32), np.arange(3), 1.0)
    assert lowered.tolist() == pytest.approx([0.9, 0.8 * 0.1, 0.7 * 0.1])


def test_selected_by_the_lowered_score_and_best_first():
    section = DecodeSection(rivals=0.5, min_score=0.45)
    found = select(BOXES, SCORES, np.array([0, 1, 1, 2]), section)
    assert found.scores.tolist() == pytest.approx([0.8, 0.5])
    assert found.classes.tolist() == [0, 1]
    assert found.boxes.tolist() == [HEADING, BELOW]
    soft = select(BOXES, SCORES, np.array([0, 1, 1, 2]), section.model_copy(update={"soft_nms": True}))
    assert soft.boxes[0].tolist() == HEADING
    assert NEAR not in soft.boxes.tolist()


@given(st.integers(0, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_scores_only_fall_and_the_best_stays(count, seed, share):
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 20, (count, 2))
    boxes = np.hstack([corner, corner + rng.integers(1, 20, (count, 2))]).astype(np.float32)
    scores = np.sort(rng.random(count).astype(np.float32))[::-1]
    lowered = lower_rivals(boxes, scores, rng.integers(0, 3, count), share)
    assert (lowered <= scores).all()
    assert (lowered >= scores * (1 - share) - 1e-6).all()
    assert lowered[:1].tolist() == scores[:1].tolist()
