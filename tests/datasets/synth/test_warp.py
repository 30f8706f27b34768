from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.datasets.synth.warp import camera, scanner


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), photo=st.booleans(), x=st.integers(30, 270), y=st.integers(30, 370))
def test_points_go_where_pixels_go(seed, photo, x, y):
    rng = random.Random(seed)
    warp = camera(rng, 300, 400, long_side=400, tilt=4.0) if photo else scanner(rng, 300, 400, skew=1.0)
    page = np.full((400, 300, 3), 255, np.uint8)
    page[y - 4 : y + 4, x - 4 : x + 4] = 0
    picture = warp.image(page, (255, 255, 255))
    rows, columns = np.nonzero(picture[..., 0] < 128)
    seen = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
    assert np.abs(seen - warp.points(np.array([[x, y]], float))[0]).max() < 0.6


def test_boxes_hold_their_outlines():
    warp = camera(random.Random(5), 300, 400, long_side=400, tilt=6.0)
    boxes, outlines = warp.boxes(np.array([[20.0, 30, 200, 50], [40, 300, 260, 320]]))
    assert outlines.shape == (2, 8, 2)
    for box, outline in zip(boxes, outlines, strict=True):
        assert outline.min(axis=0) == pytest.approx(box[:2], abs=0.5)
        assert outline.max(axis=0) == pytest.approx(box[2:], abs=0.5)


@pytest.mark.parametrize("landscape", [False, True])
def test_a_photographed_page_is_all_in_the_picture(landscape):
    width, height = (400, 300) if landscape else (300, 400)
    for seed in range(20):
        warp = camera(random.Random(seed), width, height, long_side=800, tilt=6.0)
        corners = warp.points(np.array([[0, 0], [width, 0], [width, height], [0, height]], float))
        assert max(warp.width, warp.height) == 800
        assert corners.min() > -0.04 * 800
        assert (corners.max(axis=0) < np.array([warp.width, warp.height]) * 1.04).all()
