from __future__ import annotations

import numpy as np

from centernet_cli.rendering.heat import draw_heat
from centernet_cli.rendering.overlay import colour_of

NONE = np.zeros((0, 4), np.float32)


def draw(heatmap, boxes=NONE, labels=(), ignore=NONE):
    pixels = np.full((32, 48, 3), 255, np.uint8)
    return np.asarray(draw_heat(pixels, heatmap, boxes, np.array(labels, np.int64), ignore)).astype(int)


def test_cells_have_the_colour_of_their_class():
    heatmap = np.zeros((2, 8, 12), np.float32)
    heatmap[1, 2, 3] = 1
    picture = draw(heatmap)
    changed = (picture != 255).any(axis=2)
    assert changed[8:12, 12:16].all()
    assert changed.sum() == 16
    expected = 255 * 0.25 + np.array(colour_of(1)) * 0.75
    assert np.abs(picture[9, 13] - expected).max() <= 1


def test_boxes_and_ignored_areas():
    boxes = np.array([[4, 4, 20, 12]], np.float32)
    picture = draw(np.zeros((1, 8, 12), np.float32), boxes, [0], np.array([[24, 4, 40, 20]], np.float32))
    assert tuple(picture[4, 10]) == colour_of(0)
    assert tuple(picture[11, 19]) == colour_of(0)
    assert (picture[8, 10] == 255).all()
    assert (picture[4, 30] != 255).all()


def test_boxes_thinner_than_a_pixel():
    boxes = np.array([[4, 4, 4.2, 12], [47.9, 31.9, 48, 32]], np.float32)
    assert draw(np.zeros((1, 8, 12), np.float32), boxes, [0, 0]).shape == (32, 48, 3)
