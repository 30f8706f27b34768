"""Boxes lie where they were found, on pages turned, cropped and scaled in every way; the rest stays as it was."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pikepdf
import pytest

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.core.records import Annotation, Page, PageInfo, PageRecord
from centernet_cli.pages.source import PageOptions, read_pages
from centernet_cli.rendering.pdf_copy import annotate_pdf
from centernet_cli.rendering.pdf_folder import PdfFolder

CLASSES = ("text", "table", "text_line")
BOXES = (("text", (30.0, 50.0, 130.0, 90.0)), ("table", (150.0, 20.0, 190.0, 120.0)))
CROPS = {
    "none": None,
    "within": [20, 30, 250, 330],
    "wider": [-50, -50, 900, 900],
    "turned round": [250, 330, 20, 30],
    "outside": [1000, 1000, 1100, 1100],
}


def make_pdf(
    path: Path, *, rotate: int = 0, crop=None, unit: float | None = None, media=(0, 0, 300, 400), pages: int = 1
) -> Path:
    with pikepdf.new() as pdf:
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=(300, 400))
            page.obj.MediaBox = pikepdf.Array(media)
            page.obj.Contents = pdf.make_stream(b"0.9 g 40 60 20 10 re f")
            if rotate:
                page.obj.Rotate = rotate
            if crop is not None:
                page.obj.CropBox = pikepdf.Array(crop)
            if unit is not None:
                page.obj.UserUnit = unit
        pdf.save(path)
    return path


def read(path: Path, password: str | None = None) -> list[Page]:
    pages = list(read_pages(path, PageOptions(target_long_side=400, password=password)))
    assert all(isinstance(page, Page) for page in pages), pages
    return [page for page in pages if isinstance(page, Page)]


def found_on(page: Page, boxes=BOXES) -> PageRecord:
    annotations = tuple(Annotation(label=label, box=box, score=0.75) for label, box in boxes)
    return PageRecord(info=page.info, annotations=annotations)


def changed_box(before: Page, after: Page) -> tuple[int, ...]:
    assert before.pixels.shape == after.pixels.shape
    rows, columns = np.nonzero((before.pixels != after.pixels).any(axis=2))
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", CROPS.values(), ids=CROPS.keys())
@pytest.mark.parametrize("unit", [None, 2.5])
def test_boxes_lie_where_they_were_found(tmp_path: Path, rotate: int, crop, unit) -> None:
    source = make_pdf(tmp_path / "a.pdf", rotate=rotate, crop=crop, unit=unit, media=(-10, 15, 290, 415))
    try:
        (before,) = read(source)
    except AssertionError:
        assert crop == CROPS["outside"]  # PDFium shows nothing of such pages, so nothing was found on them
        return
    for box in BOXES:
        record = found_on(before, [box])
        annotate_pdf(source, tmp_path / "b.pdf", {1: record}, CLASSES)
        (after,) = read(tmp_path / "b.pdf")
        assert changed_box(before, after) == pytest.approx(box[1], abs=2.6)


def test_what_a_viewer_is_told(tmp_path: Path) -> None:
    source = make_pdf(tmp_path / "a.pdf", pages=3)
    pages = read(source)
    line = Annotation(label="text_line", box=(31, 52, 120, 60), score=None)
    record = PageRecord(info=pages[1].info, annotations=(line, *found_on(pages[1]).annotations))
    annotate_pdf(source, tmp_path / "b.pdf", {2: record}, CLASSES)
    with pikepdf.open(tmp_path / "b.pdf") as pdf:
        assert "/Annots" not in pdf.pages[0].obj
        notes = list(pdf.pages[1].obj.Annots)
        assert [str(note.Contents) for note in notes] == ["text 0.75", "table 0.75", "text_line"]
        assert {str(note.Subtype) for note in notes} == {"/Square"}
        layers = [str(group.Name) for group in pdf.Root.OCProperties.OCGs]
        assert layers == ["centernet: text", "centernet: table", "centernet: text_line"]
        assert not pdf.check_pdf_syntax() if hasattr(pdf, "check_pdf_syntax") else True


def test_a_password_that_is_not_needed_is_no_matter(tmp_path: Path) -> None:
    source = make_pdf(tmp_path / "a.pdf")
    annotate_pdf(source, tmp_path / "b.pdf", {}, CLASSES, "secret")
    assert (tmp_path / "b.pdf").is_file()


def test_contents_and_other_annotations_stay(tmp_path: Path) -> None:
    source = make_pdf(tmp_path / "a.pdf")
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], Contents="mine"
        )
        pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(note)])
        group = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="theirs"))
        pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[group], D=pikepdf.Dictionary(BaseState=pikepdf.Name.OFF))
        pdf.save()
    before = source.read_bytes()
    (page,) = read(source)
    annotate_pdf(source, tmp_path / "b.pdf", {1: found_on(page)}, CLASSES)
    annotate_pdf(source, tmp_path / "c.pdf", {1: found_on(page)}, CLASSES)
    assert source.read_bytes() == before
    assert (tmp_path / "b.pdf").read_bytes() == (tmp_path / "c.pdf").read_bytes()
    with pikepdf.open(source) as old, pikepdf.open(tmp_path / "b.pdf") as new:
        assert new.pages[0].Contents.read_raw_bytes() == old.pages[0].Contents.read_raw_bytes()
        assert str(new.pages[0].obj.Annots[0].Contents) == "mine"
        assert len(new.pages[0].obj.Annots) == 3
        assert len(new.Root.OCProperties.OCGs) == 3
        assert len(new.Root.OCProperties.D.ON) == 2


def test_encrypted_documents_stay_encrypted(tmp_path: Path) -> None:
    plain = make_pdf(tmp_path / "plain.pdf")
    source = tmp_path / "a.pdf"
    with pikepdf.open(plain) as pdf:
        pdf.save(source, encryption=pikepdf.Encryption(owner="o", user="secret"))
    (page,) = read(source, "secret")
    annotate_pdf(source, tmp_path / "b.pdf", {1: found_on(page)}, CLASSES, "secret")
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(tmp_path / "b.pdf")
    (after,) = read(tmp_path / "b.pdf", "secret")
    assert (page.pixels != after.pixels).any()
    with pytest.raises(InputError, match=r"a\.pdf: P208"):
        annotate_pdf(source, tmp_path / "c.pdf", {1: found_on(page)}, CLASSES)
    assert not (tmp_path / "c.pdf").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of file sizes")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    make_pdf(tmp_path / "a.pdf")
    # In a process of its own: qpdf ends the one in which it cannot write.
    program = """
        import resource
        from pathlib import Path
        from centernet_cli.core.errors import OutputError
        from centernet_cli.rendering.pdf_copy import annotate_pdf
        import pikepdf
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            annotate_pdf(Path("a.pdf"), Path("b.pdf"), {}, ())
        except OutputError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.stdout.startswith("b.pdf: O801 cannot be written: "), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_what_is_no_pdf_cannot_be_copied(tmp_path: Path) -> None:
    source = tmp_path / "a.pdf"
    source.write_bytes(b"%PDF-1.7\nnothing")
    info = PageInfo(source=str(source), width=10, height=10, page=1, width_pt=10)
    with pytest.raises(InputError, match="P208"):
        annotate_pdf(source, tmp_path / "b.pdf", {1: PageRecord(info=info)}, CLASSES)


