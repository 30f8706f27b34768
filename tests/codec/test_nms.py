from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchvision.ops import nms as torchvision_nms

from centernet_cli.codec import nms as module
from centernet_cli.codec.nms import nms


def plain(boxes: np.ndarray, classes: np.ndarray, iou: float) -> list[int]:
    """One by one, as a textbook has it."""
    kept: list[int] = []
    for index, box in enumerate(boxes):
        for other in kept:
            sides = np.minimum(box[2:], boxes[other][2:]) - np.maximum(box[:2], boxes[other][:2])
            shared = float(sides.clip(min=0).prod())
            areas = sum(float((b[2:] - b[:2]).prod()) for b in (box, boxes[other]))
            if classes[index] == classes[other] and shared > 0 and shared > iou * (areas - shared):
                break
        else:
            kept.append(index)
    return kept


CORNERS = arrays(np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.integers(0, 12).map(float))


@given(CORNERS, st.integers(1, 3), st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0]))
def test_the_same_as_one_by_one(corners: np.ndarray, classes: int, iou: float) -> None:
    boxes = np.hstack([np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])])
    labels = np.arange(len(boxes)) % classes
    assert nms(boxes, labels, iou).tolist() == plain(boxes, labels, iou)


@pytest.mark.parametrize("chunk", [1, 100, 2**18])
def test_the_same_as_torchvision(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(module, "CHUNK", chunk)
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 500, (400, 2))
    boxes = np.hstack([corners, corners + rng.uniform(1, 80, (400, 2))]).astype(np.float32)
    scores = torch.linspace(1, 0, 400)
    expected = torchvision_nms(torch.from_numpy(boxes), scores, 0.2).tolist()
    assert nms(boxes, np.zeros(400, np.int64), 0.2).tolist() == expected
    assert 50 < len(expected) < 350


def test_only_boxes_that_were_kept_suppress() -> None:
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    assert nms(boxes, np.zeros(3, np.int64), 0.4).tolist() == [0, 2]


def test_many_equal_boxes_leave_one() -> None:
    boxes = np.tile(np.array([[3, 4, 50, 60]], np.float32), (3000, 1))
    assert nms(boxes, np.zeros(3000, np.int64), 0.5).tolist() == [0]


def test_nothing() -> None:
    assert nms(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 0.5).tolist() == []
