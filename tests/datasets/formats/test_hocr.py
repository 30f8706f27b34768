"""hOCR of Tesseract and others read, and written so that others can read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.hocr import fit_hocr, read_hocr, write_hocr
from centernet_cli.datasets.formats.hocr_labels import properties
from centernet_cli.datasets.formats.safe_xml import local_name, read_xml
from centernet_cli.datasets.formats.tally import Tally

BOX = (10, 20, 30, 40)
# As Tesseract writes it.
TESSERACT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title></title>
  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
  <meta name='ocr-system' content='tesseract 5.3.0' />
  <meta name='ocr-capabilities' content='ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf'/>
 </head>
 <body>
  <div class='ocr_page' id='page_1' title='image "a.png"; bbox 0 0 100 50; ppageno 0; scan_res 300 300'>
   <div class='ocr_carea' id='block_1_1' title="bbox 10 20 90 40">
    <p class='ocr_par' id='par_1_1' lang='eng' title="bbox 10 20 90 40">
     <span class='ocr_header' id='line_1_1' title="bbox 10 20 90 29; baseline 0 -4; x_size 20">
      <span class='ocrx_word' id='word_1_1' title='bbox 10 20 40 29; x_wconf 96'>Title &amp; more</span>
     </span>
     <span class='ocr_line' id='line_1_2' title="bbox 10 30 90 40; baseline -0.002 -4; x_size 20">
      <span class='ocrx_word' id='word_1_2' title='bbox 10 30 40 40; x_wconf 91'>A</span>
      <span class='ocrx_word' id='word_1_3' title='bbox 50 30 90 40; x_wconf 12'>line</span>
     </span>
    </p>
   </div>
   <div class='ocr_photo' id='block_1_2' title="bbox 10 41 90 49"></div>
  </div>
 </body>
</html>
"""


def read(folder: Path, text: str, level: str | None = None) -> tuple[PageRecord, Tally]:
    (folder / "a.hocr").write_text(text, encoding="utf-8")
    tally = Tally()
    (found,) = read_hocr(folder, tally=tally, level=level).pages
    return found, tally


def page(body: str, title: str = 'image "a.png"; bbox 0 0 100 50') -> str:
    return f"<html><body><div class='ocr_page' title='{title}'>\n{body}</div></body></html>"


def element(name: str, title: str = "bbox 10 20 30 40", inner: str = "") -> str:
    return f'<div class="{name}" title="{title}">{inner}</div>'


@pytest.mark.parametrize(
    ("level", "labels"),
    [
        (None, ["text_line", "text_line"]),
        ("region", ["text", "paragraph", "figure"]),
        ("word", ["word"] * 3),
        ("all", ["text", "paragraph", "text_line", "word", "text_line", "word", "word", "figure"]),
    ],
)
def test_tesseract(tmp_path: Path, level: str | None, labels: list[str]) -> None:
    found, tally = read(tmp_path, TESSERACT, level)
    assert [annotation.label for annotation in found.annotations] == labels
    assert found.info == PageInfo(source="a.png", width=100, height=50, dpi=300)
    assert all(annotation.score is None for annotation in found.annotations)
    assert tally.notes["confidences of recognised text ignored: they are none of positions"] == 3
    assert detect_format(tmp_path) == "hocr"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("ocr_carea", "text"),
        ("wide ocrx_block", "text"),
        ("ocr_par", "paragraph"),
        ("ocr_title", "title"),
        ("ocr_header", "header"),
        ("ocr_caption", "caption"),
        ("ocr_table", "table"),
        ("ocr_photo", "figure"),
        ("ocr_separator", "separator"),
        ("ocr_pageno", "page-number"),
        ("ocr_blockquote", "blockquote"),
        ("ocr_line", "text_line"),
        ("ocrx_line", "text_line"),
        ("ocrx_word", "word"),
    ],
)
def test_classes(tmp_path: Path, name: str, label: str) -> None:
    found, _ = read(tmp_path, page(element(name)), "all")
    assert found.annotations == (Annotation(label=label, box=BOX),)


@pytest.mark.parametrize("name", ["ocr_cinfo", "ocr_document", "column", ""])
def test_what_is_no_area_is_none(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, page(element(name)), "all")[0].annotations == ()


@pytest.mark.parametrize(
    ("title", "box", "polygon"),
    [
        ("bbox 10 20 30 40", BOX, None),
        ("  x_size 3 ;bbox  10  20 30\n40; foo", BOX, None),
        ("bbox 10.0 20 30 40;bbox 1 2 3 4", BOX, None),
        ("poly 10 20 30 22 30 40", BOX, ((10, 20), (30, 22), (30, 40))),
        ("bbox 10 20 30 40; poly 10 20 30 20 30 40 10 40", BOX, None),
        ("bbox 9 20 30 40; poly 10,20 30,22 30,40", (9, 20, 30, 40), ((10, 20), (30, 22), (30, 40))),
    ],
)
def test_titles(tmp_path: Path, title: str, box: object, polygon: object) -> None:
    found, _ = read(tmp_path, page(element("ocr_line", title)))
    assert [(annotation.box, annotation.polygon) for annotation in found.annotations] == [(box, polygon)]


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("bbox 10 20 30", "D008"),
        ("bbox 10 20 30 nan", "D008"),
        ("bbox", "D008"),
        ("bbox 1 2 3 1e10", "D021"),
        ("poly 1 2 3", "D020"),
        ("poly 1 2 3 x", "D020"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, title: str, code: str) -> None:
    with pytest.raises(InputError, match=rf"a\.hocr:2: {code} ocr_line: "):
        read(tmp_path, page(element("ocr_line", title)))


