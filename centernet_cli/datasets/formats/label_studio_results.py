"""The results of a Label Studio task: items of the same id joined into regions, and these turned into annotations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from centernet_cli.core.geometry import points_box
from centernet_cli.datasets.formats.fields import are_numbers, as_pixels, is_number
from centernet_cli.datasets.formats.outlines import corners, ellipse_box, rotated
from centernet_cli.datasets.formats.shapes import NO_AREA, TO_BOX, ShapeError, as_score, keep_shape

if TYPE_CHECKING:
    from centernet_cli.core.records import Annotation, Box, PageInfo, Polygon, RunLengths
    from centernet_cli.datasets.formats.tally import Tally

NO_CLASS = "region"
"""Label of regions that say nothing about their class."""
_LABELS = (
    "rectanglelabels",
    "polygonlabels",
    "ellipselabels",
    "keypointlabels",
    "brushlabels",
    "bitmasklabels",
    "vectorlabels",
    "labels",
)
_SHAPES = {
    "rectanglelabels": "rectangle",
    "polygonlabels": "polygon",
    "ellipselabels": "ellipse",
    "keypointlabels": "keypoint",
    "brushlabels": "brush",
    "bitmasklabels": "brush",
    "bitmask": "brush",
    "vectorlabels": "vector",
    **{name: name for name in ("rectangle", "polygon", "ellipse", "keypoint", "brush", "vector")},
}


@dataclass(slots=True)
class Region:
    """A shape of a task.

    Attributes:
        at: JSON pointer of its first item.
        kind: `rectangle`, `polygon`, `ellipse`, `keypoint`, `brush` or `vector`.
        value: Its geometry.
        page: Number of the image it is on, from 0.
        size: Width and height of its image, if it says so.
        label: Its class, if it says so.
        score: As it is in the file.
        meta: What else it says.
    """

    at: str
    kind: str
    value: dict[str, Any]
    page: int
    size: tuple[int, int] | None
    label: str | None = None
    score: object = None
    meta: dict[str, Any] = field(default_factory=dict)


def gather_regions(items: object, at: str, tally: Tally) -> list[Region]:
    """Return the shapes among results: a region's class and text may stand in other items of the same id.

    Raises:
        ShapeError: D002 or D013, with the place.
    """
    if items is None:
        return []
    if not isinstance(items, list):
        raise ShapeError("D002", "/result: not a list")
    regions: list[Region] = []
    by_id: dict[str, Region] = {}
    labels: dict[str, str] = {}
    for index, item in enumerate(items):
        place = f"{at}/result/{index}"
        value = item.get("value") if isinstance(item, dict) else None
        if not isinstance(item, dict) or (value is not None and not isinstance(value, dict)):
            raise ShapeError("D002", f"/result/{index}: not an object with a `value`")
        kind, identity = item.get("type"), str(item.get("id", place))
        label = _label(value or {}, f"/result/{index}", tally)
        if label is not None:
            labels.setdefault(identity, label)
        shape = _SHAPES.get(kind) if isinstance(kind, str) else None
        if shape is None or value is None:
            if label is None:
                tally.note(f"results of type `{kind}` ignored" if isinstance(kind, str) else "other results ignored")
            continue
        if identity in by_id and by_id[identity].value.keys() & {"x", "points"} and shape == by_id[identity].kind:
            continue  # the same shape again, for its label
        if item.get("image_rotation"):
            tally.note("`image_rotation` ignored: positions taken to be on the image as it is")
        region = Region(place, shape, value, _page(item), _size(item), label, item.get("score"), _meta(item))
        regions.append(region)
        by_id.setdefault(identity, region)
    for identity, region in by_id.items():
        region.label = region.label if region.label is not None else labels.get(identity)
    return regions


def _page(item: dict[str, Any]) -> int:
    index = item.get("item_index", 0)
    return index if type(index) is int and index >= 0 else 0


def _size(item: dict[str, Any]) -> tuple[int, int] | None:
    width, height = as_pixels(item.get("original_width")), as_pixels(item.get("original_height"))
    return None if width is None or height is None else (width, height)


def _meta(item: dict[str, Any]) -> dict[str, Any]:
    meta = item.get("meta")
    return meta if isinstance(meta, dict) else {}


def _label(value: dict[str, Any], at: str, tally: Tally) -> str | None:
    """Return the class that an item's value names."""
    found = next((value[key] for key in _LABELS if key in value), None)
    if found is None or found == []:
        return None
    if not isinstance(found, list) or not all(isinstance(label, str) for label in found):
        raise ShapeError("D013", f"{at}/value: labels are not a list of texts")
    if len(found) > 1:
        tally.note("regions of several classes, the first taken")
    return str(found[0])


