"""Datasets over the same images: their pages under one name, and boxes that come twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.check.copies import Use, same_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Dataset


def with_one_name_each(
    dataset: Dataset, counts: Sequence[int], each: Callable[[Sequence[Path]], Iterable[Path]]
) -> Dataset:
    """Return a joined dataset in which an image that several sources have copies of, or links to, has one name.

    Copies inside of a source stay pages of their own.

    Args:
        dataset: Sources joined.
        counts: Pages of each source, which come in that order.
        each: Yields files, and shows how many are done.
    """
    if dataset.root is None or len(counts) < 2:
        return dataset
    numbers = [source for source, count in enumerate(counts) for _ in range(count)]
    uses = [
        Use(source, index, dataset.root / page.info.source, page.info.page, "")
        for index, (source, page) in enumerate(zip(numbers, dataset.pages, strict=True))
    ]
    pages = list(dataset.pages)
    for group in same_content(uses, each):
        of_sources: dict[int, Use] = {}
        for use in group:
            of_sources.setdefault(use.source, use)
        first, *others = of_sources.values()
        known = pages[first.page].info
        for use in others:
            info = pages[use.page].info
            if (info.width, info.height) == (known.width, known.height):
                pages[use.page] = replace(pages[use.page], info=replace(info, source=known.source))
    return replace(dataset, pages=tuple(pages))


def without_doubles(dataset: Dataset) -> tuple[Dataset, int]:
    """Return a dataset without boxes that an earlier one of the same page and class equals, and how many these are.

    Boxes are equal to a hundredth of a pixel.
    """
    left_out = 0
    pages = []
    for page in dataset.pages:
        kept: dict[tuple[object, ...], Annotation] = {}
        for annotation in page.annotations:
            key = (annotation.label, annotation.crowd, *(round(side, 2) for side in annotation.box))
            first = kept.setdefault(key, annotation)
            # Of two, the one with an outline says more.
            if first is not annotation:
                left_out += 1
                if first.polygon is None and first.mask is None:
                    kept[key] = annotation
        pages.append(page if len(kept) == len(page.annotations) else replace(page, annotations=tuple(kept.values())))
    return replace(dataset, pages=tuple(pages)), left_out
