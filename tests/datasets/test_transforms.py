from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from centernet_cli.datasets.resize import PAPER, resize
from centernet_cli.datasets.transforms import (
    View,
    clip_boxes,
    fit_view,
    look,
    map_boxes,
    map_points,
    original_border,
    original_scale,
    original_view,
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
    margins=st.tuples(*[st.floats(4, 90)] * 4),
    data=st.data(),
)
def test_boxes_follow_the_ink(size, scale, degrees, mirror, margins, data):
    x0, y0 = data.draw(st.integers(0, size[0] - 24)), data.draw(st.integers(0, size[1] - 24))
    box = (x0, y0, data.draw(st.integers(x0 + 20, size[0])), data.draw(st.integers(y0 + 20, size[1])))
    boxes = np.array([box], np.float32)
    # A window about where the box comes to lie.
    (place,) = map_boxes(boxes, view_matrix(View(scale, degrees, 0.0, 0.0, 1, 1), *size)).tolist()
    left, top, right, bottom = margins
    window = (int(place[2] - place[0] + left + right), int(place[3] - place[1] + top + bottom))
    view = View(scale, degrees, place[0] - left, place[1] - top, window[0], window[1], mirror)
    (mapped,) = map_boxes(boxes, view_matrix(view, *size))
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


def test_without_a_least_visible_share_every_sliver_is_learnt():
    boxes = np.array([(-30, 10, 0.2, 20), (50, 99.5, 70, 100), (-30, 10, 0, 20), (100, 10, 130, 20)], np.float32)
    clipped, learn, stubs = clip_boxes(boxes, 100, 100, 0.0)
    assert learn.tolist() == [True, True, False, False]
    assert not stubs.any()
    assert clipped[0].tolist() == pytest.approx([0, 10, 0.2, 20])


@pytest.mark.parametrize(
    ("side", "border"), [(1000, 128), (257, 128), (256, 64), (200, 64), (128, 32), (5, 2), (4, 1), (2, 0), (1, 0)]
)
def test_the_original_border_is_halved_until_it_leaves_room(side, border):
    assert original_border(side) == border


def test_the_original_scales():
    rng = np.random.default_rng(0)
    found = {round(original_scale(rng, 0.6, 1.3), 9) for _ in range(300)}
    assert found == {0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3}
    assert {round(original_scale(rng, 0.5, 0.85), 9) for _ in range(100)} == {0.5, 0.6, 0.7, 0.8}
    assert original_scale(rng, 1.0, 1.0) == 1.0


def original_affine(centre, long_side, scale, window):
    """The original's map, from three pairs of points as it does: centre, half a side above it, and beside it."""
    reach = long_side * scale / 2
    middle = np.array(window) / 2
    there = max(window) / 2
    source = np.array([centre, (centre[0], centre[1] - reach), (centre[0] - reach, centre[1] - reach)])
    target = np.array([middle, (middle[0], middle[1] - there), (middle[0] - there, middle[1] - there)])
    return np.linalg.solve(np.column_stack([source, np.ones(3)]), target).T


@given(
    seed=st.integers(0, 999),
    size=st.tuples(st.integers(1, 900), st.integers(1, 900)),
    window=WINDOW,
    scale=st.floats(0.6, 1.3),
    mirror=st.booleans(),
)
def test_original_views_are_centred_within_the_borders(seed, size, window, scale, mirror):
    view = original_view(np.random.default_rng(seed), size, window, scale=scale, mirror=mirror)
    matrix = view_matrix(view, *size)
    back = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))[:2]
    centre = map_points(np.array(window) / 2, back)
    for place, side in zip(centre, size, strict=True):
        assert original_border(side) - 1e-6 <= place <= side - original_border(side) + 1e-6
    expected = original_affine(centre, max(size), scale, window)
    if mirror:
        expected[0] = -expected[0]
        expected[0, 2] += window[0]
    assert matrix == pytest.approx(expected, abs=1e-6 * max(window))


def test_original_views_reach_all_places():
    rng = np.random.default_rng(0)
    views = [original_view(rng, (640, 480), (512, 512), scale=1.0) for _ in range(400)]
    xs = [(view.x + 256) / view.scale for view in views]
    ys = [(view.y + 256) / view.scale for view in views]
    assert (min(xs), max(xs), min(ys), max(ys)) == pytest.approx((128, 512, 128, 352), abs=7)
    assert abs(np.mean(xs) - 320) < 20


def test_a_mirrored_box_lies_at_the_width_minus_x():
    view = View(1.0, 0.0, 0.0, 0.0, 100, 80, mirror=True)
    (box,) = map_boxes(np.array([(10, 20, 30, 40)], np.float32), view_matrix(view, 100, 80))
    assert box.tolist() == [70, 20, 90, 40]


@given(
    seed=st.integers(0, 999),
    size=st.tuples(st.integers(150, 400), st.integers(150, 400)),
    scale=st.sampled_from([0.6, 0.9, 1.0, 1.3]),
    mirror=st.booleans(),
)
@settings(max_examples=40)
def test_original_views_show_the_marker_under_its_box(seed, size, scale, mirror):
    rng = np.random.default_rng(seed)
    view = original_view(rng, size, (128, 128), scale=scale, mirror=mirror)
    x0, y0 = (int(rng.integers(0, side - 60)) for side in size)
    box = (x0, y0, x0 + 60, y0 + 40)
    # A dark marker on light ground would not differ from the black beyond the image.
    pixels = np.full((size[1], size[0], 3), 60, np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    seen = look(pixels, view, beyond=0, average=False)
    mapped = map_boxes(np.array([box], np.float32), view_matrix(view, *size))
    (clipped,), (visible,), _ = clip_boxes(mapped, 128, 128, 0.0)
    assume(visible and (clipped[2:] - clipped[:2] > 3).all())
    ys, xs = np.nonzero(seen[:, :, 0] > 157)
    found = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
    assert np.abs(found - clipped).max() <= 1.0


def test_black_lies_beyond_the_image_and_shrinking_may_interpolate_only():
    seen = look(np.full((50, 50, 3), 200, np.uint8), View(1.0, 0.0, -10, -20, 80, 90), beyond=0)
    assert (seen[:20] == 0).all()
    assert (seen[20:70, 10:60] == 200).all()
    comb = np.zeros((60, 60, 3), np.uint8)
    comb[:, ::4] = 255
    quarter = View(0.25, 0.0, 0.0, 0.0, 15, 15)
    assert np.ptp(look(comb, quarter)[2:-2, 2:-2].astype(int)) <= 1  # all grey
    # Samples fall between the second and third pixel of each four, where there is nothing.
    assert look(comb, quarter, average=False)[2:-2, 2:-2].max() == 0
