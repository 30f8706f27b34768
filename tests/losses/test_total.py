from __future__ import annotations

import pytest
import torch

from centernet_cli.codec.encode import encode_batch
from centernet_cli.codec.targets import Objects
from centernet_cli.core.recipe import LossSection, TargetsSection
from centernet_cli.losses.focal import focal_loss
from centernet_cli.losses.regression import cell_loss, giou_loss
from centernet_cli.losses.total import total_loss

SECTION = LossSection(heatmap=2.0, size=0.25, offset=3.0, giou=7.0)


def targets_of(**options):
    """Two pages with the same two boxes, one of each class."""
    boxes = torch.tensor([(4.0, 4.0, 30.0, 20.0), (40.0, 8.0, 60.0, 30.0)] * 2)
    objects = Objects(
        boxes,
        torch.tensor([0, 1, 0, 1]),
        torch.tensor([0, 0, 1, 1]),
        torch.zeros(0, 4),
        torch.zeros(0, dtype=torch.long),
        torch.ones(2, 2, dtype=torch.bool),
    )
    ltrb = options.pop("ltrb", True)
    return encode_batch(objects, shape=(32, 64), section=TargetsSection(**options), ltrb=ltrb)


@pytest.fixture
def targets():
    return targets_of()


def outputs(seed: int = 0, **channels: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return {name: torch.rand(2, count, 8, 16, requires_grad=True) for name, count in channels.items()}


def test_distances(targets):
    out = outputs(heatmap=2, ltrb=4)
    loss, terms = total_loss([out], targets, SECTION)
    heatmap = focal_loss(out["heatmap"], targets.heatmap, targets.mask)
    giou = giou_loss(out["ltrb"], targets.ltrb)
    assert {name: term.item() for name, term in terms.items()} == {
        "heatmap": pytest.approx(heatmap.item()),
        "giou": pytest.approx(giou.item()),
    }
    assert loss.item() == pytest.approx((2 * heatmap + 7 * giou).item())
    loss.backward()
    for maps in out.values():
        assert maps.grad is not None
        assert maps.grad.abs().sum() > 0


def test_distances_that_were_not_encoded_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="distances"):
        total_loss([outputs(heatmap=2, ltrb=4)], targets_of(ltrb=False), SECTION)


@pytest.mark.parametrize("size_loss", ["l1", "smooth_l1", "norm_l1"])
@pytest.mark.parametrize("offset_loss", ["l1", "smooth_l1"])
@pytest.mark.parametrize("dense_size", [False, True])
@pytest.mark.parametrize("channels", [2, 4])
def test_size_and_offset(size_loss, offset_loss, dense_size, channels):
    targets = targets_of(dense_size=dense_size, ltrb=False)
    out = outputs(heatmap=2, size=channels, offset=2)
    section = SECTION.model_copy(update={"size_loss": size_loss, "offset_loss": offset_loss})
    loss, terms = total_loss([out], targets, section)
    expected = {
        "heatmap": focal_loss(out["heatmap"], targets.heatmap, targets.mask).item(),
        "size": cell_loss(out["size"], targets.sizes, size_loss).item(),
        "offset": cell_loss(out["offset"], targets.offsets, offset_loss).item(),
    }
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected)
    assert loss.item() == pytest.approx(2 * expected["heatmap"] + 0.25 * expected["size"] + 3 * expected["offset"])


def test_size_without_offset():
    _, terms = total_loss([outputs(heatmap=2, size=2)], targets_of(), SECTION)
    assert terms.keys() == {"heatmap", "size"}


def test_dense_sizes_are_weighted_by_the_largest_gaussian_of_any_class():
    # As the original: sum of G |predicted - true| over the sum of G, which counts for width and height.
    targets = targets_of(gaussian="original", dense_size=True)
    out = outputs(heatmap=2, size=2)
    _, terms = total_loss([out], targets, SECTION)
    strength = targets.heatmap.amax(1)
    assert (strength > 0).sum() > len(targets.index)
    error = 0.0
    for index, size in zip(targets.sizes.index.tolist(), targets.sizes.values, strict=True):
        page, y, x = index // 128, index // 16 % 8, index % 16
        error += float(strength[page, y, x] * (out["size"].detach()[page, :, y, x] - size).abs().sum())
    assert terms["size"].item() == pytest.approx(error / (2 * strength.sum().item() + 1e-4), rel=1e-5)


def test_each_stack_learns_and_terms_are_means(targets):
    stacks = [outputs(seed, heatmap=2, ltrb=4) for seed in range(3)]
    each = [total_loss([stack], targets, SECTION) for stack in stacks]
    loss, terms = total_loss(stacks, targets, SECTION)
    assert loss.item() == pytest.approx(sum(one.item() for one, _ in each) / 3, rel=1e-5)
    for name, term in terms.items():
        assert term.item() == pytest.approx(sum(one[name].item() for _, one in each) / 3, rel=1e-5)
    loss.backward()
    for stack in stacks:
        for maps in stack.values():
            assert maps.grad is not None
            assert maps.grad.abs().sum() > 0


def test_terms_carry_no_gradient(targets):
    _, terms = total_loss([outputs(heatmap=2, ltrb=4)], targets, SECTION)
    assert not any(term.requires_grad for term in terms.values())
