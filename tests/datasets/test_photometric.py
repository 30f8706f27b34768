from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.datasets import photometric
from centernet_cli.datasets.photometric import DEGRADATIONS, ODDS, colours, degrade

EVERYTHING = [*DEGRADATIONS, colours, degrade]


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("change", EVERYTHING, ids=lambda change: change.__name__)
@given(seed=st.integers(0, 2**32), height=st.integers(1, 40), width=st.integers(1, 40))
@settings(max_examples=20)
def test_nothing_moves_and_the_same_dice_give_the_same_picture(change, seed, height, width):
    pixels = picture(height, width)
    before = pixels.copy()
    one = change(pixels, np.random.default_rng(seed))
    two = change(pixels, np.random.default_rng(seed))
    assert one.shape == pixels.shape
    assert one.dtype == np.uint8
    assert (one == two).all()
    assert (pixels == before).all()


@pytest.mark.parametrize("change", EVERYTHING, ids=lambda change: change.__name__)
def test_other_dice_give_other_pictures(change):
    pixels = picture(40, 40)
    found = [change(pixels, np.random.default_rng(seed)).tobytes() for seed in range(12)]
    assert len(set(found)) > 1


def test_all_degradations_have_odds():
    assert len(ODDS) == len(DEGRADATIONS)
    assert ODDS.sum() == pytest.approx(1)
    assert (ODDS > 0).all()


def test_thresholds_give_two_colours():
    assert set(np.unique(photometric.threshold(picture(30, 30), np.random.default_rng(0)))) == {0, 255}


def test_light_only_darkens_much():
    page = np.full((60, 40, 3), 200, np.uint8)
    lit = photometric.light(page, np.random.default_rng(3))
    assert lit.mean() < 200
    assert lit.max() <= 220


def test_bleed_shows_the_mirrored_page():
    page = np.full((40, 40, 3), 255, np.uint8)
    page[10:30, 2:10] = 0
    seen = photometric.bleed(page, np.random.default_rng(0))
    assert (seen[12:28, 3:9] == 0).all()
    assert (seen[12:28, 31:37] < 250).all()
    assert (seen[2:8, 15:25] == 255).all()
