"""The boxes, the pixels and the PDF agree."""

from __future__ import annotations

import numpy as np
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from centernet_cli.datasets.synth import pdf
from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.raster import draw

TEXT = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=24)


def ink_box(pixels, threshold=190):
    dark = pixels.min(axis=2) < threshold
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def render(path, scale):
    document = pypdfium2.PdfDocument(path)
    try:
        return document[0].render(scale=scale).to_numpy()[..., :3].copy()
    finally:
        document.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXT, size=st.floats(8, 40), x=st.floats(20, 60), y=st.floats(60, 120), scale=st.floats(1.5, 4))
def test_a_drawn_line_fills_its_box(vera, text, size, x, y, scale):
    sheet = Sheet(1100, 180)
    sheet.text(x, y, text, vera.families[0].regular, size)
    drawn = ink_box(draw(sheet, scale))
    wanted = [side * scale for side in sheet.lines[0]]
    assert np.abs(np.array(drawn) - wanted).max() <= 1.6


@pytest.mark.parametrize("scale", [1.0, 2.0, 3.7])
def test_pdf_and_pixels_agree(vera, tmp_path, scale):
    family = vera.families[0]
    for text, face, size in (("Ink and paper, 1234.56", family.regular, 11), ("A longer Heading", family.bold, 26)):
        sheet = Sheet(420, 100)
        sheet.text(40, 60, text, face, size)
        pdf.write([sheet], tmp_path / "page.pdf")
        ours, theirs = ink_box(draw(sheet, scale)), ink_box(render(tmp_path / "page.pdf", scale))
        assert np.abs(np.array(ours) - theirs).max() <= 1
        assert np.abs(np.array(theirs) - np.array(sheet.lines[0]) * scale).max() <= 1.6


def test_shapes_agree(tmp_path):
    sheet = Sheet(200, 200)
    sheet.rect((20, 30, 120, 90), width=2)
    sheet.ellipse((60, 100, 140, 160), width=0, fill=(0, 0, 0))
    sheet.poly([(150, 20), (180, 60), (150, 60)], width=0, fill=(0, 0, 0), closed=True)
    sheet.rule(20, 180, 180, 180, width=2)
    sheet.stamp((150, 100, 170, 140), np.full((40, 20), 255, np.uint8))
    pdf.write([sheet], tmp_path / "page.pdf")
    ours, theirs = draw(sheet, 2.0).astype(int), render(tmp_path / "page.pdf", 2.0).astype(int)
    assert np.abs(np.array(ink_box(ours)) - ink_box(theirs)).max() <= 2
    assert np.abs(ours - theirs).mean() < 3.0


def test_the_same_sheets_give_the_same_pdf(vera, tmp_path):
    for name in ("a.pdf", "b.pdf"):
        sheet = Sheet(200, 100, (240, 240, 220))
        sheet.text(20, 50, "again", vera.families[0].regular, 12)
        pdf.write([sheet], tmp_path / name, title="t")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_pictures_become_pages(tmp_path):
    grey = np.full((80, 60, 3), 200, np.uint8)
    bilevel = np.zeros((80, 60, 3), np.uint8)
    pdf.write_pictures([(grey, 30.0, 40.0), (bilevel, 30.0, 40.0)], tmp_path / "scan.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "scan.pdf")
    assert [page.get_size() for page in document] == [(30.0, 40.0)] * 2
    document.close()


def test_what_lies_outside_the_page_is_cut(vera):
    sheet = Sheet(50, 50)
    for x, y in ((-20, 10), (30, 20), (10, 0), (10, 55), (200, 200)):
        sheet.text(x, y, "outside", vera.families[0].regular, 12)
    sheet.image((-10, -10, 20, 20), np.zeros((30, 30, 3), np.uint8))
    sheet.stamp((40, 40, 60, 60), np.full((20, 20), 255, np.uint8))
    assert draw(sheet, 1.0).shape == (50, 50, 3)
