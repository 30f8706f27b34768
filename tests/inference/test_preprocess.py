from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.inference.preprocess import MULTIPLE, clip_to_page, network_input, to_page

SIDE = st.integers(min_value=1, max_value=400)


@given(width=SIDE, height=SIDE, size=st.integers(min_value=1, max_value=300))
def test_sides_are_multiples_and_the_long_one_fits(width: int, height: int, size: int) -> None:
    prepared = network_input(np.zeros((height, width, 3), np.uint8), size)
    assert all(side % MULTIPLE == 0 for side in prepared.shape)
    assert size <= max(prepared.shape) < size + MULTIPLE
    assert prepared.page == (width, height)


@given(width=SIDE, height=SIDE, size=st.integers(min_value=32, max_value=300))
def test_a_box_around_the_page_comes_back_as_the_page(width: int, height: int, size: int) -> None:
    prepared = network_input(np.zeros((height, width, 3), np.uint8), size)
    scale_x, scale_y = prepared.scale
    whole = np.array([[0, 0, width * scale_x, height * scale_y]], np.float32)
    assert to_page(whole, prepared) == pytest.approx(np.array([[0, 0, width, height]]), rel=1e-5)


@given(
    width=SIDE,
    height=SIDE,
    size=st.integers(min_value=32, max_value=300),
    box=st.tuples(*[st.floats(min_value=-50, max_value=500, width=32)] * 4),
)
def test_boxes_stay_on_the_page(width: int, height: int, size: int, box: tuple[float, float, float, float]) -> None:
    prepared = network_input(np.zeros((height, width, 3), np.uint8), size)
    x0, y0, x1, y1 = clip_to_page(to_page(np.array([box], np.float32), prepared), (width, height))[0]
    assert 0 <= min(x0, x1) <= max(x0, x1) <= width
    assert 0 <= min(y0, y1) <= max(y0, y1) <= height


def test_padding_is_paper_on_the_right_and_below() -> None:
    prepared = network_input(np.zeros((100, 50, 3), np.uint8), 100)
    assert prepared.shape == (128, 64)
    assert (prepared.pixels[:100, :50] == 0).all()
    assert (prepared.pixels[100:] == 255).all()
    assert (prepared.pixels[:, 50:] == 255).all()


def test_a_mark_is_where_its_box_is() -> None:
    pixels = np.full((1200, 900, 3), 255, np.uint8)
    pixels[400:440, 300:700] = 0
    prepared = network_input(pixels, 640)
    ys, xs = np.nonzero(prepared.pixels[..., 0] < 128)
    found = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float32)
    assert to_page(found, prepared)[0] == pytest.approx([300, 400, 700, 440], abs=1.0)


def test_shrinking_averages() -> None:
    checkers = np.indices((512, 512)).sum(0) % 2 * 255
    prepared = network_input(np.repeat(checkers[..., None], 3, 2).astype(np.uint8), 128)
    assert prepared.pixels.min() >= 127
    assert prepared.pixels.max() <= 128


def test_a_page_of_the_right_size_is_not_touched() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (128, 96, 3), np.uint8)
    assert (network_input(pixels, 128).pixels == pixels).all()


def test_extreme_pages_keep_a_pixel() -> None:
    assert network_input(np.zeros((20000, 3, 3), np.uint8), 256).shape == (256, 32)
    assert network_input(np.zeros((1, 1, 3), np.uint8), 64).shape == (64, 64)


def test_other_multiples() -> None:
    assert network_input(np.zeros((100, 130, 3), np.uint8), 130, 128).shape == (128, 256)


def test_a_shift_is_taken_back() -> None:
    prepared = replace(network_input(np.zeros((100, 100, 3), np.uint8), 50), shift=(4.0, 8.0))
    assert to_page(np.array([[4, 8, 14, 18]], np.float32), prepared).tolist() == [[0, 0, 20, 20]]
