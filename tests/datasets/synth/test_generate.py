from __future__ import annotations

import numpy as np
import pytest

from centernet_cli.datasets.formats.coco import read_coco
from centernet_cli.datasets.synth.generate import KINDS, make_page, make_sheet
from centernet_cli.datasets.synth.raster import draw
from centernet_cli.datasets.synth.write import REGION_CLASSES, write_pages

PROFILES = ("clean", "scan", "photo", "fax", "old")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_page(vera, kind):
    first, second = (make_page(kind, 3, long_side=400, book=vera) for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert first.lines == second.lines
    assert first.regions == second.regions
    assert not np.array_equal(first.pixels, make_page(kind, 4, long_side=400, book=vera).pixels)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", PROFILES)
def test_boxes_are_inside_the_page(vera, kind, profile):
    page = make_page(kind, 11, long_side=400, profile=profile, book=vera)
    height, width = page.pixels.shape[:2]
    assert max(height, width) == 400
    assert page.lines
    assert {label for label, _, _ in page.regions} <= set(REGION_CLASSES)
    for x0, y0, x1, y1 in [box for box, _ in page.lines] + [box for _, box, _ in page.regions]:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height


@pytest.mark.parametrize("kind", KINDS)
def test_lines_hold_ink_up_to_their_edges(vera, kind):
    """On a clean page every line's box has something dark (or light) near each of its four sides."""
    scale, good, seen = 2.0, 0, 0
    for seed in range(2):
        sheet = make_sheet(kind, seed, book=vera)
        pixels = draw(sheet, scale).astype(int)
        for box in sheet.lines:
            x0, y0, x1, y1 = (round(side * scale) for side in box)
            part = pixels[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1]
            if part.size == 0:
                continue
            ink = np.abs(part - np.median(part, axis=(0, 1))).max(axis=2) > 50
            edges = (ink[:4], ink[-4:], ink[:, :4], ink[:, -4:])
            good += all(edge.any() for edge in edges)
            seen += 1
    assert seen > 10
    assert good >= 0.97 * seen


@pytest.mark.parametrize("kind", KINDS)
def test_lines_do_not_run_into_each_other(vera, kind):
    """Two boxes may touch, as tight leading makes them, but none lies on another."""
    boxes = np.array(make_sheet(kind, 1, book=vera).lines)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    np.fill_diagonal(shared, 0)
    # Lines of the hand do run into each other where they are written close and slant.
    assert (shared.max(axis=1) < 0.6 * areas).mean() > (0.9 if kind == "notes" else 0.98)


def test_newspapers_are_dense(vera):
    counts = [len(make_sheet("newspaper", seed, book=vera).lines) for seed in range(4)]
    assert max(counts) > 500
    assert min(counts) > 150


def test_a_table_of_contents_is_one_table(vera):
    page = make_page("contents", 5, long_side=320, book=vera)
    labels = [label for label, _, _ in page.regions]
    assert labels.count("table") == 1
    assert "list" not in labels
    (table,) = (box for label, box, _ in page.regions if label == "table")
    inside = [box for box, _ in page.lines if box[1] >= table[1] - 1 and box[3] <= table[3] + 1]
    assert len(inside) > 5


def test_two_datasets_over_the_same_images(tmp_path):
    lines, regions = write_pages(tmp_path, ["form", "slides"], 3, 5, long_side=320)
    for name, total in (("lines", lines), ("regions", regions)):
        dataset = read_coco(tmp_path / name)
        assert len(dataset.pages) == 3
        assert sum(len(page.annotations) for page in dataset.pages) == total
        assert all((tmp_path / name / page.info.source).is_file() for page in dataset.pages)
        assert len({page.group for page in dataset.pages}) == 3


def test_more_pages_begin_with_the_fewer(tmp_path):
    write_pages(tmp_path / "few", ["receipt", "form"], 2, 5, long_side=320, scan=True)
    write_pages(tmp_path / "more", ["receipt", "form"], 3, 5, long_side=320, scan=True)
    few, more = (read_coco(tmp_path / name / "lines") for name in ("few", "more"))
    assert more.pages[:2] == few.pages
    for page in few.pages:
        assert (tmp_path / "few/lines" / page.info.source).read_bytes() == (
            tmp_path / "more/lines" / page.info.source
        ).read_bytes()


def test_worker_processes_make_the_same_pages(tmp_path):
    write_pages(tmp_path / "one", ["form"], 2, 1, long_side=256, scan=False)
    write_pages(tmp_path / "two", ["form"], 2, 1, long_side=256, scan=False, workers=2)
    assert read_coco(tmp_path / "one/lines").pages == read_coco(tmp_path / "two/lines").pages


def test_loose_lines_have_a_little_paper_around_them_on_scans_only():
    for profile, grown in (("scan", True), ("clean", False)):
        tight = make_page("report", 3, profile=profile)
        loose = make_page("report", 3, profile=profile, loose=True)
        assert (loose.pixels == tight.pixels).all()
        assert loose.regions == tight.regions
        assert len(loose.lines) == len(tight.lines)
        for (box, _), (inner, _) in zip(loose.lines, tight.lines, strict=True):
            height = inner[3] - inner[1]
            margins = [(inner[0] - box[0]) / height, (inner[1] - box[1]) / height, (box[2] - inner[2]) / height]
            assert all(0 < margin < 0.3 for margin in margins) == grown
            assert grown or box == inner
