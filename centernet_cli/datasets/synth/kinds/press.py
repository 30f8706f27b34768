"""Newspapers: many narrow columns, hundreds of lines, wide headings, rules, pictures, advertisements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet
from centernet_cli.datasets.synth.figures import draw_photo
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.typeset import Frame, Look, join_pieces, random_look, set_line, set_paragraph, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context


def make_newspaper(ctx: Context) -> Sheet:
    """A newspaper page of 3 to 9 columns: of today, or as crowded as a century ago."""
    rng = ctx.rng
    old = rng.random() < 0.5
    dense = rng.random() < 0.35
    paper: Colour = (
        rng.choice(((238, 230, 210), (245, 240, 228), (230, 222, 205)))
        if old
        else rng.choice(((255, 255, 255), (244, 242, 236)))
    )
    width = rng.uniform(900, 1150) if dense else rng.uniform(620, 1050)
    sheet = Sheet(width, width * rng.uniform(1.25, 1.6), paper, facts={"language": ctx.language})
    sheet.stretch = rng.choice((1.0, 1.0, rng.uniform(0.85, 1.1)))
    roles = ("serif", "serif", "serif", "black") if old and ctx.plain else ("serif", "serif", "serif", "sans")
    body = ctx.family(rng.choice(roles))
    size = rng.uniform(7.2, 9.0) if dense else rng.uniform(8.0, 11.5)
    look = random_look(rng, body, ctx.family("serif", "sans", "display"), size=size)
    look = replace(
        look,
        align="justify" if rng.random() < 0.9 else "left",
        leading=look.size * (rng.uniform(0.98, 1.08) if dense else rng.uniform(1.02, 1.18)),
        gap=0.0,
        indent=look.size,
        head_scale=rng.uniform(1.2, 2.0) if dense and old else rng.uniform(1.6, 3.2),
        head_align="center" if rng.random() < 0.7 else "left",
    )
    margin = width * rng.uniform(0.02, 0.06)
    y = _masthead(ctx, sheet, look, margin) if rng.random() < 0.4 else _folio(ctx, sheet, look, margin)
    count = rng.randint(6, 9) if dense else rng.randint(3, 7)
    gutter = rng.uniform(0.7, 1.6) * look.size
    # Papers of old ran one column after the other; no heading was wider than one.
    spans = (1,) if dense and old and rng.random() < 0.6 else (1, 1, 1, 2, 2, 3, 4)
    page = _Page(ctx, sheet, look, count, gutter, rules=rng.random() < 0.7, spans=spans)
    page.fill(margin, y, width - 2 * margin, sheet.height * 0.97)
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
        self,
        ctx: Context,
        sheet: Sheet,
        look: Look,
        count: int,
        gutter: float,
        *,
        rules: bool,
        spans: Sequence[int],
    ) -> None:
        self.ctx, self.rng, self.sheet, self.look = ctx, ctx.rng, sheet, look
        self.count, self.gutter, self.rules, self.spans = count, gutter, rules, spans

    def fill(self, x: float, y: float, width: float, bottom: float) -> None:
        """Fill the area with one to three bands."""
        rng = self.rng
        bands = 1 if self.spans == (1,) else rng.choice((1, 2, 2, 3))
        wide = (width + self.gutter) / self.count
        cuts = sorted(rng.uniform(0.8, 1.2) for _ in range(bands))
        top = y
        for cut in cuts:
            base = top + (bottom - y) * cut / sum(cuts)
            at = 0
            while at < self.count:
                span = min(self.count - at, rng.choice(self.spans))
                left = x + at * wide
                area = Frame(left, top, span * wide - self.gutter, base - self.look.leading * 0.6)
                self.block(area, span)
                at += span
                if self.rules and at < self.count:
                    sep = x + at * wide - self.gutter / 2
                    self.sheet.rule(sep, top, sep, base - self.look.leading * 0.6, width=rng.choice((0.4, 0.6)))
            if self.rules and base < bottom - 1:
                line = base - self.look.leading * 0.3
                self.sheet.rule(x, line, x + width, line, width=rng.choice((0.5, 1.5)))
            top = base

    def block(self, area: Frame, span: int) -> None:
        """Fill some columns of a band."""
        roll = self.rng.random()
        if roll < 0.06 and span > 1:
            self.advertisement(area)
        elif roll < 0.16:
            for frame in split(area.x, area.y, area.width, area.bottom, span, self.gutter):
                self.small_ads(frame)
        elif roll < 0.21 and span == 1:
            self.quotes(area)
        else:
            self.article(area, span, picture=roll > 0.8 and self.spans != (1,))

    def small_ads(self, frame: Frame) -> None:
        """Fill a column with short notices, the first word of each large or in capitals, rules between."""
        rng, look, sheet = self.rng, self.look, self.sheet
        framed = rng.random() < 0.2
        while frame.y + 3 * look.leading < frame.bottom:
            boxes: list[Box] = []
            top = frame.y
            inner = Frame(frame.x + 2, frame.y + 2, frame.width - 4, frame.bottom)
            if rng.random() < 0.4:
                style = look.text(face=look.head.bold, align="center", indent=0.0, size=look.size * rng.uniform(1, 1.5))
                style = style.at(leading=style.size * 1.15)
                set_paragraph(sheet, self.ctx.words.phrase(1, 3).upper().split(), style, inner, boxes=boxes)
            words = self.ctx.words.paragraph(6, 45)
            words[0] = words[0].upper()
            style = look.text(indent=0.0 if rng.random() < 0.5 else -look.size)
            set_paragraph(sheet, words, style, inner, boxes=boxes)
            sheet.region("text", boxes)
            frame.y = inner.y + look.size * 0.4
            if framed:
                sheet.rect((frame.x, top, frame.x + frame.width, frame.y), width=0.6)
                frame.y += 3
            else:
                middle = frame.x + frame.width / 2
                half = frame.width * rng.choice((0.15, 0.5))
                sheet.rule(middle - half, frame.y, middle + half, frame.y, width=0.5)
                frame.y += look.size * 0.35

    def quotes(self, area: Frame) -> None:
        """Fill a column with prices or results: names left, figures right."""
        rng, look, sheet = self.rng, self.look, self.sheet
        heading = Flow(sheet, rng, self.ctx.words, look, [area])
        heading.heading(2, self.ctx.words.phrase(1, 3))
        face, size = look.body.regular, look.size * rng.uniform(0.8, 1.0)
        stops = rng.choice(((1.0,), (0.7, 1.0), (0.6, 0.8, 1.0)))
        dots = rng.random() < 0.5
        inks: list[Box] = []
        while area.y + size * 1.1 < area.bottom:
            area.y += size * 1.08
            name = self.ctx.words.phrase(1, 2)
            room = area.width * (stops[0] if len(stops) > 1 else 0.75) - size * 3
            while face.width(name) * size > room and len(name) > 2:
                name = name[:-1].rstrip()
            if dots:
                name += "." * max(0, int((room - face.width(name) * size) / (face.width(".") * size)))
            row = [sheet.text(area.x, area.y, name, face, size, line=False)]
            for stop in stops:
                figure = rng.choice((self.ctx.words.amount(99), str(rng.randint(1, 99))))
                x = area.x + area.width * stop
                row.append(sheet.text(x, area.y, figure, face, size, align="right", line=False))
            pieces = join_pieces(row, size)
            sheet.lines += pieces
            inks += pieces
        if len(inks) > 2:
            sheet.region("table", inks)

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
