"""Pictures of pages with their boxes drawn in: readable at a glance, also for the colour-blind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from centernet_cli.datasets.formats.layout_write import level_of
from centernet_cli.rendering.tags import Tagger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Annotation, Box, Page

Colour = tuple[int, int, int]

PALETTE: tuple[Colour, ...] = (
    (0, 114, 178),  # blue
    (213, 94, 0),  # vermilion
    (0, 158, 115),  # green
    (204, 121, 167),  # purple
    (230, 159, 0),  # orange
    (86, 180, 233),  # sky blue
    (0, 0, 0),  # black
    (120, 120, 120),  # grey
    (240, 228, 66),  # yellow
)
"""Okabe and Ito's colours, told apart with every kind of colour vision; those that vanish on paper come last."""
INNER: Colour = (70, 70, 70)
"""Of lines and words among regions, in thin outlines."""
UNKNOWN: Colour = (120, 120, 120)
"""Of labels that the model doesn't have."""
MAX_SIDE = 1800
"""Pictures are scaled down to this long side: sharp on a screen, and memory stays small for huge pages."""
DIM = 0.25
"""How far the page is faded towards white, so that the boxes stand out and the text stays readable."""
TINT = 0.16
"""How strongly the inside of a box is coloured."""
MAX_TAGS = 60
"""With more boxes than this, tags would hide the page and are left out."""


def colour_of(index: int) -> Colour:
    """Return the colour of class `index`; the palette starts again where it ends."""
    return PALETTE[index % len(PALETTE)]


def class_colours(classes: Sequence[str]) -> dict[str, Colour]:
    """Return the colour of each class.

    Lines and words among regions have fixed colours, so that regions keep theirs whether lines are there or not.
    """
    regions = [label for label in classes if level_of(label) == "region"]
    if not regions:
        return {label: colour_of(index) for index, label in enumerate(classes)}
    colours = {label: colour_of(index) for index, label in enumerate(regions)}
    return {label: colours.get(label) or INNER for label in classes}


def draw_overlay(
    page: Page, annotations: Sequence[Annotation], classes: Sequence[str], *, max_side: int = MAX_SIDE
) -> Image.Image:
    """Draw boxes on a page.

    Each class has its colour; boxes are tinted and outlined, thinner the denser the page. With several classes, each
    box has a tag with label and score; with one class tags would only hide the text. Lines among regions are thin
    outlines without tags, so that the regions stay visible.

    Args:
        page: The page.
        annotations: Boxes in page pixels; labels that aren't among `classes` are grey.
        classes: All classes, which fixes the colours.
        max_side: Long side of the picture at most, in pixels.

    Returns:
        An RGB picture of the page's aspect.
    """
    picture = _faded(page, max_side)
    scale = (picture.width / page.info.width, picture.height / page.info.height)
    colours = class_colours(classes)
    shown = [
        (_scaled(annotation.box, scale), colours.get(annotation.label, UNKNOWN), annotation)
        for annotation in annotations
    ]
    # Large boxes first, so that small ones inside stay visible.
    shown.sort(key=lambda item: -_area(item[0]))
    inner = [item for item in shown if item[1] == INNER]
    outer = [item for item in shown if item[1] != INNER]
    picture = _tinted(picture, [(box, colour) for box, colour, _ in outer])
    draw = ImageDraw.Draw(picture)
    for box, colour, _ in inner:
        draw.rectangle(_pixels(box), outline=colour)
    width = _line_width([box for box, _, _ in outer], max(picture.size))
    for box, colour, _ in outer:
        draw.rectangle(_around(_pixels(box), width - 1, picture.size), outline=colour, width=width)
    if len(classes) > 1 and len(outer) <= MAX_TAGS:
        boxes = np.array([box for box, _, _ in shown], dtype=np.float64)
        tagger = Tagger(draw, picture.size, boxes, font_size=max(11, round(max(picture.size) / 90)))
        for box, colour, annotation in outer:
            tagger.tag(box, _tag_text(annotation), colour)
    return picture


def _faded(page: Page, max_side: int) -> Image.Image:
    picture = Image.fromarray(page.pixels)
    factor = max_side / max(picture.size)
    if factor < 1:
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Image.Resampling.BOX if factor < 1 / 2 else Image.Resampling.LANCZOS)
    return Image.blend(picture, Image.new("RGB", picture.size, "white"), DIM)


def _tinted(picture: Image.Image, boxes: Sequence[tuple[Box, Colour]]) -> Image.Image:
    """Colour the insides of boxes; ink stays dark, because paper takes the tint more than ink does."""
    pixels = np.array(picture)
    for box, colour in boxes:
        x0, y0, x1, y1 = _pixels(box)
        inside = pixels[y0 : y1 + 1, x0 : x1 + 1]
        tint = 255 - TINT * (255 - np.array(colour, dtype=np.float32))
        inside[:] = (inside * (tint / 255)).astype(np.uint8)
    return Image.fromarray(pixels)


def _line_width(boxes: Sequence[Box], side: int) -> int:
    """Return the outline's width: a tenth of the usual box's height, from hair-thin to bold for the picture's size."""
    if not boxes:
        return 1
    height = float(np.median([y1 - y0 for _, y0, _, y1 in boxes]))
    return max(1, min(round(height / 10), round(side / 450)))


def _tag_text(annotation: Annotation) -> str:
    return annotation.label if annotation.score is None else f"{annotation.label} {annotation.score:.2f}"


def _scaled(box: Box, scale: tuple[float, float]) -> Box:
    return box[0] * scale[0], box[1] * scale[1], box[2] * scale[0], box[3] * scale[1]


def _pixels(box: Box) -> tuple[int, int, int, int]:
    """Return first and last column and row that a half-open box covers, at least one of each."""
    x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
    return x0, y0, max(x0, int(np.ceil(box[2])) - 1), max(y0, int(np.ceil(box[3])) - 1)


def _around(pixels: tuple[int, int, int, int], by: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return what is wider by some pixels on each side, within the picture: thick outlines would hide a line's ink."""
    x0, y0, x1, y1 = pixels
    return max(0, x0 - by), max(0, y0 - by), min(size[0] - 1, max(x1 + by, x0)), min(size[1] - 1, max(y1 + by, y0))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
