from __future__ import annotations

import random

import numpy as np
import pytest

from centernet_cli.datasets.synth import degrade, wear

PAGE = np.full((160, 120, 3), 245, np.uint8)
PAGE[40:44, 20:100] = 15


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "change",
    [
        wear.crumple,
        wear.thermal,
        lambda pixels, rng: wear.dot_matrix(pixels, rng, 3.0),
        degrade.photocopy,
    ],
    ids=["crumple", "thermal", "dots", "photocopy"],
)
def test_print_stays_readable_and_in_its_place(change, seed):
    worn = change(PAGE, random.Random(seed))
    assert worn.shape == PAGE.shape
    assert worn.dtype == np.uint8
    assert np.array_equal(worn, change(PAGE, random.Random(seed)))
    assert worn[41:43, 30:90].mean() < worn[60:100, 30:90].mean() - 25


def test_a_staple_is_drawn_in_place():
    page = PAGE.copy()
    wear.staple(page, random.Random(2))
    assert not np.array_equal(page, PAGE)


def test_fingers_come_in_from_an_edge_only():
    for seed in range(8):
        page = PAGE.copy()
        wear.fingers(page, random.Random(seed), 8.0)
        changed = (page != PAGE).any(axis=2)
        assert changed.any()
        assert not changed[:130, 25:95].any()


def test_a_negative_is_light_on_dark():
    page = degrade.negative(PAGE, random.Random(0))
    assert page[41:43, 30:90].mean() > page[60:100].mean() + 100
