from __future__ import annotations

import numpy as np
import pytest

from centernet_cli.core.recipe import TestSection
from centernet_cli.inference.preprocess import to_page
from centernet_cli.inference.views import Tile, Whole, first_views

PAGE = np.full((50, 80, 3), 255, np.uint8)


def shapes_of(section: TestSection, multiple: int) -> list[tuple[int, int]]:
    return [view.show(PAGE, (80, 50), multiple).shape for view in first_views(section, 64)]


@pytest.mark.parametrize(
    ("section", "shapes"),
    [
        (TestSection(), [(64, 64)]),
        (TestSection(scales=(0.5, 1.0, 2.0)), [(32, 32), (64, 64), (96, 128)]),
        (TestSection(resize="keep", scales=(1.0, 2.0)), [(64, 96), (128, 192)]),
        (TestSection(resize="fixed", size=(96, 128), scales=(1.0, 0.5)), [(128, 96), (128, 96)]),
    ],
)
def test_a_page_is_shown_once_for_each_scale(section: TestSection, shapes: list[tuple[int, int]]) -> None:
    assert shapes_of(section, 32) == shapes


def test_the_networks_multiple_is_kept() -> None:
    for way in ("page", "keep", "fixed"):
        section = TestSection.model_validate({"resize": way, "size": (96, 96)})
        assert shapes_of(section, 128) == [(128, 128)]


def marked(width: int, height: int, box: tuple[int, int, int, int]) -> np.ndarray:
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 0
    return pixels


def black_box(pixels: np.ndarray) -> np.ndarray:
    ys, xs = np.nonzero(pixels.mean(axis=2) < 128)
    return np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float64)


@pytest.mark.parametrize("scale", [1.0, 0.5, 1.7])
@pytest.mark.parametrize("reduced", [1, 2, 4])
def test_boxes_come_back_from_a_tile(scale: float, reduced: int) -> None:
    box = (400, 240, 560, 320)
    pixels = marked(800, 1000, box)[::reduced, ::reduced]
    tile = Tile(left=301, top=203, width=355, height=333, scale=scale, size=round(1000 * scale))
    shown = tile.show(np.ascontiguousarray(pixels), (800, 1000), 32)
    assert shown.size == round(1000 * scale)
    assert abs(to_page(black_box(shown.pixels), shown) - box).max() <= 1.5 * reduced / min(scale, 1)


@pytest.mark.parametrize("reduced", [1, 2, 4])
def test_fewer_pixels_of_the_page_change_no_coordinates(reduced: int) -> None:
    box = (400, 240, 560, 320)
    pixels = np.ascontiguousarray(marked(800, 1001, box)[::reduced, ::reduced])
    shown = Whole(500).show(pixels, (800, 1001), 32)
    assert shown.page == (800, 1001)
    assert shown.shape == (512, 416)
    assert abs(to_page(black_box(shown.pixels), shown) - box).max() <= 4


def test_a_tile_at_the_edge_of_few_pixels_is_never_empty() -> None:
    tile = Tile(left=799, top=999, width=1, height=1, scale=0.1, size=100)
    assert tile.show(np.zeros((10, 8, 3), np.uint8), (800, 1000), 32).shape == (32, 32)
