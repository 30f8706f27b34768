"""Pages of modern books: text with notes at foot and margin, openings, title pages, drama, dictionaries, spreads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.kinds.books import drop_capital, marginalia, verse
from centernet_cli.datasets.synth.kinds.vertical import make_vertical
from centernet_cli.datasets.synth.typeset import Frame, Look, random_look, set_line, set_paragraph, split
from centernet_cli.datasets.synth.words import folio

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Colour

LAYOUTS = ("text", "text", "text", "notes", "notes", "opening", "title", "drama", "verse", "dictionary", "list")


def make_book(ctx: Context) -> Sheet:
    """A page of a book, or two facing ones."""
    rng = ctx.rng
    if ctx.language in {"ja", "zh"} and rng.random() < 0.6:
        return make_vertical(ctx)
    width = rng.uniform(300, 460)
    height = width * rng.uniform(1.3, 1.65)
    paper: Colour = rng.choice(((255, 255, 255), (252, 250, 243), (247, 243, 232), (240, 233, 215)))
    volume = _Volume(ctx, width, height, paper)
    if rng.random() < 0.25:
        sheet = Sheet(width * 2, height, paper, facts={"language": ctx.language, "layout": "spread"})
        for side in (0, 1):
            sheet.add_sheet(volume.page(rng.choice(LAYOUTS[:5]), left=side == 0), side * width)
        if rng.random() < 0.6:
            for k in range(6):
                shade = round(paper[0] * (0.8 + 0.03 * k))
                sheet.rule(width + k, 0, width + k, height, width=1.0, colour=(shade,) * 3)
        return sheet
    return volume.page(rng.choice(LAYOUTS), left=rng.random() < 0.5)


class _Volume:
    """The typography of one book."""

    def __init__(self, ctx: Context, width: float, height: float, paper: Colour) -> None:
        rng = ctx.rng
        self.ctx, self.rng, self.width, self.height, self.paper = ctx, rng, width, height, paper
        body = ctx.family("serif", "serif", "serif", "sans")
        size = rng.uniform(8.5, 12.0)
        head = body if rng.random() < 0.7 else ctx.family("sans", "display")
        look = random_look(rng, body, head, size=size, ink=rng.choice(((0, 0, 0), (30, 30, 30), (45, 40, 40))))
        self.look: Look = replace(
            look,
            align="justify",
            gap=0.0,
            indent=size * rng.choice((1.0, 1.5, 2.0)),
            leading=size * rng.choice((1.05, 1.15, 1.2, 1.3, 1.45, 1.7)),
            head_align="center",
        )
        self.inner, self.outer = width * rng.uniform(0.08, 0.14), width * rng.uniform(0.08, 0.16)
        self.top, self.bottom = height * rng.uniform(0.08, 0.13), height * rng.uniform(0.86, 0.92)
        self.number_below = rng.random() < 0.6
        self.wide_margin = rng.random() < 0.25
        self.number = rng.randint(2, 600)

    def page(self, layout: str, *, left: bool) -> Sheet:
        """Return a page; the outer margin is on the left of a left one."""
        rng, look = self.rng, self.look
        sheet = Sheet(self.width, self.height, self.paper, facts={"language": self.ctx.language, "layout": layout})
        if layout == "title":
            self.title_page(sheet)
            return sheet
        x0 = self.outer if left else self.inner
        x1 = self.width - (self.inner if left else self.outer)
        column = (x1 - x0) * 0.22 if self.wide_margin or (layout == "notes" and rng.random() < 0.4) else 0.0
        frame = Frame(x0 + (column if left else 0.0), self.top, x1 - x0 - column, self.bottom)
        self.running(sheet, frame, left=left, opening=layout == "opening")
        if column and rng.random() < 0.8:
            x = x0 if left else frame.x + frame.width + look.size * 0.8
            marginalia(self.ctx, sheet, look, x, column - look.size, frame)
        if layout in {"notes", "opening"} and (layout == "notes" or rng.random() < 0.3):
            self.footnotes(sheet, frame)
        match layout:
            case "opening":
                self.opening(sheet, frame)
                self.text(sheet, frame)
            case "drama":
                self.drama(sheet, frame)
            case "verse":
                verse(self.ctx, sheet, look, frame)
            case "dictionary":
                for part in split(frame.x, frame.y, frame.width, frame.bottom, rng.choice((2, 2, 3)), look.size * 1.3):
                    self.entries(sheet, part)
            case "list":
                flow = Flow(sheet, rng, self.ctx.words, look, [frame])
                flow.fill({"list": 3, "paragraph": 2, "heading": 1})
            case _:
                self.text(sheet, frame)
        return sheet

    def running(self, sheet: Sheet, frame: Frame, *, left: bool, opening: bool) -> None:
        """Set the running title and the page number."""
        rng, look = self.rng, self.look
        self.number += 1
        face = rng.choice((look.body.regular, look.body.italic))
        size = look.size * 0.88
        style = look.text(face=face, size=size, align="left", indent=0.0)
        above, below = self.top * 0.6, self.height * 0.95
        if not opening and rng.random() < 0.75:
            title = self.ctx.words.phrase(1, 5)
            align = rng.choice(("center", "left" if left else "right"))
            title = title if face.width(title) * size < frame.width * 0.7 else title.split()[0]
            box = set_line(sheet, title.split(), style.at(align=align), frame.x, above, frame.width, last=True)
            sheet.region("header", [box])
            if align == "center" and not self.number_below:
                self._folio(sheet, frame, above, "header", left=left)
            if rng.random() < 0.3:
                sheet.rule(frame.x, above + size * 0.5, frame.x + frame.width, above + size * 0.5, width=0.5)
        elif not opening and not self.number_below:
            self._folio(sheet, frame, above, "header", left=left, centred=rng.random() < 0.7)
        if self.number_below:
            self._folio(sheet, frame, below, "footer", left=left, centred=rng.random() < 0.6)

    def _folio(self, sheet: Sheet, frame: Frame, y: float, label: str, *, left: bool, centred: bool = False) -> None:
        look = self.look
        text = folio(self.rng, self.number)
        align = "center" if centred else "left" if left else "right"
        x = {"left": frame.x, "center": frame.x + frame.width / 2, "right": frame.x + frame.width}[align]
        box = sheet.text(x, y, text, look.body.regular, look.size * 0.9, colour=look.ink, align=align)
        sheet.region(label, [box])

    def text(self, sheet: Sheet, frame: Frame) -> None:
        """Fill the frame with paragraphs, here and there a quotation, a heading, a line of stars."""
        rng, look = self.rng, self.look
        flow = Flow(sheet, rng, self.ctx.words, replace(look, head_scale=rng.uniform(1.1, 1.5)), [frame])
        first = rng.random() < 0.5
        while not flow.full and flow.room() >= look.leading:
            roll = rng.random()
            if roll < 0.06:
                flow.gap(look.leading * 0.6)
                flow.heading(1)
                flow.gap(look.leading * 0.3)
            elif roll < 0.14 and flow.room() > look.leading * 5:
                self.quotation(sheet, frame)
            elif roll < 0.17 and flow.room() > look.leading * 4:
                frame.y += look.leading * 2
                x, y = frame.x + frame.width / 2, frame.y - look.leading * 0.6
                stars = sheet.text(x, y, "* * *", look.body.regular, look.size, colour=look.ink, align="center")
                sheet.region("text", [stars])
            else:
                flow.paragraph(style=look.text(indent=0.0 if first else look.indent), low=15, high=160)
                first = False

    def quotation(self, sheet: Sheet, frame: Frame) -> None:
        """Set a paragraph smaller and further in."""
        look = self.look
        inset = look.size * 2
        part = Frame(frame.x + inset, frame.y + look.leading * 0.5, frame.width - 2 * inset, frame.bottom)
        boxes: list[Box] = []
        style = look.text(size=look.size * 0.9, leading=look.leading * 0.9, indent=0.0)
        set_paragraph(sheet, self.ctx.words.paragraph(15, 60), style, part, boxes=boxes)
        sheet.region("text", boxes)
        frame.y = part.y + look.leading * 0.5

    def opening(self, sheet: Sheet, frame: Frame) -> None:
        """Set a chapter's number and title and its first paragraph with a drop capital."""
        rng, look = self.rng, self.look
        frame.y += (frame.bottom - frame.y) * rng.uniform(0.05, 0.3)
        if rng.random() < 0.7:
            numbered = f"{self.ctx.words.phrase(1, 1)} {rng.randint(1, 30)}"
            text = rng.choice(("I", "II", "IV", "X", str(rng.randint(1, 40)), numbered))
            style = look.text(size=look.size * rng.uniform(1.0, 1.6), align="center", indent=0.0)
            frame.y += style.size * 1.2
            box = set_line(sheet, text.split(), style, frame.x, frame.y, frame.width, last=True)
            sheet.region("title", [box])
            frame.y += look.leading
        flow = Flow(sheet, rng, self.ctx.words, replace(look, head_scale=rng.uniform(1.4, 2.4)), [frame])
        flow.heading(0, self.ctx.words.phrase(1, 6))
        frame.y += look.leading * rng.uniform(0.5, 3)
        if rng.random() < 0.25:
            self.quotation(sheet, frame)
        if rng.random() < 0.6 and frame.y + 6 * look.leading < frame.bottom:
            boxes: list[Box] = []
            words = drop_capital(self.ctx, sheet, look, frame, self.ctx.words.paragraph(60, 120), boxes)
            set_paragraph(sheet, words, look.text(indent=0.0), frame, boxes=boxes)
            sheet.region("text", boxes)

    def footnotes(self, sheet: Sheet, frame: Frame) -> None:
        """Set one to six notes at the foot of the frame, which ends above them."""
        rng, look = self.rng, self.look
        style = look.text(size=look.size * 0.8, leading=look.size * 0.8 * 1.15, indent=0.0)
        count = rng.randint(1, 6)
        room = min((frame.bottom - frame.y) * rng.uniform(0.15, 0.5), count * 5 * style.leading)
        top = frame.bottom - room
        if rng.random() < 0.75:
            sheet.rule(frame.x, top - 4, frame.x + frame.width * rng.choice((0.2, 0.33, 1.0)), top - 4, width=0.5)
        notes = Frame(frame.x, top, frame.width, frame.bottom + 0.1)
        mark = rng.choice(("{}", "{})", "{}.", "({})", "*"))
        at = rng.randint(1, 60)
        while notes.y + style.leading <= notes.bottom:
            boxes: list[Box] = []
            set_paragraph(sheet, [mark.format(at), *self.ctx.words.sentence(4, 50)], style, notes, boxes=boxes)
            sheet.region("text", boxes)
            at += 1
        frame.bottom = top - look.leading * 0.8

    def drama(self, sheet: Sheet, frame: Frame) -> None:
        """Set speakers, speeches and directions."""
        rng, look = self.rng, self.look
        apart = rng.random() < 0.5
        names = [self.ctx.words.name().split()[0].upper() for _ in range(rng.randint(2, 5))]
        flow = Flow(sheet, rng, self.ctx.words, look, [frame])
        while not flow.full and flow.room() > look.leading * 3:
            name = rng.choice(names)
            if apart:
                frame.y += look.leading * 1.2
                style = look.text(align="center", indent=0.0)
                box = set_line(sheet, [name], style, frame.x, frame.y - look.leading * 0.2, frame.width, last=True)
                sheet.region("title", [box])
                flow.paragraph(style=look.text(indent=0.0), low=5, high=70)
            else:
                words = [f"{name}.", *self.ctx.words.paragraph(4, 60)]
                flow.paragraph(words, style=look.text(indent=-look.size * 1.5))
                flow.gap(look.leading * rng.choice((0.0, 0.4)))
            if rng.random() < 0.15:
                flow.paragraph(style=look.text(face=look.body.italic, align="center", indent=0.0), low=3, high=10)

    def entries(self, sheet: Sheet, frame: Frame) -> None:
        """Fill a column with a dictionary's entries."""
        look = self.look
        style = look.text(size=look.size * 0.8, leading=look.size * 0.8 * 1.1, indent=-look.size * 0.8)
        while frame.y + style.leading <= frame.bottom:
            boxes: list[Box] = []
            word = self.ctx.words.phrase(1, 1).lower()
            set_paragraph(sheet, [word, *self.ctx.words.sentence(6, 50)], style, frame, boxes=boxes)
            sheet.region("text", boxes)

    def title_page(self, sheet: Sheet) -> None:
        """Set title, author, edition, device and publisher down the page's middle."""
        rng, look, words = self.rng, self.look, self.ctx.words
        middle, y = self.width / 2, self.height * rng.uniform(0.1, 0.22)
        lines = [
            ("text", rng.uniform(1.0, 1.4), words.name(), rng.random() < 0.7),
            ("title", rng.uniform(2.0, 4.0), words.phrase(1, 3), True),
            ("title", rng.uniform(1.2, 1.8), words.phrase(2, 5), rng.random() < 0.6),
            ("text", 1.0, words.phrase(2, 6), rng.random() < 0.5),
            ("text", 0.9, words.phrase(2, 4), rng.random() < 0.5),
            ("figure", 1.0, "", rng.random() < 0.5),
            ("text", 1.1, words.name().upper(), True),
            ("text", 1.0, f"{words.name()} {rng.randint(1850, 2025)}", True),
        ]
        if rng.random() < 0.3:
            sheet.rect((14, 14, self.width - 14, self.height - 14), width=rng.uniform(0.5, 2))
        for at, (label, scale, text, shown) in enumerate(lines):
            if at == 5:
                y = max(y, self.height * 0.55)
            if not shown:
                continue
            if label == "figure":
                side = self.width * rng.uniform(0.1, 0.2)
                box = (middle - side / 2, y, middle + side / 2, y + side)
                sheet.ellipse(box, width=1.2)
                sheet.poly([(middle, y), (box[2], y + side), (box[0], y + side)], width=1.0, closed=True)
                sheet.region("figure", [box])
                y = max(y + side + look.leading * 2, self.height * 0.78)
                continue
            said = text.upper() if rng.random() < 0.3 else text
            size = look.size * scale
            face = rng.choice((look.head.bold, look.head.regular, look.body.italic))
            boxes: list[Box] = []
            style = look.text(face=face, size=size, leading=size * 1.2, align="center", indent=0.0).at(hyphens=False)
            frame = Frame(self.width * 0.1, y, self.width * 0.8, self.height * 0.95)
            set_paragraph(sheet, said.split(), style, frame, boxes=boxes)
            sheet.region(label, boxes)
            y = frame.y + look.leading * rng.uniform(0.6, 3)
