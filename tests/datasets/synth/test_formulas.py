from __future__ import annotations

import random

import pytest

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.formulas import set_formula
from centernet_cli.datasets.synth.plots import draw_panels
from centernet_cli.datasets.synth.typeset import Frame, random_look, split
from centernet_cli.datasets.synth.words import Words


@pytest.mark.parametrize("seed", range(25))
def test_a_formula_is_one_line_inside_its_frame(vera, seed):
    rng = random.Random(seed)
    look = random_look(rng, vera.families[0], vera.families[0], size=10)
    sheet, frame = Sheet(400, 200), Frame(50, 60, 300, 190)
    box = set_formula(sheet, rng, look, frame)
    if box is None:
        assert not sheet.items
        return
    assert sheet.lines == [box]
    assert 49 <= box[0] < box[2] <= 351
    assert 50 <= box[1] < box[3] <= frame.y + 6
    assert frame.y > 60


@pytest.mark.parametrize("seed", range(12))
def test_panels_stay_in_their_box(vera, seed):
    rng = random.Random(seed)
    sheet = Sheet(500, 400)
    draw_panels(sheet, rng, Words(rng, "en"), vera.families[0].regular, (50, 60, 450, 330))
    assert sheet.items
    assert all(box[0] > 35 and box[1] > 45 and box[2] < 465 and box[3] < 345 for box in sheet.lines)


def test_columns_share_the_width():
    first, second = split(10, 20, 100, 200, 2, 20)
    assert (first.x, first.width, second.x, second.width) == (10, 40, 70, 40)
