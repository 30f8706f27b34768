"""The shapes of a page: empty, inverted, off it, crossing themselves, annotated twice; and what mends them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from centernet_cli.core.geometry import box_leaves_page, box_touches_page, points_box, polygon_area
from centernet_cli.core.records import RunLengths
from centernet_cli.datasets.formats.fit_masks import outline_box
from centernet_cli.datasets.formats.outlines import cut_box, cut_polygon

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Annotation, Box, PageInfo, PageRecord, Polygon

EDGE = 0.5
"""Pixels that a box may reach over the edge: rounding, not a mistake."""
LONGEST = 100.0
"""Times as long as wide: a line over the whole of a newspaper page has about 80."""
ALIKE = 0.85
"""IoU from which two boxes of a class are nearly the same; lines of text above each other reach 0.5."""
_SAME = 0.05
"""Pixels by which the sides of the same box may differ."""
_ROWS = 500
_SAME_AREA = 1e-6
LEFT_OUT = "left out"
SAME_BOX = 0.8
"""IoU of a box and the one around its polygon from which they are one: programs round in many ways."""


class Told(Protocol):
    """Hears what is wrong with shape `number` of the page, and what mends it (nothing, if empty)."""

    def __call__(self, code: str, number: int, detail: str = "", repair: str = "") -> None: ...


def with_corners_in_order(page: PageRecord, told: Told) -> PageRecord:
    """Return a page with inverted boxes turned round; before anything moves them, which would hide that they were."""
    if all(each.box[0] <= each.box[2] and each.box[1] <= each.box[3] for each in page.annotations):
        return page
    annotations = []
    for number, annotation in enumerate(page.annotations):
        x0, y0, x1, y1 = annotation.box
        if x1 < x0 or y1 < y0:
            told("D009", number, "inverted", "corners exchanged")
            annotations.append(replace(annotation, box=(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))))
        else:
            annotations.append(annotation)
    return replace(page, annotations=tuple(annotations))


def mend_shapes(page: PageRecord, told: Told) -> tuple[PageRecord, list[int]]:
    """Look at every shape of a page.

    Args:
        page: Its shapes have finite coordinates, and corners in order.
        told: Is told of each fault.

    Returns:
        The page with what can be mended mended, and the rest left out; and the number that each of its shapes had.
    """
    kept: list[tuple[int, Annotation]] = []
    for number, annotation in enumerate(page.annotations):
        mended = _mended(annotation, page.info, number, told)
        if mended is not None:
            kept.append((number, mended))
    doubled = _find_doubles(kept, told)
    kept = [(number, annotation) for number, annotation in kept if number not in doubled]
    return replace(page, annotations=tuple(annotation for _, annotation in kept)), [number for number, _ in kept]


def _mended(annotation: Annotation, info: PageInfo, number: int, told: Told) -> Annotation | None:
    """Return a shape as it should be, or None if nothing is left of it."""
    if not annotation.label.strip():
        told("D039", number, repair=LEFT_OUT)
        return None
    x0, y0, x1, y1 = annotation.box
    if x1 <= x0 or y1 <= y0:
        told("D009", number, "without area", LEFT_OUT)
        return None
    if not box_touches_page(annotation.box, info.width, info.height):
        told("D010", number, f"the page is {info.width} x {info.height}", LEFT_OUT)
        return None
    if annotation.polygon is not None:
        annotation = _mended_polygon(annotation, annotation.polygon, number, told)
    elif annotation.mask is not None:
        annotation = _mended_mask(annotation, annotation.mask, number, told)
    if x0 < 0 or y0 < 0 or x1 > info.width or y1 > info.height:
        if box_leaves_page(annotation.box, info.width, info.height, EDGE):
            told("D024", number, f"the page is {info.width} x {info.height}", "cut off")
        annotation = _cut(annotation, info)
        # Cutting may leave two parts joined by a line.
        if annotation.polygon is not None:
            annotation = _mended_polygon(annotation, annotation.polygon, number, lambda *_args, **_more: None)
        elif annotation.mask is not None:
            annotation = _mended_mask(annotation, annotation.mask, number, lambda *_args, **_more: None)
        if annotation.box[2] <= annotation.box[0] or annotation.box[3] <= annotation.box[1]:
            return None
    _look_at_aspect(annotation.box, number, told)
    return annotation


def _cut(annotation: Annotation, info: PageInfo) -> Annotation:
    box = cut_box(annotation.box, info.width, info.height)
    if isinstance(annotation.mask, tuple):
        parts = tuple(cut_polygon(part, info.width, info.height) for part in annotation.mask)
        return _with_parts(replace(annotation, box=box), [part for part in parts if _is_area(part)])
    if annotation.polygon is None:
        return replace(annotation, box=box)
    polygon = cut_polygon(annotation.polygon, info.width, info.height)
    if not _is_area(polygon):
        return replace(annotation, box=box, polygon=None)
    return replace(annotation, box=box, polygon=polygon)


def _is_area(polygon: Polygon) -> bool:
    return len(polygon) > 2 and polygon_area(polygon) > 0


def _with_parts(annotation: Annotation, parts: Sequence[Polygon]) -> Annotation:
    """Return an annotation with what is left of its parts."""
    several = tuple(parts) if len(parts) > 1 else None
    return replace(annotation, polygon=parts[0] if len(parts) == 1 else None, mask=several)


def _look_at_aspect(box: Box, number: int, told: Told) -> None:
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) < 1:
        told("D043", number, f"{width:.3g} x {height:.3g} pixels")
    elif max(width, height) > LONGEST * min(width, height):
        told("D043", number, f"{max(width, height) / min(width, height):.0f} times as long as wide")


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common) if common else 0.0


def _mended_mask(annotation: Annotation, mask: tuple[Polygon, ...] | RunLengths, number: int, told: Told) -> Annotation:
    """Look at the parts of a shape one by one, and at the box around all of its mask."""
    around = outline_box(annotation)
    if around is not None and _overlap(annotation.box, around) < SAME_BOX:
        told("D027", number, "around its mask: {:g},{:g} to {:g},{:g}".format(*around))
    if isinstance(mask, RunLengths):
        return annotation
    heard: dict[str, tuple[str, str]] = {}

    def told_once(code: str, number: int, detail: str = "", repair: str = "") -> None:
        del number  # that of the whole
        heard[code] = (detail, repair)

    mended = [
        _mended_polygon(replace(annotation, box=points_box(part), polygon=part), part, number, told_once)
        for part in mask
    ]
    for code, (detail, repair) in heard.items():
        told(code, number, detail, repair)
    parts = [part.polygon for part in mended if part.polygon is not None]
    # What crosses itself and cannot be mended is no less than its box.
    return replace(annotation, mask=None) if len(parts) < len(mask) else _with_parts(annotation, parts)


def _mended_polygon(annotation: Annotation, polygon: Polygon, number: int, told: Told) -> Annotation:
    if len(set(polygon)) < 3:
        told("D025", number, f"{len(set(polygon))} different points", "reduced to its box")
        return replace(annotation, polygon=None)
    around = points_box(polygon)
    if _overlap(annotation.box, around) < SAME_BOX:
        told("D027", number, "around the polygon: {:g},{:g} to {:g},{:g}".format(*around))
    if len(polygon) == 3 and polygon_area(polygon) > 0:
        return annotation
    from shapely import Polygon as ShapelyPolygon

    shape = ShapelyPolygon(polygon)
    if shape.is_valid:
        return annotation
    if _is_of_parts(polygon):
        return annotation
    if shape.convex_hull.area <= 0:
        told("D025", number, "all points on a line", "reduced to its box")
        return replace(annotation, polygon=None)
    simple = _simple(polygon)
    told("D023", number, repair="points in order" if simple is not None else "reduced to its box")
    return replace(annotation, polygon=simple)


def _is_of_parts(polygon: Polygon) -> bool:
    """Tell whether a polygon is several parts with ways there and back between them, as YOLO's tools join them.

    These cover as much as the points say, and reach as far; what crosses itself doesn't, and spikes reach farther.
    """
    from shapely import Polygon as ShapelyPolygon
    from shapely import make_valid, union_all

    parts = getattr(make_valid(ShapelyPolygon(polygon)), "geoms", ())
    covered = union_all([part for part in parts if part.geom_type in {"Polygon", "MultiPolygon"}])
    area = polygon_area(polygon)
    return area > 0 and math.isclose(covered.area, area, rel_tol=_SAME_AREA) and covered.bounds == points_box(polygon)


def _simple(polygon: Polygon) -> Polygon | None:
    """Return a polygon that doesn't cross itself and covers the same; None if it is in parts.

    Four points are put in order around their middle, which makes the quadrangle out of a bow tie.
    """
    from shapely import Polygon as ShapelyPolygon
    from shapely import make_valid

    if len(polygon) == 4:
        points = np.array(polygon)
        offset = points - points.mean(axis=0)
        order = np.argsort(np.arctan2(offset[:, 1], offset[:, 0]), kind="stable")
        around = tuple(polygon[index] for index in order)
        return around if ShapelyPolygon(around).is_valid else None
    shape = make_valid(ShapelyPolygon(polygon))
    parts = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]
    largest = max(parts, key=lambda part: part.area, default=None)
    if largest is None or largest.area < 0.9 * sum(part.area for part in parts):
        return None
    ring = tuple((float(x), float(y)) for x, y in largest.exterior.coords[:-1])
    same = points_box(ring)
    whole = points_box(polygon)
    return ring if all(abs(a - b) < 1 for a, b in zip(same, whole, strict=True)) else None


def _find_doubles(kept: list[tuple[int, Annotation]], told: Told) -> set[int]:
    """Return the numbers of shapes that an earlier one of the same class says already."""
    if len(kept) < 2:
        return set()
    boxes = np.array([annotation.box for _, annotation in kept])
    names = {label: index for index, label in enumerate(dict.fromkeys(annotation.label for _, annotation in kept))}
    labels = np.array([names[annotation.label] for _, annotation in kept])
    scores = [annotation.score for _, annotation in kept]
    crowds = [annotation.crowd for _, annotation in kept]
    doubled: set[int] = set()
    for first, second, iou in _pairs(boxes):
        earlier, later = kept[first][0], kept[second][0]
        same = bool(np.abs(boxes[first] - boxes[second]).max() <= _SAME)
        if labels[first] != labels[second]:
            if same:
                told("D054", later, f"also {kept[first][1].label!r:.60}")
        elif later in doubled or earlier in doubled or crowds[first] or crowds[second]:
            continue
        elif None not in (scores[first], scores[second]) and scores[first] != scores[second]:
            continue  # a detector found both; a copied pre-label has the same score, and what was drawn over it none
        elif same:
            doubled.add(later)
            told("D036", later, f"as shape {earlier + 1}", LEFT_OUT)
        else:
            doubled.add(later)
            told("D037", later, f"IoU {iou:.2f} with shape {earlier + 1}", LEFT_OUT)
    return doubled


def _pairs(boxes: npt.NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Return pairs of boxes `(N, 4)` that are nearly the same: earlier, later, IoU; memory grows with N alone."""
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    found: list[tuple[int, int, float]] = []
    for start in range(0, len(boxes), _ROWS):
        part = boxes[start : start + _ROWS]
        low = np.maximum(part[:, None, :2], boxes[None, :, :2])
        high = np.minimum(part[:, None, 2:], boxes[None, :, 2:])
        shared = (high - low).clip(min=0).prod(axis=2)
        iou = shared / (area[start : start + _ROWS, None] + area[None, :] - shared)
        for row, column in zip(*np.nonzero(iou >= ALIKE), strict=True):
            if row + start < column:
                found.append((int(row + start), int(column), float(iou[row, column])))
    return found
