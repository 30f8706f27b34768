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
