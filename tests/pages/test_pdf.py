"""Both backends: what is shown here for PDFium holds for poppler too wherever the `backend` fixture is used."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from centernet_cli.core.errors import ExitCode, MissingRequirementError
from centernet_cli.core.records import Failure, Page
from centernet_cli.pages.options import PageOptions
from centernet_cli.pages.source import parse_page_ranges, read_pages

needs_poppler = pytest.mark.skipif(
    not (shutil.which("pdftoppm") and shutil.which("pdfinfo")), reason="poppler-utils is not installed"
)


@pytest.fixture(params=["pdfium", pytest.param("poppler", marks=needs_poppler)])
def backend(request):
    return request.param


def read(path, **options) -> list[Any]:
    """Pages and failures of `path`, without telling the type checker which is which."""
    return list(read_pages(path, PageOptions(**options)))


# Ellipses in user space: left, bottom, right, top. No two lie on the same row or column. Edges of rectangles would not
# do for marks: both renderers fit them to whole pixels, each in its way.
MARKS = {
    "red": ("1 0 0", (100, 500, 160, 520)),
    "green": ("0 1 0", (300, 300, 420, 310)),
    "blue": ("0 0 1", (200, 420, 210, 480)),
}


def ellipse(left, bottom, right, top):
    x, y, rx, ry = (left + right) / 2, (bottom + top) / 2, (right - left) / 2, (top - bottom) / 2
    kx, ky = 0.5523 * rx, 0.5523 * ry
    return (
        f"{right} {y} m {right} {y + ky} {x + kx} {top} {x} {top} c {x - kx} {top} {left} {y + ky} {left} {y} c "
        f"{left} {y - ky} {x - kx} {bottom} {x} {bottom} c {x + kx} {bottom} {right} {y - ky} {right} {y} c f"
    )


CONTENT = "\n".join(f"{colour} rg {ellipse(*box)}" for colour, box in MARKS.values()).encode()


def mark_boxes(pixels):
    """Boxes of the ellipses of `MARKS`, from the sums over their coverage, so to a fraction of a pixel."""
    light = pixels.astype(np.float32) / 255
    boxes = {}
    for channel, name in enumerate(MARKS):
        others = [other for other in range(3) if other != channel]
        # 1 where the mark covers the pixel, 0 on white: the other channels are what it takes away.
        cover = np.where(light[:, :, channel] > 0.9, 1 - light[:, :, others].max(axis=2), 0).astype(np.float64)
        spans = []
        for profile in (cover.sum(axis=0), cover.sum(axis=1)):
            at = np.arange(len(profile)) + 0.5
            middle = (profile * at).sum() / profile.sum()
            # A solid ellipse's variance along an axis is a quarter of the half axis squared.
            half = 2 * np.sqrt((profile * (at - middle) ** 2).sum() / profile.sum())
            spans.append((middle - half, middle + half))
        (x0, x1), (y0, y1) = spans
        boxes[name] = (x0, y0, x1, y1)
    return boxes


def expected_boxes(info, shown):
    """Where the marks must be, from the shown box in user space and what the record says."""
    left, bottom, right, top = shown
    boxes = {}
    for name, (_, (x0, y0, x1, y1)) in MARKS.items():
        corners = []
        for x, y in ((x0, y0), (x1, y1)):
            across, down = (x - left) / (right - left), (top - y) / (top - bottom)
            for _ in range(info.rotation // 90):
                across, down = 1 - down, across
            corners.append((across * info.width, down * info.height))
        (ax, ay), (bx, by) = corners
        boxes[name] = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
    return boxes


GEOMETRIES = {
    "plain": (b"/MediaBox [0 0 612 792]", (0, 0, 612, 792)),
    "rotated 90": (b"/MediaBox [0 0 612 792] /Rotate 90", (0, 0, 612, 792)),
    "rotated 180": (b"/MediaBox [0 0 612 792] /Rotate 180", (0, 0, 612, 792)),
    "rotated 270": (b"/MediaBox [0 0 612 792] /Rotate 270", (0, 0, 612, 792)),
    "rotated -90": (b"/MediaBox [0 0 612 792] /Rotate -90", (0, 0, 612, 792)),
    "cropped": (b"/MediaBox [0 0 612 792] /CropBox [50.5 200.25 500 650]", (50.5, 200.25, 500, 650)),
    "offset": (b"/MediaBox [-100 100 512 892]", (-100, 100, 512, 892)),
    "offset and cropped": (b"/MediaBox [-100 100 512 892] /CropBox [60 250 450.2 600.7]", (60, 250, 450.2, 600.7)),
    "crop beyond media": (b"/MediaBox [20 30 612 792] /CropBox [-500 -500 480 9000]", (20, 30, 480, 792)),
    "cropped, rotated 90": (
        b"/MediaBox [0 0 612 792] /CropBox [50.5 200.25 500 650] /Rotate 90",
        (50.5, 200.25, 500, 650),
    ),
    "cropped, rotated 270": (
        b"/MediaBox [-100 100 512 892] /CropBox [60 250 450.2 600.7] /Rotate 270",
        (60, 250, 450.2, 600.7),
    ),
    "corners swapped": (b"/MediaBox [612 792 0 0] /Rotate 90", (0, 0, 612, 792)),
    "user unit": (b"/MediaBox [0 0 612 792] /UserUnit 2", (0, 0, 612, 792)),
}


@pytest.mark.parametrize("dpi", [None, 72.0, 97.3])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_marks_are_where_the_record_says(geometry, dpi, backend, pdf_file, page_spec):
    entries, shown = GEOMETRIES[geometry]
    path = pdf_file([page_spec(CONTENT, entries)])
    (page,) = read(path, dpi=dpi, target_long_side=600, pdf_backend=backend)
    assert isinstance(page, Page)
    info: Any = page.info
    assert page.pixels.shape == (info.height, info.width, 3)
    sides = shown[2] - shown[0], shown[3] - shown[1]
    assert (info.width_pt, info.height_pt) == pytest.approx(sides[::-1] if info.rotation % 180 else sides, abs=1e-3)
    if dpi is None:
        assert max(info.width, info.height) == 600
    assert info.width == round(info.width_pt * info.dpi / 72)
    assert info.height == round(info.height_pt * info.dpi / 72)
    found = mark_boxes(page.pixels)
    for name, box in expected_boxes(info, shown).items():
        np.testing.assert_allclose(found[name], box, atol=0.6, err_msg=name)


@needs_poppler
@pytest.mark.parametrize("dpi", [None, 97.3])
def test_both_backends_agree(dpi, pdf_file, page_spec):
    path = pdf_file([page_spec(CONTENT, entries) for entries, _ in GEOMETRIES.values()])
    pages = [read(path, dpi=dpi, target_long_side=600, pdf_backend=backend) for backend in ("pdfium", "poppler")]
    assert len(pages[0]) == len(GEOMETRIES)
    for ours, theirs in zip(*pages, strict=True):
        assert ours.info == theirs.info
        ours_boxes, theirs_boxes = mark_boxes(ours.pixels), mark_boxes(theirs.pixels)
        for name in MARKS:
            np.testing.assert_allclose(ours_boxes[name], theirs_boxes[name], atol=0.6, err_msg=name)


def test_annotations_and_form_fields_are_drawn(backend, pdf_file, page_spec):
    red = (b"/Type /XObject /Subtype /Form /BBox [0 0 100 50]", b"1 0 0 rg 0 0 100 50 re f")
    blue = (b"/Type /XObject /Subtype /Form /BBox [0 0 100 50]", b"0 0 1 rg 0 0 100 50 re f")
    square = b"<< /Type /Annot /Subtype /Square /Rect [100 600 200 650] /AP << /N 3 0 R >> /F 4 >>"
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (x) /DA (/Helv 12 Tf) /Rect [300 100 400 150] "
        b"/AP << /N 4 0 R >> /F 4 >>"
    )
    hidden = b"<< /Type /Annot /Subtype /Square /Rect [400 600 500 650] /AP << /N 3 0 R >> /F 2 >>"
    path = pdf_file(
        [page_spec(b"", b"/MediaBox [0 0 612 792] /Annots [5 0 R 6 0 R 7 0 R]")],
        extra=[red, blue, square, field, hidden],
        catalog=b"/AcroForm << /Fields [6 0 R] >>",
    )
    (page,) = read(path, dpi=72, pdf_backend=backend)
    assert isinstance(page, Page)
    assert page.pixels[792 - 625, 150].tolist() == [255, 0, 0]
    assert page.pixels[792 - 125, 350].tolist() == [0, 0, 255]
    assert page.pixels[792 - 625, 450].tolist() == [255, 255, 255]


def test_pages_are_numbered_and_chosen(backend, pdf_file, page_spec):
    path = pdf_file([page_spec(b"", b"/MediaBox [0 0 %d 100]" % (100 + n)) for n in range(1, 6)])
    pages = read(path, dpi=72, pdf_backend=backend)
    assert [(page.info.page, page.info.width) for page in pages] == [(n, 100 + n) for n in range(1, 6)]
    *pages, failure = read(path, dpi=72, pdf_backend=backend, pages=parse_page_ranges("4-9,2"))
    assert [page.info.page for page in pages] == [2, 4, 5]
    assert failure == Failure(source=str(path), code="P204", message="no page 6-9: the PDF has 5")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", b"garbage " * 100),
        ("b.pdf", b"%PDF-1.7\n" + b"garbage " * 100),
        ("c", b"%PDF-1.4"),
    ],
)
def test_damaged_pdfs_are_p201(name, data, backend, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    (failure,) = read(path, pdf_backend=backend)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.page) == ("P201", None)
    assert failure.message.endswith("(try qpdf --check)")


def test_truncated_pdf_never_raises(backend, pdf_bytes, page_spec, tmp_path):
    data = pdf_bytes([page_spec(CONTENT)] * 2)
    for length in range(0, len(data), 53):
        path = tmp_path / "cut.pdf"
        path.write_bytes(data[:length])
        for result in read(path, dpi=20, pdf_backend=backend):
            assert isinstance(result, Page) or result.code in {"I102", "P201", "P203", "P206"}


def test_empty_file_is_i102(tmp_path):
    (tmp_path / "empty.pdf").touch()
    (failure,) = read(tmp_path / "empty.pdf")
    assert (failure.code, failure.message) == ("I102", "is empty")


def test_no_pages_is_p203(backend, pdf_file):
    (failure,) = read(pdf_file([]), pdf_backend=backend)
    assert failure.code == "P203"


@pytest.mark.parametrize("password", [None, "wrong", ""])
def test_password_missing_or_wrong_is_p202(password, backend, pdf_file, page_spec):
    path = pdf_file([page_spec(CONTENT)], password="geheim")
    (failure,) = read(path, pdf_backend=backend, password=password)
    assert failure.code == "P202"
    if password:
        assert password not in failure.message
    else:
        assert "encrypted" in failure.message


def test_password_opens(backend, pdf_file, page_spec, monkeypatch):
    seen: list[str] = []
    popen = subprocess.Popen.__init__

    def spy(self, args, *rest, **options):
        seen.extend(map(str, args))
        popen(self, args, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", spy)
    path = pdf_file([page_spec(CONTENT)], password="geheim")
    (page,) = read(path, dpi=72, pdf_backend=backend, password="geheim")
    assert isinstance(page, Page)
    np.testing.assert_allclose(mark_boxes(page.pixels)["red"], (100, 792 - 520, 160, 792 - 500), atol=1)
    assert not any("geheim" in arg for arg in seen)
    assert bool(seen) == (backend == "poppler")


def test_password_for_an_open_document_is_ignored(backend, pdf_file, page_spec):
    (page,) = read(pdf_file([page_spec(CONTENT)]), dpi=20, pdf_backend=backend, password="x")
    assert isinstance(page, Page)
    path = pdf_file([page_spec(CONTENT)], password="")
    (page,) = read(path, dpi=20, pdf_backend=backend, password="x")
    assert isinstance(page, Page)


def test_pixel_budget_is_computed_before_rendering(backend, pdf_file, page_spec):
    path = pdf_file([page_spec(b"", b"/MediaBox [0 0 14400 14400]"), page_spec(b"", b"/MediaBox [0 0 100 100]")])
    large, small = read(path, dpi=300, pdf_backend=backend)
    assert isinstance(small, Page)
    assert (large.code, large.page) == ("P205", 1)
    assert large.message == "3,600 Mpx at 300 dpi exceeds --max-megapixels 250 (use a lower --dpi)"
    # Without --dpi the resolution suits any size of paper.
    large, small = read(path, target_long_side=64, pdf_backend=backend)
    assert (large.info.width, small.info.width) == (64, 64)


def test_one_bad_page_does_not_stop_the_document(backend, pdf_file, page_spec):
    path = pdf_file(
        [
            page_spec(CONTENT),
            page_spec(CONTENT, b"/MediaBox [0 0 100 100] /CropBox [300 300 400 400]"),
            page_spec(CONTENT),
        ]
    )
    results = read(path, dpi=20, pdf_backend=backend)
    assert [type(result) for result in results] == [Page, Failure, Page]
    assert (results[1].code, results[1].page) == ("P206", 2)


@pytest.mark.parametrize(
    # Twice on every level would end in no time of ours: PDFium, in this process, cannot be stopped (docs/pages.md).
    ("backend", "content"),
    [("pdfium", b"/A Do"), pytest.param("poppler", b"/A Do /A Do", marks=needs_poppler)],
)
def test_forms_that_draw_themselves_end(backend, content, pdf_file, page_spec):
    form = (b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /A 3 0 R >> >>", content)
    entries = b"/MediaBox [0 0 99 99] /Resources << /XObject << /A 3 0 R >> >>"
    path = pdf_file([page_spec(content, entries), page_spec(CONTENT)], extra=[form])
    first, second = read(path, dpi=20, pdf_backend=backend, timeout=2)
    assert isinstance(first, Page) or first.code == "P207"
    assert isinstance(second, Page)


@pytest.mark.parametrize(
    "name",
    ["-x.pdf", "a b.pdf", "é😀.pdf", "new\nline.pdf", "~a.pdf", "%20$(x);.pdf", "bad\udcff.pdf", "a" * 251 + ".pdf"],
)
def test_odd_names(name, backend, pdf_bytes, page_spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        Path(name).write_bytes(pdf_bytes([page_spec(CONTENT)]))
    except OSError:
        pytest.skip("the file system does not take such names")
    (page,) = read(Path(name), dpi=20, pdf_backend=backend)
    assert isinstance(page, Page)
    assert page.info.name == f"{name}#1"


def test_leaving_early_closes_the_document(backend, pdf_file, page_spec, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    path = pdf_file([page_spec(CONTENT)] * 3, password="geheim")
    pages: Any = read_pages(path, PageOptions(dpi=20, pdf_backend=backend, password="geheim"))
    next(pages)
    pages.close()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_pixels_are_writable_and_contiguous(backend, pdf_file, page_spec):
    (page,) = read(pdf_file([page_spec(CONTENT)]), dpi=20, pdf_backend=backend)
    assert page.pixels.flags.writeable
    assert page.pixels.flags.c_contiguous
    assert page.pixels.dtype == np.uint8


@needs_poppler
class TestPopplerProcess:
    """A stand-in for pdftoppm first on PATH; the real one is asked for everything else."""

    @pytest.fixture
    def stand_in(self, tmp_path, monkeypatch):
        real = shutil.which("pdftoppm")
        folder = tmp_path / "bin"
        folder.mkdir()

        def install(on_page_2):
            script = folder / "pdftoppm"
            script.write_text(f'#!/bin/sh\ncase " $* " in *" -f 2 "*) {on_page_2};; esac\nexec {real} "$@"\n')
            script.chmod(script.stat().st_mode | stat.S_IXUSR)
            monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

        return install

    @pytest.mark.parametrize(
        ("what", "code", "message"),
        [
            ("kill -9 $$", "P206", "pdftoppm failed"),
            ("exec sleep 60", "P207", "more than 1 s"),
            ("exit 3", "P206", "pdftoppm failed"),
            (
                'for last; do :; done; printf "P6\\n100 100\\n255\\nxyz" > "$last.ppm"; exit 0',
                "P206",
                "pdftoppm failed",
            ),
        ],
    )
    def test_a_page_that_breaks_the_renderer_fails_alone(self, what, code, message, stand_in, pdf_file, page_spec):
        stand_in(what)
        path = pdf_file([page_spec(CONTENT)] * 3)
        results = read(path, dpi=20, pdf_backend="poppler", timeout=1)
        assert [type(result) for result in results] == [Page, Failure, Page]
        assert (results[1].code, results[1].page) == (code, 2)
        assert message in results[1].message


def test_without_poppler_the_requirement_is_named(monkeypatch, tmp_path, pdf_file, page_spec):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = pdf_file([page_spec(CONTENT)])
    with pytest.raises(MissingRequirementError) as caught:
        read(path, pdf_backend="poppler")
    assert caught.value.exit_code == ExitCode.ENVIRONMENT
    assert str(caught.value) == "E710 poppler-utils not found (apt install poppler-utils or --pdf-backend pdfium)"
    assert isinstance(read(path, dpi=20)[0], Page)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory in use from /proc")
def test_memory_stays_the_same_over_500_pages(pdf_bytes, page_spec, tmp_path):
    # Each page has a picture of its own that cannot be compressed: 50 MB in all.
    count, side = 500, 316
    rng = np.random.default_rng(0)
    entries = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8" % (
        side,
        side,
    )
    images = [(entries, rng.bytes(side * side)) for _ in range(count)]
    page = b"/MediaBox [0 0 200 200] /Resources << /XObject << /A %d 0 R >> >>"
    pages = [page_spec(b"200 0 0 200 0 0 cm /A Do", page % (3 + i)) for i in range(count)]
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf_bytes(pages, extra=images))
    code = """
        import resource, sys
        from pathlib import Path
        from centernet_cli.pages.source import PageOptions, read_pages
        used = []
        for page in read_pages(Path(sys.argv[1]), PageOptions(target_long_side=50)):
            assert page.pixels.shape == (50, 50, 3), page
            used.append(int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize())
        print(len(used), max(used[:50]), max(used))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)], capture_output=True, text=True, check=True
    )
    pages_read, early, most = map(int, run.stdout.split())
    assert pages_read == count
    assert most - early < 25e6


