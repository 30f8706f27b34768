from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from centernet_cli.datasets.resize import PAPER, resize
from centernet_cli.datasets.transforms import (
    View,
    clip_boxes,
    fit_view,
    look,
    map_boxes,
    map_points,
    random_view,
    view_matrix,
)
from centernet_cli.inference.preprocess import network_input

PAGE = st.tuples(st.integers(60, 160), st.integers(60, 160))
WINDOW = st.tuples(st.integers(40, 200), st.integers(40, 200))


def page_with_ink(size: tuple[int, int], box: tuple[int, int, int, int]) -> np.ndarray:
    pixels = np.full((size[1], size[0], 3), PAPER, np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 0
    return pixels


def ink(pixels: np.ndarray) -> np.ndarray:
    """Box around what is darker than half."""
    ys, xs = np.nonzero(pixels[:, :, 0] < 128)
    return np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], dtype=float)


@given(
    size=PAGE,
    scale=st.floats(0.4, 2.0),
    degrees=st.one_of(st.just(0.0), st.floats(-25, 25)),
    mirror=st.booleans(),
    shift=st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
    window=WINDOW,
    data=st.data(),
)
def test_boxes_follow_the_ink(size, scale, degrees, mirror, shift, window, data):
    x0, y0 = data.draw(st.integers(0, size[0] - 24)), data.draw(st.integers(0, size[1] - 24))
    box = (x0, y0, data.draw(st.integers(x0 + 20, size[0])), data.draw(st.integers(y0 + 20, size[1])))
    view = View(scale, degrees, shift[0], shift[1], window[0], window[1], mirror)
    (mapped,) = map_boxes(np.array([box], np.float32), view_matrix(view, *size))
    assume(mapped[0] > 3 and mapped[1] > 3 and mapped[2] < window[0] - 3 and mapped[3] < window[1] - 3)
    seen = look(page_with_ink(size, box), view)
    assert seen.shape == (window[1], window[0], 3)
    # The tip of a turned corner is thinner than a pixel.
    assert np.abs(ink(seen) - mapped).max() <= (1.0 if degrees == 0 else 2.5)


@given(size=PAGE, page_size=st.integers(60, 200))
def test_an_upright_view_of_the_whole_page_is_what_prediction_sees(size, page_size):
    rng = np.random.default_rng(0)
    smooth = resize(rng.integers(0, 256, (6, 6, 3), np.uint8), *size)
    prepared = network_input(smooth, page_size)
    height, width = (round(side * page_size / max(size)) for side in size[::-1])
    view = View(page_size / max(size), 0.0, 0.0, 0.0, width, height)
    difference = np.abs(look(smooth, view).astype(int) - prepared.pixels[:height, :width])
    # Prediction rounds sides to whole pixels, which moves the far end by half of one.
    assert difference[:-1, :-1].mean() < 4


@pytest.mark.parametrize("page_size", [100, 200])
def test_and_the_very_same_where_nothing_is_rounded(page_size):
    pixels = np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)
    prepared = network_input(pixels, page_size)
    height = page_size * 120 // 200
    seen = look(pixels, View(page_size / 200, 0.0, 0.0, 0.0, page_size, height))
    assert (seen == prepared.pixels[:height, :page_size]).all()


def test_paper_lies_beyond_the_page():
    seen = look(np.zeros((50, 50, 3), np.uint8), View(1.0, 0.0, -10, -20, 80, 90))
    assert (seen[20:70, 10:60] == 0).all()
    assert (seen[:20] == PAPER).all()
    assert (seen[:, 60:] == PAPER).all()


@given(size=PAGE, scale=st.floats(0.3, 3), degrees=st.floats(-45, 45), mirror=st.booleans())
def test_the_matrix_turns_about_the_centre_of_the_page(size, scale, degrees, mirror):
    centre = np.array([size[0] / 2, size[1] / 2])
    view = View(scale, degrees, 5.0, -7.0, 100, 90, mirror)
    expected = centre * scale - (5.0, -7.0)
    if mirror:
        expected[0] = 100 - expected[0]
    matrix = view_matrix(view, *size)
    assert map_points(centre, matrix) == pytest.approx(expected)
    assert abs(np.linalg.det(matrix[:, :2])) == pytest.approx(scale**2)


