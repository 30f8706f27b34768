from __future__ import annotations

import numpy as np
import pytest

from centernet_cli.inference.adaptive import MAX_FACTOR, MIN_LINES, lost_large, second_size


def heights(value: float, count: int = 100) -> np.ndarray:
    return np.full(count, value, np.float32)


def test_lines_of_a_usual_height_need_no_second_look() -> None:
    assert second_size(heights(10.0), 1024, 4000) is None
    assert second_size(heights(30.0), 1024, 4000) is None


def test_small_lines_are_brought_to_a_comfortable_height() -> None:
    assert second_size(heights(9.75), 1024, 4000) == 1365


def test_the_second_pass_has_a_limit() -> None:
    assert second_size(heights(4.0), 1000, 9000) == round(1000 * MAX_FACTOR)
    assert second_size(heights(0.0), 1000, 9000) == round(1000 * MAX_FACTOR)


def test_never_larger_than_the_page() -> None:
    assert second_size(heights(6.0), 1000, 1300) == 1300


@pytest.mark.parametrize("page_side", [500, 1000, 1099])
def test_a_page_without_more_to_show_gets_none(page_side: int) -> None:
    assert second_size(heights(6.0), 1000, page_side) is None


def test_few_lines_say_little() -> None:
    assert second_size(heights(6.0, MIN_LINES - 1), 1000, 4000) is None
    assert second_size(heights(6.0, 0), 1000, 4000) is None


def test_the_median_decides() -> None:
    mixed = np.concatenate([heights(6.0, 60), heights(40.0, 40)])
    assert second_size(mixed, 1000, 4000) == 1600


def test_large_lines_that_only_the_first_pass_found_are_kept() -> None:
    small = [[0, 100 + 10 * i, 50, 106 + 10 * i] for i in range(20)]
    first = np.array([[0, 0, 300, 40], [0, 50, 300, 90], *small], np.float32)
    second = np.array([[0, 50, 200, 90], *small[1:]], np.float32)
    kept = lost_large(first, second, first[:, 3] - first[:, 1])
    # The second headline was found in part; a small line is the second pass' own affair.
    assert kept.tolist() == [True] + [False] * 21


def test_nothing_is_kept_from_nothing() -> None:
    none = np.zeros((0, 4), np.float32)
    assert lost_large(none, none, none[:, 0]).shape == (0,)
    one = np.array([[0, 0, 10, 10]], np.float32)
    assert lost_large(one, none, one[:, 3]).tolist() == [False]
