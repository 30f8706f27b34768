from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.recipe import TestSection
from centernet_cli.core.records import Page, PageInfo
from centernet_cli.inference.looks import Found
from centernet_cli.inference.pipeline import PipelineOptions, Prediction, predict_stream
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.inference.tiles import grid, magnifying_glasses, merge, still_small, tile_growth
from centernet_cli.inference.views import FirstLook, PageSize, Whole
from tests.inference.fakes import DarkRuntime

SIDES = st.integers(1, 20_000)


@given(width=SIDES, height=SIDES, scale=st.floats(0.05, 1.0), side=st.integers(256, 2048), widest=st.floats(0, 9999))
def test_tiles_cover_the_page_and_own_it_once(width, height, scale, side, widest) -> None:
    parts = grid((width, height), scale, side, widest)
    assert len(parts.cells) == parts.columns * parts.rows
    row = parts.cells[: parts.columns]
    assert row[0].tile.left == 0
    assert row[-1].tile.left + row[-1].tile.width == width
    for cell, after in pairwise(row):
        end = cell.tile.left + cell.tile.width
        assert after.tile.left < end, "they overlap"
        assert cell.own[2] == after.own[0]
        assert after.tile.left <= cell.own[2] <= end
    for cell in parts.cells:
        assert cell.tile.width >= 1
        assert cell.tile.height >= 1
        assert max(cell.tile.width, cell.tile.height) * scale <= 1.25 * side + 2


@pytest.mark.parametrize(
    ("line", "scale", "expected"),
    [(None, 0.1, None), (8.0, 0.1, None), (4.0, 0.1, 3.25), (4.0, 0.5, 2.0), (4.0, 0.9, None), (0.1, 0.05, 20.0)],
)
def test_tiles_where_a_second_look_would_not_do(line, scale, expected) -> None:
    assert tile_growth(line, scale) == expected


@pytest.mark.parametrize(
    ("line", "scale", "expected"), [(None, 0.1, None), (10.0, 0.1, None), (6.5, 0.1, 2.0), (6.5, 0.9, None)]
)
def test_tiles_where_a_second_look_did_not_do(line, scale, expected) -> None:
    assert still_small(line, scale) == expected


@given(width=SIDES, height=SIDES)
def test_magnifying_glasses_stay_on_the_page(width, height) -> None:
    for tile in magnifying_glasses((width, height), 1024):
        assert 0 <= tile.left <= tile.left + tile.width <= width
        assert 0 <= tile.top <= tile.top + tile.height <= height


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(700, 1000, 1024), (500, 1000, 1024), (500, 4000, 2048), (4000, 500, 2048), (100, 800, 1024), (100, 1200, 1200)],
)
def test_very_long_pages_are_seen_larger(width: int, height: int, size: int) -> None:
    look = FirstLook((Whole(1024),), 32, stretch=True)
    assert look.views(PageSize(width=width, height=height, decoded=max(width, height))) == (Whole(size),)


class Reader(DarkRuntime):
    """Finds every black bar at least two pixels high."""

    def _find(self, image: np.ndarray) -> RawBoxes:
        import cv2

        dark = (image.mean(axis=2) < 128).astype(np.uint8)
        stats = cv2.connectedComponentsWithStats(dark)[2][1:]
        stats = stats[stats[:, 3] >= 2]
        boxes = np.hstack([stats[:, :2], stats[:, :2] + stats[:, 2:4]]).astype(np.float32)
        return RawBoxes(boxes, np.full(len(boxes), 0.9, np.float32), np.zeros(len(boxes), np.int64))


def bars(columns: int, rows: int) -> tuple[Page, np.ndarray]:
    """A page of small bars, and a wide one on top that no tile has whole."""
    width, height = columns * 200, rows * 40 + 100
    pixels = np.full((height, width, 3), 255, np.uint8)
    boxes = [(20, 20, width - 20, 80)]
    boxes += [(200 * x + 15, 40 * y + 104, 200 * x + 185, 40 * y + 116) for x in range(columns) for y in range(rows)]
    for x0, y0, x1, y1 in boxes:
        pixels[y0:y1, x0:x1] = 0
    return Page(info=PageInfo(source="a.png", width=width, height=height), pixels=pixels), np.array(boxes, float)


