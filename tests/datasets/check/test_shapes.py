from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon

from centernet_cli.core.geometry import polygon_area
from centernet_cli.core.records import Annotation, PageInfo, PageRecord, RunLengths
from centernet_cli.datasets.check.shapes import mend_shapes, with_corners_in_order
from centernet_cli.datasets.formats.coco_masks import compressed
from centernet_cli.datasets.formats.mask_outlines import joined

INFO = PageInfo(source="a.png", width=100, height=80)


def mend(*annotations):
    told = []

    def tell(code, number, _detail="", repair=""):
        told.append((code, number, repair))

    upright = with_corners_in_order(PageRecord(info=INFO, annotations=annotations), tell)
    page, numbers = mend_shapes(upright, tell)
    return told, list(page.annotations), numbers


def box(*sides, label="line", **more):
    return Annotation(label=label, box=sides, **more)


@pytest.mark.parametrize(
    ("shape", "told", "mended"),
    [
        (box(1, 1, 50, 9), [], [box(1, 1, 50, 9)]),
        (box(50, 9, 1, 1), [("D009", 0, "corners exchanged")], [box(1, 1, 50, 9)]),
        (box(5, 5, 5, 9), [("D009", 0, "left out")], []),
        (box(200, 5, 210, 9), [("D010", 0, "left out")], []),
        (box(90, 5, 110, 9), [("D024", 0, "cut off")], [box(90, 5, 100, 9)]),
        (box(90, 5, 100.2, 9), [], [box(90, 5, 100, 9)]),
        (box(1, 1, 50, 9, label=" "), [("D039", 0, "left out")], []),
        (box(1, 1, 50, 1.5), [("D043", 0, "")], [box(1, 1, 50, 1.5)]),
        (box(0, 0, 5, 5, polygon=((0, 0), (5, 5))), [("D025", 0, "reduced to its box")], [box(0, 0, 5, 5)]),
        (box(0, 0, 5, 5, polygon=((0, 0), (5, 5), (2, 2))), [("D025", 0, "reduced to its box")], [box(0, 0, 5, 5)]),
    ],
)
def test_single_shapes(shape, told, mended):
    assert mend(shape)[:2] == (told, mended)


def test_a_bow_tie_becomes_the_quadrangle():
    told, (mended,), _ = mend(box(0, 0, 10, 10, polygon=((0, 0), (10, 10), (10, 0), (0, 10))))
    assert told == [("D023", 0, "points in order")]
    assert set(mended.polygon) == {(0, 0), (10, 10), (10, 0), (0, 10)}
    assert Polygon(mended.polygon).area == 100


def test_a_polygon_with_a_small_loop_loses_the_loop():
    loop = ((0, 0), (40, 0), (40, 40), (20, 40), (22, 38), (22, 40), (0, 40))
    told, (mended,), _ = mend(box(0, 0, 40, 40, polygon=loop))
    assert told[0][0] == "D023"
    assert Polygon(mended.polygon).is_valid


def test_parts_are_looked_at_one_by_one():
    whole = ((60.0, 40.0), (90.0, 40.0), (90.0, 110.0), (60.0, 110.0))
    bow_tie = ((0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0))
    told, (mended,), _ = mend(box(0, 0, 90, 110, mask=(bow_tie, whole, bow_tie)))
    assert told == [("D023", 0, "points in order"), ("D024", 0, "cut off")]
    assert [Polygon(part).area for part in mended.mask] == [100, 30 * 40, 100]
    # One that is nothing leaves the box.
    told, (mended,), _ = mend(box(0, 0, 90, 40, mask=(((0.0, 0.0), (9.0, 9.0), (5.0, 5.0)), whole)))
    assert {code for code, _, _ in told} == {"D025", "D027"}
    assert (mended.mask, mended.polygon) == (None, None)
    # Of one that lies off the page the other is left.
    _, (mended,), _ = mend(box(0, 0, 10, 190, mask=(bow_tie, tuple((x, y + 180) for x, y in bow_tie))))
    assert (mended.mask, len(mended.polygon)) == (None, 4)


def test_parts_joined_to_one_polygon_do_not_cross():
    parts = (
        ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)),
        ((20.0, 9.0), (30.0, 0.0), (20.0, 0.0)),
        ((40.0, 40.0), (60.0, 40.0), (50.0, 60.0)),
    )
    whole = joined(parts)
    assert whole is not None
    assert polygon_area(whole) == sum(map(polygon_area, parts))
    shape = box(0, 0, 60, 60, polygon=whole)
    assert mend(shape)[:2] == ([], [shape])
    spike = ((0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (60.0, 20.0), (20.0, 20.0), (0.0, 20.0))
    assert [code for code, _, _ in mend(box(0, 0, 60, 20, polygon=spike))[0]] == ["D023"]


def test_masks_stay():
    mask = RunLengths(width=100, height=80, counts=compressed([81, 5, 7914]))
    assert mend(box(1, 1, 2, 6, mask=mask))[:2] == ([], [box(1, 1, 2, 6, mask=mask)])


def test_doubles():
    told, mended, numbers = mend(
        box(0, 0, 50, 10),
        box(0, 20, 50, 30),
        box(0, 0, 50, 10),
        box(0, 20.4, 50, 30.4),
        box(0, 0, 50, 10, label="title"),
        box(0, 24, 50, 34),
    )
    assert {(code, number) for code, number, _ in told} == {("D036", 2), ("D054", 4), ("D037", 3)}
    assert numbers == [0, 1, 4, 5]
    assert len(mended) == 4


def test_predictions_may_overlap():
    assert mend(box(0, 0, 50, 10, score=0.9), box(0, 0, 50, 10, score=0.8))[0] == []
    # Pre-labels keep their scores in labelme: what was copied has the same, what was drawn has none.
    assert mend(box(0, 0, 50, 10, score=0.9), box(0, 0, 50, 10, score=0.9))[0][0][0] == "D036"
    assert mend(box(0, 0, 50, 10, score=0.9), box(0, 0, 50, 10.5))[0][0][0] == "D037"


side = st.one_of(st.integers(-30, 130).map(float), st.floats(-1e8, 1e8), st.sampled_from([0.0, 80.0, 100.0, 50.0]))
polygon = st.none() | st.lists(st.tuples(side, side), max_size=7).map(tuple)
label = st.sampled_from(["line", "title", "", " "])
box_sides = st.tuples(side, side, side, side)
parts = st.lists(st.lists(st.tuples(side, side), min_size=3, max_size=6).map(tuple), min_size=2, max_size=3).map(tuple)
shape = st.builds(Annotation, label=label, box=box_sides, polygon=polygon) | st.builds(
    Annotation, label=label, box=box_sides, mask=parts
)


@given(st.lists(shape, max_size=8))
def test_what_is_mended_needs_no_mending(shapes):
    _, mended, numbers = mend(*shapes)
    assert len(mended) == len(numbers) == len(set(numbers))
    for annotation in mended:
        x0, y0, x1, y1 = annotation.box
        assert 0 <= x0 < x1 <= 100
        assert 0 <= y0 < y1 <= 80
    told, again, _ = mend(*mended)
    assert {code for code, _, _ in told} <= {"D027", "D043", "D054"}
    assert again == mended
