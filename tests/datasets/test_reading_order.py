"""Columns one after the other, headings across in their place."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.datasets.reading_order import reading_order

HEADING = (50, 20, 950, 80)
TWO_COLUMNS = [
    HEADING,
    (50, 100, 480, 300),
    (50, 320, 480, 600),
    (520, 100, 950, 250),
    (520, 270, 950, 600),
    (300, 650, 700, 700),  # page number, across the gap
]
# Paragraphs are aligned: there is white space across the page between them, too.
ALIGNED = [
    HEADING,
    (50, 100, 480, 200),
    (50, 210, 480, 300),
    (520, 100, 950, 200),
    (520, 210, 950, 300),
]
THREE_COLUMNS = [
    (0, 0, 900, 50),
    (0, 60, 290, 200),
    (0, 210, 290, 400),
    (310, 60, 590, 200),
    (310, 210, 590, 400),
    (610, 60, 900, 200),
    (610, 210, 900, 400),
    (0, 410, 900, 450),  # a second heading across
    (0, 460, 440, 600),
    (460, 460, 900, 600),
]
# The right column begins higher than the left one, and boxes overlap a little.
UNEVEN = [(0, 100, 305, 200), (0, 198, 300, 400), (302, 0, 600, 150), (302, 148, 600, 400)]
LINES = [(50, 100 + 30 * number, 900 - 40 * (number % 3), 125 + 30 * number) for number in range(10)]


@pytest.mark.parametrize("boxes", [TWO_COLUMNS, ALIGNED, THREE_COLUMNS, UNEVEN, LINES])
@pytest.mark.parametrize("seed", range(3))
def test_pages(boxes, seed: int) -> None:
    shuffled = random.Random(seed).sample(boxes, len(boxes))
    assert [shuffled[index] for index in reading_order(shuffled)] == boxes


def test_a_heading_across_two_of_three_columns_is_read_before_them() -> None:
    boxes = [(0, 0, 590, 50), (0, 60, 290, 400), (310, 60, 590, 400), (610, 0, 900, 400)]
    assert reading_order(boxes) == [0, 1, 2, 3]


COORDINATE = st.integers(0, 30)
BOX = st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE).map(
    lambda v: (min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]) + 1, max(v[1], v[3]) + 1)
)


@given(st.lists(BOX, max_size=12), st.randoms())
def test_every_box_is_read_once_whatever_the_order_given(boxes, shuffler) -> None:
    order = reading_order(boxes)
    assert sorted(order) == list(range(len(boxes)))
    shuffled = shuffler.sample(boxes, len(boxes))
    assert [shuffled[index] for index in reading_order(shuffled)] == [boxes[index] for index in order]


def test_what_cannot_be_cut_ends() -> None:
    stairs = [(5 * number, 5 * number, 5 * number + 7, 5 * number + 7) for number in range(1500)]
    assert reading_order(stairs) == list(range(1500))
    apart = [(10 * number, 10 * number, 10 * number + 5, 10 * number + 5) for number in range(1500)]
    assert reading_order(apart) == list(range(1500))
