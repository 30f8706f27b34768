from __future__ import annotations

import pytest
from PIL import Image

from centernet_cli.rendering.contact_sheet import TILE, contact_sheet


@pytest.mark.parametrize(
    ("count", "columns", "across"), [(1, None, 1), (2, None, 2), (9, None, 3), (10, None, 4), (5, 9, 5)]
)
def test_size(count, columns, across):
    sheet = contact_sheet([("a", Image.new("RGB", (2 * TILE, TILE)))] * count, columns=columns)
    assert sheet.width == across * (TILE + 14) + 14
    rows = -(-count // across)
    assert sheet.height == rows * (TILE // 2 + 26 + 14) + 14


def test_pictures_are_there_and_small_ones_not_enlarged():
    sheet = contact_sheet(
        [("red", Image.new("RGB", (100, 50), "red")), ("x\n" * 300, Image.new("RGB", (3, 9), "blue"))]
    )
    colours = {colour: count for count, colour in sheet.getcolors(10_000) or []}
    assert colours[255, 0, 0] == 5000
    assert colours[0, 0, 255] == 27


def test_odd_names():
    assert contact_sheet([("\udc80\u0000🙂", Image.new("RGB", (9, 9))), ("", Image.new("RGB", (9, 900)))]).height > TILE
