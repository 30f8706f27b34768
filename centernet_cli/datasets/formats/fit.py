"""Making a dataset fit into a format that holds less than our records, and counting what gets lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.geometry import box_leaves_page, points_box
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats.fields import DEFAULT_EXTRAS, page_extras
from centernet_cli.datasets.formats.fit_masks import outline_box
from centernet_cli.datasets.formats.outlines import cut_box, cut_polygon
from centernet_cli.datasets.formats.shapes import TO_BOX

if TYPE_CHECKING:
    from collections.abc import Callable

    from centernet_cli.core.records import Annotation
    from centernet_cli.datasets.formats.tally import Tally

_KINDS = {
    "box": (),
    "polygon": ("polygon",),
    "parts": ("polygon in parts",),
    "mask": ("run-length mask", "mask", "brush"),
}
"""What readers call such shapes."""
CUT = "cut off at the edge of its page"


class Losses:
    """What the annotation at hand loses."""

    def __init__(self) -> None:
        self.reductions: list[str] = []
        self.drop = ""

    def reduced(self, why: str) -> None:
        """Say in what way less than all of it is written."""
        if why not in self.reductions:
            self.reductions.append(why)

    def dropped(self, why: str) -> None:
        """Say why it is not written."""
        self.drop = why


def fit_annotations(
    dataset: Dataset,
    tally: Tally,
    change: Callable[[Annotation, PageInfo, Losses], Annotation | None],
    fits: Callable[[PageRecord], bool] | None = None,
) -> Dataset:
    """Return a dataset with each annotation as `change` returns it; None drops it. What `Losses` hears is counted.

    Pages of which `fits` says so stay as they are.
    """
    # Summed up first: the account is slow at single shapes.
    lost: Counter[tuple[str, Literal["reduced", "dropped"], str, str]] = Counter()
    pages = []
    losses = Losses()
    for page in dataset.pages:
        if fits is not None and fits(page):
            pages.append(page)
            continue
        found = []
        for annotation in page.annotations:
            changed = change(annotation, page.info, losses)
            if changed is not None:
                found.append(changed)
            if losses.drop or losses.reductions:
                form = _form(annotation)
                if changed is None:
                    lost[annotation.label, "dropped", losses.drop, form] += 1
                else:
                    lost[annotation.label, "reduced", ", ".join(losses.reductions), form] += 1
                losses = Losses()
        pages.append(replace(page, annotations=tuple(found)))
    for (label, outcome, why, form), count in lost.items():
        tally.lose(label, outcome, why, count, outline=form != "box", likely=_KINDS[form])
    return replace(dataset, pages=tuple(pages))


def _form(annotation: Annotation) -> str:
    if annotation.mask is not None:
        return "parts" if isinstance(annotation.mask, tuple) else "mask"
    return "box" if annotation.polygon is None else "polygon"


def fit_pages(dataset: Dataset, tally: Tally, *, scores: bool = True) -> Dataset:
    """Return a dataset with nothing of its pages but source, size and page number, and without failures and facts.

    Args:
        dataset: Pages.
        tally: Notes what is lost.
        scores: Whether the format has a place for scores; if not, they are taken away.
    """
    pages = []
    for page in dataset.pages:
        info = page.info
        has_more = {**page_extras(info), "page": None} != DEFAULT_EXTRAS
        if page.group is not None:
            tally.note("documents that pages belong to (`group`) not written")
        if has_more:
            tally.note("resolution, rotation and orientation of pages not written")
        annotations = page.annotations
        if not scores and any(annotation.score is not None for annotation in annotations):
            tally.note("scores not written", sum(annotation.score is not None for annotation in annotations))
            annotations = tuple(replace(annotation, score=None) for annotation in annotations)
        if has_more or page.group is not None or annotations is not page.annotations:
            plain = PageInfo(source=info.source, width=info.width, height=info.height, page=info.page)
            page = PageRecord(info=plain, annotations=annotations)  # noqa: PLW2901
        pages.append(page)
    if dataset.failures:
        tally.note("failures of the prediction not written", len(dataset.failures))
    return replace(dataset, pages=tuple(pages), failures=(), info={})


def used_classes(dataset: Dataset) -> tuple[str, ...]:
    """Return the classes, those first that the dataset names, then others that occur, by name."""
    used = {annotation.label for page in dataset.pages for annotation in page.annotations}
    return (*dataset.classes, *sorted(used.difference(dataset.classes)))


def fit_classes(dataset: Dataset, tally: Tally) -> Dataset:
    """Return a dataset with its classes by name and none that doesn't occur: what formats without a list can hold."""
    used = {annotation.label for page in dataset.pages for annotation in page.annotations}
    unused = set(dataset.classes) - used
    if unused:
        tally.note("classes without shapes not written", len(unused))
    return replace(dataset, classes=tuple(sorted(used)))