def found(result: Any) -> np.ndarray:
    assert isinstance(result, Prediction)
    boxes = np.array([annotation.box for annotation in result.record.annotations])
    return in_rows(boxes)


def in_rows(boxes: np.ndarray) -> np.ndarray:
    return boxes[np.lexsort((boxes[:, 0], np.round((boxes[:, 1] - 104) / 40)))]


@pytest.mark.parametrize("tile", ["auto", "on", 300])
def test_small_lines_of_a_large_page_are_all_found_once(tile) -> None:
    page, truth = bars(16, 75)
    runtime = Reader(TestSection(second_look=True), page_size=320)
    (result,) = predict_stream([page], lambda: runtime, PipelineOptions(tile=tile))
    boxes = found(result)
    assert isinstance(result, Prediction)
    assert result.tiles is not None
    assert result.tiles[0] * result.tiles[1] > 1
    assert boxes.shape == truth.shape
    truth = in_rows(truth)
    assert abs(boxes[:, 1::2] - truth[:, 1::2]).max() <= 3
    assert abs(boxes - truth).max() <= 12
    # What is held at once is bounded.
    assert max(shape[1] * shape[2] for shape in runtime.shapes) <= 1400 * 1400


def test_overlap_is_for_lines_that_only_magnifying_glasses_show() -> None:
    def tiles(heading: int) -> tuple[int, int] | None:
        page, _ = bars(40, 75)
        page.pixels[20:80, 20:-20] = heading
        runtime = Reader(TestSection(second_look=True), page_size=320)
        (result,) = predict_stream([page], lambda: runtime, PipelineOptions(tile="auto"))
        assert isinstance(result, Prediction)
        return result.tiles

    # The black heading is all that the first look finds, and no measure of the lines.
    assert tiles(0) == tiles(255)


@pytest.mark.parametrize("option", ["auto", "on", "off"])
def test_pages_of_usual_text_stay_whole(option) -> None:
    page, _ = bars(2, 12)
    runtime = Reader(TestSection(second_look=True), page_size=320)
    (result,) = predict_stream([page], lambda: runtime, PipelineOptions(tile=option))
    assert isinstance(result, Prediction)
    assert result.tiles == (None if option != "on" else (1, 1))


def test_a_box_on_a_border_is_not_doubled() -> None:
    parts = grid((1800, 500), 1.0, 1024, 0)
    assert parts.columns == 2
    border = parts.cells[0].own[2]
    looks = []
    for shift, score, cell in ((-3.0, 0.8, parts.cells[0]), (2.0, 0.9, parts.cells[1])):
        box = np.array([[border - 50 + shift, 10, border + 50 + shift, 30]], np.float32) - [cell.tile.left, 0] * 2
        raw = RawBoxes(box.astype(np.float32), np.array([score], np.float32), np.zeros(1, np.int64))
        shown = cell.tile.show(np.zeros((500, 1800, 3), np.uint8), (1800, 500), 32)
        looks.append((raw, shown))
    nothing = Found(np.zeros((0, 4)), np.zeros(0, np.float32), np.zeros(0, np.int64), capped=False)
    result = merge(parts.cells, looks, nothing)
    assert result.scores.tolist() == pytest.approx([0.9])


def test_a_box_that_two_tiles_end_differently_is_not_doubled() -> None:
    parts = grid((1800, 500), 1.0, 1024, 0)
    border = parts.cells[0].own[2]
    looks = []
    for right, score, cell in ((border + 30, 0.9, parts.cells[0]), (border + 55, 0.8, parts.cells[1])):
        box = np.array([[border - 45, 10, right, 30]]) - [cell.tile.left, 0] * 2
        raw = RawBoxes(box.astype(np.float32), np.array([score], np.float32), np.zeros(1, np.int64))
        looks.append((raw, cell.tile.show(np.zeros((500, 1800, 3), np.uint8), (1800, 500), 32)))
    nothing = Found(np.zeros((0, 4)), np.zeros(0, np.float32), np.zeros(0, np.int64), capped=False)
    assert merge(parts.cells, looks, nothing).scores.tolist() == pytest.approx([0.9])
