"""From pixels of a page as it is shown to the space in which a PDF page's annotations lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from centernet_cli.core.records import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPage:
    """How the pixels of a page lie in its PDF.

    Attributes:
        visible: What is shown of the page, x0, y0, x1, y1 in the page's own units, y up: its CropBox within its
            MediaBox. The unit (/UserUnit) doesn't matter, as pixels are shares of this box.
        rotation: /Rotate: 0, 90, 180 or 270 degrees clockwise.
        width: Pixels, after rotation.
        height: Pixels, after rotation.
    """

    visible: Box
    rotation: int
    width: int
    height: int

    def rectangle(self, box: Box) -> Box:
        """Return where a box in pixels lies in the page's units: x0, y0, x1, y1, y up, unrotated."""
        left, bottom, right, top = self.visible
        corners = []
        for x, y in ((box[0], box[1]), (box[2], box[3])):
            across, down = x / self.width, y / self.height
            # Shares of the unrotated page, from its bottom left.
            u, v = {
                0: (across, 1 - down),
                90: (down, across),
                180: (1 - across, down),
                270: (1 - down, 1 - across),
            }[self.rotation]
            corners.append((left + u * (right - left), bottom + v * (top - bottom)))
        (ax, ay), (bx, by) = corners
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def visible_box(media: Box, crop: Box | None) -> Box:
    """Return what viewers show of a page: its CropBox within its MediaBox, corners in whatever order.

    A CropBox that shares no area with the MediaBox is none.
    """
    whole = _ordered(media)
    if crop is None:
        return whole
    x0, y0, x1, y1 = _ordered(crop)
    inside = max(x0, whole[0]), max(y0, whole[1]), min(x1, whole[2]), min(y1, whole[3])
    return inside if inside[0] < inside[2] and inside[1] < inside[3] else whole


def _ordered(box: Box) -> Box:
    x0, y0, x1, y1 = box
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
