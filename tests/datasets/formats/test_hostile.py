"""Whatever the bytes of a dataset are, its reader gives a valid dataset or an error that names a code."""

from __future__ import annotations

import contextlib
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
from centernet_cli.datasets.formats.tally import Tally

# The three YOLOs have one reader.
NAMES = [name for name in FORMATS if name != "yolo_obb"]
# What numbers, texts and structure of the formats are replaced by.
PIECES = [
    b"",
    b"NaN",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"0",
    b"0.5.5",
    b"null",
    b"[]",
    b"{}",
    b'"',
    b"\xff\xfe",
    b"\x00",
    b"../../etc/passwd",
    b"/etc/passwd",
    b"file:///etc/passwd",
    b"<x>",
    b"</annotation>",
    b"&lol;",
    b"\n",
    b",",
    "é\u2028".encode(),
    b"\\ud800",
    b"1_0",
    b"true",
]


def sample(name: str, folder: Path) -> Path:
    """Write a small dataset with all there is; return its path."""
    entry = FORMATS[name]
    corners = ((20.0, 10.0), (60.0, 20.0), (55.0, 40.0), (15.0, 30.0))
    annotations = (
        Annotation(label="line", box=(5, 5, 90, 20), score=0.5),
        Annotation(label="a", box=(15, 10, 60, 40), polygon=corners),
        Annotation(label="a", box=(0, 0, 100, 50), crowd=True),
    )
    pages = tuple(
        PageRecord(info=PageInfo(source=f"{stem}.png", width=100, height=50), annotations=annotations)
        for stem in ("one", "two")
    )
    dataset = Dataset(classes=("line", "a"), pages=pages, root=folder)
    for place in ["one.png", "two.png"] if entry.images is None else entry.images(dataset):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("1", (100, 50)).save(folder / place)
    path = folder if entry.files else folder / entry.output
    entry.write(dataset, path)
    return path


def assert_valid(dataset: Dataset, tally: Tally) -> None:
    assert tally.total("converted", "reduced") == sum(len(page.annotations) for page in dataset.pages)
    for page in dataset.pages:
        assert page.info.width >= 1
        assert page.info.height >= 1
        if dataset.root is not None:
            inside = Path(dataset.root, page.info.source).resolve()
            assert inside.is_relative_to(dataset.root.resolve())
        for annotation in page.annotations:
            x0, y0, x1, y1 = annotation.box
            assert x0 < x1
            assert y0 < y1
            assert all(map(math.isfinite, annotation.box))
            assert annotation.score is None or 0 <= annotation.score <= 1
            assert annotation.label in dataset.classes
            points = annotation.polygon or ()
            assert annotation.polygon is None or len(points) >= 3
            assert all(math.isfinite(value) for point in points for value in point)


@st.composite
def damage(draw: st.DrawFn) -> list[tuple[float, int, bytes]]:
    """Return places in a file as shares of it, how many bytes to take away there, and what to put there."""
    piece = st.sampled_from(PIECES) | st.binary(max_size=4)
    return draw(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), piece), min_size=1, max_size=3))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
def test_damaged_files_give_a_dataset_or_an_input_error(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path = sample(name, folder)
        files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".png")
        file = data.draw(st.sampled_from(files))
        content = file.read_bytes()
        for where, count, piece in data.draw(damage()):
            start = int(where * len(content))
            content = content[:start] + piece + content[start + count :]
        file.write_bytes(content)
        detect(path)
        tally = Tally()
        with contextlib.suppress(InputError):
            assert_valid(read_dataset(path, name, tally=tally), tally)


def detect(path: Path) -> None:
    with contextlib.suppress(InputError):
        assert detect_format(path) in FORMATS


@pytest.mark.parametrize("name", NAMES)
@given(content=st.binary(max_size=60) | st.text(alphabet='{}[]":,0.1 \nabx<>/', max_size=60).map(str.encode))
@settings(deadline=None, max_examples=30)
def test_any_file_gives_a_dataset_or_an_input_error(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        file = Path(
            place, Path(FORMATS[name].output).with_suffix("").name + (Path(FORMATS[name].output).suffix or ".txt")
        )
        file.write_bytes(content)
        for path in (file, Path(place)):
            detect(path)
            tally = Tally()
            with contextlib.suppress(InputError):
                assert_valid(read_dataset(path, name, tally=tally), tally)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_there_is_an_input_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "nowhere.json", tmp_path / "nowhere", tmp_path / "empty"):
        with pytest.raises(InputError):
            read_dataset(path, name)
