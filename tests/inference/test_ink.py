from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.inference.ink import MARGIN_X, MARGIN_Y, _pieces, to_ink

LINE = (100, 40, 220, 60)
"""What `page` draws: letters 8 px wide and 20 px high every 12 px."""


def page(paper: int = 255, ink: int = 0) -> np.ndarray:
    pixels = np.full((120, 400, 3), paper, np.uint8)
    for x in range(LINE[0], LINE[2], 12):
        pixels[LINE[1] : LINE[3], x : x + 8] = ink
    pixels[LINE[1] : LINE[3], LINE[2] - 8 : LINE[2]] = ink
    return pixels


def at_the_ink(*box: float) -> list[float]:
    """Return what becomes of a box about `LINE`: its ends at the letters, top and bottom half-way there."""
    return [LINE[0], (box[1] + LINE[1]) / 2, LINE[2], (box[3] + LINE[3]) / 2]


def moved(pixels: np.ndarray, *box: float) -> list[float]:
    return [float(side) for side in to_ink(pixels, np.array([box], np.float64), "lines")[0]]


@given(
    st.tuples(st.floats(-12, 12), st.floats(-3.5, 3.5), st.floats(-12, 12), st.floats(-3.5, 3.5)),
    st.sampled_from([(255, 0), (0, 255), (200, 40)]),
)
def test_loose_and_tight_boxes_end_at_the_letters(offsets: tuple[float, ...], colours: tuple[int, int]) -> None:
    box = [side + offset for side, offset in zip(LINE, offsets, strict=True)]
    assert moved(page(*colours), *box) == pytest.approx(at_the_ink(*box), abs=1e-9)


def test_a_letter_beyond_the_end_is_taken_in_a_word_further_off_is_not() -> None:
    pixels = page()
    pixels[40:60, 300:380] = 0
    assert moved(pixels, 100, 40, 196, 60) == [100, 40, 220, 60]


def test_rules_and_neighbouring_lines_are_no_letters() -> None:
    pixels = page()
    pixels[64:66, 0:400] = 0
    pixels[0:34:3, 100:220] = 0
    assert moved(pixels, 98, 37, 223, 66) == at_the_ink(98, 37, 223, 66)


def test_a_line_in_a_cell_of_another_colour() -> None:
    pixels = np.full((400, 400, 3), 255, np.uint8)
    pixels[:120] = page(paper=180, ink=20)
    assert moved(pixels, 97, 38, 224, 62) == at_the_ink(97, 38, 224, 62)


def test_nothing_moves_on_grey_scans() -> None:
    rng = np.random.default_rng(0)
    pixels = np.clip(page(230) + rng.normal(0, 5, (120, 400, 1)), 0, 255).astype(np.uint8)
    assert moved(pixels, 97, 38, 224, 62) == [97, 38, 224, 62]


@pytest.mark.parametrize("box", [(300, 80, 360, 100), (100, 40, 100.2, 40.1), (399, 119, 400, 120)])
def test_a_box_without_letters_stays(box: tuple[float, ...]) -> None:
    assert moved(page(), *box) == list(box)


def test_a_side_moves_no_further_than_a_line_height_or_so() -> None:
    pixels = page()
    cv2.rectangle(pixels, (100, 40), (399, 59), (0, 0, 0), -1)
    assert moved(pixels, 100, 40, 220, 60) == [100, 40, 220, 60]


def test_no_boxes() -> None:
    assert to_ink(page(), np.zeros((0, 4)), "lines").shape == (0, 4)


def test_the_page_is_not_changed() -> None:
    pixels = page()
    before = pixels.copy()
    to_ink(pixels, np.array([LINE], np.float64), "lines")
    assert (pixels == before).all()


def region(pixels: np.ndarray, *box: float) -> list[float]:
    return [float(side) for side in to_ink(pixels, np.array([box], np.float64), "regions")[0]]


def with_margin(*ink: float) -> list[object]:
    """Return the region around ink on a page 800 pixels long."""
    x, y = 800 * MARGIN_X, 800 * MARGIN_Y
    return [pytest.approx(side + margin) for side, margin in zip(ink, (-x, -y, x, y), strict=True)]


def paragraph() -> np.ndarray:
    pixels = np.full((800, 600, 3), 255, np.uint8)
    for y in range(100, 300, 20):
        for x in range(80, 400, 12):
            pixels[y : y + 10, x : x + 8] = 0
    return pixels


@given(st.tuples(*[st.floats(-4, 4)] * 4))
def test_a_region_ends_at_what_lies_in_it(offsets: tuple[float, ...]) -> None:
    box = [side + offset for side, offset in zip((80, 100, 400, 290), offsets, strict=True)]
    assert region(paragraph(), *box) == with_margin(80, 100, 400, 290)


def test_a_rule_around_a_region_belongs_to_it_and_one_through_the_page_does_not() -> None:
    pixels = paragraph()
    cv2.rectangle(pixels, (70, 90), (410, 299), (0, 0, 0), 1)
    assert region(pixels, 68, 92, 405, 302) == with_margin(70, 90, 411, 300)
    pixels = paragraph()
    pixels[:, 90] = 0
    assert region(pixels, 84, 103, 397, 287) == with_margin(80, 100, 400, 290)


def test_a_letter_that_follows_belongs_to_a_regions_line_and_the_next_column_does_not() -> None:
    pixels = paragraph()
    pixels[140:150, 403:411] = 0
    pixels[100:290, 420:428] = 0
    assert region(pixels, 82, 102, 398, 292) == with_margin(80, 100, 411, 290)


def test_a_regions_side_moves_no_further_than_a_fortieth_of_the_page() -> None:
    assert region(paragraph(), 80, 100, 400, 330) == [*with_margin(80, 100, 400, 290)[:3], 330]
    assert region(paragraph(), 0, 0, 1, 1) == [0, 0, 1, 1]
    assert region(paragraph(), 450, 400, 500, 420) == [450, 400, 500, 420]


@pytest.mark.parametrize("side", [7, 510, 511, 600, 601])
def test_every_dot_of_a_screen_is_a_piece(side: int) -> None:
    grey = np.full((side, side), 255, np.uint8)
    grey[::2, ::2] = 0
    pieces = _pieces(grey, 255)
    starts = np.arange(0, side, 2)
    assert {(x, y) for x, y in pieces[:, :2].tolist()} == {(x, y) for x in starts.tolist() for y in starts.tolist()}
    assert len(pieces) == len(starts) ** 2
    assert (pieces[:, 2:] - pieces[:, :2] == 1).all()
