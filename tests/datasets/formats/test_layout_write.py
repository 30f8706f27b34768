"""What page formats write is read back, equal up to what they can hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
from centernet_cli.datasets.formats.layout_write import arrange, level_of, short
from centernet_cli.datasets.formats.tally import Tally


@pytest.mark.parametrize(
    ("label", "level"),
    [
        ("text_line", "line"),
        ("TextLine", "line"),
        ("handwritten-line", "line"),
        ("lines", "line"),
        ("word", "word"),
        ("text", "region"),
        ("headline", "region"),
        ("outline", "region"),
        ("", "region"),
    ],
)
def test_levels_by_class(label: str, level: str) -> None:
    assert level_of(label) == level


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.00001, "0"), (10, "10"), (100, "100"), (0.5, "0.5"), (1 / 3, "0.3333"), (1e6, "1000000")],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short(value) == text


def test_loose_lines_are_kept_together_where_they_are_read() -> None:
    def line(y: float) -> Annotation:
        return Annotation(label="text_line", box=(0, y, 100, y + 10))

    table = Annotation(label="table", box=(0, 30, 100, 60))
    blocks = arrange([line(70), table, line(0), line(40), line(15)])
    assert [block.annotation for block in blocks] == [None, table, None]
    assert [[row.box[1] for row in block.rows] for block in blocks] == [[0, 15], [40], [70]]
    assert blocks[0].box == (0, 0, 100, 25)


LABEL = st.sampled_from(
    [
        "text_line",
        "text",
        "title",
        "list",
        "table",
        "figure",
        "other",
        "word",
        "a ",
        "<script>",
        "no",
        "structure {type:x;}",
    ]
) | st.text(max_size=6)
COORDINATE = st.integers(0, 16 * 900).map(lambda value: value / 16)
NAMES = st.text(alphabet="abXY01 -_.#~é文'\";&<\n", min_size=1, max_size=10).filter(
    lambda name: name.strip(" .\n") and not name.startswith("._") and not name.endswith((" ", "\n"))
)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    pages = []
    for source in draw(st.lists(NAMES, min_size=1, max_size=2, unique_by=str.casefold)):
        info = PageInfo(
            source=source,
            width=900,
            height=1000,
            page=draw(st.none() | st.integers(1, 5000)),
            dpi=draw(st.none() | st.floats(1, 1200)),
            width_pt=draw(st.none() | st.floats(1, 14_400)),
            rotation=draw(st.sampled_from([0, 90])),
            orientation=draw(st.integers(1, 8)),
        )
        annotations = []
        for _ in range(draw(st.integers(0, 5))):
            xs, ys = (draw(st.lists(COORDINATE, min_size=3, max_size=3, unique=True)) for _ in range(2))
            polygon = draw(st.none() | st.just(tuple(zip(xs, ys, strict=True))))
            score = draw(st.none() | st.integers(0, 10_000).map(lambda value: value / 10_000))
            box = (min(xs), min(ys), max(xs), max(ys))
            label, crowd = draw(LABEL), draw(st.booleans())
            annotations.append(Annotation(label=label, box=box, polygon=polygon, score=score, crowd=crowd))
        group = draw(st.none() | st.text(max_size=5))
        pages.append(PageRecord(info=info, annotations=tuple(annotations), group=group))
    labels = sorted({annotation.label for record in pages for annotation in record.annotations})
    return Dataset(classes=tuple(labels), pages=tuple(pages), root=Path())


def in_any_order(dataset: Dataset) -> Sequence[object]:
    return sorted(
        (str(page.info), str(page.group), sorted(map(str, page.annotations)), dataset.classes) for page in dataset.pages
    )


@given(datasets(), st.sampled_from(["page", "alto", "hocr"]))
@settings(max_examples=60)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset, name: str) -> None:
    folder = tmp_path_factory.mktemp("there")
    entry = FORMATS[name]
    assert entry.fit is not None
    fitted = entry.fit(dataset, Tally())
    again = Tally()
    assert entry.fit(fitted, again) == fitted
    assert again == Tally()
    entry.write(dataset, folder)
    assert detect_format(folder) == name
    tally = Tally()
    found = read_dataset(folder, name, tally=tally, level="all")
    assert in_any_order(found) == in_any_order(fitted)
    assert tally.total() == tally.total("converted") == sum(len(page.annotations) for page in fitted.pages)


def test_lines_of_tables_are_read_by_row_and_footers_last() -> None:
    def part(label: str, *box: float) -> Annotation:
        return Annotation(label=label, box=(box[0], box[1], box[2], box[3]))

    header, footer = part("header", 300, 0, 600, 10), part("footer", 310, 900, 390, 920)
    left, right = part("text", 0, 20, 290, 800), part("text", 310, 20, 600, 800)
    table = part("table", 0, 820, 600, 890)
    cells = [part("text_line", x, y, x + 100, y + 20) for y in (825, 860) for x in (10, 410)]
    blocks = arrange([footer, table, right, *reversed(cells), left, header])
    assert [block.annotation for block in blocks] == [header, left, right, table, footer]
    assert [row.annotation for row in blocks[3].rows] == cells


def test_what_is_in_a_header_is_read_with_it() -> None:
    def part(label: str, *box: float) -> Annotation:
        return Annotation(label=label, box=(box[0], box[1], box[2], box[3]))

    header, number = part("header", 0, 0, 600, 10), part("page-number", 550, 1, 590, 9)
    footer, mark = part("footer", 0, 900, 600, 930), part("text", 300, 905, 400, 925)
    left, right = part("text", 0, 20, 290, 800), part("text", 310, 20, 600, 800)
    blocks = arrange([mark, right, number, footer, left, header])
    assert [block.annotation for block in blocks] == [header, number, left, right, footer, mark]
