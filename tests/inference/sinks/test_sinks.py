from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.errors import OutputError
from centernet_cli.core.records import Annotation, Dataset, Failure, PageInfo, PageRecord
from centernet_cli.core.strict_json import encode_json
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.datasets.formats.coco import dataset_to_coco
from centernet_cli.datasets.formats.labelme_write import write_labelme
from centernet_cli.inference.output import open_sink, pick_target
from centernet_cli.inference.sinks.sink import Header, SeenPage

HEADER = Header(classes=("text_line", "other"), info={"program": "centernet", "threshold": 0.5, "note": None})
NAMES = st.sampled_from(["a.png", "b/ä.pdf", 'x\'"},{"y.jpg', "bad-\udcff.tif", "null.png"])
BOX = st.tuples(st.floats(0, 99), st.floats(0, 99), st.floats(100, 200), st.floats(100, 200))
ANNOTATION = st.builds(
    lambda label, box, score: Annotation(label=label, box=box, score=score),
    st.sampled_from(HEADER.classes),
    BOX,
    st.floats(0, 1),
)


def page(name: str = "a.png", number: int | None = None, annotations: tuple[Annotation, ...] = ()) -> SeenPage:
    info = PageInfo(source=name, width=200, height=300, page=number, dpi=None if number is None else 144.5)
    return SeenPage(record=PageRecord(info=info, annotations=annotations), network_size=1024)


PAGE = st.builds(page, NAMES, st.sampled_from([None, 1, 12]), st.lists(ANNOTATION, max_size=3).map(tuple))
FAILURE = st.builds(lambda name: Failure(source=name, code="I101", message="broken"), NAMES)
LINE = Annotation(label="text_line", box=(1.0, 2.0, 30.0, 9.5), score=0.75)


def write(kind: str, out: Path | None, items: Sequence[SeenPage | Failure]) -> None:
    sink = open_sink(pick_target(kind, str(out)))
    started = False
    try:
        for item in items:
            if isinstance(item, Failure):
                sink.fail(item)
                continue
            if not started:
                sink.start(HEADER)
                started = True
            sink.add(item)
        sink.finish()
    except OutputError:
        sink.discard()
        raise


@given(items=st.lists(PAGE | FAILURE, max_size=6), first=PAGE)
def test_coco_is_what_writing_all_at_once_gives(tmp_path_factory, items, first) -> None:
    out = tmp_path_factory.mktemp("coco") / "boxes.json"
    write("coco", out, [first, *items])
    pages = [first, *(item for item in items if isinstance(item, SeenPage))]
    whole: Any = dataset_to_coco(
        Dataset(
            classes=HEADER.classes,
            pages=tuple(one.record for one in pages),
            failures=tuple(item for item in items if isinstance(item, Failure)),
            info=HEADER.info,
        )
    )
    for image in whole["images"]:
        image["network_size"] = 1024
    assert out.read_bytes() == encode_json(whole).encode("utf-8", "backslashreplace")


def test_labelme_is_what_writing_all_at_once_gives(tmp_path: Path) -> None:
    items = [page("x/a.png", annotations=(LINE,)), page("y/a.png"), page("c.pdf", 2)]
    write("labelme", tmp_path / "one", items)
    write_labelme(Dataset(classes=HEADER.classes, pages=tuple(item.record for item in items)), tmp_path / "all")
    files = sorted(path.name for path in (tmp_path / "all").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 3
    for name in files:
        assert (tmp_path / "one" / name).read_text() == (tmp_path / "all" / name).read_text()


def test_json_lines_can_be_read_while_they_are_written(tmp_path: Path) -> None:
    out = tmp_path / "boxes.jsonl"
    sink = open_sink(pick_target("jsonl", str(out)))
    sink.fail(Failure(source="bad.png", code="I101", message="broken"))
    assert not out.exists()
    sink.start(HEADER)
    sink.add(page(annotations=(LINE,)))
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["status"] for line in lines] == ["failed", "ok"]
    assert lines[1]["network_size"] == 1024
    sink.add(page("b.pdf", 3))
    assert len(out.read_text().splitlines()) == 3
    sink.finish()
    dataset = read_dataset(out, "jsonl")
    assert [record.info.name for record in dataset.pages] == ["a.png", "b.pdf#3"]
    assert dataset.pages[0].annotations == (LINE,)
    assert dataset.failures[0].code == "I101"


@pytest.mark.skipif(sys.platform == "win32", reason="open files stay")
@pytest.mark.parametrize("replaced", [False, True])
def test_json_lines_that_are_gone_are_told(tmp_path: Path, replaced: bool) -> None:
    out = tmp_path / "boxes.jsonl"
    sink = open_sink(pick_target("jsonl", str(out)))
    sink.start(HEADER)
    sink.add(page())
    out.unlink()
    if replaced:
        out.write_text("mine")
    with pytest.raises(OutputError, match="O801"):
        sink.finish()
    sink.discard()
    assert out.exists() == replaced


@pytest.mark.parametrize(("kind", "name"), [("coco", "x.json"), ("jsonl", "x.jsonl"), ("labelme", "x")])
@pytest.mark.parametrize("interrupted", [False, True])
def test_what_is_discarded_leaves_nothing(tmp_path: Path, kind: str, name: str, interrupted: bool) -> None:
    sink = open_sink(pick_target(kind, str(tmp_path / name)))
    sink.start(HEADER)
    sink.add(page())
    sink.discard(interrupted=interrupted)
    left = [path.name for path in tmp_path.iterdir()]
    assert left == (["x.jsonl"] if interrupted and kind == "jsonl" else [])


def test_an_earlier_output_stays_if_no_page_succeeds(tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    out.write_text("before\n")
    sink = open_sink(pick_target("jsonl", str(out)))
    sink.fail(Failure(source="bad.png", code="I101", message="broken"))
    sink.discard()
    assert out.read_text() == "before\n"


def test_tiles_are_told(tmp_path: Path) -> None:
    seen = SeenPage(record=page().record, network_size=4096, tiles=(3, 2))
    write("coco", tmp_path / "x.json", [seen])
    (image,) = json.loads((tmp_path / "x.json").read_text())["images"]
    assert (image["network_size"], image["tiles"]) == (4096, [3, 2])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("kind", ["coco", "jsonl"])
def test_a_full_disk_is_an_output_error(kind: str) -> None:
    with pytest.raises(OutputError):
        write(kind, Path("/dev/full"), [page()])
