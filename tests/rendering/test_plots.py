"""Plots are well-formed, safe with any text, and show the numbers they are given where they belong."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from centernet_cli.rendering.plot_axes import Axis, bounds, number, round_ticks
from centernet_cli.rendering.plots import Bars, Line, bar_plot, histogram, line_plot, matrix_plot, standalone

EVIL = '<script>alert("x")</script> & \'"'


def parsed(svg):
    return etree.fromstring(standalone(svg).encode())


def texts(svg):
    return [node.text for node in parsed(svg).iter("{*}text")]


def polylines(svg):
    return [
        [tuple(map(float, point.split(","))) for point in node.get("points").split()]
        for node in parsed(svg).iter("{*}polyline")
    ]


def test_a_line_lies_where_its_values_are():
    svg = line_plot([Line(name="a", x=[0, 1, 2], y=[0, 10, 5])], x_range=(0, 2), y_range=(0, 10))
    (points,) = polylines(svg)
    (x0, y0), (x1, y1), (x2, y2) = points
    assert x1 == pytest.approx((x0 + x2) / 2, abs=0.1)
    assert y0 > y2 > y1, "y grows upwards"
    assert y2 == pytest.approx((y0 + y1) / 2, abs=0.1)


def test_powers_of_ten_are_evenly_spaced_on_a_logarithmic_axis():
    svg = line_plot([Line(name="a", x=[1, 2, 3], y=[0.01, 0.1, 1])], log_y=True)
    (points,) = polylines(svg)
    assert points[0][1] - points[1][1] == pytest.approx(points[1][1] - points[2][1], abs=0.2)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.33, 6.1, [0.5, 1, 2, 5]),  # losses: not 2, 4, 6, which leave the lower half bare
        (0.02, 0.6, [0.02, 0.05, 0.1, 0.2, 0.5]),
        (3e-15, 4e-14, [5e-15, 1e-14, 2e-14]),
        (3, 4.2, [3.0, 3.5, 4.0]),
        (0.5, 2000, [1, 10, 100, 1000]),
    ],
)
def test_marks_of_a_logarithmic_axis(low, high, ticks):
    assert Axis(low, high, 0, 100, log=True).ticks() == pytest.approx(ticks)


def test_gaps_and_single_points():
    svg = line_plot([Line(name="a", x=[0, 1, 2, 3, 4], y=[1, 2, math.nan, 3, math.nan])])
    assert len(polylines(svg)) == 1, "two points make a line"
    assert len(list(parsed(svg).iter("{*}circle"))) == 1, "one alone is a dot"


def test_long_lines_are_thinned_but_keep_their_peaks():
    y = np.zeros(100_000)
    y[54_321] = 1.0
    svg = line_plot([Line(name="a", x=np.arange(100_000.0), y=y)], y_range=(0, 1))
    (points,) = polylines(svg)
    assert len(points) < 2_500
    assert min(point[1] for point in points) < max(point[1] for point in points) - 100


def test_text_is_escaped():
    for svg in (
        line_plot(
            [Line(name=EVIL, x=[0, 1], y=[0, 1])] * 2,
            title=EVIL,
            x_label=EVIL,
            y_label=EVIL,
            verticals=[(0.5, EVIL)],
        ),
        bar_plot([EVIL], [Bars(name=EVIL, values=[1]), Bars(name=EVIL, values=[2])], title=EVIL),
        histogram([0, 1], [Bars(name=EVIL, values=[1])], title=EVIL, x_label=EVIL),
        matrix_plot([[1]], [EVIL], [EVIL], title=EVIL, row_label=EVIL, column_label=EVIL),
    ):
        assert "<script" not in svg
        parsed(svg)


def test_bars_are_as_high_as_their_values():
    svg = bar_plot(["a", "b", "c"], [Bars(name="", values=[1, 2, math.nan])])
    bars = [node for node in parsed(svg).iter("{*}rect") if node.get("fill-opacity")]
    heights = [float(bar.get("height")) for bar in bars]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert len(bars) == 2
    assert "a: 1" in svg


def test_a_histogram_stacks_its_series():
    svg = histogram([0, 1, 2], [Bars(name="right", values=[3, 1]), Bars(name="wrong", values=[1, 0])])
    bars = [node for node in parsed(svg).iter("{*}rect") if node.get("fill-opacity")]
    first, other = bars[0], bars[2]
    assert float(other.get("y")) + float(other.get("height")) == pytest.approx(float(first.get("y")), abs=0.2)


def test_a_matrix_shows_every_number():
    svg = matrix_plot(np.array([[1, 2], [3, math.nan]]), ["a", "b"], ["c", "d"])
    shown = texts(svg)
    assert {"1", "2", "3", "a", "b", "c", "d"} <= set(shown)
    shades = re.findall(r'fill-opacity="([0-9.]+)"', svg)
    assert max(map(float, shades)) > 0.7


def test_nothing_to_draw():
    for svg in (line_plot([]), bar_plot([], []), histogram([0, 1], []), matrix_plot([], [], [])):
        parsed(svg)


def test_many_series_are_counted():
    svg = line_plot([Line(name=f"class {k}", x=[0, 1], y=[0, k]) for k in range(40)])
    assert "and 26 more" in texts(svg)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30),
    st.booleans(),
    st.booleans(),
    st.text(max_size=30).filter(lambda text: text.isprintable()),
)
@example([1.2e308], False, False, "")
def test_any_values_make_a_plot(values, log_x, log_y, name):
    svg = line_plot([Line(name=name, x=np.arange(len(values)), y=values)], log_x=log_x, log_y=log_y)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', svg.replace(name, ""))
    parsed(svg)
    parsed(bar_plot([name] * len(values), [Bars(name=name, values=values)]))


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(1, 12))
def test_ticks_are_round_and_inside(low, span, count):
    high = low + span
    if high - low < abs(high) * 1e-9:
        return
    ticks = round_ticks(low, high, count)
    assert len(ticks) <= 2 * count + 2
    slack = 1e-6 * max(abs(low), abs(high), 1)
    assert all(low - slack <= tick <= high + slack for tick in ticks)


def test_numbers_are_short():
    assert [number(value) for value in (0, 0.25, 1200, 3e-5, 2.5e7, math.nan)] == [
        "0",
        "0.25",
        "1,200",
        "3e-5",
        "2.5e7",
        "-",
    ]


def test_bounds_ignore_what_cannot_be_drawn():
    assert bounds([[1, math.nan, 3], [math.inf]]) == (1, 3)
    assert bounds([[0, 0.1, 10]], log=True) == (0.1, 10)
    low, high = bounds([[5]])
    assert low < 5 < high
    assert Axis(0, 1, 0, 100).at([0.5]).tolist() == [50]
