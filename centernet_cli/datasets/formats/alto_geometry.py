"""Positions and shapes in ALTO."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from centernet_cli.core.geometry import xywh_to_xyxy
from centernet_cli.datasets.formats.layout import Geometry, combined, outline, read_points
from centernet_cli.datasets.formats.outlines import ellipse_box
from centernet_cli.datasets.formats.safe_xml import local_name, same_namespace
from centernet_cli.datasets.formats.shapes import TO_BOX, ShapeError, numbers

if TYPE_CHECKING:
    from centernet_cli.core.records import Box

    Element = Any

_DIGITS = 4


def read_geometry(element: Element) -> Geometry:
    """Return where an element is, in the unit of its file: its position, and its `Shape`."""
    try:
        box = _box(element)
        shape = next((child for child in same_namespace(element) if local_name(child) == "Shape"), None)
        drawn = Geometry() if shape is None else _shape(shape)
    except ShapeError as error:
        return Geometry(fault=(error.code, str(error)))
    return combined(box, drawn)


def _box(element: Element) -> Box | None:
    values = [element.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    texts = [value for value in values if value is not None]
    if len(texts) < 4:
        return None
    x, y, width, height = numbers(texts)
    x0, y0, x1, y1 = xywh_to_xyxy(x, y, width, height)
    # The sums of decimal numbers have needless digits.
    return (x0, y0, round(x1, _DIGITS), round(y1, _DIGITS))


def _shape(shape: Element) -> Geometry:
    for drawn in same_namespace(shape):
        name = local_name(drawn)
        if name == "Polygon":
            return outline(read_points(re.split(r"[\s,]+", (drawn.get("POINTS") or "").strip(" \t\r\n,")), "`POINTS`"))
        if name == "Circle":
            x, y, radius = numbers([drawn.get(key) or "" for key in ("HPOS", "VPOS", "RADIUS")])
            return Geometry(ellipse_box((x, y), (radius, radius)), reduced=TO_BOX)
        if name == "Ellipse":
            texts = [drawn.get(key) or "" for key in ("HPOS", "VPOS", "HLENGTH", "VLENGTH")]
            x, y, width, height = numbers(texts)
            (turned,) = numbers([drawn.get("ROTATION") or "0"])
            return Geometry(ellipse_box((x, y), (width / 2, height / 2), -turned), reduced=TO_BOX)
    return Geometry()
