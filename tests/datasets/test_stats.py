from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.advice import advise, shared_cells
from centernet_cli.datasets.stats import Spread, by_class, by_source, class_counts, histograms, summarise, tabulate


def page(name, *shapes, width=1000, height=1400):
    annotations = tuple(Annotation(label=label, box=box) for label, box in shapes)
    return PageRecord(info=PageInfo(source=name, width=width, height=height), annotations=annotations)


def dataset(*pages, classes=("line", "table")):
    return Dataset(classes=classes, pages=pages)


LINE = ("line", (100.0, 100.0, 600.0, 114.0))
TABLE = ("table", (100.0, 200.0, 900.0, 900.0))


def test_counts():
    table = tabulate(
        [
            ("a", dataset(page("book-1.png", LINE, LINE, TABLE), page("book-2.png"))),
            ("b", dataset(page("x.png", LINE))),
        ]
    )
    whole = summarise(table)
    assert (whole.pages, whole.documents, whole.empty, whole.boxes) == (3, 2, 1, 4)
    assert whole.per_page == Spread(0, 0, 1, 3, 3)
    assert whole.page_width.median == 1000
    first, second = by_source(table)
    assert (first.pages, first.boxes, second.pages, second.boxes) == (2, 3, 1, 1)
    line, tables = by_class(table)
    assert (line.name, line.pages, line.boxes, line.height.median) == ("line", 2, 3, 14)
    assert line.thickness.median == 1
    assert (tables.pages, tables.boxes, tables.area.median) == (1, 1, 40)
    assert class_counts(table) == {"a": {"line": 2, "table": 1}, "b": {"line": 1, "table": 0}}


def test_nothing():
    table = tabulate([("a", dataset())])
    assert summarise(table).boxes == 0
    assert by_source(table)[0].per_page == Spread(0, 0, 0, 0, 0)
    assert histograms(table) == []
    assert advise(table) == []
    assert summarise(tabulate([("a", dataset(page("a.png")))])).empty == 1


def values(table):
    return {each.key: each.value for each in advise(table)}


def test_advice_for_lines():
    lines = [("line", (100.0, 40.0 * row, 900.0, 40.0 * row + 14)) for row in range(34)]
    found = values(tabulate([("a", dataset(page("a.png", *lines)))]))
    assert found == {
        "train.page_size": 896,
        "augment.mode": "crop",
        "train.input": [640, 448],
        "decode.top_k": 300,
        "eval.max_dets": 300,
        "model.stride": 4,
    }
    small = [("line", (100.0, 10.0 * row, 900.0, 10.0 * row + 5)) for row in range(200)]
    found = values(tabulate([("a", dataset(page("a.png", *small, width=2000, height=4000)))]))
    assert found["train.page_size"] == 2048
    assert found["decode.top_k"] == 400


def test_tables_need_whole_pages():
    found = values(tabulate([("a", dataset(page("a.png", *[LINE] * 9, *[TABLE] * 5)))]))
    assert (found["augment.mode"], found["train.input"]) == ("page", [640, 896])


@pytest.mark.parametrize(("apart", "shared"), [(0.0, 1), (1.0, 1), (8.0, 0)])
def test_cells_that_boxes_share(apart, shared):
    boxes = [
        ("line", (0.0, 0.0, 10.0, 4.0)),
        ("line", (apart, 0.0, 10.0 + apart, 4.0)),
        ("table", (0.0, 0.0, 10.0, 4.0)),
    ]
    table = tabulate([("a", dataset(page("a.png", *boxes)))])
    assert shared_cells(table, 1400, 4) == shared


shape = st.tuples(
    st.sampled_from(["line", "table", "other"]),
    st.tuples(st.floats(0, 90), st.floats(0, 90), st.floats(0.001, 50), st.floats(0.001, 50)).map(
        lambda sides: (sides[0], sides[1], sides[0] + sides[2] + 0.001, sides[1] + sides[3] + 0.001)
    ),
)
pages = st.lists(st.lists(shape, max_size=6), max_size=4)


@given(st.lists(pages, min_size=1, max_size=3))
def test_sums_are_the_same_however_they_are_taken(sources):
    table = tabulate(
        [
            (
                f"s{number}",
                dataset(*(page(f"{index}.png", *shapes, width=100, height=100) for index, shapes in enumerate(found))),
            )
            for number, found in enumerate(sources)
        ]
    )
    whole = summarise(table)
    assert (
        whole.boxes == sum(group.boxes for group in by_source(table)) == sum(group.boxes for group in by_class(table))
    )
    assert whole.boxes == sum(sum(found.values()) for found in class_counts(table).values())
    for each in histograms(table):
        assert np.all(np.diff(each.edges) > 0)
        expected = (
            len(table.sizes)
            if "page" in each.name and "boxes over" not in each.name and "shorter" not in each.name
            else whole.boxes
        )
        assert sum(map(sum, each.counts.values())) == expected
    for advice in advise(table):
        assert advice.why
