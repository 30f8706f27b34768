from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import generalized_box_iou

from centernet_cli.codec.targets import Cells
from centernet_cli.losses.regression import cell_loss, giou_loss

B, H, W = 2, 3, 5
KINDS = ["l1", "smooth_l1", "norm_l1"]


def corners(ltrb: torch.Tensor) -> torch.Tensor:
    """Boxes (N, 4) around the origin."""
    left, top, right, bottom = ltrb.unbind(1)
    return torch.stack([-left, -top, right, bottom], 1)


def random_cells(seed: int, channels: int, *, weighted: bool, classes: int = 1) -> Cells:
    """Up to ten objects anywhere, several on one cell now and then."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 11))
    weight = rng.uniform(0.05, 1, count) if weighted else np.ones(count)
    return Cells(
        torch.from_numpy(rng.integers(0, B * H * W, count)),
        torch.from_numpy(rng.uniform(0.5, 20, (count, channels))).float(),
        torch.from_numpy(weight).float(),
        torch.from_numpy(rng.integers(0, classes, count)),
    )


def random_maps(seed: int, channels: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed + 1).normal(8, 8, (B, channels, H, W))).float()


def slow_loss(maps: np.ndarray, cells: Cells, kind: str) -> float:
    """The original's losses, object by object: sum of errors over the mask's sum and 0.0001.

    Its mask has two values an object for L1 and for the error relative to the size, but one for smooth L1.
    """
    total = mask = 0.0
    each = zip(cells.index.tolist(), cells.values.tolist(), cells.weight.tolist(), cells.label.tolist(), strict=True)
    for index, truth, weight, label in each:
        page, y, x = index // (H * W), index // W % H, index % W
        own = maps.shape[1] // len(truth)
        for channel, value in enumerate(truth):
            predicted = maps[page, (label * len(truth) if own > 1 else 0) + channel, y, x]
            error = abs(predicted - value)
            if kind == "smooth_l1":
                error = 0.5 * error**2 if error < 1 else error - 0.5
            elif kind == "norm_l1":
                error = abs(predicted / (value + 1e-4) - 1)
            total += weight * error
        mask += weight * (1 if kind == "smooth_l1" else len(truth))
    return total / (mask + 1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [1, 3])
@given(seed=st.integers(0, 10_000), weighted=st.booleans())
def test_errors_at_cells_are_the_originals(kind, classes, seed, weighted):
    cells, maps = random_cells(seed, 2, weighted=weighted, classes=classes), random_maps(seed, 2 * classes)
    found = cell_loss(maps, cells, kind).item()
    assert found == pytest.approx(slow_loss(maps.double().numpy(), cells, kind), rel=1e-4, abs=1e-6)


def test_known_errors():
    maps = torch.arange(2 * 2 * 3 * 4, dtype=torch.float32).view(2, 2, 3, 4)
    index = torch.tensor([5, 12 + 2])  # y 1, x 1 of the first page; y 0, x 2 of the second
    # Predicted: (5, 17) and (26, 38).
    cells = Cells(index, torch.tensor([[5.0, 20.0], [24.0, 38.0]]), torch.ones(2), torch.zeros(2, dtype=torch.long))
    assert cell_loss(maps, cells).item() == pytest.approx((0 + 3 + 2 + 0) / 4, rel=1e-4)
    assert cell_loss(maps, cells, "smooth_l1").item() == pytest.approx((0 + 2.5 + 1.5 + 0) / 2, rel=1e-4)
    assert cell_loss(maps, cells, "norm_l1").item() == pytest.approx((0 + 3 / 20 + 2 / 24 + 0) / 4, rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_those_of_the_numbers(kind, classes, weighted):
    cells, maps = random_cells(3, 2, weighted=weighted, classes=classes), random_maps(3, 2 * classes)
    assert len(cells.index) > 4
    maps.requires_grad_()
    cell_loss(maps, cells, kind).backward()
    assert maps.grad is not None
    values, step = maps.detach().double().numpy(), 1e-4
    for place in np.ndindex(*values.shape):
        nudge = np.zeros_like(values)
        nudge[place] = step
        rise = slow_loss(values + nudge, cells, kind) - slow_loss(values - nudge, cells, kind)
        assert maps.grad[place].item() == pytest.approx(rise / (2 * step), abs=1e-4)


def test_sizes_of_other_classes_are_left_alone():
    maps = torch.rand(1, 6, 2, 2, requires_grad=True)
    cells = Cells(torch.tensor([3]), torch.tensor([[5.0, 6.0]]), torch.ones(1), torch.tensor([1]))
    cell_loss(maps, cells).backward()
    assert maps.grad is not None
    assert maps.grad[0].flatten(1).nonzero().tolist() == [[2, 3], [3, 3]]


@pytest.mark.parametrize("kind", KINDS)
def test_without_objects_the_loss_is_zero_and_can_be_differentiated(kind):
    maps = torch.rand(1, 2, 3, 4, requires_grad=True)
    nothing = Cells(torch.zeros(0, dtype=torch.long), torch.zeros(0, 2), torch.zeros(0), torch.zeros(0).long())
    loss = cell_loss(maps, nothing, kind)
    loss.backward()
    assert loss.item() == 0
    assert maps.grad is not None
    assert (maps.grad == 0).all()


@given(st.integers(0, 10_000))
def test_giou_is_torchvisions(seed):
    maps = random_maps(seed, 4).abs() + 0.01
    cells = random_cells(seed, 4, weighted=True)
    if not len(cells.index):
        return
    predicted = maps.permute(0, 2, 3, 1).reshape(-1, 4)[cells.index]
    giou = generalized_box_iou(corners(predicted), corners(cells.values)).diagonal()
    expected = ((1 - giou) * cells.weight).sum() / cells.weight.sum()
    assert giou_loss(maps, cells).item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-6)


def test_giou_of_the_truth_is_nothing():
    maps = torch.rand(1, 4, 2, 2) + 0.1
    truth = Cells(torch.arange(4), maps[0].flatten(1).T, torch.ones(4), torch.zeros(4).long())
    assert giou_loss(maps, truth).item() == pytest.approx(0, abs=1e-6)


def test_giou_without_boxes_is_zero_and_can_be_differentiated():
    maps = torch.rand(1, 4, 2, 2, requires_grad=True)
    loss = giou_loss(maps, Cells(torch.zeros(0).long(), torch.zeros(0, 4), torch.zeros(0), torch.zeros(0).long()))
    loss.backward()
    assert loss.item() == 0
    assert maps.grad is not None
    assert (maps.grad == 0).all()
