"""What `predict` writes in every format is read back by the format's own reader: same pages, boxes and scores."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lxml import etree
from PIL import Image

from centernet_cli.core.errors import OutputError, UsageError
from centernet_cli.core.records import Annotation, Failure, PageInfo, PageRecord
from centernet_cli.core.safe_io import lexical_inside
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.inference.output import check_output, open_sink, pick_target
from centernet_cli.inference.sinks.sink import Header, SeenPage

HEADER = Header(classes=("text", "table", "text_line"), info={"program": "centernet", "threshold": 0.5})
SIZES = {"coco": "boxes.json", "jsonl": "b.jsonl", "csv": "b.csv", "parquet": "b.parquet"}
FOLDERS = ["labelme", "yolo", "voc", "page", "alto", "hocr"]
FOUND = (
    Annotation(label="text", box=(10.0, 20.0, 180.0, 120.0), score=0.875),
    Annotation(label="text_line", box=(12.25, 22.5, 170.75, 40.125), score=0.9375),
    Annotation(label="text_line", box=(12.0, 45.0, 150.0, 62.0), score=0.5),
    Annotation(label="table", box=(20.5, 150.0, 180.0, 290.0), score=0.625),
)


def pages(root: Path) -> list[SeenPage]:
    """Make images and return predictions on them, and on the pages of a PDF."""
    records = []
    for name, found in (("scans/a.png", FOUND), ("scans/é <b>'s.png", FOUND[:2]), ("more/a.png", ())):
        path = root / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (200, 300), "white").save(path)
        records.append(PageRecord(info=PageInfo(source=str(path), width=200, height=300), annotations=found))
    info = PageInfo(source=str(root / "scans/doc.pdf"), width=200, height=300, page=3, dpi=72.5, width_pt=198.6)
    records.append(PageRecord(info=info, annotations=FOUND[1:]))
    return [SeenPage(record=record, network_size=320) for record in records]


def write(kind: str, out: str, items: list[SeenPage], inputs: tuple[str, ...] = ()) -> None:
    sink = open_sink(pick_target(kind, out), inputs)
    sink.start(HEADER)
    for item in items:
        sink.add(item)
    sink.fail(Failure(source="bad.png", code="I101", message="broken"))
    sink.finish()


def by_page(records) -> dict[tuple[str, int | None], list[tuple[str, tuple[float, ...], float | None]]]:
    return {
        (Path(record.info.source).name, record.info.page): sorted(
            ((found.label, tuple(found.box), found.score) for found in record.annotations),
            key=lambda found: (found[0], round(found[1][1])),
        )
        for record in records
    }


def near(found, expected, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for key, boxes in expected.items():
        assert [label for label, _, _ in found[key]] == [label for label, _, _ in boxes]
        for (_, box, score), (label, other, other_score) in zip(found[key], boxes, strict=True):
            assert box == pytest.approx(other, abs=tolerance)
            assert score == other_score or (score is None and label in {"text", "table"})


@pytest.mark.parametrize("kind", SIZES)
def test_one_file_is_read_back(tmp_path: Path, kind: str) -> None:
    items = pages(tmp_path)
    out = tmp_path / SIZES[kind]
    write(kind, str(out), items)
    found = read_dataset(out, kind)
    assert found.root is None
    assert [record.info.source for record in found.pages] == [item.record.info.source for item in items]
    assert [sorted(map(str, record.annotations)) for record in found.pages] == [
        sorted(map(str, item.record.annotations)) for item in items
    ]
    assert len(found.failures) == (kind != "csv")


@pytest.mark.parametrize(("kind", "level"), [("labelme", None), ("voc", None)] + [(n, "all") for n in FOLDERS[3:]])
def test_a_folder_is_read_back_with_the_folder_that_holds_the_images_too(tmp_path: Path, kind: str, level) -> None:
    items = pages(tmp_path)
    write(kind, f"{tmp_path / 'out'}/", items)
    found = read_dataset(tmp_path / "out" if kind == "voc" else tmp_path, kind, level=level)
    whole_pixels = kind in {"voc", "page", "hocr"}
    if kind == "voc":  # whose files name images by their last part only
        assert len(found.pages) == len(items)
        found_pages = {key: boxes for key, boxes in by_page(found.pages).items() if key[0] != "a.png"}
        near(found_pages, by_page(item.record for item in items if "/a.png" not in item.record.info.source), 0.51)
        return
    assert {record.info.source for record in found.pages} == {
        Path(item.record.info.source).relative_to(tmp_path).as_posix() for item in items
    }
    near(
        by_page(record for record in found.pages if "more" not in record.info.source),
        by_page(item.record for item in items if "more" not in item.record.info.source),
        0.51 if whole_pixels else 0.001,
    )


def test_only_alto_has_no_place_for_scores_of_regions(tmp_path: Path) -> None:
    for kind in ("labelme", "page", "alto", "hocr"):
        root = tmp_path / kind
        root.mkdir()
        write(kind, f"{root / 'out'}/", pages(root)[:1])
        (page,) = read_dataset(root, kind, level=None if kind == "labelme" else "all").pages
        missing = {found.label for found in page.annotations if found.score is None}
        assert missing == ({"text", "table"} if kind == "alto" else set())


def test_yolo_is_read_back_once_the_images_are_beside_the_labels(tmp_path: Path) -> None:
    items = pages(tmp_path)[:2]
    out = tmp_path / "out"
    write("yolo", f"{out}/", items)
    (out / "images").mkdir()
    for item in items:
        shutil.copy(item.record.info.source, out / "images")
    found = read_dataset(out, "yolo")
    assert found.classes == HEADER.classes
    near(by_page(found.pages), by_page(item.record for item in items), 0.001)


@pytest.mark.parametrize("kind", FOLDERS)
def test_images_are_found_from_where_the_files_are(tmp_path: Path, kind: str, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (item, *_) = pages(Path())
    write(kind, "deep/out/", [item])
    (path,) = [path for path in Path("deep").rglob("*.*") if path.name != "data.yaml"]
    assert path.stem == "a"
    if kind != "yolo":  # which finds images by their names alone
        way = Path("../" * (len(path.parts) - 1)) / "scans/a.png"
        assert str(way) in path.read_text()
        assert (path.parent / way).is_file()


@pytest.mark.parametrize("kind", FOLDERS)
def test_pages_of_documents_have_names_of_their_own(tmp_path: Path, kind: str) -> None:
    def page(source: str, number: int) -> SeenPage:
        info = PageInfo(source=source, width=200, height=300, page=number)
        return SeenPage(record=PageRecord(info=info), network_size=320)

    write(kind, f"{tmp_path}/out/", [page("a/doc.pdf", 3), page("b/doc.tif", 3), page("c/doc.pdf", 3)])
    stems = sorted(path.stem for path in (tmp_path / "out").rglob("*.*") if path.name != "data.yaml")
    assert stems == ["doc-p003", "doc.pdf-p003", "doc.tif-p003"]


@pytest.mark.parametrize("kind", ["labelme", "voc", "page", "alto", "hocr"])
def test_one_page_may_be_a_file(tmp_path: Path, kind: str) -> None:
    items = pages(tmp_path)
    out = tmp_path / f"one{'.json' if kind == 'labelme' else '.hocr' if kind == 'hocr' else '.xml'}"
    write(kind, str(out), items[:1])
    (page,) = read_dataset(out if kind == "voc" else tmp_path, kind).pages
    assert page.annotations
    before = out.read_bytes()
    sink = open_sink(pick_target(kind, str(out)))
    sink.start(HEADER)
    sink.add(items[0])
    with pytest.raises(OutputError, match="O804"):
        sink.add(items[1])
    sink.discard()
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("format", "out", "kind", "folder"),
    [
        ("auto", None, "coco", False),
        ("auto", "-", "coco", False),
        ("auto", "x", "coco", False),
        ("auto", "x.json", "coco", False),
        ("auto", "x.JSONL", "jsonl", False),
        ("auto", "x.csv", "csv", False),
        ("auto", "x.parquet", "parquet", False),
        ("auto", "x.xml", "page", False),
        ("auto", "x.hocr", "hocr", False),
        ("auto", "x.html", "hocr", False),
        ("auto", "x.xml/", "labelme", True),
        ("auto", "there", "labelme", True),
        ("page", "new", "page", True),
        ("page", "new.d", "page", True),
        ("alto", "x.xml", "alto", False),
        ("yolo", "x.txt", "yolo", True),
        ("csv", None, "csv", False),
    ],
)
def test_what_is_asked_for(tmp_path: Path, monkeypatch, format: str, out, kind: str, folder: bool) -> None:  # noqa: A002
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    target = pick_target(format, out)
    assert (target.kind, target.is_folder) == (kind, folder)


def test_what_cannot_be_asked_for() -> None:
    with pytest.raises(UsageError, match="U704"):
        pick_target("alto", None)
    with pytest.raises(UsageError, match="U704"):
        pick_target("parquet", "-")
    with pytest.raises(UsageError, match=r"U708.*new/boxes\.csv"):
        pick_target("csv", "new/")


@pytest.mark.parametrize("kind", SIZES)
def test_an_earlier_output_is_replaced_but_no_other_file(tmp_path: Path, kind: str) -> None:
    out = tmp_path / SIZES[kind]
    for _ in range(2):
        check_output(pick_target(kind, str(out)), (), force=False)
        write(kind, str(out), pages(tmp_path)[:1])
    out.write_text("image,label\na.png,my own work\n" if kind == "csv" else '{"mine": 1}\n')
    with pytest.raises(OutputError, match="O803"):
        check_output(pick_target(kind, str(out)), (), force=False)
    check_output(pick_target(kind, str(out)), (), force=True)
    with pytest.raises(OutputError, match="O802"):
        check_output(pick_target(kind, str(out)), {str(out.resolve())}, force=True)


def test_files_of_single_pages_are_only_replaced_by_force(tmp_path: Path) -> None:
    out = tmp_path / "a.xml"
    write("page", str(out), pages(tmp_path)[:1])
    with pytest.raises(OutputError, match="O803"):
        check_output(pick_target("page", str(out)), (), force=False)
    check_output(pick_target("page", str(out)), (), force=True)


def test_inputs_in_the_output_folder_keep_their_names(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (200, 300)).save(buffer, "PNG")
    picture = tmp_path / "a.xml"  # an image, whatever its name says
    picture.write_bytes(buffer.getvalue())
    info = PageInfo(source=str(picture), width=200, height=300)
    item = SeenPage(record=PageRecord(info=info, annotations=FOUND), network_size=320)
    write("page", f"{tmp_path}/", [item], (str(picture.resolve()),))
    assert picture.read_bytes() == buffer.getvalue()
    (name,) = [path.name for path in tmp_path.iterdir() if path != picture]
    assert lexical_inside(name) == "a.xml.xml"


def test_lines_say_which_region_holds_them(tmp_path: Path) -> None:
    items = pages(tmp_path)[:2]
    write("coco", str(tmp_path / "b.json"), items)
    annotations = json.loads((tmp_path / "b.json").read_text())["annotations"]
    assert [entry.get("parent_id") for entry in annotations] == [None, 1, 1, None, None, 5]
    tally = Tally()
    assert read_dataset(tmp_path / "b.json", "coco", tally=tally).pages
    assert not tally.notes
    write("jsonl", str(tmp_path / "b.jsonl"), items)
    lines = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    assert [found.get("parent") for found in lines[0]["annotations"]] == [None, 0, 0, None]
    write("parquet", str(tmp_path / "b.parquet"), items)
    rows = pq.read_table(tmp_path / "b.parquet").to_pylist()
    assert [found["parent"] for found in rows[0]["annotations"]] == [None, 0, 0, None]


def test_lines_are_nested_in_regions(tmp_path: Path) -> None:
    (item, *_) = pages(tmp_path)
    write("page", str(tmp_path / "a.xml"), [item])
    root = etree.parse(str(tmp_path / "a.xml")).getroot()
    (text, table) = (element for element in root.iter("{*}TextRegion", "{*}TableRegion"))
    assert len(text.findall("{*}TextLine")) == 2
    assert not table.findall(".//{*}TextLine")
    write("alto", str(tmp_path / "b.xml"), [item])
    root = etree.parse(str(tmp_path / "b.xml")).getroot()
    assert [len(block.findall("{*}TextLine")) for block in root.iter("{*}TextBlock", "{*}ComposedBlock")] == [2, 0]
    write("hocr", str(tmp_path / "c.hocr"), [item])
    root = etree.parse(str(tmp_path / "c.hocr")).getroot()
    areas = [element for element in root.iter("{*}div") if element.get("class") == "ocr_carea"]
    assert [len(area.findall("{*}span")) for area in areas] == [2]
