from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.codec.gaussian import (
    SIGMAS,
    corrected_radius,
    ellipse_spread,
    original_radius,
    round_spread,
    spread_of,
)
from centernet_cli.core.recipe import TargetsSection

SIDES = st.integers(1, 400).map(float)


def tensors(height: float, width: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([height]), torch.tensor([width])


def spread(height: float, width: float, **rule: object):
    return spread_of(torch.tensor([[width, height]]), TargetsSection.model_validate(rule))


def root(a: float, b: float, c: float) -> float:
    return math.sqrt(b**2 - 4 * a * c)


def slow_original(height: int, width: int, min_overlap: float) -> float:
    """The larger roots, not divided by 2a: in Python's own numbers, in the order the original computes in."""
    total, share = height + width, 1 - min_overlap
    one = total + root(1, total, width * height * share / (1 + min_overlap))
    two = 2 * total + root(4, 2 * total, share * width * height)
    around = -2 * min_overlap * total
    three = around + root(4 * min_overlap, around, (min_overlap - 1) * width * height)
    return min(one / 2, two / 2, three / 2)


def slow_corrected(height: int, width: int, min_overlap: float) -> float:
    total, share = height + width, 1 - min_overlap
    one = (total - root(1, total, width * height * share / (1 + min_overlap))) / 2
    two = (2 * total - root(4, 2 * total, share * width * height)) / 8
    around = -2 * min_overlap * total
    three = (around + root(4 * min_overlap, around, (min_overlap - 1) * width * height)) / (8 * min_overlap)
    return min(one, two, three)


@pytest.mark.parametrize(
    ("height", "width", "original", "corrected", "corrected_at_3"),
    [
        (10, 10, 2, 0, 2),
        (50, 50, 13, 4, 11),
        (100, 100, 27, 8, 22),
        (5, 150, 2, 0, 1),
        (3, 90, 1, 0, 1),
        (8, 240, 4, 1, 2),
    ],
)
def test_radii_of_known_boxes(height, width, original, corrected, corrected_at_3):
    for radius, rule in (
        (original, {"gaussian": "original"}),
        (corrected, {"gaussian": "corrected"}),
        (corrected_at_3, {"gaussian": "corrected", "min_overlap": 0.3}),
    ):
        found = spread(height, width, **rule)
        assert found.support_x.item() == found.support_y.item() == radius
        assert found.sigma_x.item() == found.sigma_y.item() == pytest.approx((2 * radius + 1) / 6)


@pytest.mark.parametrize("min_overlap", [0.7, 0.3, 0.5])
@pytest.mark.parametrize(("rule", "slow"), [(original_radius, slow_original), (corrected_radius, slow_corrected)])
def test_radii_are_those_of_plain_python(rule, slow, min_overlap):
    sides = range(1, 200)
    heights, widths = (each.ravel() for each in np.meshgrid(sides, sides))
    expected = np.array([slow(h, w, min_overlap) for h, w in zip(heights.tolist(), widths.tolist(), strict=True)])
    found = rule(torch.from_numpy(heights).float(), torch.from_numpy(widths).float(), min_overlap).numpy()
    # In float32, radii that are just whole numbers would become the next smaller one. In float64 some processors
    # (those that multiply and add in one step) round the very last digit of a few whole ones down.
    whole = np.abs(expected - expected.round()) < 1e-9
    np.testing.assert_array_equal(np.floor(found)[~whole], np.floor(expected)[~whole])
    assert np.count_nonzero(np.floor(found) != np.floor(expected)) < 10
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@given(SIDES, SIDES)
def test_original_radius_is_2_8_times_the_one_that_keeps_the_overlap(height, width):
    # The quirk: the third case without its division by 2a always decides.
    radius = original_radius(*tensors(height, width)).item()
    right = radius / 2.8
    assert height * width / ((height + 2 * right) * (width + 2 * right)) == pytest.approx(0.7, rel=1e-6)


@given(SIDES, SIDES, st.floats(0.1, 0.9))
def test_corrected_radius_keeps_the_overlap_in_every_case_and_no_more(height, width, overlap):
    r = corrected_radius(*tensors(height, width), overlap).item()
    area = height * width
    both = max(height - r, 0) * max(width - r, 0)
    shifted = both / (2 * area - both)
    inside = max(height - 2 * r, 0) * max(width - 2 * r, 0) / area
    around = area / ((height + 2 * r) * (width + 2 * r))
    assert min(shifted, inside, around) == pytest.approx(overlap, rel=1e-6)


@given(SIDES, SIDES, st.sampled_from(["original", "corrected"]))
def test_round_spreads_are_round_and_whole(height, width, rule):
    found, turned = spread(height, width, gaussian=rule), spread(width, height, gaussian=rule)
    assert found == turned
    assert found.sigma_x == found.sigma_y
    assert found.support_x.item() == found.support_y.item() == int(found.support_x.item()) >= 0


def test_a_radius_below_zero_is_none():
    assert round_spread(torch.tensor([-0.5, 0.9], dtype=torch.float64)).support_x.tolist() == [0, 0]


@pytest.mark.parametrize("rule", ["original", "corrected"])
def test_round_spreads_round_sizes_up(rule):
    assert spread(49.2, 49.2, gaussian=rule) == spread(50.0, 50.0, gaussian=rule)
    assert spread(49.2, 49.2, gaussian="ellipse") != spread(50.0, 50.0, gaussian="ellipse")


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