def fit_labels(dataset: Dataset, tally: Tally, change: Callable[[str], str]) -> Dataset:
    """Return a dataset whose labels are as a format can hold them; classes that become alike are one."""
    names = {name: change(name) for name in used_classes(dataset)}
    changed = {name for name, new in names.items() if new != name}
    if not changed:
        return dataset
    tally.note("labels with characters that the format cannot hold changed", len(changed))
    tally.rename_labels(names)
    pages = tuple(
        replace(
            page,
            annotations=tuple(replace(annotation, label=names[annotation.label]) for annotation in page.annotations),
        )
        for page in dataset.pages
    )
    return replace(dataset, classes=tuple(dict.fromkeys(names[name] for name in dataset.classes)), pages=pages)


def join_same_pages(dataset: Dataset, tally: Tally) -> Dataset:
    """Return a dataset in which every image is one page, for formats with one file for each image."""
    found: dict[tuple[str, int | None], PageRecord] = {}
    for page in dataset.pages:
        key = (page.info.source, page.info.page)
        if key in found:
            tally.note("image annotated on several pages, written as one")
            found[key] = replace(found[key], annotations=found[key].annotations + page.annotations)
        else:
            found[key] = page
    return dataset if len(found) == len(dataset.pages) else replace(dataset, pages=tuple(found.values()))


def box_alone(annotation: Annotation, losses: Losses) -> Annotation:
    """Return an annotation without its polygon or mask."""
    if annotation.polygon is None and annotation.mask is None:
        return annotation
    losses.reduced(TO_BOX)
    return replace(annotation, polygon=None, mask=None)


def box_of_polygon(annotation: Annotation, tally: Tally) -> Annotation:
    """Return an annotation with the box around its polygon or mask, if it has one: what formats of shapes can hold."""
    if annotation.polygon is None and annotation.mask is None:
        return annotation
    drawn = outline_box(annotation)
    if drawn is None or drawn == annotation.box:
        return annotation
    if any(abs(a - b) > 0.5 for a, b in zip(drawn, annotation.box, strict=True)):
        tally.note("boxes that differ from their polygon's replaced by it")
    return replace(annotation, box=drawn)


def cut_to_page(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation:
    """Return the part of an annotation that is on its page, for formats that know nothing beyond."""
    x0, y0, x1, y1 = annotation.box
    width, height = info.width, info.height
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return annotation
    leaves = box_leaves_page(annotation.box, width, height)
    if leaves:
        losses.reduced(CUT)
    if annotation.polygon is None:
        return replace(annotation, box=cut_box(annotation.box, width, height))
    if not leaves:  # a matter of rounding
        polygon = tuple(
            (min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in annotation.polygon
        )
        return replace(annotation, box=points_box(polygon), polygon=polygon)
    polygon = cut_polygon(annotation.polygon, width, height)
    box = points_box(polygon) if polygon else (0.0, 0.0, 0.0, 0.0)
    if box[0] < box[2] and box[1] < box[3]:
        return replace(annotation, box=box, polygon=polygon)
    # Only the corner of its box is on the page.
    return replace(annotation, box=cut_box(annotation.box, width, height), polygon=None)
