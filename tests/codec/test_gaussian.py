from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.codec.gaussian import SIGMAS, ellipse_spread, original_radius, original_spread

SIDES = st.integers(1, 400).map(float)


def tensors(height: float, width: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([height]), torch.tensor([width])


@pytest.mark.parametrize(
    ("height", "width", "radius"),
    [(10, 10, 2), (50, 50, 13), (100, 100, 27), (5, 150, 2), (3, 90, 1), (8, 240, 4)],
)
def test_original_radii_are_those_of_the_original_code(height, width, radius):
    spread = original_spread(*tensors(float(height), float(width)))
    assert spread.support_x.item() == spread.support_y.item() == radius
    assert spread.sigma_x.item() == spread.sigma_y.item() == pytest.approx((2 * radius + 1) / 6)


@given(SIDES, SIDES)
def test_original_radius_is_2_8_times_the_one_that_keeps_the_overlap(height, width):
    # The quirk: the third case without its division by 2a always decides.
    one, two = tensors(height, width)
    radius = original_radius(one.double(), two.double()).item()
    right = radius / 2.8
    assert height * width / ((height + 2 * right) * (width + 2 * right)) == pytest.approx(0.7, rel=1e-6)


@given(SIDES, SIDES)
def test_original_spread_is_round_and_whole(height, width):
    spread, turned = original_spread(*tensors(height, width)), original_spread(*tensors(width, height))
    assert spread == turned
    assert spread.support_x.item() == int(spread.support_x.item()) >= 0


def test_original_spread_rounds_sizes_up():
    assert original_spread(*tensors(9.2, 9.2)) == original_spread(*tensors(10.0, 10.0))


@given(SIDES, SIDES, st.floats(0.05, 1.0), st.floats(0.5, 60.0))
def test_ellipse_is_capped_and_follows_each_side(height, width, alpha, cap):
    spread = ellipse_spread(*tensors(height, width), alpha, cap)
    for side, sigma, support in ((width, spread.sigma_x, spread.support_x), (height, spread.sigma_y, spread.support_y)):
        radius = min(alpha * side / 2, cap)
        assert sigma.item() == pytest.approx((2 * radius + 1) / 6, rel=1e-5)
        assert support.item() == pytest.approx(SIGMAS * sigma.item(), rel=1e-6)
        assert support.item() == pytest.approx(radius + 0.5, rel=1e-5)
    turned = ellipse_spread(*tensors(width, height), alpha, cap)
    assert (turned.sigma_x, turned.support_y) == (spread.sigma_y, spread.support_x)


def test_ellipse_of_a_thin_line_is_long_and_reaches_its_neighbouring_rows():
    spread = ellipse_spread(*tensors(3.0, 90.0), alpha=0.54, max_radius=30)
    assert spread.support_x.item() > 20
    assert 1 < spread.support_y.item() < 2
