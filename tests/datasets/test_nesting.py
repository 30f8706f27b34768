"""Lines find the region that holds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.datasets.nesting import nest

FIGURE, CAPTION, COLUMN = (0, 0, 400, 400), (0, 350, 400, 400), (500, 0, 900, 400)


def test_lines_go_to_the_innermost_region_that_holds_at_least_half_of_them() -> None:
    lines = [(10, 360, 390, 380), (10, 10, 390, 30), (450, 10, 600, 30), (420, 10, 480, 30), (380, 10, 620, 30)]
    assert nest(lines, [FIGURE, CAPTION, COLUMN]) == [1, 0, 2, None, 2]


def test_nothing_in_nothing() -> None:
    assert nest([], [FIGURE]) == []
    assert nest([FIGURE], []) == [None]
    assert nest([(5, 5, 5, 9)], [FIGURE]) == [None]


BOX = st.tuples(*[st.integers(0, 100)] * 4).map(lambda v: (v[0], v[1], v[0] + v[2] + 1, v[1] + v[3] + 1))


def share(inner, outer):
    across = min(inner[2], outer[2]) - max(inner[0], outer[0])
    down = min(inner[3], outer[3]) - max(inner[1], outer[1])
    return max(across, 0) * max(down, 0) / ((inner[2] - inner[0]) * (inner[3] - inner[1]))


@given(st.lists(BOX, max_size=6), st.lists(BOX, max_size=6))
def test_who_has_a_region_is_half_inside_and_who_has_none_is_not(inner, outer) -> None:
    for box, index in zip(inner, nest(inner, outer), strict=True):
        shares = [share(box, other) for other in outer]
        if index is None:
            assert max(shares, default=0) < 0.5
        else:
            assert shares[index] >= 0.5
            assert shares[index] > max(shares) - 0.1


def test_lines_in_the_notch_of_an_outline_are_outside() -> None:
    angle = ((0, 0), (400, 0), (400, 100), (100, 100), (100, 400), (0, 400))
    lines = [(10, 10, 390, 30), (150, 200, 390, 220), (10, 200, 90, 220)]
    assert nest(lines, [FIGURE]) == [0, 0, 0]
    assert nest(lines, [FIGURE], outlines=[angle]) == [0, None, 0]
    assert nest(lines, [FIGURE], outlines=[None]) == [0, 0, 0]


def test_an_outline_that_crosses_itself_is_taken_by_what_it_encloses() -> None:
    bow = ((0, 0), (400, 400), (400, 0), (0, 400))
    assert nest([(300, 190, 390, 210), (190, 10, 210, 30)], [FIGURE], outlines=[bow]) == [0, None]
