"""Many pictures on one sheet, each with its name below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

TILE = 420
"""Longer side of a picture on the sheet, in pixels."""
_GAP, _CAPTION = 14, 26
_INK, _PAPER, _RULE = (40, 40, 40), (246, 246, 246), (205, 205, 205)


def contact_sheet(
    tiles: Sequence[tuple[str, Image.Image]], *, columns: int | None = None, tile: int = TILE
) -> Image.Image:
    """Return a sheet of pictures.

    Args:
        tiles: Names and pictures, row by row.
        columns: Pictures in a row; None: about as many as make the sheet square.
        tile: Pixels that a picture may be wide and high; smaller ones aren't enlarged.
    """
    across = columns or max(1, math.ceil(math.sqrt(len(tiles))))
    across = min(across, max(1, len(tiles)))
    rows = [tiles[start : start + across] for start in range(0, len(tiles), across)]
    small = [[(name, _shrunk(picture, tile)) for name, picture in row] for row in rows]
    heights = [max(picture.height for _, picture in row) + _CAPTION for row in small]
    size = (across * (tile + _GAP) + _GAP, sum(heights) + _GAP * (len(heights) + 1))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=15)
    top = _GAP
    for row, height in zip(small, heights, strict=True):
        for index, (name, picture) in enumerate(row):
            left = _GAP + index * (tile + _GAP)
            sheet.paste(picture, (left + (tile - picture.width) // 2, top))
            draw.rectangle((left - 1, top - 1, left + tile, top + height - _CAPTION), outline=_RULE)
            text = _fitting(draw, name, tile, font)
            draw.text((left + tile / 2, top + height - 8), text, fill=_INK, font=font, anchor="ms")
        top += height + _GAP
    return sheet


def _shrunk(picture: Image.Image, tile: int) -> Image.Image:
    factor = tile / max(picture.size)
    if factor >= 1:
        return picture
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _fitting(
    draw: ImageDraw.ImageDraw, name: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> str:
    """Return as much of the end of a name as fits, which tells pages apart better than its beginning."""
    text = "".join(char if char.isprintable() else "?" for char in name)[-200:]
    if draw.textlength(text, font=font) <= width:
        return text
    while text and draw.textlength(f"…{text}", font=font) > width:
        text = text[max(1, len(text) // 20) :]
    return f"…{text}"