def test_a_file_replaced_while_it_is_read_is_read_as_opened(pdf_file, page_spec, monkeypatch):
    monkeypatch.setattr("centernet_cli.pages.pdfium._KEPT_BYTES", 1)
    path = pdf_file([page_spec(b"", b"/MediaBox [0 0 %d 100]" % (100 + n)) for n in range(4)])
    pages = read_pages(path, PageOptions(dpi=72))
    widths = [next(pages).info.width, next(pages).info.width]  # type: ignore[union-attr]
    path.rename(path.with_suffix(".old"))
    pdf_file([page_spec(b"", b"/MediaBox [0 0 50 50]")])
    widths.append(next(pages).info.width)  # type: ignore[union-attr]
    path.unlink()
    widths.append(next(pages).info.width)  # type: ignore[union-attr]
    assert widths == [100, 101, 102, 103]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_gives_pages_or_failures(data, pdf_bytes, page_spec, tmp_path_factory):
    content = bytearray(pdf_bytes([page_spec(CONTENT), page_spec(CONTENT)]))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.pdf"
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))]))
    for result in read(path, target_long_side=50, password="x"):
        if isinstance(result, Failure):
            assert result.code in {"I102", "P201", "P202", "P203", "P205", "P206"}
        else:
            assert result.pixels.shape == (result.info.height, result.info.width, 3)
