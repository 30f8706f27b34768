"""Hostile datasets for training, judging and checking (cases 27, 28 and 30), as people would run into them."""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from centernet_cli.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOX = {"image_id": 0, "category_id": 1, "bbox": [1, 1, 50, 9]}


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """The program leaves its own SIGTERM handler behind."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def dataset(folder: Path, names: list[str], boxes: list[dict[str, Any]], classes: tuple[str, ...] = ("a",)) -> Path:
    """Write a COCO dataset of noise."""
    folder.mkdir()
    for seed, name in enumerate(names):
        noise = np.random.default_rng([seed, *folder.name.encode()]).integers(0, 256, (80, 100), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    value = {
        "images": [{"id": number, "file_name": name, "width": 100, "height": 80} for number, name in enumerate(names)],
        "categories": [{"id": number, "name": name} for number, name in enumerate(classes, start=1)],
        "annotations": [{"id": number, **box} for number, box in enumerate(boxes)],
    }
    (folder / "annotations.json").write_text(json.dumps(value))
    return folder


def train(tmp_path: Path, sources: dict[str, list[Path]]) -> int:
    """Start a training that must not come to a run."""
    data = {"classes": ["a"], **{split: [{"path": str(path)} for path in paths] for split, paths in sources.items()}}
    (tmp_path / "r.yaml").write_text(json.dumps({"name": "x", "data": data}))
    return main(["train", str(tmp_path / "r.yaml"), "--out", str(tmp_path / "run"), "--device", "cpu"])


def shown_once(capsys: pytest.CaptureFixture[str], start: str) -> None:
    """Check that the last thing said is one line that begins so, and no traceback."""
    heard = capsys.readouterr().err
    assert "Traceback" not in heard
    assert [line for line in heard.splitlines() if line.startswith(start)], heard


@pytest.mark.parametrize(
    ("names", "boxes"),
    [([], []), (["a.png", "b.png"], []), (["a.png"], [{**BOX, "iscrowd": 1}])],
    ids=["no pages", "no boxes", "only crowds"],
)
def test_nothing_to_train_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: list[str], boxes: list[dict[str, Any]]
) -> None:
    """Case 28."""
    folder = dataset(tmp_path / "data", names, boxes)
    assert train(tmp_path, {"train": [folder], "val": [folder]}) == 4
    shown_once(capsys, f"{folder}: D030 ")
    assert not (tmp_path / "run").exists()


def test_an_empty_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Case 28."""
    full, empty = dataset(tmp_path / "full", ["a.png"], [BOX]), dataset(tmp_path / "empty", [], [])
    for sources in ({"train": [full], "val": [empty]}, {"train": [full, empty]}):
        assert train(tmp_path, sources) == 4
        shown_once(capsys, f"{empty}: D030 ")
    assert main(["data", "check", str(full), str(empty)]) == 10
    assert f"{empty}: D030 error" in capsys.readouterr().out
    for words in (["convert", "coco", "yolo"], ["data", "split"], ["data", "sample", "--count", "3"]):
        assert main([*words, str(empty), "--out", str(tmp_path / "out")]) == 4
        shown_once(capsys, f"{empty}: D030 ")
        assert not (tmp_path / "out").exists()


def test_pages_without_boxes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Case 28."""
    folder = dataset(tmp_path / "data", ["a.png", "b.png"], [BOX])
    assert main(["data", "check", str(folder), "--strict"]) == 0
    assert "D044 info: page without boxes" in capsys.readouterr().out


def test_classes_of_model_and_data_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Case 27: side by side, and exit code 6."""
    folder = dataset(tmp_path / "data", ["a.png"], [BOX], ("dog", "cat"))
    assert main(["evaluate", "lines", str(folder), "--device", "cpu"]) == 6
    heard = capsys.readouterr()
    assert "lines: M502 " in heard.err
    rows = [line.split() for line in (heard.out + heard.err).splitlines()]
    assert ["text_line", "dog"] in rows
    assert ["cat"] in rows


def test_classes_of_recipe_and_data_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Case 27: in training."""
    folder = dataset(tmp_path / "data", ["a.png"], [BOX], ("dog", "cat"))
    assert train(tmp_path, {"train": [folder]}) == 4
    shown_once(capsys, f"{folder}: D035 no class in common: the dataset has ['cat', 'dog'], the recipe ['a']")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "options", "code"),
    [("none", [], "D050"), ("quality", ["--pixels"], "D051"), ("scale", ["--pixels"], "D051")],
)
def test_the_same_image_in_two_splits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, options: list[str], code: str
) -> None:
    """Case 30: by bytes, and by a perceptual hash."""
    first, second = dataset(tmp_path / "train", ["a.jpg"], [BOX]), dataset(tmp_path / "val", ["b.jpg"], [BOX])
    page = Image.new("L", (1000, 800), 255)
    for number in range(14):
        length = 200 + (number * 379) % 700
        page.paste(40, (50, 50 + number * 50, 50 + length, 70 + number * 50))
    page.save(first / "a.jpg", quality=90)
    if change == "none":
        shutil.copy(first / "a.jpg", second / "b.jpg")
    else:
        copy = page if change == "quality" else page.resize((700, 560))
        copy.save(second / "b.jpg", quality=60)
    for folder in (first, second):
        with Image.open(next(folder.glob("*.jpg"))) as image:
            width, height = image.size
        file = folder / "annotations.json"
        file.write_text(file.read_text().replace('"width": 100, "height": 80', f'"width": {width}, "height": {height}'))
    assert main(["data", "check", str(first), str(second), "--strict", *options]) == 10
    assert f"{second}: {code} " in capsys.readouterr().out