def read_region(region: Region, task_score: object, info: PageInfo, tally: Tally) -> Annotation | None:
    """Turn a shape into an annotation and count what became of it.

    Args:
        region: The shape.
        task_score: Score of the prediction as a whole, for regions without their own.
        info: The page.
        tally: The account.

    Raises:
        ShapeError: D008 or D012.
    """
    label = region.label
    if label is None:
        tally.note(f"regions without a class named `{NO_CLASS}`")
        label = NO_CLASS
    if region.kind in {"keypoint", "vector"}:
        tally.dropped(region.kind, label, NO_AREA)
        return None
    if region.kind == "polygon" and len(_points(region.value)) < 3:  # begun, and never closed
        tally.dropped(region.kind, label, "has fewer than three points")
        return None
    box: Box | None
    polygon: Polygon | None = None
    mask: RunLengths | None = None
    if region.kind == "brush":
        from centernet_cli.datasets.formats.label_studio_brush import brush_mask  # with numpy

        try:
            found = brush_mask(region.value.get("rle"), info.width, info.height)
        except ValueError as error:
            tally.dropped(region.kind, label, f"is a mask that cannot be read: {error}")
            return None
        box, mask = (None, None) if found is None else found
    else:
        box, polygon = _geometry(region.kind, region.value, info)
    if box is None:
        tally.dropped(region.kind, label, "is an empty mask")
        return None
    score = as_score(region.score if region.score is not None else _share(task_score))
    reduced = TO_BOX if region.kind == "ellipse" or (region.kind == "brush" and mask is None) else ""
    return keep_shape(
        region.kind,
        label,
        box,
        info,
        tally,
        polygon=polygon,
        mask=mask,
        reduced=reduced,
        score=score,
        crowd=region.meta.get("crowd") is True,
    )


def _share(value: object) -> object:
    """Return a score of a whole prediction, which some models give on other scales, if it is one."""
    return value if is_number(value) and 0 < value <= 1 else None


def _geometry(kind: str, value: dict[str, Any], info: PageInfo) -> tuple[Box, Polygon | None]:
    width, height = info.width / 100, info.height / 100
    if kind == "polygon":
        polygon = tuple((x * width, y * height) for x, y in _points(value))
        return points_box(polygon), polygon
    turn = value.get("rotation", 0)
    degrees = float(turn) % 360 if is_number(turn) else 0.0
    if kind == "ellipse":
        x, y, rx, ry = _values(value, "x", "y", "radiusX", "radiusY")
        return ellipse_box((x * width, y * height), (rx * width, ry * height), degrees), None
    x, y, w, h = _values(value, "x", "y", "width", "height")
    box = (x * width, y * height, (x + w) * width, (y + h) * height)
    if not degrees:
        return box, None
    polygon = rotated(corners(box), (box[0], box[1]), degrees)
    return points_box(polygon), polygon


def _points(value: dict[str, Any]) -> list[list[float]]:
    points = value.get("points")
    if not isinstance(points, list) or not all(are_numbers(point) and len(point) == 2 for point in points):
        raise ShapeError("D008", "`points` is not a list of pairs of numbers")
    return points


def _values(value: dict[str, Any], *keys: str) -> list[float]:
    found = []
    for key in keys:
        number = value.get(key)
        if not is_number(number):
            raise ShapeError("D008", f"`{key}` is not a number")
        found.append(float(number))
    return found
