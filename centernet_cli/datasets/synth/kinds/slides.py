"""Slides: titles, bullets within bullets, columns, charts, tables, pictures, code; light, dark and coloured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.figures import draw_figure, draw_logo, draw_photo
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.plots import draw_panels
from centernet_cli.datasets.synth.typeset import Frame, Look, set_line, set_paragraph, split

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Colour

SIZES = ((720.0, 405.0), (720.0, 540.0), (960.0, 540.0))
DARK: tuple[Colour, ...] = ((25, 40, 80), (20, 20, 20), (60, 20, 70), (0, 80, 90), (120, 20, 30), (38, 50, 56))
LAYOUTS = (
    *("bullets", "bullets", "bullets", "columns", "columns", "beside", "beside", "table", "figure", "text"),
    *("title", "section", "cards", "code"),
)
_MARKS = ("•", "–", "-", "·", "*")


def make_slides(ctx: Context) -> Sheet:
    """A slide of one of many layouts."""
    rng = ctx.rng
    width, height = rng.choice(SIZES)
    dark = rng.random() < 0.35
    paper = rng.choice(DARK) if dark else rng.choice(((255, 255, 255), (255, 255, 255), ctx.light()))
    sheet = Sheet(width, height, paper, facts={"language": ctx.language})
    ink: Colour = (245, 245, 245) if dark else rng.choice(((0, 0, 0), (40, 40, 40), (60, 60, 70)))
    accent = rng.choice(((255, 210, 80), (255, 255, 255), (140, 220, 255))) if dark else ctx.dark()
    size = rng.choice((rng.uniform(12, 24), rng.uniform(9, 14)))
    look = ctx.look(roles=("sans", "sans", "sans", "serif", "hand"), size=size, accent=accent)
    look = replace(
        look,
        ink=ink,
        accent=accent,
        align="left",
        indent=0.0,
        gap=look.size * 0.5,
        leading=look.size * rng.uniform(1.1, 1.5),
        head_scale=rng.uniform(1.3, 2.0),
    )
    return _Slide(ctx, sheet, look).make()


class _Slide:
    def __init__(self, ctx: Context, sheet: Sheet, look: Look) -> None:
        self.ctx, self.rng, self.sheet, self.look = ctx, ctx.rng, sheet, look
        self.margin = sheet.width * self.rng.uniform(0.04, 0.1)
        self.right = sheet.width - self.margin
        self.bottom = sheet.height * self.rng.uniform(0.86, 0.92)

    def make(self) -> Sheet:
        """Lay out the slide."""
        rng, sheet = self.rng, self.sheet
        layout = rng.choice(LAYOUTS)
        sheet.facts["layout"] = layout
        if rng.random() < 0.12:
            side = sheet.width * rng.uniform(0.01, 0.06)
            sheet.rect((0, 0, side, sheet.height), width=0, fill=self.look.accent)
            self.margin += side
        if layout in {"title", "section"}:
            self.title(section=layout == "section")
        else:
            body = Frame(self.margin, self.head(), self.right - self.margin, self.bottom)
            getattr(self, layout)(body)
        self.foot()
        return sheet

    def head(self) -> float:
        """Set the title, on a bar or not; return where the body begins."""
        rng, sheet = self.rng, self.sheet
        look = replace(self.look, head_scale=min(self.look.head_scale, 34 / self.look.size))
        if rng.random() < 0.3:
            sheet.rect((0, 0, sheet.width, sheet.height * 0.16), width=0, fill=look.accent)
            look = replace(look, accent=(20, 20, 20) if sum(look.accent) > 450 else (255, 255, 255))
        frame = Frame(self.margin, sheet.height * 0.045, self.right - self.margin, sheet.height)
        Flow(sheet, rng, self.ctx.words, look, [frame]).heading(0, self.ctx.words.phrase(2, 7))
        if rng.random() < 0.2:
            y = frame.y
            sheet.rule(self.margin, y, self.right, y, width=rng.uniform(0.5, 2), colour=self.look.accent)
        return max(frame.y, sheet.height * 0.18) + 6

    def flow(self, frame: Frame, *, scale: float = 1.0) -> Flow:
        """Return a flow through one frame at a share of the slide's size."""
        look = replace(self.look, size=self.look.size * scale, leading=self.look.leading * scale)
        return Flow(self.sheet, self.rng, self.ctx.words, look, [frame])

    def bullets(self, frame: Frame) -> None:
        """Set points, some with points of their own; each is a list region."""
        rng = self.rng
        flow = self.flow(frame)
        marks = rng.sample(_MARKS, 2)
        count = rng.randint(2, 9)
        long = rng.choice((6, 12, 24))
        for _ in range(count):
            for deep in (False, *([True] * rng.choice((0, 0, 0, 2, 3)))):
                if flow.full or flow.room() < flow.look.leading * 1.2:
                    return
                size = flow.look.size * (0.85 if deep else 1.0)
                style = flow.look.text(size=size, leading=size * 1.2, align="left", indent=0.0)
                indent = size * (2.2 if deep else rng.choice((0.0, 0.4)))
                text = self.ctx.words.sentence(2, long)
                boxes = flow.item(marks[deep], text, style, indent, size * 1.2)
                flow.list_region(boxes)
                flow.gap(size * rng.choice((0.1, 0.3)))
            flow.gap(flow.look.size * 0.3)

    def columns(self, frame: Frame) -> None:
        """Set two or three columns of bullets or text, with or without headings."""
        rng = self.rng
        count = rng.choice((2, 2, 3))
        for part in split(frame.x, frame.y, frame.width, frame.bottom, count, 20):
            flow = self.flow(part, scale=0.85)
            if rng.random() < 0.5:
                flow.heading(2, self.ctx.words.phrase(1, 4))
            if rng.random() < 0.6:
                flow.list_(rng.randint(2, 5))
            else:
                flow.paragraph(low=8, high=40)

    def beside(self, frame: Frame) -> None:
        """Set points or text on one side, a figure on the other."""
        rng = self.rng
        share = rng.uniform(0.4, 0.6)
        left = Frame(frame.x, frame.y, frame.width * share - 10, frame.bottom)
        other = Frame(frame.x + frame.width * share + 10, frame.y, frame.width * (1 - share) - 10, frame.bottom)
        if rng.random() < 0.4:
            left, other = other, left
        if rng.random() < 0.7:
            self.bullets(left)
        else:
            self.flow(left).paragraph(low=10, high=50)
        self.draw(other)

    def draw(self, frame: Frame) -> None:
        """Draw a figure into a frame."""
        rng, look = self.rng, self.look
        low = frame.y + (frame.bottom - frame.y) * rng.uniform(0.6, 1.0)
        box = (frame.x, frame.y + 4, frame.x + frame.width, low)
        if box[3] - box[1] < 60 or frame.width < 80:
            return
        if rng.random() < 0.5 and look.ink[0] < 100:
            draw_panels(self.sheet, rng, self.ctx.words, look.body.regular, box, ink=look.ink)
            self.sheet.region("figure", [box])
        else:
            draw_figure(self.sheet, rng, self.ctx.words, look.body.regular, box, ink=look.ink)
        if rng.random() < 0.3 and low + look.size * 1.4 < self.bottom:
            caption = Frame(frame.x, low + 2, frame.width, self.bottom)
            flow = Flow(self.sheet, rng, self.ctx.words, replace(look, size=look.size * 0.6), [caption])
            flow.caption("figure")

    def figure(self, frame: Frame) -> None:
        """Draw one large figure."""
        self.draw(frame)

    def table(self, frame: Frame) -> None:
        """Set a table, sometimes with a remark."""
        rng = self.rng
        flow = self.flow(frame, scale=min(0.75, 11 / self.look.size))
        flow.table(columns=rng.randint(2, 7), rows=rng.randint(3, 14))
        if not flow.full and rng.random() < 0.5:
            flow.paragraph(low=6, high=25)

    def text(self, frame: Frame) -> None:
        """Set paragraphs, as people do who read their slides out."""
        flow = self.flow(frame, scale=0.9)
        for _ in range(self.rng.randint(1, 4)):
            flow.paragraph(low=12, high=60)

    def code(self, frame: Frame) -> None:
        """Set a listing on a panel."""
        rng, words = self.rng, self.ctx.words
        family = self.ctx.family("mono", "type")
        size = min(self.look.size * 0.75, 13.0)
        panel = (frame.x, frame.y, frame.x + frame.width, frame.bottom)
        dark = rng.random() < 0.6
        self.sheet.rect(panel, width=0, fill=(30, 32, 40) if dark else (240, 240, 240))
        ink: Colour = (225, 225, 215) if dark else (30, 30, 40)
        y, boxes, depth = frame.y + size * 0.6, [], 0
        for _ in range(rng.randint(4, 30)):
            y += size * 1.25
            if y > frame.bottom - size * 0.5:
                break
            depth = max(0, min(4, depth + rng.choice((-1, 0, 0, 1))))
            text = f"{words.word()}({words.word()}, {rng.randint(0, 99)}){rng.choice((':', ';', '', ' {'))}"
            x = frame.x + size * (0.8 + 2.0 * depth)
            if family.regular.width(text) * size < frame.x + frame.width - x - size and rng.random() < 0.9:
                boxes.append(self.sheet.text(x, y, text, family.regular, size, colour=ink))
        self.sheet.region("text", boxes)

    def cards(self, frame: Frame) -> None:
        """Set boxes side by side, a heading and a few words in each."""
        rng, look = self.rng, self.look
        columns, rows = rng.choice(((2, 1), (3, 1), (4, 1), (2, 2), (3, 2)))
        fill = rng.choice((None, self.ctx.light()))
        ink: Colour = look.ink if fill is None else (30, 30, 30)
        high = (frame.bottom - frame.y) / rows
        for row in range(rows):
            top = frame.y + row * high
            for part in split(frame.x, top, frame.width, top + high - 10, columns, 14):
                self.sheet.rect(
                    (part.x, part.y, part.x + part.width, part.bottom), width=0.8, colour=look.accent, fill=fill
                )
                inner = Frame(part.x + 8, part.y + 8, part.width - 16, part.bottom - 6)
                flow = self.flow(inner, scale=0.72)
                flow.look = replace(flow.look, ink=ink, accent=ink if fill else look.accent)
                flow.heading(2, self.ctx.words.phrase(1, 3))
                flow.paragraph(low=4, high=16)

    def title(self, *, section: bool) -> None:
        """Set a large title with author and date, or a section's name, on a plain ground or a picture."""
        rng, sheet, look = self.rng, self.sheet, self.look
        if rng.random() < 0.2:
            low = sheet.height * rng.uniform(0.3, 0.5)
            draw_photo(sheet, rng, (0, 0, sheet.width, low))
            sheet.region("figure", [(0, 0, sheet.width, low)])
            y = low + look.size
        else:
            y = sheet.height * rng.uniform(0.2, 0.42)
        align = rng.choice(("left", "center"))
        large = min(40.0, look.size * 2.4)
        frame = Frame(self.margin, y, self.right - self.margin, self.bottom)
        boxes: list[Box] = []
        style = look.heading(0).at(size=large, leading=large * 1.15, align=align)
        set_paragraph(sheet, self.ctx.words.phrase(2, 8).split(), style, frame, boxes=boxes)
        sheet.region("title", boxes)
        for _ in range(rng.randint(0, 1) if section else rng.randint(1, 4)):
            frame.y += look.size * rng.uniform(0.2, 1.2)
            boxes = []
            text = rng.choice((self.ctx.words.name(), self.ctx.words.date(), self.ctx.words.phrase(2, 6)))
            set_paragraph(sheet, text.split(), look.text(align=align), frame, boxes=boxes)
            sheet.region("text", boxes)

    def foot(self) -> None:
        """Set the number, the deck's name, a logo."""
        rng, sheet, look = self.rng, self.sheet, self.look
        y, size = sheet.height * 0.965, max(6.0, min(look.size * 0.5, 9.0))
        if rng.random() < 0.7:
            style = look.text(size=size, align="right")
            number = [str(rng.randint(1, 90))]
            box = set_line(sheet, number, style, self.margin, y, self.right - self.margin, last=True)
            sheet.region("footer", [box])
            if rng.random() < 0.6:
                name = self.ctx.words.phrase(2, 4)
                box = sheet.text(self.margin, y, name, look.body.regular, size, colour=look.ink)
                sheet.region("footer", [box])
        if rng.random() < 0.2:
            corner = (self.right - 46, 8.0, self.right - 6, 34.0)
            if all(box[0] > corner[2] or box[2] < corner[0] or box[1] > corner[3] for box in sheet.lines):
                draw_logo(sheet, rng, corner)
                sheet.region("figure", [corner])
