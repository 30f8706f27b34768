"""Parquet keeps everything that records hold; other people's files are refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.errors import InputError, MissingRequirementError, OutputError
from centernet_cli.core.records import Annotation, Dataset, Failure, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format, read_dataset
from centernet_cli.datasets.formats.parquet import ROWS, read_parquet, write_parquet
from centernet_cli.inference.output import open_sink, pick_target
from centernet_cli.inference.sinks.sink import Header, SeenPage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
SIDE = st.floats(0, 90)
ANNOTATION = st.builds(
    lambda label, x, y, score, crowd, polygon: Annotation(
        label=label,
        box=(x, y, x + 5, y + 9.5),
        score=score,
        crowd=crowd,
        polygon=((x, y), (x + 5, y), (x, y + 9.5)) if polygon else None,
    ),
    TEXT,
    SIDE,
    SIDE,
    st.none() | st.floats(0, 1),
    st.booleans(),
    st.booleans(),
)
INFO = st.builds(
    PageInfo,
    source=TEXT.map(lambda text: f"x{text}.png"),
    width=st.integers(100, 9000),
    height=st.integers(100, 9000),
    page=st.none() | st.integers(1, 9999),
    dpi=st.none() | st.floats(1, 1200),
    width_pt=st.none() | st.floats(1, 9e3),
    rotation=st.sampled_from([0, 90]),
    orientation=st.integers(1, 8),
)
PAGE = st.builds(PageRecord, info=INFO, annotations=st.lists(ANNOTATION, max_size=3).map(tuple), group=st.none() | TEXT)
FAILURE = st.builds(Failure, source=TEXT, code=st.just("I101"), message=TEXT, page=st.none() | st.integers(1, 9))


@given(pages=st.lists(PAGE, max_size=4), failures=st.lists(FAILURE, max_size=2))
def test_predictions_are_read_back_as_they_were(tmp_path_factory, pages, failures) -> None:
    path = tmp_path_factory.mktemp("p") / "b.parquet"
    classes = tuple(sorted({found.label for page in pages for found in page.annotations}))
    info: dict[str, object] = {"program": "centernet", "options": {"dpi": None}}
    dataset = Dataset(classes=classes, pages=tuple(pages), failures=tuple(failures), info=info)
    write_parquet(dataset, path)
    assert detect_format(path) == "parquet"
    assert read_dataset(path) == dataset


def test_truth_names_files_below_the_folder(tmp_path: Path) -> None:
    page = PageRecord(info=PageInfo(source="a/b.png", width=9, height=9))
    write_parquet(Dataset(classes=("x",), pages=(page,), root=tmp_path), tmp_path / "b.parquet")
    assert read_parquet(tmp_path).root == tmp_path
    out = PageRecord(info=PageInfo(source="../b.png", width=9, height=9))
    write_parquet(Dataset(classes=("x",), pages=(out,), root=tmp_path), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="X310"):
        read_parquet(tmp_path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    pa.parquet.write_table(pa.table({"source": ["a.png"]}), path)
    with pytest.raises(InputError, match="D001"):
        read_parquet(path)
    for content in (b"", b"PAR1", b"PAR1PAR1PAR1", b"PAR1" + b"\xff" * 40 + b"PAR1", b"{}"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="J401"):
            read_parquet(path)
        with pytest.raises(InputError, match="D031"):
            detect_format(path)


def test_without_pyarrow_the_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingRequirementError, match=r"E712.*centernet-cli\[parquet\]"):
        open_sink(pick_target("parquet", str(tmp_path / "b.parquet")))
    assert list(tmp_path.iterdir()) == []


def seen(number: int) -> SeenPage:
    info = PageInfo(source=f"bad\udcff{number}.png", width=200, height=300)
    found = (Annotation(label="x", box=(1, 2, 3, 4), score=0.5),)
    return SeenPage(record=PageRecord(info=info, annotations=found), network_size=320)


def test_pages_are_written_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    sink = open_sink(pick_target("auto", str(path)))
    sink.fail(Failure(source="x", code="I101", message="first"))
    sink.start(Header(classes=("x",), info={}))
    for number in range(ROWS + 3):
        sink.add(seen(number))
    assert not path.exists()
    sink.finish()
    file = pa.parquet.ParquetFile(path)
    assert file.num_row_groups == 2
    assert file.read().column("network_size").to_pylist()[1:3] == [320, 320]
    found = read_parquet(path)
    assert len(found.pages) == ROWS + 3
    assert found.pages[0].info.source == "bad\\udcff0.png"
    assert len(found.failures) == 1


@pytest.mark.parametrize("started", [False, True])
def test_what_is_discarded_leaves_nothing(tmp_path: Path, started: bool) -> None:
    sink = open_sink(pick_target("auto", str(tmp_path / "b.parquet")))
    if started:
        sink.start(Header(classes=("x",), info={}))
        sink.add(seen(1))
    sink.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = open_sink(pick_target("auto", str(tmp_path / "b.parquet")))
    sink.start(Header(classes=("x",), info={}))
    sink.add(seen(1))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pa.parquet.ParquetWriter, "write_table", full)
    with pytest.raises(OutputError, match=r"O801.*no space left"):
        sink.finish()
    sink.discard()
    assert list(tmp_path.iterdir()) == []
