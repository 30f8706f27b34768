from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import generalized_box_iou

from centernet_cli.losses.regression import centre_loss, giou_loss


def corners(ltrb: torch.Tensor) -> torch.Tensor:
    """Boxes (N, 4) around the origin."""
    left, top, right, bottom = ltrb.unbind(1)
    return torch.stack([-left, -top, right, bottom], 1)


@given(st.integers(0, 10_000))
def test_giou_is_torchvisions(seed):
    torch.manual_seed(seed)
    predicted, target = torch.rand(2, 4, 3, 5) * 20 + 0.01, torch.rand(2, 4, 3, 5) * 20 + 0.01
    weight = torch.rand(2, 3, 5) * (torch.rand(2, 3, 5) < 0.6)
    weight[0, 0, 0] = 0.3
    chosen = weight > 0
    pairs = [maps.permute(0, 2, 3, 1)[chosen] for maps in (predicted, target)]
    giou = generalized_box_iou(corners(pairs[0]), corners(pairs[1])).diagonal()
    expected = ((1 - giou) * weight[chosen]).sum() / weight.sum()
    assert giou_loss(predicted, target, weight).item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-6)


def test_giou_of_the_truth_is_nothing():
    target = torch.rand(1, 4, 2, 2) + 0.1
    assert giou_loss(target, target, torch.ones(1, 2, 2)).item() == pytest.approx(0, abs=1e-6)


def test_giou_without_boxes_is_zero_and_can_be_differentiated():
    maps = torch.rand(1, 4, 2, 2, requires_grad=True)
    loss = giou_loss(maps, torch.zeros(1, 4, 2, 2), torch.zeros(1, 2, 2))
    loss.backward()
    assert loss.item() == 0
    assert maps.grad is not None
    assert (maps.grad == 0).all()


def test_centre_loss_is_the_mean_error_at_the_centres_of_the_batch():
    maps = torch.arange(2 * 2 * 3 * 4, dtype=torch.float32).view(2, 2, 3, 4)
    index = torch.tensor([5, 12 + 2])  # y 1, x 1 of the first page; y 0, x 2 of the second
    target = torch.tensor([[5.0, 20.0], [24.0, 38.0]])
    # Predicted: (5, 17) and (26, 38).
    assert centre_loss(maps, index, target).item() == pytest.approx((0 + 3 + 2 + 0) / 4)
    assert centre_loss(maps, index, target, "smooth_l1").item() == pytest.approx((0 + 2.5 + 1.5 + 0) / 4)


@pytest.mark.parametrize("kind", ["l1", "smooth_l1"])
def test_centre_loss_without_objects_is_zero_and_can_be_differentiated(kind):
    maps = torch.rand(1, 2, 3, 4, requires_grad=True)
    loss = centre_loss(maps, torch.zeros(0, dtype=torch.long), torch.zeros(0, 2), kind)
    loss.backward()
    assert loss.item() == 0
    assert maps.grad is not None
    assert (maps.grad == 0).all()
