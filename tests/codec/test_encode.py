from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.codec import draw
from centernet_cli.codec.decode import decode
from centernet_cli.codec.encode import encode, encode_batch
from centernet_cli.codec.targets import Objects, Targets
from centernet_cli.core.recipe import DecodeSection, TargetsSection

HEIGHT, WIDTH = 144, 240
GRID = 48
"""Boxes of a test are apart because each has a place of this many pixels for itself."""
SECTIONS = [TargetsSection(gaussian=rule) for rule in ("original", "corrected", "ellipse")]


@st.composite
def boxes_apart(pick):
    """Boxes (N, 4) with at least 8 pixels between them, sides above a cell, and their labels (N,)."""
    places = [(x, y) for y in range(0, HEIGHT, GRID) for x in range(0, WIDTH, GRID)]
    chosen = pick(st.lists(st.sampled_from(places), unique=True, max_size=len(places)))
    boxes, labels = [], []
    for x, y in chosen:
        x0, y0 = (pick(st.floats(4, 36)) for _ in range(2))
        x1, y1 = (pick(st.floats(low + 5, 44)) if low < 38 else 44.0 for low in (x0, y0))
        boxes.append((x + x0, y + y0, x + x1, y + y1))
        labels.append(pick(st.integers(0, 2)))
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), torch.tensor(labels, dtype=torch.long)


def encoded(boxes, labels=None, section=None, **options) -> Targets:
    boxes = torch.as_tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    labels = torch.zeros(len(boxes), dtype=torch.long) if labels is None else torch.as_tensor(labels)
    options = {"shape": (HEIGHT, WIDTH), "num_classes": 3, "section": section or TargetsSection(), **options}
    return encode(boxes, labels, **options)


def ltrb_map(targets: Targets) -> torch.Tensor:
    """The distances of one page as `(4, h, w)`, 0 where none are trained."""
    assert targets.ltrb is not None
    h, w = targets.heatmap.shape[1:]
    flat = torch.zeros(4, h * w)
    flat[:, targets.ltrb.index] = targets.ltrb.values.T
    return flat.view(4, h, w)


def mask_of(targets: Targets) -> torch.Tensor:
    return torch.ones_like(targets.heatmap) if targets.mask is None else targets.mask


def perfect_outputs(targets: Targets, box: str) -> dict[str, torch.Tensor]:
    """What a network that has learnt the targets by heart would give for one page."""
    outputs = {"heatmap": targets.heatmap[None].clamp(1e-6, 1 - 1e-6).logit()}
    if box == "ltrb":
        return {**outputs, "ltrb": ltrb_map(targets)[None]}
    h, w = targets.heatmap.shape[1:]
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
    distance = (torch.from_numpy(detections.boxes)[:, None] - boxes[None]).abs().amax(2)
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
    assert targets.ltrb is not None
    assert (targets.ltrb.values > 0).all()
    assert torch.isfinite(targets.ltrb.values).all()
    assert (targets.ltrb.weight > 0).all()
    assert torch.isfinite(targets.ltrb.weight).all()
    assert targets.ltrb.index.unique().numel() == targets.ltrb.index.numel()


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
    assert len(boxes) == 1536
    targets = encoded(boxes, shape=(height, width))
    assert len(targets.index) == len(boxes)
    assert (targets.heatmap == 1).sum() == len(boxes)
    (found,) = decode(perfect_outputs(targets, "ltrb"), DecodeSection(min_score=0.9))
    assert len(found.boxes) == len(boxes)


def test_the_smaller_box_owns_the_cells_they_share():
    large, small = (0, 0, 240, 144), (100, 60, 140, 84)
    for boxes in ([large, small], [small, large]):
        targets = encoded(boxes, [0, 1])
        left, top, right, bottom = ltrb_map(targets)[:, 18, 30].tolist()  # cell centre 122, 74
        assert (122 - 4 * left, 74 - 4 * top, 122 + 4 * right, 74 + 4 * bottom) == pytest.approx(small)
        # The larger one keeps cells where the smaller one's Gaussian doesn't reach.
        left, *_ = ltrb_map(targets)[:, 18, 22].tolist()
        assert 4 * left == pytest.approx(90)


