"""Training straight from every format that `convert` reads."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import yaml
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.recipe import FormatName
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.conversion import target_path
from centernet_cli.datasets.formats import FORMATS
from centernet_cli.datasets.formats.coco import write_coco
from centernet_cli.training.data import load_data

TINY = {
    "model": {"backbone": "mobilenet_v3_small", "neck_channels": 8, "head_channels": 8, "context_blocks": 0},
    "train": {"epochs": 1, "batch_size": 2, "input": [96, 64], "page_size": 96, "precision": "fp32"},
}


@pytest.fixture(autouse=True)
def _handlers():
    """The program leaves its own SIGTERM handler behind."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Four pages with a region and a line in it each, as COCO."""
    folder = tmp_path / "pages"
    folder.mkdir()
    records = []
    for number in range(4):
        name = f"doc{'ab'[number % 2]}_p{number}.png"
        pixels = np.full((64, 96, 3), 255, np.uint8)
        pixels[10:20, 10:60] = 0
        Image.fromarray(pixels).save(folder / name)
        boxes = (Annotation(label="text", box=(8, 8, 90, 40)), Annotation(label="text_line", box=(10, 10, 60, 20)))
        records.append(PageRecord(info=PageInfo(source=name, width=96, height=64), annotations=boxes))
    dataset = Dataset(classes=("text", "text_line"), pages=tuple(records), root=folder)
    write_coco(dataset, folder / "annotations.json")
    return folder / "annotations.json"


def recipe(tmp_path: Path, classes: list[str], **source: str) -> Path:
    data = {"classes": classes, "train": [source], "val": [dict(source)]}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump({"name": "tiny", "data": data, **TINY}))
    return path


def test_recipes_know_all_formats() -> None:
    assert get_args(FormatName) == ("auto", *FORMATS)


def converted(tmp_path: Path, pages: Path, name: str) -> str:
    """Convert to a format, with images; return where it is, seen from the folder of the recipe."""
    out = target_path(name, tmp_path / "data")
    assert main(["convert", "coco", name, str(pages), "--out", str(out), "--images", "copy"]) == 0
    return "data" if out.is_dir() else str(out.relative_to(tmp_path))


@pytest.mark.parametrize("name", FORMATS)
def test_pages_of_every_format(tmp_path: Path, pages: Path, name: str) -> None:
    if name == "parquet":
        pytest.importorskip("pyarrow")
    classes = ["text_line"] if FORMATS[name].levels else ["text", "text_line"]
    place = converted(tmp_path, pages, name)
    for more in ({}, {"format": name}):
        path = recipe(tmp_path, classes, path=place, **more)
        data = load_data(load_recipe(path))
        assert [len(page.boxes) for page in data.train] == [len(classes)] * 4
        assert {(page.width, page.height, page.path.is_file()) for page in data.train} == {(96, 64, True)}


@pytest.mark.parametrize("name", ["yolo", "page"])
def test_a_dry_run(tmp_path: Path, pages: Path, name: str) -> None:
    path = recipe(tmp_path, ["text_line"], path=converted(tmp_path, pages, name))
    assert main(["train", str(path), "--dry-run", "--device", "cpu"]) == 0


@pytest.mark.parametrize("name", ["page", "alto", "hocr"])
def test_the_level_of_page_formats(tmp_path: Path, pages: Path, name: str) -> None:
    path = recipe(tmp_path, ["text"], path=converted(tmp_path, pages, name), level="region")
    assert [len(page.boxes) for page in load_data(load_recipe(path)).train] == [1] * 4


def test_a_level_of_other_formats_is_refused(tmp_path: Path, pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe(tmp_path, ["text"], path=str(pages), level="region")
    assert main(["train", str(path), "--dry-run", "--device", "cpu"]) == 2
    assert "U304" in capsys.readouterr().err


def test_unknown_formats_are_named_with_their_line(
    tmp_path: Path, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recipe(tmp_path, ["text"], path=str(pages), format="yolov8")
    assert main(["recipe", "check", str(path)]) == 3
    shown = capsys.readouterr()
    assert "data.train.0.format" in shown.err
