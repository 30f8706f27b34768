"""From every format to every other, by way of `convert`: shapes all accounted for, boxes where they were."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import FORMATS, read_dataset

TURNED = ((30.0, 20.0), (90.0, 60.0), (70.0, 90.0), (10.0, 50.0))
TRIANGLE = ((100.0, 10.0), (180.0, 20.0), (120.0, 90.0))
POLYGONS = FORMATS.keys() - {"yolo", "yolo_obb", "voc", "voc_from_0", "voc_from_1"}
"""Formats that hold outlines."""
BOXES = [(10, 20, 110, 50), (10, 60, 90, 80), (0, 0, 200, 100)]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same two pages in every format, each in a folder of its own with its images."""
    annotations = tuple(Annotation(label=label, box=box) for label, box in zip("bab", BOXES, strict=True))
    pages = (
        PageRecord(info=PageInfo(source="one.png", width=200, height=100), annotations=annotations),
        PageRecord(info=PageInfo(source="two.png", width=200, height=100), annotations=annotations[:1]),
    )
    found = {}
    for name, entry in FORMATS.items():
        folder = tmp_path_factory.mktemp(name)
        dataset = Dataset(classes=("a", "b"), pages=pages, root=folder)
        places = ["one.png", "two.png"] if entry.images is None else entry.images(dataset)
        for place in places:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (200, 100), 255).save(folder / place)
        found[name] = folder if entry.files else folder / entry.output
        entry.write(dataset, found[name])
    return found


@pytest.mark.parametrize(("before", "after"), list(product(FORMATS, FORMATS)))
def test_from_every_format_to_every_other(
    sources: dict[str, Path], before: str, after: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / ("" if FORMATS[after].files else FORMATS[after].output)
    words = ["convert", before, after, str(sources[before]), "--out", str(out), "--images", "copy", "--json"]
    assert main(words) == 0
    account = json.loads(capsys.readouterr().out)
    assert sum(row["count"] for row in account["shapes"]) == account["annotations"] == 4
    assert {row["outcome"] for row in account["shapes"]} == {"converted"}
    # With the images along, nothing else is needed.
    found = read_dataset(out, after)
    assert found.classes == ("a", "b")
    assert found.root is not None
    assert all((found.root / page.info.source).is_file() for page in found.pages)
    boxes = {Path(page.info.source).stem: sorted(item.box for item in page.annotations) for page in found.pages}
    assert boxes["one"] == [pytest.approx(box, abs=0.01) for box in sorted(BOXES)]
    assert boxes["two"] == [pytest.approx(BOXES[0], abs=0.01)]


@pytest.fixture(scope="module")
def outlined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A turned box, a triangle and a box in every format that holds outlines."""
    annotations = (
        Annotation(label="a", box=(10, 20, 90, 90), polygon=TURNED),
        Annotation(label="b", box=(100, 10, 180, 90), polygon=TRIANGLE),
        Annotation(label="a", box=BOXES[0]),
    )
    found = {}
    for name in sorted(POLYGONS):
        entry = FORMATS[name]
        folder = tmp_path_factory.mktemp(name)
        page = PageRecord(info=PageInfo(source="one.png", width=200, height=100), annotations=annotations)
        dataset = Dataset(classes=("a", "b"), pages=(page,), root=folder)
        (place,) = ["one.png"] if entry.images is None else entry.images(dataset)
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (200, 100), 255).save(folder / place)
        found[name] = folder if entry.files else folder / entry.output
        entry.write(dataset, found[name])
    return found


@pytest.mark.parametrize(("before", "after"), list(product(sorted(POLYGONS), FORMATS)))
def test_outlines_are_kept_or_their_loss_is_counted(
    outlined: dict[str, Path], before: str, after: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / ("" if FORMATS[after].files else FORMATS[after].output)
    words = ["convert", before, after, str(outlined[before]), "--out", str(out), "--images", "copy", "--json"]
    assert main(words) == 0
    account = json.loads(capsys.readouterr().out)
    counts: dict[str, int] = {}
    for row in account["shapes"]:
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + row["count"]
    lost = {"yolo_obb": 1}.get(after, 0 if after in POLYGONS else 2)
    assert counts == ({"converted": 3 - lost, "reduced": lost} if lost else {"converted": 3})
    (page,) = read_dataset(out, after).pages
    outlines = sorted(item.polygon for item in page.annotations if item.polygon is not None)
    kept = [[side for point in outline for side in point] for outline in outlines]
    if after in POLYGONS:
        assert kept == [pytest.approx(sum(outline, ()), abs=0.01) for outline in (TURNED, TRIANGLE)]
    elif after == "yolo_obb":
        # Of the triangle the smallest rectangle around it is upright.
        assert [len(outline) for outline in kept] == [8]
        assert sorted(kept[0]) == pytest.approx(sorted(sum(TURNED, ())), abs=0.01)
    else:
        assert kept == []
    boxes = sorted(tuple(round(side, 2) for side in item.box) for item in page.annotations)
    if after != "yolo_obb":
        around = sorted([(10, 20, 90, 90), (100, 10, 180, 90), BOXES[0]])
        assert boxes == [pytest.approx(box, abs=0.01) for box in around]
