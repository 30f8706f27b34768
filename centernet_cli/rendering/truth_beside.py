"""A page twice, with its truth and with what was found on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from centernet_cli.rendering.overlay import draw_overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Annotation, Page

MAX_SIDE = 1100
"""Long side of each of the two, in pixels."""
GAP = 12
FONT_SIZE = 16


def truth_beside(
    page: Page, truth: Sequence[Annotation], found: Sequence[Annotation], classes: Sequence[str], title: str
) -> Image.Image:
    """Return overlays of truth (left) and detections (right) under a title.

    Args:
        page: The page.
        truth: In page pixels.
        found: Likewise.
        classes: All classes, which fixes the colours.
        title: Above both.
    """
    both = [draw_overlay(page, boxes, classes, max_side=MAX_SIDE) for boxes in (truth, found)]
    width, height = both[0].size
    font = ImageFont.load_default(size=FONT_SIZE)
    line = 2 * FONT_SIZE
    sheet = Image.new("RGB", (2 * width + GAP, height + 2 * line), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, FONT_SIZE / 2), title, font=font, fill="black")
    for i, (name, boxes, picture) in enumerate(zip(("truth", "found"), (truth, found), both, strict=True)):
        draw.text((i * (width + GAP) + GAP, line), f"{name}: {len(boxes):,}", font=font, fill="black")
        sheet.paste(picture, (i * (width + GAP), 2 * line))
    return sheet
