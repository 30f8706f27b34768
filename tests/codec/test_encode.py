from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.codec.decode import decode
from centernet_cli.codec.encode import CHUNK, Targets, encode, stack
from centernet_cli.core.recipe import DecodeSection, TargetsSection

HEIGHT, WIDTH = 144, 240
GRID = 48
"""Boxes of a test are apart because each has a place of this many pixels for itself."""
SECTIONS = [TargetsSection(gaussian="original"), TargetsSection(gaussian="ellipse")]


@st.composite
def boxes_apart(draw):
    """Boxes (N, 4) with at least 8 pixels between them, sides above a cell, and their labels (N,)."""
    places = [(x, y) for y in range(0, HEIGHT, GRID) for x in range(0, WIDTH, GRID)]
    chosen = draw(st.lists(st.sampled_from(places), unique=True, max_size=len(places)))
    boxes, labels = [], []
    for x, y in chosen:
        x0, y0 = (draw(st.floats(4, 36)) for _ in range(2))
        x1, y1 = (draw(st.floats(low + 5, 44)) if low < 38 else 44.0 for low in (x0, y0))
        boxes.append((x + x0, y + y0, x + x1, y + y1))
        labels.append(draw(st.integers(0, 2)))
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), torch.tensor(labels, dtype=torch.long)


def encoded(boxes, labels=None, section=None, **options) -> Targets:
    boxes = torch.as_tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    labels = torch.zeros(len(boxes), dtype=torch.long) if labels is None else torch.as_tensor(labels)
    options = {"shape": (HEIGHT, WIDTH), "num_classes": 3, "section": section or TargetsSection(), **options}
    return encode(boxes, labels, **options)


def perfect_outputs(targets: Targets, box: str) -> dict[str, torch.Tensor]:
    """What a network that has learnt the targets by heart would give for one page."""
    outputs = {"heatmap": targets.heatmap[None].clamp(1e-6, 1 - 1e-6).logit()}
    if box == "ltrb":
        return {**outputs, "ltrb": targets.ltrb[None]}
    h, w = targets.ltrb_weight.shape
    for name, values in (("size", targets.size), ("offset", targets.offset)):
        flat = torch.zeros(2, h * w)
        flat[:, targets.index] = values.T
        outputs[name] = flat.view(1, 2, h, w)
    return outputs


@pytest.mark.parametrize("box", ["ltrb", "size_offset"])
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.gaussian)
@given(found=boxes_apart())
@settings(max_examples=40)
def test_boxes_that_are_apart_come_back(box, section, found):
    boxes, labels = found
    outputs = perfect_outputs(encoded(boxes, labels, section), box)
    (detections,) = decode(outputs, DecodeSection(min_score=0.9))
    assert len(detections.boxes) == len(boxes)
    if not len(boxes):
        return
    distance = (detections.boxes[:, None] - boxes[None]).abs().amax(2)
    assert distance.amin(0).max() < 1e-3
    nearest = distance.argmin(0)
    assert (detections.classes[nearest] == labels).all()
    assert nearest.unique().numel() == len(boxes)


