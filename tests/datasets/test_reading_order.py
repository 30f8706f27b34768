"""Columns one after the other, headings across in their place."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.records import Box
from centernet_cli.datasets.reading_order import reading_order, row_order

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


def column(x0: float, x1: float, y0: float, count: int, step: float = 30, height: float = 24) -> list[Box]:
    return [(x0, y0 + step * number, x1, y0 + step * number + height) for number in range(count)]


def shuffled_order(boxes, seed: int = 0):
    shuffled = random.Random(seed).sample(boxes, len(boxes))
    return [shuffled[index] for index in reading_order(shuffled)]


def test_a_line_that_reaches_over_the_gap_does_not_cut_its_column() -> None:
    left, right = column(50, 450, 100, 10), column(480, 900, 100, 10)
    left[4] = (50, 220, 490, 244)
    assert shuffled_order(left + right) == left + right


def test_a_heading_that_touches_the_lines_below_is_read_first() -> None:
    heading = (50, 50, 900, 106)  # loose: the lines begin at 100
    left, right = column(50, 450, 100, 8), column(480, 900, 104, 8, step=31)
    assert shuffled_order([heading, *left, *right]) == [heading, *left, *right]


def test_a_heading_in_the_middle_across_two_of_three_columns() -> None:
    upper = [*column(0, 290, 0, 5), *column(310, 590, 0, 5)]
    heading = (0, 170, 590, 230)
    lower = [*column(0, 290, 250, 5), *column(310, 590, 250, 5)]
    third = column(610, 900, 0, 13)
    boxes = [*upper, heading, *lower, *third]
    assert shuffled_order(boxes) == boxes


def test_columns_of_a_skewed_scan() -> None:
    def skewed(box):
        x0, y0, x1, y1 = box
        return (x0 - y0 * 0.02, y0 + x0 * 0.02, x1 - y0 * 0.02, y1 + x1 * 0.02)  # a good degree

    heading = (50, 20, 900, 70)
    boxes = [skewed(box) for box in [heading, *column(50, 450, 100, 20), *column(480, 900, 100, 20)]]
    assert shuffled_order(boxes) == boxes


def test_three_columns_below_two() -> None:
    upper = [*column(0, 430, 100, 6), *column(470, 900, 100, 6)]
    lower = [*column(0, 280, 300, 6), *column(310, 590, 300, 6), *column(620, 900, 300, 6)]
    boxes = [(0, 20, 900, 70), *upper, *lower, (150, 500, 750, 520)]
    assert shuffled_order(boxes) == boxes


def test_rows_of_a_table() -> None:
    rows = [[(x, y + 3 * (x == 300), x + 200, y + 24) for x in (0, 300, 600)] for y in (0, 40, 80)]
    cells = [cell for row in rows for cell in row]
    shuffled = random.Random(1).sample(cells, len(cells))
    assert [shuffled[index] for index in row_order(shuffled)] == cells
    assert row_order([]) == []


def test_a_caption_inside_a_figure_is_read_after_it() -> None:
    above, figure, caption, below = (0, 0, 400, 90), (0, 100, 400, 400), (5, 150, 60, 160), (0, 410, 400, 500)
    for column in ([above, figure, caption, below], [(0, 0, 900, 1200), above, figure, caption, below]):
        assert shuffled_order(column) == column


@given(st.integers(0, 10_000))
def test_from_right_to_left_pages_are_read_in_the_mirror(seed: int) -> None:
    boxes = list(THREE_COLUMNS)
    random.Random(seed).shuffle(boxes)
    mirrored: list[Box] = [(900 - x1, y0, 900 - x0, y1) for x0, y0, x1, y1 in boxes]
    assert reading_order(mirrored, right_to_left=True) == reading_order(boxes)
    assert row_order(mirrored, right_to_left=True) == row_order(boxes)


def test_the_right_column_comes_first_from_right_to_left() -> None:
    assert reading_order(ALIGNED, right_to_left=True) == [0, 3, 4, 1, 2]
    upright: list[Box] = [(0, 0, 40, 500), (50, 0, 90, 500), (100, 0, 140, 300)]
    assert reading_order(upright, right_to_left=True) == [2, 1, 0]
