"""Boxes that fit the image as it is stored, and not as EXIF shows it, where sizes cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.records import Annotation, PageInfo, PageRecord
from centernet_cli.datasets.check.frames import moved_page, turned
from centernet_cli.datasets.check.ink import judge_by_ink

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 400, 500


def draw(path: Path, orientation: int, boxes: list[tuple[int, int, int, int]]) -> PageRecord:
    """Save a page with stripes in `boxes` as its stored pixels; return it with these boxes."""
    pixels = np.full((HEIGHT, WIDTH), 240, np.uint8)
    for x0, y0, x1, y1 in boxes:
        pixels[y0:y1, x0:x1:3] = 20
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    size = (WIDTH, HEIGHT) if orientation < 5 else (HEIGHT, WIDTH)
    info = PageInfo(source=path.name, width=size[0], height=size[1])
    found = (Annotation(label="line", box=(float(x0), float(y0), float(x1), float(y1))) for x0, y0, x1, y1 in boxes)
    return PageRecord(info=info, annotations=tuple(found))


LINES = [(30, y, 150 + y // 4, y + 12) for y in range(40, 320, 25)]


@pytest.mark.parametrize("orientation", range(2, 9))
def test_boxes_of_the_stored_image_are_turned(tmp_path: Path, orientation: int) -> None:
    page = draw(tmp_path / "a.png", orientation, LINES)
    shown = moved_page(page, turned(orientation, WIDTH, HEIGHT), (page.info.width, page.info.height))
    verdict = judge_by_ink(page, tmp_path / "a.png")
    assert verdict is not None
    assert (verdict.fault, verdict.page) == ("D053", shown)
    assert judge_by_ink(shown, tmp_path / "a.png") is None


def test_boxes_of_the_usual_orientation_are_not_looked_at(tmp_path: Path) -> None:
    page = draw(tmp_path / "a.png", 1, LINES)
    turned_page = moved_page(page, turned(3, WIDTH, HEIGHT), (WIDTH, HEIGHT))
    assert judge_by_ink(turned_page, tmp_path / "a.png") is None


def test_boxes_that_leave_out_much_stay_where_they_fit(tmp_path: Path) -> None:
    """Only the page number at the foot is annotated; at the head there is a heading, with much more ink."""
    page = draw(tmp_path / "a.png", 3, [(60, 470, 340, 490), (190, 12, 210, 24)])
    shown = moved_page(page, turned(3, WIDTH, HEIGHT), (WIDTH, HEIGHT))
    number = PageRecord(info=shown.info, annotations=shown.annotations[1:])
    assert judge_by_ink(number, tmp_path / "a.png") is None


def test_what_says_nothing(tmp_path: Path) -> None:
    page = draw(tmp_path / "a.png", 3, LINES)
    assert judge_by_ink(PageRecord(info=page.info, annotations=()), tmp_path / "a.png") is None
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:300])
    assert judge_by_ink(page, tmp_path / "a.png") is None
    blank = draw(tmp_path / "b.png", 3, [])
    assert judge_by_ink(PageRecord(info=blank.info, annotations=page.annotations), tmp_path / "b.png") is None
