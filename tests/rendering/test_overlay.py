from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation, Page, PageInfo
from centernet_cli.rendering.overlay import MAX_TAGS, PALETTE, UNKNOWN, colour_of, draw_overlay


def page(width: int = 400, height: int = 600, value: int = 255) -> Page:
    pixels = np.full((height, width, 3), value, np.uint8)
    return Page(info=PageInfo(source="a.png", width=width, height=height), pixels=pixels)


def line(box: tuple[float, float, float, float], label: str = "text_line") -> Annotation:
    return Annotation(label=label, box=box, score=0.9)


def test_a_box_is_outlined_and_tinted_where_it_is() -> None:
    pixels = np.array(draw_overlay(page(), [line((100, 200, 300, 220))], ("text_line",)))
    changed = np.argwhere((pixels != 255).any(axis=2))
    assert changed.min(0).tolist() == [200, 100]
    assert changed.max(0).tolist() == [219, 299]
    assert tuple(pixels[200, 150]) == PALETTE[0]
    assert 200 < pixels[210, 150].mean() < 255


def test_the_page_itself_is_not_changed() -> None:
    original = page()
    draw_overlay(original, [line((100, 200, 300, 220))], ("text_line",))
    assert (original.pixels == 255).all()


def test_ink_stays_readable_under_the_tint() -> None:
    pixels = np.array(draw_overlay(page(value=0), [line((100, 200, 300, 260))], ("text_line",)))
    assert pixels[230, 200].max() < 80


def test_classes_have_their_own_colours_and_unknown_ones_grey() -> None:
    classes = ("text", "title")
    annotations = [
        line((10, 300, 90, 350), "text"),
        line((110, 300, 190, 350), "title"),
        line((210, 300, 290, 350), "?"),
    ]
    pixels = np.array(draw_overlay(page(), annotations, classes))
    assert [tuple(pixels[349, x]) for x in (50, 150, 250)] == [PALETTE[0], PALETTE[1], UNKNOWN]


def test_tags_for_several_classes_only() -> None:
    annotations = [line((100, 200, 300, 300), "a")]
    assert (np.array(draw_overlay(page(), annotations, ("a",)))[:200] == 255).all()
    assert not (np.array(draw_overlay(page(), annotations, ("a", "b")))[:200] == 255).all()


def test_no_tags_where_they_would_hide_the_page() -> None:
    dense = [line((100, 100 + 4 * i, 300, 103 + 4 * i), "a") for i in range(MAX_TAGS + 1)]
    assert (np.array(draw_overlay(page(), dense, ("a", "b")))[:100] == 255).all()


def test_dense_pages_get_thin_lines() -> None:
    def outline(height: int) -> int:
        pixels = np.array(draw_overlay(page(1200, 1200), [line((100, 100, 600, 100 + height))], ("a",)))
        return int((pixels[:, 300] == UNKNOWN).all(axis=1).sum())

    assert outline(8) == 2
    assert outline(100) > 4


def test_thick_outlines_lie_outside() -> None:
    pixels = np.array(draw_overlay(page(1200, 1200), [line((100, 100, 600, 300))], ("text_line",)))
    outlined = np.flatnonzero((pixels[:, 300] == PALETTE[0]).all(axis=1))
    assert len(outlined) == 6
    assert outlined.tolist() == [98, 99, 100, 299, 300, 301]
    at_edge = np.array(draw_overlay(page(1200, 1200), [line((0, 0, 1200, 1200))], ("text_line",)))
    assert tuple(at_edge[0, 600]) == tuple(at_edge[1199, 600]) == PALETTE[0]


def test_large_pages_become_handy_pictures() -> None:
    picture = draw_overlay(page(3000, 200), [line((2900, 100, 3000, 200))], ("text_line",), max_side=500)
    assert picture.size == (500, 33)
    assert picture.getpixel((490, 32)) == PALETTE[0]


def test_extreme_and_empty_pages() -> None:
    assert draw_overlay(page(1, 1), [], ()).size == (1, 1)
    assert draw_overlay(page(3, 20000), [line((0, 0, 3, 20000))], ("a", "b")).size == (1, 1800)


def test_the_palette_starts_again() -> None:
    assert colour_of(len(PALETTE)) == PALETTE[0]
    assert len(set(PALETTE)) == len(PALETTE)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 90), st.floats(0, 60), st.floats(0.01, 100), st.floats(0.01, 70)).map(
            lambda box: (box[0], box[1], min(100.0, box[0] + box[2]), min(70.0, box[1] + box[3]))
        ),
        max_size=12,
    )
)
def test_any_boxes_can_be_drawn(boxes: list[tuple[float, float, float, float]]) -> None:
    picture = draw_overlay(page(100, 70), [line(box, "ab"[index % 2]) for index, box in enumerate(boxes)], ("a", "b"))
    assert picture.size == (100, 70)


@pytest.mark.parametrize("label", ["<script>", "日本語", "a\nb", "", "x" * 1000])
def test_any_label_can_be_drawn(label: str) -> None:
    draw_overlay(page(100, 70), [line((10, 10, 50, 50), label)], (label, "other"))
