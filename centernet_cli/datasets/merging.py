"""Boxes that come twice when datasets over the same images are joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from centernet_cli.core.records import Annotation, Dataset


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
                if first.polygon is None and annotation.polygon is not None:
                    kept[key] = annotation
        pages.append(page if len(kept) == len(page.annotations) else replace(page, annotations=tuple(kept.values())))
    return replace(dataset, pages=tuple(pages)), left_out
