from __future__ import annotations

import numpy as np

from centernet_cli.core.records import Annotation, Page, PageInfo
from centernet_cli.rendering.truth_beside import GAP, MAX_SIDE, truth_beside

TRUTH = (Annotation(label="line", box=(40, 60, 160, 80)),)
FOUND = (Annotation(label="line", box=(40, 200, 160, 220), score=0.9),)


def page(width: int, height: int) -> Page:
    pixels = np.full((height, width, 3), 255, np.uint8)
    return Page(info=PageInfo(source="a.png", width=width, height=height), pixels=pixels)


def coloured(picture) -> np.ndarray:
    """Return rows and columns of coloured pixels: text is black, paper white."""
    values = np.array(picture).astype(int)
    return np.argwhere(values.max(2) - values.min(2) > 20)


def test_truth_is_on_the_left_and_what_was_found_on_the_right():
    picture = truth_beside(page(200, 300), TRUTH, FOUND, ("line",), "a.png: F1 0.000")
    assert picture.width == 2 * 200 + GAP
    head = picture.height - 300
    places = coloured(picture)
    left, right = places[places[:, 1] < 200], places[places[:, 1] >= 200]
    assert left.min(0).tolist() == [head + 60, 40]
    assert left.max(0).tolist() == [head + 79, 159]
    assert right.min(0).tolist() == [head + 200, 200 + GAP + 40]
    assert right.max(0).tolist() == [head + 219, 200 + GAP + 159]
    assert (np.array(picture)[:head] < 100).any(), "there is a title"


def test_large_pages_are_scaled_down():
    picture = truth_beside(page(3000, 2000), TRUTH, (), ("line",), "ページ.png")
    assert picture.width == 2 * MAX_SIDE + GAP
