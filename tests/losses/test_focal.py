from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.losses.focal import focal_loss


def literal(logits: np.ndarray, target: np.ndarray, mask: np.ndarray) -> float:
    """Equation 1 of the paper, cell by cell in double precision."""
    total, centres = 0.0, 0
    for x, y, counts in zip(logits.ravel().tolist(), target.ravel().tolist(), mask.ravel().tolist(), strict=True):
        if not counts:
            continue
        p = 1 / (1 + math.exp(-x))
        if y == 1:
            centres += 1
            total -= (1 - p) ** 2 * math.log(p)
        else:
            total -= (1 - y) ** 4 * p**2 * math.log(1 - p)
    return total / max(centres, 1)


@given(st.integers(0, 10_000), st.integers(0, 5), st.booleans())
def test_it_is_the_formula_of_the_paper(seed, centres, masked):
    rng = np.random.default_rng(seed)
    shape = (2, 2, 4, 5)
    logits = rng.normal(0, 4, shape)
    target = rng.uniform(0, 0.999, shape)
    target.ravel()[rng.permutation(target.size)[:centres]] = 1
    mask = (rng.random(shape) < 0.7) if masked else np.ones(shape)
    found = focal_loss(
        torch.tensor(logits, dtype=torch.float32),
        torch.tensor(target, dtype=torch.float32),
        torch.tensor(mask, dtype=torch.float32) if masked else None,
    )
    assert found.item() == pytest.approx(literal(logits, target, mask), rel=1e-4)


def test_without_centres_it_is_not_divided():
    logits, target = torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3)
    assert focal_loss(logits, target).item() == pytest.approx(9 * 0.25 * math.log(2))


def test_a_masked_centre_counts_neither_as_hit_nor_as_miss():
    logits, target, mask = torch.zeros(1, 1, 1, 2), torch.ones(1, 1, 1, 2), torch.tensor([[[[1.0, 0.0]]]])
    assert focal_loss(logits, target, mask).item() == pytest.approx(0.25 * math.log(2))
    assert focal_loss(logits, target, torch.zeros_like(mask)).item() == 0


@pytest.mark.parametrize("size", [10.0, 50.0, 1000.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_sure_and_wrong_network_still_learns(size, dtype):
    # Clamped probabilities would have no gradient here, and the loss would stay at 9.2085 for ever.
    logits = torch.tensor([[[[-size, size]]]], dtype=dtype, requires_grad=True)
    loss = focal_loss(logits, torch.tensor([[[[1.0, 0.0]]]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert loss.item() == pytest.approx(2 * size, rel=0.01)
    assert logits.grad is not None
    at_centre, elsewhere = logits.grad.flatten().tolist()
    assert at_centre < -0.5
    assert elsewhere > 0.5


def test_a_sure_and_right_network_is_left_alone():
    logits = torch.tensor([[[[100.0, -100.0]]]], requires_grad=True)
    loss = focal_loss(logits, torch.tensor([[[[1.0, 0.0]]]]))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-6


@pytest.mark.parametrize("centres", [0, 3])
def test_gradients_are_those_of_the_formula(centres):
    rng = np.random.default_rng(centres)
    shape = (1, 2, 3, 4)
    values, target, mask = rng.normal(0, 3, shape), rng.uniform(0, 0.999, shape), rng.random(shape) < 0.8
    target.ravel()[rng.permutation(target.size)[:centres]] = 1
    logits = torch.tensor(values, dtype=torch.float32, requires_grad=True)
    focal_loss(logits, torch.tensor(target).float(), torch.tensor(mask).float()).backward()
    assert logits.grad is not None
    step = 1e-4
    for place in np.ndindex(*shape):
        nudge = np.zeros(shape)
        nudge[place] = step
        rise = literal(values + nudge, target, mask) - literal(values - nudge, target, mask)
        assert logits.grad[place].item() == pytest.approx(rise / (2 * step), abs=1e-4)


@given(st.integers(0, 10_000))
def test_clamped_probabilities_give_the_same_while_they_are_not_clamped(seed):
    # The original clamps to [0.0001, 0.9999] first; logits within 9.2 are not touched by that.
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.uniform(-9, 9, (2, 2, 4, 5))).float()
    target = torch.from_numpy(np.minimum(rng.uniform(0, 1.2, (2, 2, 4, 5)), 1)).float()
    p = logits.double().sigmoid().clamp(1e-4, 1 - 1e-4)
    centre = target == 1
    total = (p[centre].log() * (1 - p[centre]) ** 2).sum()
    total += ((1 - p[~centre]).log() * p[~centre] ** 2 * (1 - target[~centre].double()) ** 4).sum()
    expected = -total / max(int(centre.sum()), 1)
    assert focal_loss(logits, target).item() == pytest.approx(expected.item(), rel=1e-3)
