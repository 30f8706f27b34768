"""The `segmentation` of COCO's annotations, which our JSON Lines have as well: polygons or a run-length mask."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from centernet_cli.core.geometry import points_box, polygon_area
from centernet_cli.core.records import RunLengths
from centernet_cli.datasets.formats.coco_masks import compressed, mask_area, mask_box, runs_of
from centernet_cli.datasets.formats.fields import MAX_COORDINATE, are_numbers, is_number, short
from centernet_cli.datasets.formats.shapes import TO_BOX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Annotation, Box, PageInfo, Polygon

_MOST_POINTS = 1_000
NO_PIXELS = "it has no pixels"
OTHER_SIZE = "it is of another size than its page"


@dataclass(slots=True)
class Segmentation:
    """What a segmentation says.

    Attributes:
        kind: What the account calls such shapes.
        rings: Its polygons as flat lists of coordinates, also those of fewer than three points.
        polygon: Its only polygon.
        mask: Its polygons, if they are several, or its run-length mask.
        reduced: In what way less than all of it is kept.
        around: The box around all of it; None if there is nothing.
        fault: What is wrong with the mask.
    """

    kind: str = "box"
    rings: Sequence[Sequence[float]] = ()
    polygon: Polygon | None = None
    mask: tuple[Polygon, ...] | RunLengths | None = None
    reduced: str = ""
    around: Box | None = None
    fault: str = ""

    @property
    def is_outline(self) -> bool:
        """Whether more than a box is kept."""
        return self.polygon is not None or self.mask is not None


NOTHING = Segmentation()


def read_segmentation(value: object, info: PageInfo) -> Segmentation:
    """Read a segmentation.

    Raises:
        ValueError: It is neither polygons nor a run-length mask, or is endless.
    """
    if value is None or value == []:
        return NOTHING
    if isinstance(value, dict):
        counts, size = value.get("counts"), value.get("size")
        if (isinstance(counts, str) or are_numbers(counts)) and are_numbers(size):
            return _mask(counts, size, info)
    elif isinstance(value, list):
        rings = [value] if is_number(value[0]) else value
        if all(are_numbers(ring) and len(ring) % 2 == 0 for ring in rings):
            rings = [ring for ring in rings if ring]
            if any(max(ring) >= MAX_COORDINATE or min(ring) <= -MAX_COORDINATE for ring in rings):
                message = f"`segmentation` reaches beyond {MAX_COORDINATE:.0e} pixels"
                raise ValueError(message)
            return _polygons(rings)
    message = "`segmentation` is neither a list of polygons nor a run-length mask"
    raise ValueError(message)


def _mask(counts: Any, size: Any, info: PageInfo) -> Segmentation:
    found = Segmentation(kind="run-length mask")
    try:
        found.around = mask_box(counts, size)
    except ValueError as error:
        found.fault = str(error)
        found.reduced = f"{TO_BOX}: it cannot be read"
        return found
    if found.around is None:
        found.fault = NO_PIXELS
    elif (info.height, info.width) != tuple(size):
        found.fault = OTHER_SIZE
    if found.fault:
        found.reduced = f"{TO_BOX}: {found.fault}"
    else:
        is_text = isinstance(counts, str)
        text = counts if is_text else compressed(list(runs_of(counts)))
        found.mask = RunLengths(width=info.width, height=info.height, counts=text, as_numbers=not is_text)
    return found


def _polygons(rings: list[list[float]]) -> Segmentation:
    found = Segmentation(kind="polygon in parts" if len(rings) > 1 else "polygon", rings=rings)
    if not rings:
        return NOTHING
    every = list(map(as_polygon, rings))
    found.around = points_box([point for polygon in every for point in polygon])
    kept = tuple(polygon for polygon in every if len(polygon) > 2)
    if len(kept) == 1:
        found.polygon = kept[0]
    elif kept:
        found.mask = kept
    if not kept:
        found.reduced = f"{TO_BOX}: fewer than 3 points"
    elif len(kept) < len(rings):
        found.reduced = "to its parts of at least 3 points"
    return found


def as_polygon(ring: Sequence[float]) -> Polygon:
    """Return the points of a flat list of coordinates."""
    values = list(map(float, ring))
    return tuple(zip(values[::2], values[1::2], strict=True))


def segmentation_of(annotation: Annotation) -> list[list[float]] | dict[str, object]:
    """Return the segmentation to write for an annotation."""
    mask = annotation.mask
    if isinstance(mask, RunLengths):
        counts = list(runs_of(mask.counts)) if mask.as_numbers else mask.counts
        return {"size": [mask.height, mask.width], "counts": counts}
    parts = mask if mask is not None else () if annotation.polygon is None else (annotation.polygon,)
    return [[short(float(value)) for point in part for value in point] for part in parts]


def mask_pixels_area(mask: tuple[Polygon, ...] | RunLengths) -> float:
    """Return the area of a mask in square pixels; what several of its polygons cover counts once.

    Unless they have so many points that it would take long.
    """
    if isinstance(mask, RunLengths):
        return float(mask_area(mask.counts))
    boxes = sorted(map(points_box, mask))
    apart = all(second[0] >= first[2] for first, second in pairwise(boxes))  # already from left to right
    if apart or sum(map(len, mask)) > _MOST_POINTS:
        return sum(map(polygon_area, mask))
    from shapely import Polygon as ShapelyPolygon
    from shapely import make_valid, union_all

    return float(union_all([make_valid(ShapelyPolygon(part)) for part in mask]).area)