def test_ownership_goes_by_size_beyond_one_chunk(monkeypatch):
    boxes = [(0, 0, 240, 144)] * 20 + [(100, 60, 140, 84)]
    for chunk in (1, 5000):
        monkeypatch.setattr(draw, "CHUNK", chunk)
        for order in (boxes, boxes[::-1]):
            assert 4 * ltrb_map(encoded(order))[0, 18, 30] == pytest.approx(22)


@given(boxes_apart())
@settings(max_examples=30)
def test_weights_of_a_box_sum_to_the_logarithm_of_its_area(found):
    boxes, labels = found
    targets = encoded(boxes, labels)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) / 16
    assert targets.ltrb is not None
    assert targets.ltrb.weight.sum().item() == pytest.approx(torch.log1p(areas).sum().item(), rel=1e-4)


def test_boxes_without_area_or_off_the_page_are_left_out():
    targets = encoded([(10, 10, 10, 50), (300, 10, 340, 50), (-50, -50, -1, -1), (10, 10, 60, 50)])
    assert len(targets.index) == 1


def test_boxes_are_clipped_to_the_page():
    inside, across = encoded([(200, 100, 240, 144)]), encoded([(200, 100, 999, 999)])
    assert torch.equal(inside.heatmap, across.heatmap)
    assert torch.equal(inside.size, across.size)


def test_no_boxes():
    targets = encoded([])
    assert targets.heatmap.sum() == 0
    assert targets.ltrb is not None
    assert len(targets.index) == len(targets.ltrb.index) == 0
    assert targets.mask is None


def test_a_centre_under_an_ignored_area_is_learnt():
    targets = encoded([(40.0, 40.0, 80.0, 60.0)], ignore=torch.tensor([(30.0, 30.0, 100.0, 70.0)]))
    mask = mask_of(targets)
    assert mask[targets.heatmap == 1].all()
    assert mask[0, 9, 8] == 0


def test_ignored_areas_take_no_loss():
    areas = [(40.0, 40.0, 79.0, 60.0), (-20.0, 130.0, 10.0, 500.0), (44.0, 44.0, 60.0, 60.0), (-90.0, 9.0, -9.0, 99.0)]
    mask = mask_of(encoded([], ignore=torch.tensor(areas)))
    assert mask[:, 10:16, 10:20].sum() == 0
    assert mask[:, 32:, :3].sum() == 0
    assert (mask == 0).sum() == 3 * (6 * 10 + 4 * 3)


def test_classes_that_are_not_annotated_take_no_loss():
    targets = encoded([(40, 40, 120, 80)], [1], annotated=torch.tensor([False, True, False]))
    assert mask_of(targets).sum(dim=(1, 2)).tolist() == [0, HEIGHT * WIDTH / 16, 0]


def objects_of(pages) -> Objects:
    """Pages of (boxes (N, 4), labels (N,), ignore (M, 4), annotated (K,)) as one batch."""
    boxes, labels, ignore, annotated = zip(*pages, strict=True)
    numbers = [
        torch.repeat_interleave(torch.arange(len(pages)), torch.tensor([len(each) for each in things]))
        for things in (boxes, ignore)
    ]
    return Objects(
        torch.cat(boxes), torch.cat(labels), numbers[0], torch.cat(ignore), numbers[1], torch.stack(annotated)
    )


