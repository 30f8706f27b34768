"""Every format gives back what it can hold, and says beforehand what it cannot."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from centernet_cli.core.geometry import points_box
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord, Polygon, RunLengths
from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
from centernet_cli.datasets.formats.fit_masks import outline_box
from centernet_cli.datasets.formats.mask_pixels import mask_of
from centernet_cli.datasets.formats.tally import Tally

WITH_FIT = [name for name in FORMATS if FORMATS[name].fit is not None and not FORMATS[name].levels]
VARIANTS = {"yolo_obb", "yolo_segment", "voc_from_0", "voc_from_1"}
"""Recognised as what they are variants of."""
# Coordinates may leave the page by a little; multiples of 1/16 are exact.
COORDINATE = st.integers(-16 * 5, 16 * 205).map(lambda value: value / 16)
LABEL = st.text(min_size=1, max_size=8) | st.sampled_from(
    ["title", "Title ", "../x", "<script>", "no", "=1+1", "'=", "a,b"]
)
FILE_NAME = st.text(alphabet="abcXYZ019 -_.~é文=+@'\"&<", min_size=1, max_size=12).filter(
    lambda name: name.strip(" .") and not name.startswith((".", "_"))
)
SOURCE = (FILE_NAME | st.tuples(FILE_NAME, FILE_NAME).map("/".join)).map(lambda name: f"{name}.png")


@st.composite
def parts(draw: st.DrawFn) -> tuple[Polygon, ...]:
    """Draw triangles next to each other on the page."""
    found = []
    for left in range(0, 30 * draw(st.integers(2, 4)), 30):
        y, height, at = draw(st.integers(0, 100)), draw(st.integers(1, 99)), draw(st.integers(0, 20))
        found.append(((float(left), float(y)), (left + 20.0, float(y)), (float(left + at), float(y + height))))
    return tuple(found)


@st.composite
def shapes(draw: st.DrawFn, labels: list[str]) -> Annotation:
    points = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=6)
    on_page = points.map(points_box).filter(
        lambda box: box[0] < box[2] and box[1] < box[3] and box[0] < 199 and box[1] < 199 and box[2] > 1 and box[3] > 1
    )
    polygon = draw(st.none() | points)
    if polygon is not None:
        box = points_box(polygon)
        if not (
            box[2] - box[0] >= 1
            and box[3] - box[1] >= 1
            and box[2] > 1
            and box[3] > 1
            and box[0] < 199
            and box[1] < 199
        ):
            polygon = None
    mask: tuple[Polygon, ...] | RunLengths | None = None
    if polygon is None:
        pixels = arrays(np.bool_, (5, 6)).filter(lambda some: some.any())
        ranges = st.tuples(pixels, st.integers(0, 194), st.integers(0, 195), st.just((200, 200)))
        mask = draw(st.none() | parts() | ranges.map(lambda given: mask_of(*given)))
    drawn = Annotation(label="", box=(0, 0, 0, 0), polygon=None if polygon is None else tuple(polygon), mask=mask)
    return Annotation(
        label=draw(st.sampled_from(labels)),
        box=outline_box(drawn) or draw(on_page),
        polygon=drawn.polygon,
        mask=mask,
        score=draw(st.none() | st.integers(0, 1000).map(lambda value: value / 1000)),
        crowd=draw(st.booleans()),
    )


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    labels = draw(st.lists(LABEL, min_size=1, max_size=3, unique=True))
    pages = []
    for source in draw(st.lists(SOURCE, min_size=1, max_size=3, unique_by=str.casefold)):
        info = PageInfo(source=source, width=200, height=200, dpi=draw(st.none() | st.just(300.0)))
        found = draw(st.lists(shapes(labels), max_size=4))
        pages.append(PageRecord(info=info, annotations=tuple(found), group=draw(st.none() | st.just("book"))))
    return Dataset(classes=tuple(labels), pages=tuple(pages), root=Path())


def counted(dataset: Dataset) -> Tally:
    """Return the account of a reader that kept every shape whole."""
    tally = Tally()
    for page in dataset.pages:
        for annotation in page.annotations:
            outline = annotation.polygon is not None or annotation.mask is not None
            tally.converted("polygon" if outline else "box", annotation.label, outline=outline)
    return tally


def numbers(item: Annotation) -> list[float]:
    points = () if item.polygon is None else item.polygon
    return [*item.box, *(value for point in points for value in point), -1 if item.score is None else item.score]


def assert_same(found: Dataset, expected: Dataset) -> None:
    """Compare all but the root and the order of the pages, numbers to a five-hundredth of a pixel."""
    assert found.classes == expected.classes
    pages = {page.info.name: page for page in found.pages}
    assert len(pages) == len(found.pages)
    assert pages.keys() == {page.info.name for page in expected.pages}
    for page in expected.pages:
        other = pages[page.info.name]
        assert other.info == page.info
        assert other.group == page.group
        assert [(item.label, item.polygon is None, item.crowd) for item in other.annotations] == [
            (item.label, item.polygon is None, item.crowd) for item in page.annotations
        ]
        for one, two in zip(other.annotations, page.annotations, strict=True):
            assert numbers(one) == pytest.approx(numbers(two), abs=0.002)
            if isinstance(two.mask, tuple):
                assert isinstance(one.mask, tuple)
                assert list(map(len, one.mask)) == list(map(len, two.mask))
                flat = [[side for part in mask for point in part for side in point] for mask in (one.mask, two.mask)]
                assert flat[0] == pytest.approx(flat[1], abs=0.002)
            else:
                assert one.mask == two.mask


def write_read(name: str, dataset: Dataset, folder: Path) -> tuple[Dataset, Tally]:
    """Write a dataset with its images where the format wants them, and read it back."""
    entry = FORMATS[name]
    path = folder / ("data" if entry.files else entry.output)
    base = path if entry.files else folder
    base.mkdir(exist_ok=True)
    places = [page.info.source for page in dataset.pages] if entry.images is None else entry.images(dataset)
    for place, page in zip(places, dataset.pages, strict=True):
        (base / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("1", (page.info.width, page.info.height)).save(base / place, "PNG")
    entry.write(replace(dataset, root=base), path)
    tally = Tally()
    assert detect_format(path) == (name.partition("_")[0] if name in VARIANTS else name)
    found = read_dataset(path, name, tally=tally)
    names = {place: page.info.source for place, page in zip(places, dataset.pages, strict=True)}
    pages = tuple(replace(page, info=replace(page.info, source=names[page.info.source])) for page in found.pages)
    return replace(found, pages=pages), tally


@pytest.mark.parametrize("name", WITH_FIT)
@given(dataset=datasets())
@settings(deadline=None, max_examples=25)
def test_what_fits_comes_back(name: str, dataset: Dataset) -> None:
    tally = counted(dataset)
    total = tally.total()
    fit = FORMATS[name].fit
    assert fit is not None
    fitted = fit(dataset, tally)
    # Every shape is still accounted for, and those that are whole or reduced are there.
    assert tally.total() == total
    assert tally.total("converted", "reduced") == sum(len(page.annotations) for page in fitted.pages)
    again = Tally()
    assert_same(fit(fitted, again), fitted)
    assert not again.shapes
    assert not again.notes
    with tempfile.TemporaryDirectory() as folder:
        found, read = write_read(name, fitted, Path(folder))
    assert_same(found, fitted)
    assert read.total() == read.total("converted") == tally.total("converted", "reduced")


def test_a_smallest_rectangle_that_is_upright_but_for_rounding_is_a_box() -> None:
    corner = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 1.0625), (1.0625, 0.0))
    info = PageInfo(source="0.png", width=200, height=200)
    annotation = Annotation(label="a", box=(0.0, 0.0, 1.0625, 1.0625), polygon=corner)
    dataset = Dataset(classes=("a",), pages=(PageRecord(info=info, annotations=(annotation,)),))
    fit = FORMATS["yolo_obb"].fit
    assert fit is not None
    fitted = fit(dataset, Tally())
    with tempfile.TemporaryDirectory() as folder:
        found, _ = write_read("yolo_obb", fitted, Path(folder))
    assert_same(found, fitted)
