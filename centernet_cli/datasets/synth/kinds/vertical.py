"""Vertical Japanese and Chinese: columns of characters from right to left, each column one text line."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from centernet_cli.datasets.synth.display import Sheet

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Colour
    from centernet_cli.datasets.synth.scripts import ScriptFace

_MARKS = "、。，"


def make_vertical(ctx: Context) -> Sheet:
    """A page of a book, magazine or newspaper in one to four tiers of columns."""
    rng = ctx.rng
    paper: Colour = rng.choice(((255, 255, 255), (250, 246, 236), (240, 232, 214)))
    width = rng.uniform(380, 620)
    sheet = Sheet(width, width * rng.uniform(0.75, 1.5), paper, facts={"language": ctx.language, "layout": "vertical"})
    family = ctx.family("serif")
    face, bold = cast("ScriptFace", family.regular), cast("ScriptFace", family.bold)
    size = rng.uniform(8.5, 15.0)
    pitch = size * rng.uniform(1.35, 2.1)
    tiers = rng.choice((1, 1, 1, 2, 3, 4))
    left, right = width * rng.uniform(0.05, 0.12), width * rng.uniform(0.88, 0.95)
    top, bottom = sheet.height * rng.uniform(0.06, 0.14), sheet.height * rng.uniform(0.86, 0.95)
    high = (bottom - top) / tiers
    for tier in range(tiers):
        y0, y1 = top + tier * high, top + (tier + 1) * high - size * 1.4
        x = right - pitch / 2
        if tier == 0 and rng.random() < 0.6:
            large = size * rng.uniform(1.4, 2.4)
            x -= large
            title = "".join(ctx.words.phrase(2, 5).split())
            box = _column(sheet, bold, title, x + large / 2, y0, y1, large)
            sheet.region("title", [box] if box else [])
            x -= pitch
        boxes: list[Box] = []
        text = ""
        while x - size / 2 > left:
            if not text:
                sheet.region("text", boxes)
                boxes = []
                text = "　" + "".join(ctx.words.paragraph(20, 160))
            fitting = max(1, int((y1 - y0) / (size * 1.04)))
            said, text = text[:fitting], text[fitting:]
            box = _column(sheet, face, said, x, y0, y1, size)
            if box is not None:
                boxes.append(box)
            x -= pitch
        sheet.region("text", boxes)
        if tier and rng.random() < 0.5:
            sheet.rule(left, y0 - size * 0.7, right, y0 - size * 0.7, width=0.5)
    if rng.random() < 0.7:
        x, align = rng.choice(((left, "left"), (right, "right"), (width / 2, "center")))
        number = sheet.text(x, sheet.height * 0.975, str(rng.randint(1, 400)), face, size * 0.8, align=align)
        sheet.region("footer", [number])
    return sheet


def _column(sheet: Sheet, face: ScriptFace, text: str, x: float, y0: float, y1: float, size: float) -> Box | None:
    """Set characters down from `y0`, centred on `x`; return the column's ink, a text line."""
    boxes: list[Box] = []
    y = y0
    for char in text:
        if y + size > y1 + 0.1:
            break
        _, mask, (left, top, right, bottom) = face.drawn(char)
        if mask is not None and char.isprintable():
            wide, high = (right - left) * size, (bottom - top) * size
            middle = x - wide / 2 + (size * 0.3 if char in _MARKS else 0.0)
            under = y + size * 0.88 + top * size - (size * 0.55 if char in _MARKS else 0.0)
            boxes.append(sheet.stamp((middle, under, middle + wide, under + high), mask, line=False))
        y += size * 1.04
    return sheet.add_line(boxes) if boxes else None
