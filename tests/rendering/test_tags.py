from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from centernet_cli.rendering.tags import Tagger

RED = (200, 0, 0)


def tagger(*boxes: tuple[float, float, float, float], size: tuple[int, int] = (300, 300)) -> tuple[Tagger, Image.Image]:
    picture = Image.new("RGB", size, "white")
    return Tagger(ImageDraw.Draw(picture), size, np.array(boxes, np.float64), font_size=11), picture


def test_a_tag_sits_on_top_of_its_box() -> None:
    box = (100.0, 100.0, 200.0, 150.0)
    tags, picture = tagger(box)
    x0, _, _, y1 = tags.tag(box, "title 0.9", RED)
    assert (x0, y1) == (100, 100)
    assert picture.getpixel((101, 99)) == RED


def test_a_tag_keeps_clear_of_other_boxes_and_tags() -> None:
    upper, lower = (50.0, 50.0, 250.0, 100.0), (50.0, 100.0, 250.0, 150.0)
    tags, _ = tagger(upper, lower)
    places = [tags.tag(box, "text 0.87", RED) for box in (upper, lower, lower)]
    for place in places:
        for box in (upper, lower):
            shared = [min(place[2 + i], box[2 + i]) - max(place[i], box[i]) for i in (0, 1)]
            assert min(shared) <= 0
    assert len(set(places)) == 3


def test_a_tag_never_leaves_the_picture() -> None:
    corners = [
        (0.0, 0.0, 20.0, 20.0),
        (280.0, 0.0, 300.0, 20.0),
        (0.0, 280.0, 20.0, 300.0),
        (280.0, 280.0, 300.0, 300.0),
    ]
    tags, _ = tagger(*corners)
    for corner in corners:
        x0, y0, x1, y1 = tags.tag(corner, "footer 0.5", RED)
        assert 0 <= x0 < x1 < 300
        assert 0 <= y0 < y1 < 300