def test_rotation_is_counter_clockwise_as_seen():
    # From the centre to the right becomes up, and y points down.
    matrix = view_matrix(View(1.0, 90.0, 0, 0, 100, 100), 100, 100)
    assert map_points(np.array([100.0, 50.0]), matrix) == pytest.approx((50, 0))


def test_no_boxes():
    assert map_boxes(np.zeros((0, 4), np.float32), np.eye(3)[:2]).shape == (0, 4)
    clipped, learn, stubs = clip_boxes(np.zeros((0, 4), np.float32), 10, 10, 0.5)
    assert clipped.shape == (0, 4)
    assert learn.shape == stubs.shape == (0,)


def test_clipping():
    boxes = np.array(
        [
            (10, 10, 30, 20),  # inside
            (-10, 10, 10, 20),  # half of it visible
            (-15, 10, 5, 20),  # a quarter
            (-30, 10, -10, 20),  # nothing
            (90, 10, 120, 20),  # a third
            (-10, -10, 200, 200),  # larger than the window: 9000 of 44100
            (50, 99.5, 70, 100),  # inside, but thinner than a pixel
        ],
        np.float32,
    )
    before = boxes.copy()
    clipped, learn, stubs = clip_boxes(boxes, 100, 100, 0.4)
    assert (boxes == before).all()
    assert learn.tolist() == [True, True, False, False, False, False, False]
    assert stubs.tolist() == [False, False, True, False, True, True, True]
    assert clipped[1].tolist() == [0, 10, 10, 20]
    assert clipped[4].tolist() == [90, 10, 100, 20]
    assert clip_boxes(boxes, 100, 100, 0.2)[1].tolist() == [True, True, True, False, True, True, False]


@given(
    st.lists(st.tuples(*[st.floats(-200, 300)] * 2, *[st.floats(0, 200)] * 2), max_size=8),
    st.floats(0, 1),
)
def test_every_box_is_learnt_or_ignored_or_out_of_sight(boxes, min_visible):
    array = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float32).reshape(-1, 4)
    clipped, learn, stubs = clip_boxes(array, 100, 80, min_visible)
    assert not (learn & stubs).any()
    assert (clipped >= 0).all()
    assert (clipped[:, 0::2] <= 100).all()
    assert (clipped[:, 1::2] <= 80).all()
    visible = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1) > 0
    assert (visible == (learn | stubs)).all()


@given(seed=st.integers(0, 999), size=PAGE, window=WINDOW, scale=st.floats(0.3, 2), anchored=st.booleans())
def test_random_views_stay_on_the_page(seed, size, window, scale, anchored):
    anchors = np.array([(10, 10, 50, 30)] if anchored else [], np.float32).reshape(-1, 4)
    view = random_view(np.random.default_rng(seed), size, window, scale=scale, degrees=1.0, anchors=anchors)
    assert (view.width, view.height, view.scale, view.degrees) == (*window, scale, 1.0)
    for start, side, whole in ((view.x, window[0], size[0] * scale), (view.y, window[1], size[1] * scale)):
        # Either the window lies on the page, or the page in the window.
        low, high = sorted((0.0, whole - side))
        assert low - 1e-3 <= start <= high + 1e-3


def test_random_views_look_for_boxes():
    rng, boxes = np.random.default_rng(0), np.array([(900, 900, 940, 920)], np.float32)
    views = [random_view(rng, (1000, 1000), (100, 100), scale=1, degrees=0, anchors=boxes) for _ in range(200)]
    hits = sum(view.x < 920 < view.x + 100 and view.y < 910 < view.y + 100 for view in views)
    assert 110 < hits < 170


@given(seed=st.integers(0, 999), size=PAGE, window=WINDOW, scale=st.floats(0.3, 1.0))
def test_fitted_views_show_the_whole_page(seed, size, window, scale):
    view = fit_view(np.random.default_rng(seed), size, window, scale=scale, degrees=0.0)
    (page,) = map_boxes(np.array([(0, 0, *size)], np.float32), view_matrix(view, *size))
    assert page[:2].min() >= -1e-3
    assert page[2] <= window[0] + 1e-3
    assert page[3] <= window[1] + 1e-3
    largest = min(window[0] / size[0], window[1] / size[1])
    assert view.scale == pytest.approx(largest * scale)
