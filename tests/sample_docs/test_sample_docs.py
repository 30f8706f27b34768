"""The committed sample documents and the truth about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from centernet_cli.datasets.formats.coco import read_coco
from centernet_cli.datasets.formats.labelme import read_labelme
from centernet_cli.pages.inputs import expand_inputs

DOCS = Path(__file__).resolve().parents[2] / "sample_docs"
TRUTH = DOCS / ".truth"
LINES, REGIONS = read_coco(TRUTH / "lines.json"), read_coco(TRUTH / "regions.json")
NAMES = {
    "article-en.pdf", "form-pl.jpg", "invoice-fr.pdf", "letter-de.pdf", "minutes-el.pdf",
    "newspaper-en.pdf", "note-en.jpg", "oldbook-de.jpg", "receipt-es.jpg", "report-it.pdf",
}  # fmt: skip
DIGITAL = [page for page in LINES.pages if page.info.source.endswith(".png")]


def dark(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_a_folder_scan_finds_the_documents_alone():
    assert {path.name for path in expand_inputs([str(DOCS)])} == NAMES


def test_the_folder_is_small():
    files = [path for path in DOCS.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 6_000_000


def test_the_newspaper_is_dense():
    counts = {page.group: len(page.annotations) for page in LINES.pages}
    assert counts["newspaper-en"] >= 300
    assert min(counts.values()) >= 15
    assert {f"{group}.{'pdf' if f'{group}.pdf' in NAMES else 'jpg'}" for group in counts} == NAMES


def test_every_class_of_regions_is_there():
    assert {note.label for page in REGIONS.pages for note in page.annotations} == set(REGIONS.classes)


@pytest.mark.parametrize("dataset", [LINES, REGIONS], ids=["lines", "regions"])
def test_boxes_are_inside_their_pages(dataset):
    for page in dataset.pages:
        assert dark(TRUTH / page.info.source).shape[:2] == (page.info.height, page.info.width)
        for note in page.annotations:
            x0, y0, x1, y1 = note.box
            assert 0 <= x0 < x1 <= page.info.width
            assert 0 <= y0 < y1 <= page.info.height


@pytest.mark.parametrize("page", DIGITAL, ids=lambda page: page.group)
def test_lines_of_pdfs_are_tight(page):
    """Ink reaches all four sides of a line's box within two pixels."""
    pixels = dark(TRUTH / page.info.source)
    for note in page.annotations:
        x0, y0, x1, y1 = (round(side) for side in note.box)
        part = pixels[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1]
        ground = np.median(np.concatenate([part[0], part[-1]]), axis=0)
        ink = np.abs(part - ground).max(axis=2) > 40
        assert all(edge.any() for edge in (ink[:3], ink[-3:], ink[:, :3], ink[:, -3:])), note.box


@pytest.mark.parametrize("page", DIGITAL, ids=lambda page: page.group)
def test_truth_pages_look_like_the_pdfs(page):
    document = pypdfium2.PdfDocument(DOCS / f"{page.group}.pdf")
    width, height = document[0].get_size()
    scale = max(page.info.width, page.info.height) / max(width, height)
    shown = document[0].render(scale=scale).to_numpy()[..., :3].astype(int)
    document.close()
    ours = dark(TRUTH / page.info.source)
    rows, columns = min(shown.shape[0], ours.shape[0]), min(shown.shape[1], ours.shape[1])
    assert abs(shown.shape[0] - ours.shape[0]) <= 1
    # Same ink in the same places: dark pixels of one are near dark pixels of the other.
    a, b = shown[:rows, :columns].min(axis=2) < 110, ours[:rows, :columns].min(axis=2) < 110
    near = np.zeros_like(b)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            near |= np.roll(b, (dy, dx), axis=(0, 1))
    assert (a & near).sum() >= 0.97 * a.sum()


def test_labelme_says_the_same():
    both = read_labelme(TRUTH / "pages")
    wanted = sum(len(page.annotations) for page in (*LINES.pages, *REGIONS.pages))
    assert sum(len(page.annotations) for page in both.pages) == wanted
    assert set(both.classes) == {*LINES.classes, *REGIONS.classes}
