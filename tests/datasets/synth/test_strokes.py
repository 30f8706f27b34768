from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from centernet_cli.datasets.synth.hand import Hand, fold, write_mask
from centernet_cli.datasets.synth.strokes import Script, random_script, scribble

CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/()?!:;,."


@pytest.mark.parametrize("char", [*CHARS, "ж", "Ω", "語"])
def test_every_character_leaves_ink_inside_the_mask(char):
    mask, origin, baseline = scribble(random.Random(1), char, Script(3), 20.0, 2)
    assert mask.max() == 255
    assert 0 < origin < mask.shape[1]
    assert 0 < baseline < mask.shape[0]
    assert not any(edge.any() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def test_a_writer_keeps_his_letters_and_others_have_their_own():
    steady = Script(5, shake=0.0)
    first, second = (scribble(random.Random(2), "ab", steady, 20.0, 2)[0] for _ in range(2))
    assert np.array_equal(first, second)
    other = scribble(random.Random(2), "ab", replace(steady, seed=6), 20.0, 2)[0]
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_cursive_is_one_piece_and_print_is_not():
    pieces = []
    for join in (1.0, 0.0):
        mask, _, _ = scribble(random.Random(4), "nun", Script(1, join=join, spread=0.25, shake=0.0), 30.0, 2)
        columns = np.flatnonzero(mask.max(axis=0))
        pieces.append(int((np.diff(columns) > 1).sum()) + 1)
    assert pieces[0] == 1
    assert pieces[1] > 1


def test_random_writers_differ():
    assert len({random_script(random.Random(seed)) for seed in range(20)}) == 20


@pytest.mark.parametrize("pen", ["ball", "pencil", "felt", "nib"])
@pytest.mark.parametrize("slope", [-0.03, 0.0, 0.03])
def test_pens_and_slopes(pen, slope):
    hand = Hand(None, 20, 0.2, 1.0, 0, 0.3, 0.02, 0.4, (0, 0, 0), Script(2), pen=pen, slope=slope)
    made = write_mask(random.Random(5), "a long line of words that runs on and on", hand)
    assert made is not None
    mask, (x0, y0, x1, y1) = made
    assert min(edge.max() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1])) > 40
    if slope:
        third = mask.shape[1] // 3
        middles = [np.flatnonzero(part.max(axis=1)).mean() for part in (mask[:, :third], mask[:, -third:])]
        assert (middles[1] - middles[0]) * slope > 0
    assert x1 - x0 > 5 * (y1 - y0) * 0.5


def test_folding_leaves_plain_letters():
    assert fold("Łódź, Straße, crème, naïve") == "Lodz, Strase, creme, naive"
