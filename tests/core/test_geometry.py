"""Boxes and polygons, checked against shapely."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon as ShapelyPolygon

from centernet_cli.core.geometry import (
    box_leaves_page,
    box_touches_page,
    circle_box,
    is_upright_rectangle,
    points_box,
    polygon_area,
    xywh_to_xyxy,
    xyxy_to_xywh,
)

COORDINATES = st.integers(-1000, 10_000).map(float)
POINTS = st.tuples(COORDINATES, COORDINATES)


@given(POINTS, POINTS)
@settings(deadline=None)
def test_box_conversions_undo_each_other(start: tuple[float, float], size: tuple[float, float]) -> None:
    assert xyxy_to_xywh(xywh_to_xyxy(*start, *size)) == (*start, *size)


@given(st.lists(POINTS, min_size=3, max_size=10))
@settings(deadline=None)
def test_area_and_box_are_those_of_shapely(points: list[tuple[float, float]]) -> None:
    shape = ShapelyPolygon(points)
    assert points_box(points) == shape.bounds
    hull = shape.convex_hull
    if isinstance(hull, ShapelyPolygon):
        assert polygon_area(tuple(hull.exterior.coords)) == pytest.approx(hull.area)


def test_area_far_from_the_origin() -> None:
    square = ((1e8, 1e8), (1e8 + 1, 1e8), (1e8 + 1, 1e8 + 1), (1e8, 1e8 + 1))
    assert polygon_area(square) == 1
    assert polygon_area(square[::-1]) == 1


def test_circle() -> None:
    assert circle_box((10, 10), (13, 14)) == (5, 5, 15, 15)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("step", [1, -1])
def test_upright_rectangles_at_any_start_and_direction(turn: int, step: int) -> None:
    corners = [(1.0, 2.0), (5.0, 2.0), (5.0, 9.0), (1.0, 9.0)]
    assert is_upright_rectangle((corners[turn:] + corners[:turn])[::step])


def test_other_four_points_are_no_upright_rectangle() -> None:
    assert not is_upright_rectangle([(1, 2), (5, 9), (5, 2), (1, 9)])  # a bow tie over the same corners
    assert not is_upright_rectangle([(1, 2), (5, 3), (5, 9), (1, 9)])
    assert not is_upright_rectangle([(1, 2), (5, 9)])


def test_boxes_and_the_page() -> None:
    assert box_touches_page((-5, -5, 1, 1), 10, 10)
    assert not box_touches_page((10, 0, 12, 5), 10, 10)
    assert not box_touches_page((0, -5, 5, 0), 10, 10)
    assert box_leaves_page((-0.5, 0, 5, 5), 10, 10)
    assert not box_leaves_page((0, 0, 10.001, 10), 10, 10)
