"""The report of `predict`: complete, harmless whatever names are, and readable by machines."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from lxml import html

from centernet_cli.core.errors import OutputError
from centernet_cli.core.records import Annotation, Failure, Page, PageInfo, PageRecord
from centernet_cli.rendering import predict_report
from centernet_cli.rendering.predict_report import PredictReport
from centernet_cli.rendering.report_sheet import MAX_SIDE, small_picture

CLASSES = ("text", "table", "text_line")
INFO = {
    "program": "centernet",
    "model": {"name": "x <b>", "sha256": "0" * 64},
    "threshold": 0.5,
    "options": {"dpi": None},
}
NASTY = "a/</script><img src=x onerror=alert(1)>\"' &amp;\udcff.png"


def page(name: str, number: int | None = None, width: int = 200, height: int = 300) -> Page:
    info = PageInfo(source=name, width=width, height=height, page=number, dpi=150.4)
    return Page(info=info, pixels=np.full((height, width, 3), 255, np.uint8))


def box(label: str, score: float | None, *sides: float) -> Annotation:
    x0, y0, x1, y1 = sides or (10, 20, 110, 40)
    return Annotation(label=label, box=(x0, y0, x1, y1), score=score)


def write(path: Path, pages, failures=()) -> str:
    report = PredictReport(path)
    for failure in failures:
        report.fail(failure)
    report.start(CLASSES, INFO)
    for one, found, capped in pages:
        record = PageRecord(info=one.info, annotations=found)
        report.add(record, small_picture(one), network_size=320, capped=capped)
    report.finish()
    return path.read_text(encoding="utf-8")


PAGES = [
    (page("b/doc.pdf", 3), (box("text", 0.95), box("text_line", 1.0), box("text_line", 0.304)), True),
    (page(NASTY), (box("table", 0.5),), False),
    (page("empty.png"), (), False),
]


def test_all_of_it_is_there(tmp_path: Path) -> None:
    failures = [
        Failure(source="bad.png", code="I101", message="broken"),
        Failure(source="d.pdf", page=2, code="P206", message="<i>x</i>"),
    ]
    text = write(tmp_path / "r.html", PAGES, failures)
    root = html.fromstring(text)
    sheets = root.findall(".//article")
    assert [sheet.get("data-boxes") for sheet in sheets] == ["3", "1", "0"]
    assert [sheet.get("data-k") for sheet in sheets] == ["0 2", "1", ""]
    assert [sheet.get("data-low") for sheet in sheets] == ["0.3040", "0.5000", "2"]
    assert all(image.get("src").startswith("data:image/webp;base64,") for image in root.findall(".//article//img"))
    (text_path, line_path) = sheets[0].findall(".//path")
    assert text_path.get("d") == "M10 20h100v20h-100z"
    assert line_path.get("data-s") == "1 .30"
    assert len(re.findall("M", line_path.get("d"))) == 2
    assert "cut short" in text
    rows = [[cell.text_content() for cell in row] for row in root.findall(".//section[@id='table']//tbody/tr")]
    assert rows[0] == ["b/doc.pdf#3", "1", "0", "2", "3", "0.304"]
    assert rows[2] == ["empty.png", "0", "0", "0", "0", ""]
    rows = [[cell.text_content() for cell in row] for row in root.findall(".//section[@id='failed']//tbody/tr")]
    assert rows == [["bad.png", "", "I101", "broken"], ["d.pdf", "2", "P206", "<i>x</i>"]]
    rows = [[cell.text_content() for cell in row] for row in root.findall(".//section[@id='run']//tbody/tr")]
    assert ["model.name", "x <b>"] in rows
    assert ["options.dpi", "null"] in rows


def test_counts_and_histogram_are_those_of_the_boxes(tmp_path: Path) -> None:
    root = html.fromstring(write(tmp_path / "r.html", PAGES))
    rows = [[cell.text_content() for cell in row] for row in root.findall(".//section[1]//tbody/tr")]
    assert rows == [
        ["text", "1", "1", "0.950", "0.950"],
        ["table", "1", "1", "0.500", "0.500"],
        ["text_line", "2", "1", "0.652", "0.304"],
    ]
    bars = {title.text for title in root.findall(".//section[1]//svg//rect/title")}
    assert {"0.95 to 1: 1 text", "0.95 to 1: 1 text_line", "0.3 to 0.35: 1 text_line", "0.5 to 0.55: 1 table"} <= bars


def test_names_are_text_and_links_stay_files(tmp_path: Path) -> None:
    text = write(tmp_path / "r.html", [(page("javascript:alert(1).png"), (), False), *PAGES])
    root = html.fromstring(text)
    assert len(root.findall(".//script")) == 1
    assert len(root.findall(".//article//img")) == 4
    assert not [element for element in root.iter() if any(name.startswith("on") for name in element.attrib)]
    links = [link.get("href") for link in root.findall(".//article//a")]
    assert all(re.fullmatch(r"(\.\./|[\w./%~-])+(#page=\d+)?", link) for link in links), links
    assert links[1].endswith("b/doc.pdf#page=3")
    assert "javascript:alert" not in "".join(links)
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def test_pictures_are_small_and_keep_their_shape(tmp_path: Path) -> None:
    one = page("wide.png", width=2400, height=600)
    few = Page(info=one.info, pixels=one.pixels[::2, ::2])  # decoded at a smaller scale
    for each in (one, few):
        root = html.fromstring(write(tmp_path / "r.html", [(each, (box("text", 0.9, 0, 0, 2400, 600),), False)]))
        (image,) = root.findall(".//article//img")
        assert (image.get("width"), image.get("height")) == (str(MAX_SIDE), str(MAX_SIDE // 4))
        assert root.find(".//article//path").get("d") == f"M0 0h{MAX_SIDE}v{MAX_SIDE // 4}h-{MAX_SIDE}z"


def test_beyond_some_pages_there_are_boxes_without_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict_report, "MAX_PICTURES", 2)
    text = write(tmp_path / "r.html", PAGES)
    root = html.fromstring(text)
    assert [len(sheet.findall(".//img")) for sheet in root.findall(".//article")] == [1, 1, 0]
    assert "From page 3 on" in text


def test_complete_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    before = write(path, PAGES)
    report = PredictReport(path)
    report.start(CLASSES, INFO)
    report.discard()
    assert path.read_text(encoding="utf-8") == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.html"]
    folder = tmp_path / "folder"
    folder.mkdir()
    report = PredictReport(folder)
    report.start(CLASSES, INFO)
    with pytest.raises(OutputError, match="O801"):
        report.finish()
    report.discard()


def test_the_same_pages_give_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "r.html", PAGES) == write(tmp_path / "s.html", PAGES)
