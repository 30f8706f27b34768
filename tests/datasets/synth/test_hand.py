from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.hand import Hand, turned_text, write, write_mask
from centernet_cli.datasets.synth.strokes import Script

SCRIBBLE = Hand(None, 20, 0.3, 1.0, 0, 0.8, 0.1, 0.3, (0, 0, 120), Script(3))


@pytest.mark.parametrize("made_up", [True, False])
def test_writing_fits_its_width_and_box(vera, made_up):
    hand = SCRIBBLE if made_up else replace(SCRIBBLE, face=vera.families[0].regular)
    sheet = Sheet(400, 100)
    box = write(sheet, random.Random(1), 20, 60, "several words by hand on a line", hand, width=200)
    assert box is not None
    assert sheet.lines == [box]
    assert box[0] >= 20
    assert box[2] <= 20.01 + 200
    mask = sheet.items[0].mask  # type: ignore[union-attr]
    for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
        assert edge.max() > 40


def test_the_same_chance_writes_the_same():
    first, second = (write_mask(random.Random(7), "again", SCRIBBLE) for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first[0], second[0])
    assert first[1] == second[1]


def test_nothing_to_write():
    assert write(Sheet(100, 100), random.Random(0), 0, 50, "", SCRIBBLE) is None


def test_a_word_too_long_is_left_out():
    assert write(Sheet(100, 100), random.Random(0), 0, 50, "incomprehensibilities", SCRIBBLE, width=10) is None


def test_turned_text_stands_upright(vera):
    mask, width, height = turned_text("upwards", vera.families[0].regular, quarter=1)
    assert mask.shape[0] > mask.shape[1]
    assert height > width
