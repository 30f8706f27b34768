from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from centernet_cli.codec.decode import decode
from centernet_cli.core.recipe import DecodeSection


def outputs(*objects: tuple[int, int, int, float], classes: int = 2, side: float = 8.0) -> dict[str, torch.Tensor]:
    """Square boxes of `side` cells at `(class, y, x, score)` on 32x32 cells."""
    heatmap = torch.full((1, classes, 32, 32), -20.0)
    for label, y, x, score in objects:
        heatmap[0, label, y, x] = torch.tensor(score).logit()
    return {"heatmap": heatmap, "ltrb": torch.full((1, 4, 32, 32), side / 2)}


def test_boxes_are_in_pixels_best_first():
    (found,) = decode(outputs((1, 4, 20, 0.6), (0, 20, 10, 0.9)), DecodeSection())
    assert found.boxes.tolist() == [[26, 66, 58, 98], [66, 2, 98, 34]]
    assert found.scores.tolist() == pytest.approx([0.9, 0.6])
    assert found.classes.tolist() == [0, 1]
    assert found.classes.dtype == np.int64


def test_stride_scales():
    (found,) = decode(outputs((0, 4, 20, 0.6)), DecodeSection(), stride=2)
    assert found.boxes.tolist() == [[33, 1, 49, 17]]


def test_boxes_that_overlap_a_better_one_are_dropped_within_a_class_only():
    maps = outputs((0, 10, 10, 0.9), (0, 10, 12, 0.8), (1, 10, 12, 0.7), (0, 10, 20, 0.6))
    (found,) = decode(maps, DecodeSection(nms_iou=0.5))
    assert found.scores.tolist() == pytest.approx([0.9, 0.7, 0.6])
    assert found.classes.tolist() == [0, 1, 0]
    (everything,) = decode(maps, DecodeSection(nms_iou=None))
    assert everything.scores.tolist() == pytest.approx([0.9, 0.8, 0.7, 0.6])
    (tolerant,) = decode(maps, DecodeSection(nms_iou=0.7))
    assert len(tolerant.scores) == 4


def test_peak_window_is_obeyed():
    maps = outputs((0, 10, 10, 0.9), (0, 10, 12, 0.8))
    assert len(decode(maps, DecodeSection(nms_iou=None, peak_window=(5, 3)))[0].scores) == 1
    assert len(decode(maps, DecodeSection(nms_iou=None, peak_window=(3, 5)))[0].scores) == 2


def test_top_k_and_min_score_bound_what_is_found():
    maps = outputs(*((0, 3 * i, 5, 0.1 + 0.08 * i) for i in range(10)), side=2)
    assert len(decode(maps, DecodeSection())[0].scores) == 10
    assert decode(maps, DecodeSection(top_k=3))[0].scores.tolist() == pytest.approx([0.82, 0.74, 0.66])
    assert len(decode(maps, DecodeSection(min_score=0.5))[0].scores) == 5


def test_nothing_is_found_where_nothing_is():
    maps = outputs()
    maps["heatmap"] -= 1000
    (found,) = decode(maps, DecodeSection(min_score=0.0))
    assert found.boxes.shape == (0, 4)


def test_size_with_and_without_offset():
    maps = outputs((0, 10, 10, 0.9))
    del maps["ltrb"]
    maps["size"] = torch.tensor([6.0, 2.0]).view(1, 2, 1, 1).expand(1, 2, 32, 32)
    assert decode(maps, DecodeSection())[0].boxes.tolist() == [[30, 38, 54, 46]]
    maps["offset"] = torch.tensor([0.25, 0.75]).view(1, 2, 1, 1).expand(1, 2, 32, 32)
    assert decode(maps, DecodeSection())[0].boxes.tolist() == [[29, 39, 53, 47]]


def test_pages_of_a_batch_are_apart():
    one, two = outputs((0, 4, 4, 0.9)), outputs((1, 8, 8, 0.5), (1, 24, 24, 0.4))
    batch = {name: torch.cat([one[name], two[name]]) for name in one}
    assert [len(found.scores) for found in decode(batch, DecodeSection())] == [1, 2]