any_box = st.tuples(*[st.floats(-20, 260)] * 4).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.gaussian)
@given(st.lists(st.tuples(any_box, st.integers(0, 2)), min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_larger_gaussian_stays_whatever_the_order(section, found, random):
    together = encoded([box for box, _ in found], [label for _, label in found], section)
    alone = [encoded([box], [label], section).heatmap for box, label in found]
    assert torch.equal(together.heatmap, torch.stack(alone).amax(0))
    random.shuffle(found)
    again = encoded([box for box, _ in found], [label for _, label in found], section)
    assert torch.equal(again.heatmap, together.heatmap)


@given(st.lists(any_box, min_size=1, max_size=6))
@settings(max_examples=30)
def test_targets_are_sane_for_any_boxes(boxes):
    given_boxes = torch.tensor(boxes, dtype=torch.float32)
    before = given_boxes.clone()
    targets = encoded(given_boxes)
    assert torch.equal(given_boxes, before)
    assert targets.heatmap.min() >= 0
    assert targets.heatmap.max() <= 1
    assert (targets.offset >= 0).all()
    assert (targets.offset <= 1).all()
    assert (targets.size > 0).all()
    assert (targets.heatmap.flatten(1)[0][targets.index] == 1).all()
    trained = targets.ltrb_weight > 0
    assert (targets.ltrb[:, trained] > 0).all()
    assert torch.isfinite(targets.ltrb).all()
    assert torch.isfinite(targets.ltrb_weight).all()


def test_a_gaussian_is_one_at_its_centre_cell_and_falls_off():
    targets = encoded([(40, 40, 120, 80)])  # centre 80, 60: cell 20, 15
    assert targets.index.tolist() == [15 * WIDTH // 4 + 20]
    row = targets.heatmap[0, 15]
    assert row[20] == 1
    assert (row[20:26].diff() < 0).all()
    assert torch.equal(row[14:21], row[20:27].flip(0))
    assert (targets.heatmap[1:] == 0).all()


def test_there_is_no_cap_on_objects():
    side, pitch = 8, 16
    height, width = 512, 768
    ys, xs = torch.meshgrid(torch.arange(0, height, pitch), torch.arange(0, width, pitch), indexing="ij")
    corner = torch.stack([xs.flatten(), ys.flatten()], 1).float()
    boxes = torch.cat([corner, corner + side], 1)
    assert len(boxes) == 1536 > CHUNK
    targets = encoded(boxes, shape=(height, width))
    assert len(targets.index) == len(boxes)
    assert (targets.heatmap == 1).sum() == len(boxes)
    (found,) = decode(perfect_outputs(targets, "ltrb"), DecodeSection(min_score=0.9))
    assert len(found.boxes) == len(boxes)


def test_the_smaller_box_owns_the_cells_they_share():
    large, small = (0, 0, 240, 144), (100, 60, 140, 84)
    for boxes in ([large, small], [small, large]):
        targets = encoded(boxes, [0, 1])
        left, top, right, bottom = targets.ltrb[:, 18, 30].tolist()  # cell centre 122, 74
        assert (122 - 4 * left, 74 - 4 * top, 122 + 4 * right, 74 + 4 * bottom) == pytest.approx(small)
        # The larger one keeps cells where the smaller one's Gaussian doesn't reach.
        left, *_ = targets.ltrb[:, 18, 22].tolist()
        assert 4 * left == pytest.approx(90)


def test_ownership_goes_by_size_beyond_one_chunk():
    boxes = [(0, 0, 240, 144)] * CHUNK + [(100, 60, 140, 84)]
    for order in (boxes, boxes[::-1]):
        assert 4 * encoded(order).ltrb[0, 18, 30] == pytest.approx(22)


@given(boxes_apart())
@settings(max_examples=30)
def test_weights_of_a_box_sum_to_the_logarithm_of_its_area(found):
    boxes, labels = found
    targets = encoded(boxes, labels)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) / 16
    assert targets.ltrb_weight.sum().item() == pytest.approx(torch.log1p(areas).sum().item(), rel=1e-4)


def test_boxes_without_area_or_off_the_page_are_left_out():
    targets = encoded([(10, 10, 10, 50), (300, 10, 340, 50), (-50, -50, -1, -1), (10, 10, 60, 50)])
    assert len(targets.index) == 1


def test_boxes_are_clipped_to_the_page():
    inside, across = encoded([(200, 100, 240, 144)]), encoded([(200, 100, 999, 999)])
    assert torch.equal(inside.heatmap, across.heatmap)
    assert torch.equal(inside.size, across.size)


def test_no_boxes():
    targets = encoded([])
    assert targets.heatmap.sum() == targets.ltrb_weight.sum() == 0
    assert len(targets.index) == 0
    assert (targets.mask == 1).all()


def test_a_centre_under_an_ignored_area_is_learnt():
    targets = encoded([(40.0, 40.0, 80.0, 60.0)], ignore=torch.tensor([(30.0, 30.0, 100.0, 70.0)]))
    assert targets.mask[targets.heatmap == 1].all()
    assert targets.mask[0, 9, 8] == 0


def test_ignored_areas_take_no_loss():
    mask = encoded([], ignore=torch.tensor([(40.0, 40.0, 79.0, 60.0), (-20.0, 130.0, 10.0, 500.0)])).mask
    assert mask[:, 10:16, 10:20].sum() == 0
    assert mask[:, 32:, :3].sum() == 0
    assert (mask == 0).sum() == 3 * (6 * 10 + 4 * 3)


def test_classes_that_are_not_annotated_take_no_loss():
    targets = encoded([(40, 40, 120, 80)], [1], annotated=torch.tensor([False, True, False]))
    assert targets.mask.sum(dim=(1, 2)).tolist() == [0, HEIGHT * WIDTH / 16, 0]


def test_stack_counts_through_the_batch():
    pages = [
        encoded([(40, 40, 120, 80)], [1]),
        encoded([]),
        encoded([(0, 0, 30, 30), (100, 100, 200, 140)], [0, 2]),
    ]
    batch = stack(pages)
    assert batch.heatmap.shape == (3, 3, HEIGHT // 4, WIDTH // 4)
    assert batch.mask.shape == batch.heatmap.shape
    assert batch.ltrb.shape == (3, 4, HEIGHT // 4, WIDTH // 4)
    assert batch.ltrb_weight.shape == (3, HEIGHT // 4, WIDTH // 4)
    assert batch.size.shape == batch.offset.shape == (3, 2)
    assert (batch.heatmap.amax(1).flatten()[batch.index] == 1).all()
    # The centre cell and the offset give back the centre.
    w, cells = WIDTH // 4, HEIGHT * WIDTH // 16
    xs = 4 * (batch.index % w + batch.offset[:, 0])
    ys = 4 * (batch.index % cells // w + batch.offset[:, 1])
    assert sorted(zip((batch.index // cells).tolist(), xs.tolist(), ys.tolist(), strict=True)) == [
        (0, 80, 60),
        (2, 15, 15),
        (2, 150, 120),
    ]
