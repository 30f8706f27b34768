from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.codec.soft_nms import soft_nms

Box = tuple[float, float, float, float]


def oracle(boxes: list[Box], scores: list[float]) -> list[float]:
    """One class, box by box, in plain numbers."""
    result = list(scores)
    waiting = set(range(len(boxes)))
    while waiting:
        best = min(waiting, key=lambda i: (-result[i], i))
        waiting.remove(best)
        for other in sorted(waiting):
            iou = overlap(boxes[best], boxes[other])
            if iou > 0:
                result[other] *= math.exp(-iou * iou / 0.5)
                if result[other] < 0.001:
                    result[other] = 0.0
                    waiting.remove(other)
    return result


def overlap(a: Box, b: Box) -> float:
    """With sides counted as last pixel minus first plus one."""
    wide = min(a[2], b[2]) - max(a[0], b[0]) + 1
    high = min(a[3], b[3]) - max(a[1], b[1]) + 1
    if wide <= 0 or high <= 0:
        return 0.0
    area_a, area_b = ((c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b))
    return wide * high / (area_a + area_b - wide * high)


SIDES = st.floats(0, 40, width=32)
BOXES = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), SIDES, SIDES, SIDES, SIDES)
# Few scores, so that there are ties; small ones, so that some are dropped.
SCORES = st.sampled_from([0.001, 0.0012, 0.002, 0.01, 0.3, 0.5, 0.9])
ITEMS = st.lists(st.tuples(BOXES, SCORES, st.integers(0, 2)), max_size=25)


@given(ITEMS)
def test_scores_are_those_of_the_oracle(items: list[tuple[Box, float, int]]) -> None:
    boxes = np.array([item[0] for item in items], np.float64).reshape(-1, 4)
    scores = np.array([item[1] for item in items], np.float64)
    classes = np.array([item[2] for item in items], np.int64)
    found = soft_nms(boxes, scores, classes)
    for label in range(3):
        members = [item for item in items if item[2] == label]
        expected = oracle([item[0] for item in members], [item[1] for item in members])
        assert found[classes == label] == pytest.approx(expected, rel=1e-9)


def test_two_boxes_by_hand() -> None:
    # 10 x 10 pixels each, counted with both ends, half of them shared: IoU 50 / 150.
    boxes = np.array([[0, 0, 9, 9], [5, 0, 14, 9], [30, 0, 39, 9]], np.float32)
    found = soft_nms(boxes, np.array([0.6, 0.9, 0.5], np.float32), np.zeros(3, np.int64))
    assert found == pytest.approx([0.6 * math.exp(-((1 / 3) ** 2) / 0.5), 0.9, 0.5], rel=1e-6)


def test_what_falls_below_the_least_score_is_dropped_and_lowers_no_other() -> None:
    # The second is dropped by the first; the third overlaps only the second.
    boxes = np.array([[0, 0, 9, 9], [3, 0, 12, 9], [11, 0, 20, 9]], np.float64)
    scores = np.array([0.9, 0.0012, 0.0011])
    assert soft_nms(boxes, scores, np.zeros(3, np.int64)).tolist() == [0.9, 0.0, 0.0011]


def test_a_low_score_without_overlap_stays() -> None:
    assert soft_nms(np.array([[0.0, 0, 9, 9]]), np.array([0.0001]), np.zeros(1, np.int64)).tolist() == [0.0001]


def test_classes_do_not_see_each_other_and_the_input_stays() -> None:
    boxes = np.array([[0.0, 0, 9, 9], [0, 0, 9, 9]])
    scores = np.array([0.9, 0.8])
    assert soft_nms(boxes, scores, np.array([0, 1])).tolist() == [0.9, 0.8]
    assert soft_nms(boxes, scores, np.array([1, 1]))[1] == pytest.approx(0.8 * math.exp(-2))
    assert scores.tolist() == [0.9, 0.8]


def test_no_boxes() -> None:
    assert soft_nms(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64)).shape == (0,)
