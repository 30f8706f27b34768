"""Targets of the original code, drawn here object by object in plain numpy after its description (docs/core.md)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.codec.encode import encode
from centernet_cli.core.recipe import TargetsSection

HEIGHT, WIDTH, CLASSES = 192, 256, 3


@dataclass
class Slow:
    """Maps in the making: `heatmap (K, h, w)`, `size (2, h, w)`; of each object its cell, size and offset."""

    heatmap: np.ndarray
    size: np.ndarray
    cells: list[int] = field(default_factory=list)
    sizes: list[tuple[float, float]] = field(default_factory=list)
    offsets: list[tuple[float, float]] = field(default_factory=list)


def radius_of(height: int, width: int) -> int:
    """The rule that decides, in the original as well as when put right; here 2a times as large as it should be."""
    b = -2 * 0.7 * (height + width)
    return max(0, int((b + math.sqrt(b**2 - 4 * (4 * 0.7) * ((0.7 - 1) * width * height))) / 2))


def bell(radius: int) -> np.ndarray:
    """(2r + 1, 2r + 1) values around a 1, float32; those below the precision of float64 would be 0."""
    sigma = (2 * radius + 1) / 6
    away = np.arange(-radius, radius + 1) ** 2
    values = np.exp(-(away[:, None] + away[None]) / (2 * sigma**2))
    values[values < np.finfo(np.float64).eps * values.max()] = 0
    return values.astype(np.float32)


def slow_targets(boxes: np.ndarray, labels: list[int]) -> Slow:
    """Draw one box after the other: float32 coordinates, whole-numbered radius, truncated centre."""
    h, w = HEIGHT // 4, WIDTH // 4
    out = Slow(np.zeros((CLASSES, h, w), np.float32), np.zeros((2, h, w), np.float32))
    for box, label in zip(boxes.astype(np.float32) / np.float32(4), labels, strict=True):
        x0, x1 = np.clip(box[[0, 2]], 0, w - 1)
        y0, y1 = np.clip(box[[1, 3]], 0, h - 1)
        width, height = x1 - x0, y1 - y0
        if width <= 0 or height <= 0:
            continue
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        column, row = int(cx), int(cy)
        r = radius_of(math.ceil(height), math.ceil(width))
        values = bell(r)
        before = out.heatmap.max(0)
        for dy in range(-r, r + 1):
            for dx in range(-r, r + 1):
                y, x = row + dy, column + dx
                if 0 <= y < h and 0 <= x < w:
                    value = values[r + dy, r + dx]
                    out.heatmap[label, y, x] = max(out.heatmap[label, y, x], value)
                    # Of all classes' Gaussians the larger one has the size, of equal ones the later.
                    if value >= before[y, x]:
                        out.size[:, y, x] = width, height
        out.cells.append(row * w + column)
        out.sizes.append((float(width), float(height)))
        out.offsets.append((float(cx - column), float(cy - row)))
    return out


side = st.one_of(st.floats(-60, 320, width=32), st.integers(-20, 80).map(lambda cell: 4.0 * cell))
any_box = st.tuples(side, side, side, side).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)
pages = st.lists(st.tuples(any_box, st.integers(0, CLASSES - 1)), max_size=12)


def both(found, section: TargetsSection):
    boxes = np.array([box for box, _ in found], np.float32).reshape(-1, 4)
    labels = [label for _, label in found]
    targets = encode(
        torch.from_numpy(boxes),
        torch.tensor(labels, dtype=torch.long),
        shape=(HEIGHT, WIDTH),
        num_classes=CLASSES,
        section=section,
    )
    return slow_targets(boxes, labels), targets


@given(pages)
@settings(max_examples=150)
def test_heatmap_sizes_and_offsets_are_the_originals(found):
    slow, targets = both(found, TargetsSection(gaussian="original"))
    np.testing.assert_allclose(targets.heatmap.numpy(), slow.heatmap, rtol=0, atol=1e-6)
    # What is a centre and what is nothing must be so exactly.
    for special in (0, 1):
        np.testing.assert_array_equal(targets.heatmap.numpy() == special, slow.heatmap == special)
    assert targets.index.tolist() == slow.cells
    np.testing.assert_array_equal(targets.size.numpy().reshape(-1, 2), np.reshape(slow.sizes, (-1, 2)))
    np.testing.assert_allclose(targets.offset.numpy().reshape(-1, 2), np.reshape(slow.offsets, (-1, 2)), atol=1e-6)


@given(pages)
@settings(max_examples=100)
def test_dense_sizes_are_the_originals(found):
    slow, targets = both(found, TargetsSection(gaussian="original", dense_size=True))
    dense = targets.sizes
    drawn = slow.heatmap.max(0).ravel()
    assert sorted(dense.index.tolist()) == np.flatnonzero(drawn).tolist()
    np.testing.assert_allclose(dense.weight.numpy(), drawn[dense.index.numpy()], rtol=0, atol=1e-6)
    expected = slow.size.reshape(2, -1)[:, dense.index.numpy()].T
    # Where two Gaussians are equal but for the last bit, either has the cell.
    differs = (dense.values.numpy() != expected).any(1)
    if differs.any():
        candidates = [both([one], TargetsSection(gaussian="original"))[0].heatmap.max(0).ravel() for one in found]
        for cell in dense.index.numpy()[differs]:
            values = sorted((float(heat[cell]) for heat in candidates), reverse=True)
            assert values[0] - values[1] < 1e-6


def test_boxes_at_the_rim_end_at_the_last_cell():
    _, targets = both([((200.0, 100.0, 256.0, 192.0), 0)], TargetsSection(gaussian="original"))
    assert targets.size.tolist() == [[63 - 50, 47 - 25]]
    _, targets = both([((200.0, 100.0, 256.0, 192.0), 0)], TargetsSection(gaussian="ellipse"))
    assert targets.size.tolist() == [[64 - 50, 48 - 25]]


@pytest.mark.parametrize("rule", ["original", "corrected"])
def test_the_overlap_is_that_of_the_recipe(rule):
    box = [((20.0, 20.0, 220.0, 160.0), 0)]
    large, small = (
        (both(box, TargetsSection(gaussian=rule, min_overlap=overlap))[1].heatmap > 0).sum() for overlap in (0.3, 0.7)
    )
    assert large > small
