"""Pages of PDFs get pictures next to their labelme files, which then read as a dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.errors import OutputError
from centernet_cli.core.records import Annotation, Page, PageInfo, PageRecord
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.inference.sinks.page_files import PageFilesSink
from centernet_cli.inference.sinks.page_formats import PAGE_FORMATS
from centernet_cli.inference.sinks.page_pictures import PagePictures
from centernet_cli.inference.sinks.sink import Header, SeenPage

HEADER = Header(classes=("text_line",), info={})


def seen(source: Path, number: int | None) -> SeenPage:
    info = PageInfo(source=str(source), width=60, height=80, page=number, dpi=150.0)
    record = PageRecord(info=info, annotations=(Annotation(label="text_line", box=(5.0, 5.0, 50.0, 20.0), score=0.5),))
    pixels = np.full((80, 60, 3), 200, np.uint8)
    return SeenPage(record=record, network_size=80, page=Page(info=info, pixels=pixels))


def test_pages_of_pdfs_get_pictures(tmp_path: Path) -> None:
    out = tmp_path / "labels"
    sink = PageFilesSink(PAGE_FORMATS["labelme"], out)
    sink.start(HEADER)
    Image.new("RGB", (60, 80)).save(tmp_path / "b.png")
    for page in (seen(tmp_path / "a.pdf", 1), seen(tmp_path / "a.pdf", 2), seen(tmp_path / "b.png", None)):
        sink.add(page)
    assert not out.exists()
    sink.finish()
    assert sorted(path.name for path in out.iterdir()) == [
        *("a-p001.jpg", "a-p001.json", "a-p002.jpg", "a-p002.json", "b.json")
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.png", "labels"]
    data = json.loads((out / "a-p002.json").read_text())
    with Image.open(out / data["imagePath"]) as image:
        assert image.size == (60, 80)
        assert image.info["dpi"] == (150, 150)
    pages = read_dataset(tmp_path, "labelme").pages
    assert [page.info.source for page in pages] == ["labels/a-p001.jpg", "labels/a-p002.jpg", "b.png"]
    assert [page.info.page for page in pages] == [None, None, None]
    assert [page.group for page in pages] == [str(tmp_path / "a.pdf"), str(tmp_path / "a.pdf"), None]


def test_nothing_stays_of_a_run_that_failed(tmp_path: Path) -> None:
    sink = PageFilesSink(PAGE_FORMATS["labelme"], tmp_path / "labels")
    sink.start(HEADER)
    sink.add(seen(tmp_path / "a.pdf", 1))
    sink.discard()
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_cannot_be_written(tmp_path: Path) -> None:
    pictures = PagePictures(tmp_path)
    page = seen(tmp_path / "a.pdf", 1).page
    assert page is not None
    with pytest.raises(OutputError, match="O801"):
        pictures.add(page, "missing/a.jpg")
    pictures.discard()