def test_lines_without_box_are_dropped_and_areas_skipped(tmp_path: Path) -> None:
    _, tally = read(tmp_path, page(element("ocr_par", "", element("ocr_line", "x_size 3"))), "all")
    assert tally.rows() == [("ocr_line", "dropped", "has no position", 1)]
    assert tally.notes["elements without `bbox` skipped, what is in them kept"] == 1


def test_properties_with_quotes_and_semicolons() -> None:
    assert properties('image "C:\\a;b\\c.png"; bbox 0 0 1 1') == {"image": "C:\\a;b\\c.png", "bbox": "0 0 1 1"}
    assert properties("image 'a b.png';ppageno 3;;x") == {"image": "a b.png", "ppageno": "3", "x": ""}
    assert properties('image "open; bbox 0 0 1 1')["bbox"] == "0 0 1 1"
    assert properties(None) == properties("") == properties(";;") == {}


def test_several_pages_in_a_file(tmp_path: Path) -> None:
    sheets = [
        f"<div class='ocr_page' title='image \"{name}\"; bbox 0 0 100 50; ppageno {number}'>{element('ocr_line')}</div>"
        for name, number in [("a.tif", 0), ("a.tif", 1), ("b.png", 2)]
    ]
    (tmp_path / "a.html").write_text(f"<html><body>{''.join(sheets)}</body></html>")
    found = read_hocr(tmp_path).pages
    assert [record.info.name for record in found] == ["a.tif#1", "a.tif#2", "b.png"]
    assert all(len(record.annotations) == 1 for record in found)


