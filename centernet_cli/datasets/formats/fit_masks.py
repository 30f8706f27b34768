"""Shapes in parts and masks for formats that hold less: one polygon, or a box, and what that loses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.core.geometry import is_upright_rectangle, points_box
from centernet_cli.core.records import RunLengths
from centernet_cli.datasets.formats.coco_masks import mask_box
from centernet_cli.datasets.formats.shapes import TO_BOX

if TYPE_CHECKING:
    from centernet_cli.core.records import Annotation, Box, PageInfo
    from centernet_cli.datasets.formats.fit import Losses

JOINED = "to one polygon, its parts joined"
OUTLINE = "to the outline of its pixels"
OUTLINE_JOINED = "to the outline of its pixels, parts joined"


def one_polygon(annotation: Annotation, losses: Losses) -> Annotation:
    """Return an annotation without mask: one polygon around all of it, or its box if the mask is next to noise."""
    mask = annotation.mask
    if mask is None:
        return annotation
    from centernet_cli.datasets.formats.mask_outlines import joined, outlines

    parts = outlines(mask) if isinstance(mask, RunLengths) else mask
    polygon = joined(parts) if parts else None
    if polygon is None:
        losses.reduced(TO_BOX)
    elif isinstance(mask, RunLengths):
        losses.reduced(OUTLINE if parts is not None and len(parts) == 1 else OUTLINE_JOINED)
    else:
        losses.reduced(JOINED)
    if polygon is not None and is_upright_rectangle(polygon):  # an outline that is a box is one
        return replace(annotation, box=points_box(polygon), mask=None)
    return replace(annotation, polygon=polygon, mask=None)


def parts_or_pixels(annotation: Annotation, _info: PageInfo, losses: Losses) -> Annotation:
    """Return an annotation as formats hold it that draw masks: one too large to be drawn becomes a polygon."""
    if not isinstance(annotation.mask, RunLengths):
        return annotation
    from centernet_cli.datasets.formats.mask_pixels import is_drawable

    return annotation if is_drawable(annotation.mask) else one_polygon(annotation, losses)


def outline_box(annotation: Annotation) -> Box | None:
    """Return the box around an annotation's polygon or mask, if it has one."""
    mask = annotation.mask
    if isinstance(mask, RunLengths):
        return mask_box(mask.counts, (mask.height, mask.width))
    if mask is not None:
        return points_box([point for part in mask for point in part])
    return None if annotation.polygon is None else points_box(annotation.polygon)
