from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.inference.original_input import fixed_input, keep_input
from centernet_cli.inference.preprocess import to_page

SIDE = st.integers(1, 300)
SCALE = st.sampled_from([0.5, 0.75, 1.0, 1.25, 1.5])


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("side", "multiple", "expected"), [(512, 32, 544), (511, 32, 512), (500, 32, 512), (512, 128, 640), (1, 32, 32)]
)
def test_keep_grows_to_the_next_multiple_even_where_it_is_one(side: int, multiple: int, expected: int) -> None:
    assert keep_input(noise(side, side), multiple=multiple).shape == (expected, expected)
    assert expected == (side | (multiple - 1)) + 1


@given(width=SIDE, height=SIDE, multiple=st.sampled_from([32, 128]))
def test_keep_leaves_pixels_alone_with_black_around(width: int, height: int, multiple: int) -> None:
    pixels = noise(width, height)
    prepared = keep_input(pixels, multiple=multiple)
    full_height, full_width = prepared.shape
    left, top = full_width // 2 - width // 2, full_height // 2 - height // 2
    inside = prepared.pixels[top : top + height, left : left + width]
    assert (inside == pixels).all()
    assert np.count_nonzero(prepared.pixels) == pixels.size
    assert prepared.scale == (1.0, 1.0)
    assert list(prepared.shift) == [left, top]
    assert prepared.size == max(width, height)


@given(width=SIDE, height=SIDE, scale=SCALE)
def test_keep_at_a_scale_is_the_resized_page(width: int, height: int, scale: float) -> None:
    pixels = noise(width, height)
    prepared = keep_input(pixels, scale)
    sides = (max(1, int(width * scale)), max(1, int(height * scale)))
    expected = keep_input(np.asarray(cv2.resize(pixels, sides), np.uint8))
    assert (prepared.pixels == expected.pixels).all()
    assert prepared.shift == expected.shift
    assert prepared.page == (width, height)


def original_matrix(centre: tuple[float, float], scale: float, full: tuple[int, int]) -> np.ndarray:
    """Three points and where they go: the centre, the one above it by half a width, the corner left of that."""
    (x, y), (width, height) = centre, full
    here = np.array([(x, y), (x, y - scale / 2), (x - scale / 2, y - scale / 2)], np.float32)
    there = np.array(
        [(width / 2, height / 2), (width / 2, (height - width) / 2), (0, (height - width) / 2)], np.float32
    )
    return np.asarray(cv2.getAffineTransform(here, there))


@given(width=SIDE, height=SIDE, scale=SCALE, side=st.sampled_from([64, 128, 384]))
def test_fixed_is_the_originals_map(width: int, height: int, scale: float, side: int) -> None:
    prepared = fixed_input(noise(width, height), (side, side), scale)
    new = (max(1, int(width * scale)), max(1, int(height * scale)))
    matrix = original_matrix((new[0] / 2, new[1] / 2), max(width, height), (side, side))
    ours = np.array(
        [[prepared.scale[0] / scale, 0, prepared.shift[0]], [0, prepared.scale[1] / scale, prepared.shift[1]]]
    )
    assert ours == pytest.approx(matrix, rel=1e-4, abs=1e-3)
    # And back: the original's way from network pixels to the resized page, then by the scale to the page itself.
    corners = np.array([[0, 0, side, side], [5.5, 7.25, 30, 41]], np.float64)
    inverse = cv2.invertAffineTransform(matrix)
    expected = np.concatenate([corners[:, i : i + 2] @ inverse[:, :2].T + inverse[:, 2] for i in (0, 2)], 1) / scale
    assert to_page(corners, prepared) == pytest.approx(expected, rel=1e-4, abs=1e-2)


@pytest.mark.parametrize("shape", [(480, 640), (333, 200), (100, 100)])
def test_fixed_shows_the_same_pixels(shape: tuple[int, int]) -> None:
    height, width = shape
    pixels = cv2.GaussianBlur(noise(width, height), (0, 0), 3)
    expected = cv2.warpAffine(
        pixels,
        original_matrix((width / 2, height / 2), max(width, height), (512, 512)),
        (512, 512),
        flags=cv2.INTER_LINEAR,
    )
    shown = fixed_input(np.asarray(pixels, np.uint8), (512, 512)).pixels
    assert np.abs(shown.astype(int) - np.asarray(expected).astype(int)).max() <= 1


def test_fixed_fits_tall_pages_into_wide_inputs() -> None:
    prepared = fixed_input(np.full((400, 100, 3), 255, np.uint8), (256, 128))
    assert prepared.shape == (128, 256)
    assert (prepared.pixels[5:123, 128] == 255).all()
    assert (prepared.pixels[:, :100] == 0).all()
    assert prepared.size == 128


def test_fixed_is_a_multiple() -> None:
    assert fixed_input(noise(50, 60), (96, 160), multiple=128).shape == (256, 128)


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("way", ["keep", "fixed"])
def test_a_mark_is_where_its_box_is(way: str, scale: float) -> None:
    pixels = np.full((300, 500, 3), 255, np.uint8)
    pixels[100:160, 200:320] = (255, 0, 0)
    prepared = keep_input(pixels, scale) if way == "keep" else fixed_input(pixels, (512, 512), scale)
    ys, xs = np.nonzero((prepared.pixels[..., 0] > 128) & (prepared.pixels[..., 1] < 128))
    found = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float64)
    assert to_page(found, prepared)[0] == pytest.approx([200, 100, 320, 160], abs=1.5 / scale)


def test_tiny_pages_keep_a_pixel() -> None:
    assert keep_input(noise(1, 1), 0.5).shape == (32, 32)
    assert fixed_input(noise(1, 900), (64, 64), 0.5).shape == (64, 64)
