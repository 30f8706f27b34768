"""Magazine and brochure pages: pictures to the edge, titles on them, pull quotes, coloured sidebars, captions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.figures import draw_photo
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.plots import draw_panels
from centernet_cli.datasets.synth.typeset import Frame, Look, set_line, set_paragraph, split

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Colour, Sheet

SIZES = ((595.3, 841.9), (595.3, 841.9), (612.0, 792.0), (550.0, 740.0), (595.3, 595.3))


def make_magazine(ctx: Context) -> Sheet:
    """A page of two to four columns, or of panels."""
    rng = ctx.rng
    dark = rng.random() < 0.1
    paper: Colour = rng.choice(((25, 25, 30), (20, 40, 60), (60, 20, 30))) if dark else ctx.paper()
    sheet = ctx.sheet(rng.choice(SIZES), paper)
    look = ctx.look(roles=("serif", "sans"), size=rng.uniform(7.8, 10.5))
    look = replace(
        look,
        leading=look.size * rng.uniform(1.15, 1.4),
        gap=0.0 if rng.random() < 0.6 else look.size * 0.5,
        ink=(240, 240, 240) if dark else look.ink,
        accent=rng.choice(((255, 210, 80), (140, 220, 255))) if dark else ctx.dark(),
        head_align=rng.choice(("left", "left", "center")),
    )
    return _Magazine(ctx, sheet, look).make()


class _Magazine:
    def __init__(self, ctx: Context, sheet: Sheet, look: Look) -> None:
        rng = ctx.rng
        self.ctx, self.rng, self.sheet, self.look, self.words = ctx, rng, sheet, look, ctx.words
        self.margin = sheet.width * rng.uniform(0.06, 0.11)
        self.inner = sheet.width - 2 * self.margin
        self.y = sheet.height * rng.uniform(0.07, 0.1)
        self.bottom = sheet.height * rng.uniform(0.88, 0.93)
        self.count = rng.choice((2, 2, 3, 3, 4)) if self.inner > 420 else 2
        self.gutter = rng.uniform(10, 20)

    def make(self) -> Sheet:
        """Lay out the page from the top down."""
        rng = self.rng
        opening = rng.random() < 0.55
        if opening:
            self.opening()
        else:
            self.running()
        if rng.random() < 0.15:
            self.panels()
        else:
            self.columns()
        self.foot()
        return self.sheet

    def running(self) -> None:
        """Set the section's name at the top, plain or on a strip of colour."""
        rng, sheet, look = self.rng, self.sheet, self.look
        if rng.random() < 0.25:
            return
        text, size, y = self.words.phrase(1, 3).upper(), look.size * 0.85, sheet.height * 0.045
        ink = look.accent
        if rng.random() < 0.3:
            sheet.rect((0, 0, sheet.width, y + size), width=0, fill=look.accent)
            ink = (255, 255, 255) if sum(look.accent) < 450 else (20, 20, 20)
        x, align = rng.choice(((self.margin, "left"), (self.margin + self.inner, "right")))
        box = sheet.text(x, y, text, look.head.bold, size, colour=ink, align=align)
        sheet.region("header", [box])

    def opening(self) -> None:
        """Open an article: picture, kicker, title, standfirst, author."""
        rng, sheet, look = self.rng, self.sheet, self.look
        style = rng.choice(("above", "above", "over", "none"))
        size = look.size * rng.uniform(2.4, 4.2)
        over = replace(look, head_scale=size / look.size)
        if style != "none":
            low = sheet.height * rng.uniform(0.22, 0.5)
            box = (0.0, 0.0, sheet.width, low) if rng.random() < 0.6 else (self.margin, self.y, *self._corner(low))
            draw_photo(sheet, rng, box)
            sheet.region("figure", [box])
            self.y = low + look.size
            if style == "over":
                # White on a dark band at the picture's foot, where a title is read best.
                band = (box[0], low - size * 2.9, box[2], low)
                sheet.rect(band, width=0, fill=(25, 25, 28))
                frame = Frame(self.margin + 8, band[1] + size * 0.15, self.inner - 16, low)
                white = replace(over, accent=(255, 255, 255))
                Flow(sheet, rng, self.words, white, [Frame(frame.x, frame.y, frame.width, 1e5)]).heading(
                    0, self._title(frame.width, size)
                )
        if rng.random() < 0.4:
            self.y += look.size
            text = self.words.phrase(1, 3).upper()
            kicker = sheet.text(self.margin, self.y, text, look.head.bold, look.size * 0.9, colour=look.accent)
            sheet.region("text", [kicker])
            self.y += look.size * 0.5
        frame = Frame(self.margin, self.y, self.inner, self.bottom)
        if style != "over":
            Flow(sheet, rng, self.words, over, [frame]).heading(0, self.words.phrase(2, 7))
        if rng.random() < 0.7:
            boxes: list[Box] = []
            large = look.size * rng.uniform(1.2, 1.6)
            stand = look.text(
                size=large, leading=large * 1.25, align=look.head_align, indent=0.0, face=look.head.regular
            ).at(hyphens=False)
            frame.y += look.size * 0.4
            set_paragraph(sheet, self.words.paragraph(12, 40), stand, frame, boxes=boxes)
            sheet.region("text", boxes)
        if rng.random() < 0.5:
            frame.y += look.leading
            line = look.text(align=look.head_align, indent=0.0, face=look.body.italic)
            by = set_line(sheet, self.words.name().split(), line, frame.x, frame.y, frame.width, last=True)
            sheet.region("text", [by])
        self.y = frame.y + look.leading * rng.uniform(0.6, 1.6)

    def _corner(self, low: float) -> tuple[float, float]:
        return (self.margin + self.inner, low)

    def _title(self, width: float, size: float) -> str:
        """Return a title of at most two lines."""
        text = self.words.phrase(2, 6)
        while self.look.head.bold.width(text) * size > width * 1.25 and " " in text:
            text = text.rpartition(" ")[0]
        return text

    def columns(self) -> None:
        """Fill the rest with columns around a picture, a quotation and a sidebar."""
        rng, look = self.rng, self.look
        frames = split(self.margin, self.y, self.inner, self.bottom, self.count, self.gutter)
        if self.bottom - self.y > 200:
            for _ in range(rng.choice((0, 1, 1, 2))):
                rng.choice((self.picture, self.picture, self.sidebar, self.quote))(frames)
        frames = [frame for frame in frames if frame.bottom - frame.y > look.leading * 3]
        flow = Flow(self.sheet, rng, self.words, replace(look, head_scale=rng.uniform(1.15, 1.6)), frames)
        flow.fill(rng.choice(({"paragraph": 6, "heading": 1}, {"paragraph": 4, "heading": 1, "list": 1})))

    def _cut(self, frames: list[Frame], share: float) -> tuple[Frame, list[Frame]]:
        """Take the head or the foot of one or two neighbouring columns away; return that area."""
        rng = self.rng
        span = rng.choice((1, 1, 2)) if len(frames) > 1 else 1
        at = rng.randint(0, len(frames) - span)
        taken = frames[at : at + span]
        top, bottom = max(frame.y for frame in taken), min(frame.bottom for frame in taken)
        high = (bottom - top) * share
        gap = self.look.leading
        width = taken[-1].x + taken[-1].width - taken[0].x
        if rng.random() < 0.5:
            area = Frame(taken[0].x, top, width, top + high - gap)
            for frame in taken:
                frame.y = top + high
        else:
            area = Frame(taken[0].x, bottom - high + gap, width, bottom)
            for frame in taken:
                frame.bottom = bottom - high
        return area, taken

    def picture(self, frames: list[Frame]) -> None:
        """Put a picture with its caption."""
        rng, look, sheet = self.rng, self.look, self.sheet
        area, _ = self._cut(frames, rng.uniform(0.25, 0.5))
        if area.bottom - area.y < 70:
            return
        lines = rng.choice((0, 1, 2, 3))
        low = area.bottom - lines * look.leading - (4 if lines else 0)
        box = (area.x, area.y, area.x + area.width, low)
        if rng.random() < 0.75 or low - area.y < 90:
            draw_photo(sheet, rng, box)
        else:
            draw_panels(sheet, rng, self.words, look.head.regular, box, ink=look.ink)
        sheet.region("figure", [box])
        if lines:
            boxes: list[Box] = []
            frame = Frame(area.x, low + 3, area.width, area.bottom + 1)
            size = look.size * 0.86
            face = rng.choice((look.body.italic, look.head.regular))
            style = look.text(size=size, leading=size * 1.15, align="left", indent=0.0, face=face)
            set_paragraph(sheet, self.words.sentence(4, 30), style, frame, boxes=boxes)
            sheet.region("caption", boxes)

    def sidebar(self, frames: list[Frame]) -> None:
        """Put a coloured or framed box with a heading and text or items of its own."""
        rng, look, sheet = self.rng, self.look, self.sheet
        area, _ = self._cut(frames, rng.uniform(0.3, 0.6))
        if area.bottom - area.y < 90:
            return
        fill = rng.choice((None, self.ctx.light(), look.accent))
        box = (area.x, area.y, area.x + area.width, area.bottom)
        sheet.rect(box, width=rng.choice((0.0, 0.8)) if fill else 0.8, colour=look.accent, fill=fill)
        ink: Colour = look.ink if fill is None else (255, 255, 255) if sum(fill) < 400 else (25, 25, 25)
        side = replace(look, ink=ink, accent=ink if fill else look.accent, head_scale=1.3, head=look.head)
        inner = Frame(area.x + 8, area.y + 8, area.width - 16, area.bottom - 6)
        flow = Flow(sheet, rng, self.words, replace(side, size=look.size * 0.92, leading=look.leading * 0.92), [inner])
        flow.heading(1, self.words.phrase(1, 4))
        flow.fill(rng.choice(({"paragraph": 1}, {"list": 1}, {"list": 1, "paragraph": 1})), limit=rng.randint(1, 5))

    def quote(self, frames: list[Frame]) -> None:
        """Put a sentence of the article in large letters."""
        rng, look, sheet = self.rng, self.look, self.sheet
        area, _ = self._cut(frames, rng.uniform(0.2, 0.4))
        size = look.size * rng.uniform(1.5, 2.2)
        face = rng.choice((look.body.italic, look.head.bold))
        style = look.text(
            face=face, size=size, leading=size * 1.25, align=rng.choice(("left", "center")), indent=0.0
        ).at(colour=look.accent, hyphens=False)
        if rng.random() < 0.5:
            sheet.rule(area.x, area.y, area.x + area.width, area.y, width=1.5, colour=look.accent)
        frame = Frame(area.x, area.y + size * 0.4, area.width, area.bottom)
        boxes: list[Box] = []
        set_paragraph(sheet, self.words.sentence(5, 14), style, frame, boxes=boxes)
        sheet.region("text", boxes)

    def panels(self) -> None:
        """Set a grid of panels, each a heading and a few lines, some with pictures."""
        rng, look, sheet = self.rng, self.look, self.sheet
        columns, rows = rng.choice(((2, 2), (2, 3), (3, 3), (3, 4), (1, 4)))
        high = (self.bottom - self.y) / rows
        pictured = rng.random() < 0.5
        for row in range(rows):
            top = self.y + row * high
            for part in split(self.margin, top, self.inner, top + high - 10, columns, 14):
                if pictured and part.width > 80 and high > 110:
                    low = part.y + high * 0.45
                    box = (part.x, part.y, part.x + part.width, low)
                    draw_photo(sheet, rng, box)
                    sheet.region("figure", [box])
                    part.y = low + 4
                flow = Flow(sheet, rng, self.words, replace(look, head_scale=1.25), [part])
                flow.heading(1, self.words.phrase(1, 3))
                flow.paragraph(low=6, high=45)

    def foot(self) -> None:
        """Set the page number with the magazine's name."""
        rng, sheet, look = self.rng, self.sheet, self.look
        if rng.random() < 0.15:
            return
        y, size = sheet.height * 0.965, look.size * 0.8
        left = rng.random() < 0.5
        x, align = (self.margin, "left") if left else (self.margin + self.inner, "right")
        box = sheet.text(x, y, str(rng.randint(2, 180)), look.head.bold, size, colour=look.ink, align=align)
        sheet.region("footer", [box])
        if rng.random() < 0.6:
            name = f"{self.words.phrase(1, 2)} {self.words.date()}"
            at, side = (box[2] + size * 3, "left") if left else (box[0] - size * 3, "right")
            sheet.region("footer", [sheet.text(at, y, name, look.body.regular, size, colour=look.ink, align=side)])
