"""What is written is read back, equal up to what the format can hold."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from centernet_cli.core.records import Annotation, Dataset, Failure, PageInfo, PageRecord, RunLengths
from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
from centernet_cli.datasets.formats.fit_masks import outline_box
from centernet_cli.datasets.formats.mask_pixels import mask_of
from centernet_cli.datasets.formats.tally import Tally

# Multiples of 1/16 px are exact in floats and, within four digits, in the files.
COORDINATE = st.integers(0, 16 * 2000).map(lambda value: value / 16)
LABEL = st.text(min_size=1, max_size=8) | st.sampled_from(["title", "Title ", "../x", "<script>", "no", "=1"])
# File systems differ in what they take: letters, digits and a few awkward ones are enough here.
FILE_NAME = st.text(alphabet="abcXYZ019 -_.#~é文", min_size=1, max_size=12).filter(
    lambda name: name.strip(" .") and not name.startswith("._")
)
FOLDER_NAME = FILE_NAME.filter(lambda name: not name.startswith("."))
SOURCE = FILE_NAME | st.tuples(FOLDER_NAME, FILE_NAME).map("/".join)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[float, float, float, float]:
    (x0, x1), (y0, y1) = (sorted(draw(st.lists(COORDINATE, min_size=2, max_size=2, unique=True))) for _ in range(2))
    return (x0, y0, x1, y1)


@st.composite
def polygons(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    points = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=8)
    found = draw(points.filter(lambda some: len({x for x, _ in some}) > 1 and len({y for _, y in some}) > 1))
    return tuple(found)


@st.composite
def run_lengths(draw: st.DrawFn, width: int, height: int) -> RunLengths:
    """Draw a few pixels of a page."""
    pixels = draw(arrays(np.bool_, (draw(st.integers(1, 9)), draw(st.integers(1, 9)))).filter(lambda some: some.any()))
    left, top = draw(st.integers(0, width - pixels.shape[1])), draw(st.integers(0, height - pixels.shape[0]))
    mask = mask_of(pixels, left, top, (width, height))
    assert mask is not None
    return replace(mask, as_numbers=draw(st.booleans()))


@st.composite
def labelled(draw: st.DrawFn, labels: list[str], width: int, height: int) -> Annotation:
    polygon = draw(st.none() | polygons())
    mask = None
    if polygon is None:
        mask = draw(st.none() | st.lists(polygons(), min_size=2, max_size=3).map(tuple) | run_lengths(width, height))
    drawn = Annotation(label="", box=(0, 0, 0, 0), polygon=polygon, mask=mask)
    return Annotation(
        label=draw(st.sampled_from(labels)),
        box=outline_box(drawn) or draw(boxes()),
        polygon=polygon,
        mask=mask,
        score=draw(st.none() | st.integers(0, 10_000).map(lambda value: value / 10_000)),
        crowd=draw(st.booleans()),
    )


@st.composite
def datasets(draw: st.DrawFn, root: Path | None = Path()) -> Dataset:
    labels = draw(st.lists(LABEL, min_size=1, max_size=4, unique=True))
    sizes = st.integers(2001, 9000)
    sources = draw(st.lists(SOURCE, max_size=4, unique_by=str.casefold))
    pages = []
    for source in sources:
        info = PageInfo(
            source=source,
            width=draw(sizes),
            height=draw(sizes),
            page=draw(st.none() | st.integers(1, 5000)),
            dpi=draw(st.none() | st.floats(1, 1200)),
            width_pt=draw(st.none() | st.floats(1, 14_400)),
            rotation=draw(st.sampled_from([0, 90, 180, 270])),
            orientation=draw(st.integers(1, 8)),
        )
        found = draw(st.lists(labelled(labels, info.width, info.height), max_size=5))
        pages.append(PageRecord(info=info, annotations=tuple(found), group=draw(st.none() | st.text(max_size=5))))
    return Dataset(classes=tuple(labels), pages=tuple(pages), root=root)


def back(dataset: Dataset, *formats: str) -> Dataset:
    """Write and read a dataset in several formats, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(formats):
            path = Path(folder, str(number), *([] if name == "labelme" else ["annotations.json"]))
            FORMATS[name].write(replace(dataset, root=dataset.root and path.parent), path)
            if dataset.pages:
                assert detect_format(path) == name
            tally = Tally()
            dataset = read_dataset(path, name, tally=tally)
            assert tally.total() == tally.total("converted") == sum(len(page.annotations) for page in dataset.pages)
    return dataset


def by_name(dataset: Dataset) -> Dataset:
    """Bring a dataset into the form that labelme can hold: classes that occur, by name; pages in any order."""
    used = {annotation.label for page in dataset.pages for annotation in page.annotations}
    pages = sorted(dataset.pages, key=lambda page: page.info.name)
    return replace(dataset, classes=tuple(sorted(used)), pages=tuple(pages), root=None)


@given(datasets())
@settings(deadline=None, max_examples=25)
def test_coco_holds_everything(dataset: Dataset) -> None:
    assert replace(back(dataset, "coco"), root=dataset.root) == dataset


@given(datasets(root=None), st.text(max_size=5))
@settings(deadline=None, max_examples=25)
def test_coco_holds_predictions(dataset: Dataset, text: str) -> None:
    failure = Failure(source=f"/somewhere/{text}", code="I101", message=text, page=3)
    dataset = replace(dataset, failures=(failure,), info={"model": {"name": text}, "threshold": 0.25})
    if dataset.pages:
        assert back(dataset, "coco") == dataset


@given(datasets().filter(lambda dataset: dataset.pages))
@settings(deadline=None, max_examples=25)
def test_labelme_holds_all_but_the_order_of_classes_and_pages(dataset: Dataset) -> None:
    assert by_name(back(dataset, "labelme")) == by_name(dataset)
    assert by_name(back(dataset, "labelme", "labelme")) == by_name(dataset)


@given(datasets().filter(lambda dataset: dataset.pages))
@settings(deadline=None, max_examples=25)
def test_coco_through_labelme_and_back(dataset: Dataset) -> None:
    assert by_name(back(dataset, "coco", "labelme", "coco")) == by_name(dataset)
