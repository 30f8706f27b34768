from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.errors import ExitCode, UsageError
from centernet_cli.pages.options import PageOptions, chosen_pages, pages_beyond
from centernet_cli.pages.source import parse_page_ranges


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("3", ((3, 3),)),
        ("1-5,9", ((1, 5), (9, 9))),
        ("9,1-5", ((1, 5), (9, 9))),
        ("1-3,2-6", ((1, 6),)),
        ("1-3,4", ((1, 4),)),
        ("3-", ((3, None),)),
        ("-4", ((1, 4),)),
        ("3-,5", ((3, None),)),
        (" 1 - 2 , 4 ", ((1, 2), (4, 4))),
    ],
)
def test_page_ranges_are_sorted_and_merged(text, ranges):
    assert parse_page_ranges(text) == ranges


@pytest.mark.parametrize(
    "text", ["", ",", "-", "0", "0-3", "5-1", "a", "1;2", "1-2-3", "--2", "1,,2", "1.5", "1 2", "٣", "9" * 12]
)
def test_bad_page_ranges_are_usage_errors(text):
    with pytest.raises(UsageError) as caught:
        parse_page_ranges(text)
    assert caught.value.code == "U110"
    assert caught.value.exit_code == ExitCode.USAGE


@given(st.text(max_size=20))
def test_any_text_is_ranges_or_a_usage_error(text):
    try:
        ranges = parse_page_ranges(text)
    except UsageError:
        return
    assert all(first >= 1 and (last is None or first <= last) for first, last in ranges)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 10) | st.none()), min_size=1, max_size=5), st.integers(0, 25)
)
def test_chosen_and_missing_pages_make_up_what_was_asked_for(parts, count):
    text = ",".join(f"{first}-" if more is None else f"{first}-{first + more}" for first, more in parts)
    asked = {
        page
        for first, more in parts
        for page in range(first, (max(count, first) if more is None else first + more) + 1)
    }
    ranges = parse_page_ranges(text)
    chosen = list(chosen_pages(ranges, count))
    assert chosen == sorted(page for page in asked if page <= count)
    if ranges[-1][1] is not None:  # an open range covers what others ask for beyond its start
        assert (pages_beyond(ranges, count) is not None) == any(page > count for page in asked)


def test_missing_pages_are_named():
    assert pages_beyond(parse_page_ranges("2-5,9,12-"), 3) == "4-5,9,12-"
    assert pages_beyond(parse_page_ranges("1-"), 3) is None
    assert pages_beyond(None, 3) is None


@pytest.mark.parametrize(
    "options",
    [
        {"dpi": 0.0},
        {"dpi": -5.0},
        {"dpi": math.nan},
        {"target_long_side": 0},
        {"max_megapixels": math.inf},
        {"timeout": 0.0},
        {"pdf_backend": "ghostscript"},
    ],
)
def test_options_out_of_range_are_usage_errors(options):
    with pytest.raises(UsageError, match="U111"):
        PageOptions(**options)
