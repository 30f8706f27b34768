from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from centernet_cli.core.geometry import points_box
from centernet_cli.core.records import Annotation, PageInfo, PageRecord, RunLengths
from centernet_cli.datasets.check.frames import judge, orientation_of, turned
from centernet_cli.datasets.formats.coco_masks import compressed
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE
from centernet_cli.datasets.formats.outlines import corners


def save(path, pixels, orientation=None, **options):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif, **options)


def page(width, height, *boxes):
    info = PageInfo(source="a.jpg", width=width, height=height)
    return PageRecord(info=info, annotations=tuple(Annotation(label="line", box=box) for box in boxes))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_points_are_turned_as_pillow_turns_pixels(tmp_path, orientation):
    pixels = np.zeros((30, 50), np.uint8)
    pixels[4:9, 10:32] = 255
    save(tmp_path / "a.png", pixels, orientation)
    with Image.open(tmp_path / "a.png") as image:
        shown = np.asarray(ImageOps.exif_transpose(image))
    rows, columns = np.nonzero(shown)
    seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    move = turned(orientation, 50, 30)
    assert points_box([move(point) for point in corners((10, 4, 32, 9))]) == seen
    assert orientation_of(tmp_path / "a.png") == orientation


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_boxes_of_the_stored_image_are_turned(tmp_path, orientation):
    path = tmp_path / "a.jpg"
    save(path, np.zeros((30, 50), np.uint8), orientation)
    stored = page(50, 30, (10.0, 4.0, 45.0, 9.0))
    verdict = judge(stored, path)
    assert verdict.fault == "D014"
    assert verdict.page is not None
    assert (verdict.page.info.width, verdict.page.info.height) == (30, 50)
    # Someone put the right size, and left the boxes.
    other = judge(replace(stored, info=replace(stored.info, width=30, height=50)), path)
    assert other.fault == "D053"
    assert other.page == verdict.page


def test_scaled_images(tmp_path):
    save(tmp_path / "a.jpg", np.zeros((300, 200), np.uint8))
    verdict = judge(page(100, 150, (10.0, 10.0, 50.0, 20.0)), tmp_path / "a.jpg")
    assert verdict.fault == "D014"
    assert verdict.page is not None
    assert verdict.repair == "boxes scaled to the image"
    assert verdict.page.annotations[0].box == (20, 20, 100, 40)


def test_parts_are_scaled_and_masks_become_boxes(tmp_path):
    save(tmp_path / "a.jpg", np.zeros((300, 200), np.uint8))
    triangle = ((10.0, 10.0), (50.0, 10.0), (50.0, 20.0))
    mask = RunLengths(width=100, height=150, counts=compressed([1510, 5, 13485]))
    plain = page(100, 150, (10.0, 10.0, 50.0, 20.0))
    (first,) = plain.annotations
    found = replace(plain, annotations=(replace(first, mask=(triangle, triangle)), replace(first, mask=mask)))
    verdict = judge(found, tmp_path / "a.jpg")
    assert verdict.page is not None
    assert verdict.repair == "boxes scaled to the image, masks reduced to their boxes"
    masks = [annotation.mask for annotation in verdict.page.annotations]
    assert masks == [(((20, 20), (100, 20), (100, 40)),) * 2, None]


@pytest.mark.parametrize(("width", "height"), [(300, 200), (200, 200), (1, 1)])
def test_images_that_fit_in_no_way(tmp_path, width, height):
    save(tmp_path / "a.jpg", np.zeros((300, 200), np.uint8))
    verdict = judge(page(width, height), tmp_path / "a.jpg")
    assert (verdict.fault, verdict.page) == ("D014", None)


def test_images_that_fit(tmp_path):
    save(tmp_path / "a.jpg", np.zeros((300, 200), np.uint8))
    right = page(200, 300, (0.0, 0.0, 250.0, 20.0))
    for path in (tmp_path / "a.jpg", None):
        assert judge(right, path).page is right


def test_unknown_sizes_come_from_the_image(tmp_path):
    save(tmp_path / "a.jpg", np.zeros((300, 200), np.uint8))
    unknown = page(UNKNOWN_SIDE, UNKNOWN_SIDE)
    verdict: Any = judge(unknown, tmp_path / "a.jpg")
    assert verdict.page is not None
    assert (verdict.fault, verdict.page.info.width, verdict.page.info.height) == ("D007", 200, 300)
    assert judge(unknown, None).fault == "D007"


def test_files_that_are_no_images(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"<html>")
    (tmp_path / "b.jpg").write_bytes(b"")
    (tmp_path / "c.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF")
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "e.jpg").mkdir()
    assert judge(page(9, 9), tmp_path / "a.jpg").fault == "I102"
    assert judge(page(9, 9), tmp_path / "b.jpg").fault == "I102"
    assert judge(page(9, 9), tmp_path / "c.jpg").fault == "I101"
    assert judge(page(9, 9), tmp_path / "d.pdf").fault is None
    assert judge(page(9, 9), tmp_path / "e.jpg").fault == "D016"
    assert judge(page(9, 9), tmp_path / "missing.jpg").fault == "D016"
    assert judge(page(9, 9), tmp_path / ("x" * 300)).fault == "D016"


def test_frames_of_a_tiff(tmp_path):
    frames = [Image.new("L", (20, 30)), Image.new("L", (40, 50))]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    second = page(40, 50)
    second = replace(second, info=replace(second.info, page=2))
    assert judge(second, tmp_path / "a.tif").fault is None
    assert judge(page(40, 50), tmp_path / "a.tif").fault == "D014"