def test_html_of_other_kinds(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html><p>Hello</html>")
    (tmp_path / "word.html").write_text("<html><p>ocr_page</html>")
    found, tally = read(tmp_path, page(element("ocr_line")))
    assert len(found.annotations) == 1
    assert tally.notes["files of this ending that are not hOCR, skipped"] == 2
    assert tally.notes["files that are no well-formed XHTML, read as HTML"] == 1
    with pytest.raises(InputError, match="X302 not hOCR"):
        read_hocr(tmp_path / "word.html")


def test_cut_off_files_are_refused(tmp_path: Path) -> None:
    for text in (TESSERACT[:-60], page(element("ocr_line"))[:-10]):
        with pytest.raises(InputError, match=r"a\.hocr.*X302"):
            read(tmp_path, text)


def test_entities_are_refused(tmp_path: Path) -> None:
    text = TESSERACT.replace('transitional.dtd">', 'transitional.dtd" [<!ENTITY a SYSTEM "file:///etc/passwd">]>')
    with pytest.raises(InputError, match=r"a\.hocr: X301"):
        read(tmp_path, text)
    assert len(read(tmp_path, TESSERACT.replace("Title", "&nbsp;&eacute;"))[0].annotations) == 2


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("stated", ["../x.png", "file:///x.png", "http://e.org/x.png", "/etc/passwd", "//server/x.png"])
def test_images_outside_are_refused(tmp_path: Path, stated: str, there: bool) -> None:
    if there:
        (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.hocr: X310 "):
        read(tmp_path, page("", f'image "{stated}"; bbox 0 0 9 9'))


@pytest.mark.parametrize("stated", ["/ocr/x.png", "C:\\x.png", "C:/a/x.png"])
def test_of_paths_of_other_computers_the_last_part_counts(tmp_path: Path, stated: str) -> None:
    assert read(tmp_path, page("", f'image "{stated}"; bbox 0 0 9 9'))[0].info.source == "x.png"


def test_ocropus_names_its_image_otherwise(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    Image.new("L", (30, 20)).save(tmp_path / "book" / "0001.bin.png")
    found, _ = read(tmp_path, page("", "file book/0001.bin.png"))
    assert found.info == PageInfo(source="book/0001.bin.png", width=30, height=20)


def test_sizes(tmp_path: Path) -> None:
    for title in ('image "b.png"', 'image "b.png"; bbox 0 0 x 9'):
        with pytest.raises(InputError, match="D007"):
            read(tmp_path, page("", title))
    Image.new("L", (30, 20)).save(tmp_path / "b.png")
    assert read(tmp_path, page("", 'image "b.png"'))[0].info == PageInfo(source="b.png", width=30, height=20)
    with pytest.raises(InputError, match="D014"):
        read(tmp_path, page("", 'image "b.png"; bbox 0 0 20 30'))
    assert read(tmp_path, page("", 'image "unknown"; bbox 0 0 20 30'))[0].info.source == "a"


PROJECT = ["text_line", "text", "title", "list", "table", "figure", "caption", "header", "footer", "other"]


@pytest.mark.parametrize("label", [*PROJECT, "word", "paragraph", "blockquote", "<b>", "\1\ud800", ""])
def test_every_class_is_read_back(tmp_path: Path, label: str) -> None:
    annotation = Annotation(label=label, box=(10, 20, 300, 400), crowd=True, score=0.123456)
    info = PageInfo(source='it\'s "a";b.png', width=1000, height=1000, page=3, dpi=300.25)
    dataset = Dataset(classes=(label,), pages=(PageRecord(info=info, annotations=(annotation,)),), root=Path())
    write_hocr(dataset, tmp_path)
    found = read_hocr(tmp_path, level="all")
    assert found.pages == dataset.pages


def test_written_files_are_xhtml_that_html_parsers_understand(tmp_path: Path) -> None:
    from lxml import etree

    annotations = (
        Annotation(label="text", box=(0, 0, 100, 200), score=0.9),
        Annotation(label="text_line", box=(10, 40, 90, 60)),
        Annotation(label="text_line", box=(10, 10, 90, 30), score=0.75),
        Annotation(label="word", box=(10, 10, 30, 30)),
        Annotation(label="word", box=(600, 900, 700, 930)),
        Annotation(label="figure", box=(400, 0, 500, 200), polygon=((400, 0), (500, 0), (450, 200))),
    )
    info = PageInfo(source="a.png", width=1000, height=1000, page=2, dpi=300.25)
    dataset = Dataset(classes=(), pages=(PageRecord(info=info, annotations=annotations),), root=tmp_path)
    write_hocr(dataset, tmp_path)
    path = tmp_path / "a-p002.hocr"

    def tree(found) -> list[object]:
        inner = (child for child in found if (child.get("class") or "").startswith("ocr"))
        return [(child.get("class"), child.get("title"), *tree(child)) for child in inner]

    strict = etree.fromstring(path.read_bytes().replace(b"<!DOCTYPE html>", b""))
    browser = etree.fromstring(path.read_bytes(), etree.HTMLParser(encoding="utf-8"))
    (body,) = (found for found in strict if local_name(found) == "body")
    expected = [
        (
            "ocr_page",
            'image "a.png"; bbox 0 0 1000 1000; ppageno 1; scan_res 300 300',
            (
                "ocr_carea",
                "bbox 0 0 100 200; x_wconf 90",
                ("ocr_line", "bbox 10 10 90 30; x_wconf 75", ("ocrx_word", "bbox 10 10 30 30")),
                ("ocr_line", "bbox 10 40 90 60"),
            ),
            ("ocr_photo", "bbox 400 0 500 200; poly 400 0 500 0 450 200"),
            ("ocrx_word", "bbox 600 900 700 930"),
        )
    ]
    assert tree(body) == expected
    assert tree(browser.find("body")) == expected
    capabilities = [meta.get("content") for meta in strict.iter("{*}meta") if meta.get("name") == "ocr-capabilities"]
    assert capabilities == ["ocr_carea ocr_line ocr_page ocr_photo ocrx_word"]
    with pytest.raises(InputError, match="X301"):  # XML formats allow no DOCTYPE at all
        read_xml(path)
    found = read_hocr(tmp_path, level="all").pages[0]
    fitted = fit_hocr(dataset, Tally()).pages[0]
    assert set(found.annotations) == set(fitted.annotations)


PIECES = st.sampled_from([
    "<div class='ocr_line' title='bbox 1 2 3 4'>", "</div>", "<p>", "&", "&nbsp;", "\0", "<![CDATA[", "]]>", "<!--",
    "-->", "<span class='ocr_par'", " title='poly 1 2 3 4 5 6'>", "<br/>", "<table>", "\ufffe", "<?x", "x_wconf é",
])  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(["", '<?xml version="1.0"?>', "<!DOCTYPE html>"]))
def test_any_text_gives_a_dataset_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, text: str, start: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "a.hocr").write_text(start + page(text))
    try:
        dataset = read_hocr(folder, level="all")
    except InputError as error:
        assert all(len(found) < 1000 for found in error.lines())  # noqa: PT017 (either outcome is right)
    else:
        assert len(dataset.pages) == 1


def test_regions_of_kraken_and_characters(tmp_path: Path) -> None:
    letter = "<span class='ocrx_cinfo' title='x_bboxes 10 20 15 40'>a</span>"
    line = element("ocr_line", "bbox 10 20 30 40; baseline 0.01 -3", element("ocrx_word", inner=letter))
    block = f'<div class="ocrx_block" data-region-type="marginalia" title="bbox 10 20 30 40">{line}</div>'
    nameless = '<div class="ocrx_block" data-region-type="" title="bbox 10 20 30 40"></div>'
    found, tally = read(tmp_path, page(block + nameless), "all")
    assert [annotation.label for annotation in found.annotations] == ["marginalia", "text_line", "word", "text"]
    assert tally.notes["single characters ignored"] == 1
    assert tally.notes["baselines ignored"] == 1
