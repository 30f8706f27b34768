"""Outlines: turning, cutting, and rectangles around."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from centernet_cli.core.geometry import points_box, polygon_area
from centernet_cli.datasets.formats.outlines import (
    corners,
    cut_polygon,
    ellipse_box,
    rectangle_around,
    rotated,
)

NUMBER = st.integers(-200, 400).map(lambda value: value / 4)
POLYGON = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=8).map(tuple)


def test_turning_is_clockwise_as_seen() -> None:
    assert rotated([(1.0, 0.0)], (0.0, 0.0), 90)[0] == pytest.approx((0, 1))
    assert ellipse_box((5.0, 5.0), (4.0, 2.0), 90) == pytest.approx((3, 1, 7, 9))
    assert ellipse_box((0.0, 0.0), (2.0, 2.0), 33) == pytest.approx((-2, -2, 2, 2))


@given(POLYGON)
def test_what_is_cut_lies_on_the_page_and_covers_what_was_there(polygon: tuple[tuple[float, float], ...]) -> None:
    cut = cut_polygon(polygon, 50, 40)
    assert all(-1e-9 <= x <= 50 + 1e-9 and -1e-9 <= y <= 40 + 1e-9 for x, y in cut)
    inside = [point for point in polygon if 0 <= point[0] <= 50 and 0 <= point[1] <= 40]
    assert set(inside) <= set(cut)
    if len(inside) == len(polygon):
        assert sorted(cut) == sorted(polygon)


@given(POLYGON)
def test_a_triangle_keeps_its_area_on_the_page(polygon: tuple[tuple[float, float], ...]) -> None:
    shapely = pytest.importorskip("shapely")
    triangle = polygon[:3]
    assume(polygon_area(triangle) > 1e-6)
    cut = cut_polygon(triangle, 50, 40)
    expected = shapely.Polygon(triangle).intersection(shapely.box(0, 0, 50, 40)).area
    assert (polygon_area(cut) if cut else 0) == pytest.approx(expected, abs=1e-6)


@given(POLYGON)
def test_the_rectangle_around_is_the_smallest(polygon: tuple[tuple[float, float], ...]) -> None:
    shapely = pytest.importorskip("shapely")
    hull = shapely.MultiPoint(polygon).convex_hull
    assume(hull.area > 1e-3)
    rectangle = rectangle_around(polygon)
    assert len(rectangle) == 4
    sides = [math.dist(a, b) for a, b in zip(rectangle, rectangle[1:] + rectangle[:1], strict=True)]
    assert sides[0] == pytest.approx(sides[2])
    assert polygon_area(rectangle) == pytest.approx(sides[0] * sides[1], rel=1e-6)
    assert shapely.Polygon(rectangle).buffer(1e-6).covers(hull)
    assert polygon_area(rectangle) <= shapely.oriented_envelope(hull).area * (1 + 1e-6)


def test_the_rectangle_around_points_in_a_line_is_upright() -> None:
    assert rectangle_around(((0, 0), (1, 1), (2, 2))) == corners(points_box([(0, 0), (2, 2)]))
    assert rectangle_around(((1, 1), (1, 1), (1, 1))) == corners((1, 1, 1, 1))
