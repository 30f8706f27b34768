"""What is in datasets, in numbers: pages, boxes, sizes, and what that means for a recipe."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.datasets.documents import document_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Dataset

BINS = 24
_QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, tenth, middle, ninetieth percent and largest of some numbers; all 0 without any."""

    min: float
    p10: float
    median: float
    p90: float
    max: float

    @classmethod
    def of(cls, values: npt.ArrayLike) -> Spread:
        """Return the spread of numbers."""
        array = np.asarray(values, dtype=np.float64).ravel()
        if not array.size:
            return cls(0.0, 0.0, 0.0, 0.0, 0.0)
        # The nearest of the numbers themselves: between 3 and 4 boxes a page there is nothing.
        return cls(*(round(float(value), 4) for value in np.quantile(array, _QUANTILES, method="nearest")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Numbers of a source, of a class, or of all.

    Attributes:
        name: Of the source or class.
        pages: Pages; of a class, those that have it.
        documents: Documents that these are of.
        empty: Pages without boxes.
        boxes: Boxes.
        polygons: Boxes with an outline.
        crowds: Boxes that stand for many things.
        per_page: Boxes of a page.
        page_width: Pixels.
        page_height: Pixels.
        width: Of boxes, in pixels.
        height: Likewise.
        thickness: Shorter side of boxes in percent of the page's longer side: what decides how large the network must
            see a page.
        aspect: Width over height of boxes.
        area: Boxes' share of their page in percent.
    """

    name: str
    pages: int
    documents: int
    empty: int
    boxes: int
    polygons: int
    crowds: int
    per_page: Spread
    page_width: Spread
    page_height: Spread
    width: Spread
    height: Spread
    thickness: Spread
    aspect: Spread
    area: Spread


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges; `edges` are one more than `counts`."""

    name: str
    unit: str
    edges: tuple[float, ...]
    counts: dict[str, tuple[int, ...]]
    log: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """All boxes as arrays: `(N, 4)` xyxy, and for each its page, class, source; and all pages `(P, 2)`."""

    boxes: npt.NDArray[np.float64]
    page: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    polygon: npt.NDArray[np.bool_]
    crowd: npt.NDArray[np.bool_]
    sizes: npt.NDArray[np.float64]
    source: npt.NDArray[np.int64]
    document: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def thickness(self) -> npt.NDArray[np.float64]:
        """Shorter sides of boxes over the longer sides of their pages."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        shorter: npt.NDArray[np.float64] = sides.min(axis=1, initial=np.inf) / self.sizes.max(axis=1)[self.page]
        return shorter


def tabulate(parts: Sequence[tuple[str, Dataset]]) -> Table:
    """Return the boxes of datasets, given with their names, as arrays."""
    classes = dict.fromkeys(name for _, dataset in parts for name in dataset.classes)
    numbers = {name: index for index, name in enumerate(classes)}
    boxes: list[tuple[float, float, float, float]] = []
    columns: dict[str, list[int]] = defaultdict(list)
    sizes: list[tuple[int, int]] = []
    documents: dict[tuple[int, str], int] = {}
    for source, (_, dataset) in enumerate(parts):
        for page in dataset.pages:
            number = len(sizes)
            sizes.append((page.info.width, page.info.height))
            columns["source"].append(source)
            columns["document"].append(documents.setdefault((source, document_of(page)), len(documents)))
            for each in page.annotations:
                boxes.append(each.box)
                columns["page"].append(number)
                columns["label"].append(numbers.setdefault(each.label, len(numbers)))
                columns["polygon"].append(each.polygon is not None or each.mask is not None)
                columns["crowd"].append(each.crowd)
    return Table(
        np.array(boxes, dtype=np.float64).reshape(-1, 4),
        np.array(columns["page"], dtype=np.int64),
        np.array(columns["label"], dtype=np.int64),
        np.array(columns["polygon"], dtype=np.bool_),
        np.array(columns["crowd"], dtype=np.bool_),
        np.array(sizes, dtype=np.float64).reshape(-1, 2),
        np.array(columns["source"], dtype=np.int64),
        np.array(columns["document"], dtype=np.int64),
        tuple(numbers),
        tuple(name for name, _ in parts),
    )


def summarise(table: Table) -> Group:
    """Return the numbers of all sources together."""
    return _group("all", table, np.ones(len(table.boxes), dtype=bool), np.ones(len(table.sizes), dtype=bool))


def by_source(table: Table) -> list[Group]:
    """Return the numbers of each source."""
    of_box = table.source[table.page] if len(table.page) else np.zeros(0, dtype=np.int64)
    return [_group(name, table, of_box == number, table.source == number) for number, name in enumerate(table.sources)]


def by_class(table: Table) -> list[Group]:
    """Return the numbers of each class, on the pages that have it."""
    groups = []
    for number, name in enumerate(table.classes):
        mine = table.label == number
        pages = np.zeros(len(table.sizes), dtype=bool)
        pages[table.page[mine]] = True
        groups.append(_group(name, table, mine, pages))
    return groups


def class_counts(table: Table) -> dict[str, dict[str, int]]:
    """Return for each source how many boxes of each class it has."""
    counts = Counter(zip(table.source[table.page].tolist(), table.label.tolist(), strict=True))
    return {
        source: {name: counts[number, index] for index, name in enumerate(table.classes)}
        for number, source in enumerate(table.sources)
    }


PLOTS = (
    "boxes of a page",
    "height of boxes",
    "width of boxes",
    "width over height of boxes",
    "shorter side of boxes over longer side of the page",
    "longer side of pages",
)
"""Names of what `histograms` returns."""


def histograms(table: Table) -> list[Histogram]:
    """Return how boxes are spread, by class, and boxes of a page, by source; what has no boxes is left out."""
    if not len(table.boxes):
        return []
    sides = (table.boxes[:, 2:] - table.boxes[:, :2]).clip(min=1e-3)
    per_page = np.bincount(table.page, minlength=len(table.sizes))
    of_source = [(name, per_page[table.source == number]) for number, name in enumerate(table.sources)]

    def of_class(values: npt.NDArray[np.float64]) -> list[tuple[str, npt.NDArray[np.float64]]]:
        return [
            (name, values[table.label == number])
            for number, name in enumerate(table.classes)
            if (table.label == number).any()
        ]

    return [
        _histogram(PLOTS[0], "boxes", of_source, whole=True),
        _histogram(PLOTS[1], "pixels", of_class(sides[:, 1]), log=True),
        _histogram(PLOTS[2], "pixels", of_class(sides[:, 0]), log=True),
        _histogram(PLOTS[3], "", of_class(sides[:, 0] / sides[:, 1]), log=True),
        _histogram(PLOTS[4], "percent", of_class(100 * table.thickness), log=True),
        _histogram(PLOTS[5], "pixels", [("", table.sizes.max(axis=1))]),
    ]


def _group(name: str, table: Table, mine: npt.NDArray[np.bool_], pages: npt.NDArray[np.bool_]) -> Group:
    boxes, page = table.boxes[mine], table.page[mine]
    sides = boxes[:, 2:] - boxes[:, :2]
    counts = np.bincount(page, minlength=len(table.sizes))[pages]
    width, height = table.sizes[pages].T
    areas = table.sizes.prod(axis=1)
    return Group(
        name=name,
        pages=int(pages.sum()),
        documents=len(np.unique(table.document[pages])),
        empty=int((counts == 0).sum()),
        boxes=len(boxes),
        polygons=int(table.polygon[mine].sum()),
        crowds=int(table.crowd[mine].sum()),
        per_page=Spread.of(counts),
        page_width=Spread.of(width),
        page_height=Spread.of(height),
        width=Spread.of(sides[:, 0]),
        height=Spread.of(sides[:, 1]),
        thickness=Spread.of(100 * table.thickness[mine]),
        aspect=Spread.of(sides[:, 0] / sides[:, 1].clip(min=1e-9)),
        area=Spread.of(100 * sides.prod(axis=1) / areas[page]),
    )


def _histogram(
    name: str,
    unit: str,
    series: Iterable[tuple[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]]],
    *,
    log: bool = False,
    whole: bool = False,
) -> Histogram:
    """Count values between edges that are evenly spread, or evenly by their logarithm."""
    kept = [(title, values) for title, values in series if len(values)]
    every = np.concatenate([values for _, values in kept]).astype(np.float64)
    low, high = float(every.min()), float(every.max())
    if high - low <= 1e-6 * high:  # all the same, up to rounding
        low, high = low * 0.9, max(high * 1.1, low + 1.0)
    if whole:
        step = max(1, int(np.ceil((high - low + 1) / BINS)))
        edges = np.arange(np.floor(low), high + step + 1, step)
    elif log:
        edges = np.geomspace(low, high, BINS + 1)
    else:
        edges = np.linspace(low, high, BINS + 1)
    edges[-1] = max(edges[-1], high)
    counts = {title: tuple(np.histogram(values, edges)[0].tolist()) for title, values in kept}
    return Histogram(name, unit, tuple(edges.tolist()), counts, log)