@st.composite
def annotated_pages(pick):
    boxes = pick(st.lists(st.tuples(any_box, st.integers(0, 2)), max_size=5))
    ignore = pick(st.lists(any_box, max_size=2))
    return (
        torch.tensor([box for box, _ in boxes], dtype=torch.float32).reshape(-1, 4),
        torch.tensor([label for _, label in boxes], dtype=torch.long),
        torch.tensor(ignore, dtype=torch.float32).reshape(-1, 4),
        torch.tensor(pick(st.sampled_from([(True, True, True), (True, False, True)]))),
    )


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.gaussian)
@given(
    pages=st.lists(annotated_pages(), min_size=1, max_size=4),
    merge=st.sampled_from(["max", "min"]),
    dense=st.booleans(),
)
@settings(max_examples=40)
def test_a_batch_is_its_pages(section, pages, merge, dense):
    section = section.model_copy(update={"merge": merge, "dense_size": dense})
    batch = encode_batch(objects_of(pages), shape=(HEIGHT, WIDTH), section=section)
    alone = [encoded(page[0], page[1], section, ignore=page[2], annotated=page[3]) for page in pages]
    assert torch.equal(batch.heatmap, torch.stack([each.heatmap for each in alone]))
    mask = torch.ones_like(batch.heatmap) if batch.mask is None else batch.mask
    assert torch.equal(mask, torch.stack([mask_of(each) for each in alone]))
    cells = HEIGHT * WIDTH // 16
    for kind in ("sizes", "offsets", "ltrb"):
        together, parts = getattr(batch, kind), [getattr(each, kind) for each in alone]
        assert torch.equal(together.index, torch.cat([part.index + i * cells for i, part in enumerate(parts)]))
        for part in ("values", "weight", "label"):
            assert torch.equal(getattr(together, part), torch.cat([getattr(each, part) for each in parts]))


def test_distances_that_are_not_wanted_are_not_made():
    page = (torch.tensor([(40.0, 40.0, 120.0, 80.0)]), torch.tensor([1]), torch.zeros(0, 4), torch.ones(3).bool())
    targets = encode_batch(objects_of([page]), shape=(HEIGHT, WIDTH), section=TargetsSection(), ltrb=False)
    assert targets.ltrb is None
    assert (targets.heatmap == 1).sum() == 1


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.gaussian)
@given(st.lists(st.tuples(any_box, st.integers(0, 2)), min_size=1, max_size=6))
@settings(max_examples=30)
def test_merge_min_keeps_the_least_of_the_gaussians_that_cover_a_cell(section, found):
    lowest = section.model_copy(update={"merge": "min"})
    together = encoded([box for box, _ in found], [label for _, label in found], lowest)
    alone = torch.stack([encoded([box], [label], section).heatmap for box, label in found])
    least = torch.where(alone > 0, alone, torch.inf).amin(0)
    assert torch.equal(together.heatmap, torch.where(torch.isinf(least), 0, least))


def test_merge_min_loses_centres():
    # Eight lines inside a column of the same class. What the article says takes the one positive example away from the
    # five lines whose centres the column's Gaussian covers, and from the column.
    lines = [(20.0, y, 220.0, y + 12.0) for y in range(8, 130, 16)]
    boxes = [*lines, (10.0, 4.0, 230.0, 140.0)]
    counts = {}
    for merge in ("max", "min"):
        targets = encoded(boxes, section=TargetsSection(merge=merge))
        counts[merge] = int((targets.heatmap[0].flatten()[targets.index] == 1).sum())
    assert counts == {"max": 9, "min": 3}


def test_a_size_of_each_cell_is_that_of_the_nearer_box():
    section = TargetsSection(gaussian="original", dense_size=True)
    one, two = (20, 20, 80, 100), (84, 20, 184, 120)
    targets = encoded([one, two], [0, 2], section)
    sizes = targets.sizes
    w = WIDTH // 4
    at = {cell: i for i, cell in enumerate(sizes.index.tolist())}
    for box, label in ((one, 0), (two, 2)):
        cx, cy = (box[0] + box[2]) // 8, (box[1] + box[3]) // 8
        for dx, dy in ((0, 0), (1, 0), (0, -1)):
            i = at[(cy + dy) * w + cx + dx]
            assert sizes.values[i].tolist() == [(box[2] - box[0]) / 4, (box[3] - box[1]) / 4]
            assert sizes.label[i] == label
            assert sizes.weight[i] == targets.heatmap[label, cy + dy, cx + dx]
    assert len(sizes.index) > len(targets.index) == 2