def test_half_precision_maps_give_float32_boxes():
    maps = {name: value.bfloat16() for name, value in outputs((0, 4, 20, 0.6)).items()}
    (found,) = decode(maps, DecodeSection())
    assert found.boxes.dtype == found.scores.dtype == np.float32


def test_each_class_may_have_sizes_of_its_own():
    maps = outputs((0, 10, 10, 0.9), (1, 10, 10, 0.8), (2, 20, 20, 0.7), classes=3)
    del maps["ltrb"]
    maps["size"] = torch.arange(1.0, 7.0).view(1, 6, 1, 1).expand(1, 6, 32, 32)
    (found,) = decode(maps, DecodeSection())
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    assert found.classes.tolist() == [0, 1, 2]
    assert sides.tolist() == [[4, 8], [12, 16], [20, 24]]


def test_soft_suppression_lowers_scores_and_orders_anew():
    maps = outputs((0, 10, 10, 0.9), (0, 10, 12, 0.8), (0, 10, 25, 0.7), (1, 10, 12, 0.6))
    (found,) = decode(maps, DecodeSection(soft_nms=True, nms_iou=0.01))
    # 33 pixels a side, 8 apart: 25 of 33 columns shared.
    iou = 25 / (2 * 33 - 25)
    assert found.scores.tolist() == pytest.approx([0.9, 0.7, 0.6, 0.8 * math.exp(-(iou**2) / 0.5)])
    assert found.classes.tolist() == [0, 0, 1, 0]
    (fewer,) = decode(maps, DecodeSection(soft_nms=True, min_score=0.5))
    assert len(fewer.scores) == 3


def test_the_mirrored_half_is_averaged():
    one, two = outputs((0, 4, 4, 0.8)), outputs((0, 4, 27, 0.4))
    two["ltrb"] = torch.tensor([2.0, 4, 6, 4]).view(1, 4, 1, 1).expand(1, 4, 32, 32)
    both = {name: torch.cat([one[name], two[name]]) for name in one}
    (found,) = decode(both, DecodeSection(), mirrored=True)
    assert found.scores.tolist() == pytest.approx([0.6])
    # Left (4 + 6) / 2 cells, right (4 + 2) / 2.
    assert found.boxes.tolist() == [[18 - 20, 2, 18 + 12, 34]]


def crowd(count: int) -> dict[str, torch.Tensor]:
    """`count` peaks with boxes that don't touch, on 256 x 256 cells."""
    heatmap = torch.full((1, 1, 256, 256), -20.0)
    places = torch.arange(count)
    heatmap[0, 0, 3 * (places // 80), 3 * (places % 80)] = torch.linspace(0.0, 2.0, count)
    return {"heatmap": heatmap, "ltrb": torch.full((1, 4, 256, 256), 0.9)}


@pytest.mark.parametrize(("count", "kept", "capped"), [(1999, 1999, False), (2000, 2000, False), (2500, 2000, True)])
def test_a_page_of_more_lines_than_top_k_says_so(count: int, kept: int, capped: bool):
    (found,) = decode(crowd(count), DecodeSection())
    assert len(found.scores) == kept
    assert found.capped is capped
    assert decode(crowd(count), DecodeSection(top_k=4000))[0].capped is False


def test_peaks_below_the_least_score_do_not_count_as_missing():
    (found,) = decode(crowd(2500), DecodeSection(min_score=0.7))
    assert 0 < len(found.scores) < 2000
    assert found.capped is False


def test_boxes_dropped_by_overlap_count_as_peaks_left_out():
    maps = crowd(100)
    maps["ltrb"] = torch.full_like(maps["ltrb"], 500.0)
    (found,) = decode(maps, DecodeSection(top_k=50))
    assert len(found.scores) == 1
    assert found.capped is True
