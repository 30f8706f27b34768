from __future__ import annotations

import numpy as np
import pytest

from centernet_cli.datasets.resize import resize


def test_the_same_size_is_the_same_picture():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert resize(pixels, 30, 20) is pixels


def test_shrinking_averages():
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, ::2] = 200
    assert (resize(pixels, 4, 2) == 100).all()


def test_thin_strokes_survive_much_shrinking():
    # 1/8 is three halvings: every pixel counts, as it wouldn't with one bilinear step.
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[3::8] = 240
    assert (resize(pixels, 8, 8) == 30).all()


def test_places_stay():
    ramp = np.broadcast_to(np.arange(250, dtype=np.uint8)[None, :, None], (80, 250, 3)).copy()
    middles = (np.arange(90) + 0.5) * 250 / 90 - 0.5
    assert np.abs(resize(ramp, 90, 30)[5, :, 0].astype(float) - middles).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 31), (100, 50), (3, 200)])
def test_size_and_type(width, height):
    pixels = np.full((20, 30, 3), 77, np.uint8)
    resized = resize(pixels, width, height)
    assert resized.shape == (height, width, 3)
    assert resized.dtype == np.uint8
    assert (resized == 77).all()
