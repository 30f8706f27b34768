from __future__ import annotations

import pytest
import torch

from centernet_cli.codec.encode import encode, stack
from centernet_cli.core.recipe import LossSection, TargetsSection
from centernet_cli.losses.focal import focal_loss
from centernet_cli.losses.regression import centre_loss, giou_loss
from centernet_cli.losses.total import total_loss

SECTION = LossSection(heatmap=2.0, size=0.25, offset=3.0, giou=7.0)


@pytest.fixture
def targets():
    boxes, labels = torch.tensor([(4.0, 4.0, 30.0, 20.0), (40.0, 8.0, 60.0, 30.0)]), torch.tensor([0, 1])
    page = encode(boxes, labels, shape=(32, 64), num_classes=2, section=TargetsSection())
    return stack([page, page])


def outputs(**channels: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {name: torch.rand(2, count, 8, 16, requires_grad=True) for name, count in channels.items()}


def test_distances(targets):
    out = outputs(heatmap=2, ltrb=4)
    loss, terms = total_loss(out, targets, SECTION)
    heatmap = focal_loss(out["heatmap"], targets.heatmap, targets.mask)
    giou = giou_loss(out["ltrb"], targets.ltrb, targets.ltrb_weight)
    assert {name: term.item() for name, term in terms.items()} == {
        "heatmap": pytest.approx(heatmap.item()),
        "giou": pytest.approx(giou.item()),
    }
    assert loss.item() == pytest.approx((2 * heatmap + 7 * giou).item())
    loss.backward()
    for maps in out.values():
        assert maps.grad is not None
        assert maps.grad.abs().sum() > 0


def test_size_and_offset(targets):
    out = outputs(heatmap=2, size=2, offset=2)
    loss, terms = total_loss(out, targets, SECTION)
    expected = {
        "heatmap": focal_loss(out["heatmap"], targets.heatmap, targets.mask).item(),
        "size": centre_loss(out["size"], targets.index, targets.size).item(),
        "offset": centre_loss(out["offset"], targets.index, targets.offset).item(),
    }
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected)
    assert loss.item() == pytest.approx(2 * expected["heatmap"] + 0.25 * expected["size"] + 3 * expected["offset"])
    smooth, _ = total_loss(out, targets, SECTION.model_copy(update={"size_loss": "smooth_l1"}))
    assert smooth.item() < loss.item()


def test_terms_carry_no_gradient(targets):
    _, terms = total_loss(outputs(heatmap=2, ltrb=4), targets, SECTION)
    assert not any(term.requires_grad for term in terms.values())
