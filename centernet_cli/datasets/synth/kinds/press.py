"""Newspapers: many narrow columns, hundreds of lines, wide headings, rules, pictures, advertisements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet
from centernet_cli.datasets.synth.figures import draw_photo
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.typeset import Frame, Look, random_look, set_line, set_paragraph, split

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context


def make_newspaper(ctx: Context) -> Sheet:
    """A newspaper page of 3 to 8 columns."""
    rng = ctx.rng
    old = rng.random() < 0.5
    paper: Colour = (
        rng.choice(((238, 230, 210), (245, 240, 228), (230, 222, 205)))
        if old
        else rng.choice(((255, 255, 255), (244, 242, 236)))
    )
    width = rng.uniform(760, 1050)
    sheet = Sheet(width, width * rng.uniform(1.25, 1.55), paper, facts={"language": ctx.language})
    roles = ("serif", "serif", "serif", "black") if old and ctx.plain else ("serif", "serif", "sans")
    body = ctx.family(rng.choice(roles))
    look = random_look(rng, body, ctx.family("serif", "sans", "display"), size=rng.uniform(8.0, 11.5))
    look = replace(
        look,
        align="justify",
        leading=look.size * rng.uniform(1.02, 1.18),
        gap=0.0,
        indent=look.size,
        head_scale=rng.uniform(1.6, 3.2),
        head_align="center",
    )
    margin = width * rng.uniform(0.025, 0.06)
    y = _masthead(ctx, sheet, look, margin) if rng.random() < 0.4 else _folio(ctx, sheet, look, margin)
    count = rng.randint(3, 8)
    gutter = rng.uniform(0.9, 1.6) * look.size
    _Page(ctx, sheet, look, count, gutter, rules=rng.random() < 0.7, grey=True).fill(
        margin, y, width - 2 * margin, sheet.height * 0.97
    )
    return sheet


def _masthead(ctx: Context, sheet: Sheet, look: Look, margin: float) -> float:
    rng = ctx.rng
    family = ctx.family("black", "serif", "display", "serif")
    size = rng.uniform(40, 80)
    name = ctx.words.phrase(2, 3)
    while family.bold.width(name) * size > (sheet.width - 2 * margin) * 0.9:
        size *= 0.9
    y = margin + size
    sheet.region("title", [sheet.text(sheet.width / 2, y, name, family.bold, size, align="center")])
    y += size * 0.35
    sheet.rule(margin, y, sheet.width - margin, y, width=1.0)
    y += look.size * 1.4
    parts = (ctx.words.code(), f"{ctx.words.name()}, {ctx.words.date()}", ctx.words.phrase(1, 2))
    for part, x, align in zip(
        parts, (margin, sheet.width / 2, sheet.width - margin), ("left", "center", "right"), strict=True
    ):
        sheet.region("header", [sheet.text(x, y, part, look.body.regular, look.size, align=align)])
    y += look.size * 0.6
    sheet.rule(margin, y, sheet.width - margin, y, width=1.0)
    return y + look.leading


def _folio(ctx: Context, sheet: Sheet, look: Look, margin: float) -> float:
    y = margin + look.size
    for part, x, align in (
        (str(ctx.rng.randint(1, 64)), margin, "left"),
        (ctx.words.phrase(2, 4), sheet.width / 2, "center"),
        (ctx.words.date(), sheet.width - margin, "right"),
    ):
        if ctx.rng.random() < 0.8:
            sheet.region("header", [sheet.text(x, y, part, look.body.regular, look.size, align=align)])
    if ctx.rng.random() < 0.7:
        sheet.rule(margin, y + look.size * 0.5, sheet.width - margin, y + look.size * 0.5, width=0.8)
    return y + look.leading * 1.3


class _Page:
    """Fills the page with horizontal bands; in each, blocks of columns are articles, pictures or advertisements."""

    def __init__(
        self, ctx: Context, sheet: Sheet, look: Look, count: int, gutter: float, *, rules: bool, grey: bool
    ) -> None:
        self.ctx, self.rng, self.sheet, self.look, self.count, self.gutter, self.rules, self.grey = (
            ctx,
            ctx.rng,
            sheet,
            look,
            count,
            gutter,
            rules,
            grey,
        )

    def fill(self, x: float, y: float, width: float, bottom: float) -> None:
        """Fill the area with one to four bands."""
        rng = self.rng
        bands = rng.choice((1, 2, 2, 3))
        height = (bottom - y) / bands
        wide = (width + self.gutter) / self.count
        for band in range(bands):
            top, base = y + band * height, y + (band + 1) * height - self.look.leading * 0.6
            at = 0
            while at < self.count:
                span = min(self.count - at, rng.choice((1, 1, 1, 2, 2, 3, 4)))
                left = x + at * wide
                area = Frame(left, top, span * wide - self.gutter, base)
                roll = rng.random()
                if roll < 0.06 and span > 1:
                    self.advertisement(area)
                else:
                    self.article(area, span, picture=roll > 0.8)
                at += span
                if self.rules and at < self.count:
                    sep = x + at * wide - self.gutter / 2
                    self.sheet.rule(sep, top, sep, base, width=0.5)
            if band + 1 < bands:
                self.sheet.rule(
                    x,
                    base + self.look.leading * 0.3,
                    x + width,
                    base + self.look.leading * 0.3,
                    width=rng.choice((0.5, 1.5)),
                )

    def article(self, area: Frame, span: int, *, picture: bool) -> None:
        """Set headings over the whole span, then text in its columns, with further small articles below."""
        rng, look = self.rng, self.look
        scale = look.head_scale * (0.55 + 0.3 * span)
        over = replace(look, head_scale=max(1.15, scale))
        if rng.random() < 0.85:
            Flow(self.sheet, rng, self.ctx.words, over, [area]).heading(0, self.ctx.words.phrase(2, 4 + 2 * span))
            area.y += look.leading * 0.3
        if picture and area.bottom - area.y > 220:
            self.picture(area)
        frames = split(area.x, area.y, area.width, area.bottom, span, self.gutter)
        if self.rules and span > 1:
            for frame in frames[1:]:
                self.sheet.rule(frame.x - self.gutter / 2, area.y, frame.x - self.gutter / 2, area.bottom, width=0.4)
        flow = Flow(self.sheet, rng, self.ctx.words, replace(look, head_scale=rng.uniform(1.2, 1.7)), frames)
        while not flow.full and flow.room() >= look.leading:
            for _ in range(rng.randint(2, 9)):
                flow.paragraph(low=15, high=90)
            if flow.room() > look.leading * 6:
                middle = flow.frame.x + flow.frame.width / 2
                line = flow.frame.y + look.leading * 0.5
                self.sheet.rule(middle - 20, line, middle + 20, line, width=0.7)
                flow.gap(look.leading)
                flow.heading(0, self.ctx.words.phrase(1, 5))
            elif flow.room() < look.leading * 3:
                flow.advance()

    def picture(self, area: Frame) -> None:
        """Put a photograph with its caption over the area's width."""
        rng, look = self.rng, self.look
        height = min(area.width * rng.uniform(0.5, 0.9), (area.bottom - area.y) * 0.45)
        box = (area.x, area.y, area.x + area.width, area.y + height)
        draw_photo(self.sheet, rng, box, grey=rng.random() < 0.7)
        self.sheet.region("figure", [box])
        area.y += height + look.size * 0.5
        boxes: list[Box] = []
        style = look.text(
            size=look.size * 0.9,
            leading=look.size * 1.0,
            align="left",
            indent=0.0,
            face=rng.choice((look.body.italic, look.head.regular)),
        )
        set_paragraph(self.sheet, self.ctx.words.sentence(5, 18), style, area, boxes=boxes)
        self.sheet.region("caption", boxes)
        area.y += look.leading * 0.5

    def advertisement(self, area: Frame) -> None:
        """Draw a framed block of centred lines of all sizes."""
        rng, look, sheet = self.rng, self.look, self.sheet
        box = (area.x, area.y, area.x + area.width, area.bottom)
        dark = rng.random() < 0.15
        sheet.rect(box, width=rng.uniform(0.6, 2.5), fill=(30, 30, 30) if dark else None)
        ink: Colour = (250, 250, 250) if dark else BLACK
        y = area.y + look.size
        boxes: list[Box] = []
        while True:
            family = self.ctx.family("sans", "serif", "display", "black")
            size = look.size * rng.choice((0.9, 1.0, 1.4, 2.0, 3.2))
            text = self.ctx.words.phrase(1, 5)
            while family.bold.width(text) * size > area.width * 0.9 and size > look.size * 0.6:
                size *= 0.85
            if y + size * 1.3 > area.bottom - look.size or family.bold.width(text) * size > area.width * 0.95:
                break
            y += size * 1.2
            style = look.text(
                face=rng.choice((family.bold, family.regular)), size=size, align="center", indent=0.0, colour=ink
            )
            boxes.append(set_line(sheet, text.split(), style, area.x, y, area.width, last=True))
            y += look.size * rng.choice((0.2, 0.6, 1.5))
        sheet.region("text", boxes)