def test_a_folder_of_copies(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        make_pdf(tmp_path / name / "a.pdf", pages=2)
    inputs = [tmp_path / "x/a.pdf", tmp_path / "y/a.pdf"]
    folder = PdfFolder(tmp_path / "out", is_folder=True)
    folder.start(CLASSES)
    image = PageInfo(source="z.png", width=10, height=10)
    for path in inputs:
        for page in read(path):
            assert folder.add(found_on(page)) is None
        assert folder.add(PageRecord(info=image)) is None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.pdf"]
    assert folder.finish() is None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.pdf", "a.pdf.pdf"]
    assert folder.written == 2
    with pikepdf.open(tmp_path / "out/a.pdf") as pdf:
        assert [len(page.obj.Annots) for page in pdf.pages] == [2, 2]


def test_a_file_is_for_one_document_and_inputs_are_never_replaced(tmp_path: Path) -> None:
    first, second = make_pdf(tmp_path / "a.pdf"), make_pdf(tmp_path / "b.pdf")
    (page,), (other,) = read(first), read(second)
    folder = PdfFolder(tmp_path / "out.pdf", is_folder=False)
    folder.start(CLASSES)
    folder.add(found_on(page))
    with pytest.raises(OutputError, match="O804"):
        folder.add(found_on(other))
    before = first.read_bytes()
    folder = PdfFolder(tmp_path, is_folder=True, inputs={str(first.resolve()), str(second.resolve())})
    folder.start(CLASSES)
    folder.add(found_on(page))
    assert folder.finish() is None
    assert first.read_bytes() == before
    assert (tmp_path / "a.pdf.pdf").is_file()


def test_a_copy_that_fails_is_told_and_the_next_one_is_made(tmp_path: Path) -> None:
    good = make_pdf(tmp_path / "good.pdf")
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.7\nnothing")
    folder = PdfFolder(tmp_path / "out", is_folder=True)
    folder.start(CLASSES)
    info = PageInfo(source=str(bad), width=10, height=10, page=1, width_pt=10)
    assert folder.add(PageRecord(info=info)) is None
    (page,) = read(good)
    failure = folder.add(found_on(page))
    assert failure is not None
    assert (failure.source, failure.code) == (str(bad), "P208")
    assert folder.finish() is None
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.pdf"]
