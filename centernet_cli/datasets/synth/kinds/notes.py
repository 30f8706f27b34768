"""Handwritten pages: letters, notes, lists, exercises copied from print, registers, print with remarks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.cells import cell_text
from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.hand import Hand, write
from centernet_cli.datasets.synth.typeset import Frame, Style, set_paragraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Colour

SIZES = ((595.3, 841.9), (595.3, 841.9), (420.0, 595.0), (500.0, 650.0), (612.0, 792.0), (360.0, 600.0), (595.0, 420.0))
PAPERS: tuple[Colour, ...] = (
    (255, 255, 255),
    (255, 255, 255),
    (250, 246, 235),
    (240, 230, 208),
    (252, 252, 245),
    (245, 240, 225),
    (255, 250, 190),
    (225, 232, 240),
)


def make_notes(ctx: Context) -> Sheet:
    """A handwritten page."""
    layout = ctx.rng.choice(
        ("page", "page", "page", "letter", "letter", "copied", "copied", "list", "register", "diary", "remarks")
    )
    if layout == "copied":
        return _copied(ctx)
    if layout == "remarks":
        return _remarks(ctx)
    page = _Paper(ctx)
    match layout:
        case "letter":
            page.letter()
        case "list":
            page.list_()
        case "register":
            page.register()
        case "diary":
            page.diary()
        case _:
            page.page()
    page.sheet.facts["layout"] = layout
    return page.sheet


class _Paper:
    """A sheet and who writes on it, line by line."""

    def __init__(self, ctx: Context, sheet: Sheet | None = None, *, pitch: float | None = None) -> None:
        rng = ctx.rng
        self.ctx, self.rng = ctx, rng
        self.sheet = sheet or ctx.sheet(rng.choice(SIZES), rng.choice(PAPERS))
        self.pitch = pitch or self.sheet.height / rng.choice((rng.uniform(12, 24), rng.uniform(20, 36), 48))
        # Some write small between wide rules, some so large that lines run into each other.
        self.hand: Hand = ctx.hand(self.pitch * rng.choice((rng.uniform(0.45, 0.7), rng.uniform(0.6, 1.0), 1.12)))
        self.margin = self.sheet.width * rng.choice((rng.uniform(0.03, 0.08), rng.uniform(0.06, 0.2)))
        self.right = self.sheet.width * rng.uniform(0.88, 0.985)
        self.top = self.sheet.height * rng.uniform(0.035, 0.12)
        self.bottom = self.sheet.height * rng.choice((rng.uniform(0.35, 0.9), rng.uniform(0.85, 0.98), 0.96))
        self.even = rng.choice((0.003, 0.02, 0.06))
        self.y = self.top + self.pitch
        if sheet is None:
            _ruling(ctx, self.sheet, self.pitch, self.margin, self.top)

    def line(self, text: str, x: float, *, right: float | None = None, hand: Hand | None = None) -> Box | None:
        """Write a line at the pen's height."""
        rng = self.rng
        width = (right or self.right) - x
        lift = math.sin(self.y * 0.01) * self.pitch * 0.06 + rng.gauss(0, self.even) * self.pitch
        return write(self.sheet, rng, x, self.y + lift, text, hand or self.hand, width=max(self.pitch * 2, width))

    def step(self, lines: float = 1.0) -> bool:
        """Go down; False at the foot of the page."""
        self.y += self.pitch * lines * (1 + self.rng.gauss(0, self.even))
        return self.y < self.bottom

    def paragraph(self, lines: int, x: float | None = None, *, right: float | None = None, label: str = "text") -> bool:
        """Write up to `lines` lines, one region; False at the foot of the page."""
        rng, boxes = self.rng, []
        margin = self.margin if x is None else x
        ragged = rng.uniform(0.0, 0.12)
        going = self.y < self.bottom
        indent = rng.choice((0.0, 0.0, rng.uniform(0.5, 3))) * self.pitch
        for at in range(lines):
            if not going:
                break
            end = (right or self.right) - abs(rng.gauss(0, ragged)) * (self.right - margin)
            if at == lines - 1:
                end = margin + (end - margin) * rng.uniform(0.15, 1.0)
            start = margin + (indent if at == 0 else rng.gauss(0, 0.06) * self.pitch)
            text = " ".join(self.ctx.words.sentence(10, 26))
            text = text[:1].lower() + text[1:] if at and rng.random() < 0.8 else text
            made = self.line(text, start, right=end)
            if made is not None:
                boxes.append(made)
                self.afterthoughts(made)
            going = self.step()
        self.sheet.region(label, boxes)
        return going

    def afterthoughts(self, box: Box) -> None:
        """Cross a word out, underline one, now and then write one above."""
        rng, roll = self.rng, self.rng.random()
        x0, y0, x1, y1 = box
        start = rng.uniform(x0, x0 + (x1 - x0) * 0.8)
        end = min(x1, start + rng.uniform(1.5, 5) * self.pitch)
        middle, pen = (y0 + y1) / 2, rng.uniform(0.7, 1.6)
        colour = self.hand.colour
        if roll < 0.04:
            for _ in range(rng.randint(1, 3)):
                tilt = rng.uniform(-0.15, 0.15) * self.pitch
                self.sheet.rule(start, middle + tilt, end, middle - tilt, width=pen, colour=colour)
        elif roll < 0.06:
            turns = [
                (start + (end - start) * k / 24, middle + self.pitch * (0.2 if k % 2 else -0.2)) for k in range(25)
            ]
            self.sheet.poly(turns, width=pen, colour=colour)
        elif roll < 0.08:
            self.sheet.rule(start, y1 + 1, end, y1 + 1 + rng.gauss(0, 1), width=pen, colour=colour)

    def page(self) -> None:
        """Fill the page with paragraphs, with a date, a heading or notes in the margin."""
        rng = self.rng
        if rng.random() < 0.4:
            text = rng.choice((self.ctx.words.date(), self.ctx.words.phrase(1, 4)))
            box = self.line(text, rng.choice((self.margin, self.sheet.width * 0.6)))
            self.sheet.region("header" if rng.random() < 0.5 else "title", [box] if box else [])
            self.step(rng.choice((1, 1, 2)))
        top = self.y
        while self.paragraph(rng.choice((2, 4, 6, 10, 40))):
            if rng.random() < 0.5:
                self.step(rng.choice((0.5, 1.0)))
        if self.margin > 60 and rng.random() < 0.4:
            small = replace(self.hand, size=self.hand.size * 0.7)
            for _ in range(rng.randint(1, 4)):
                y = rng.uniform(top, self.bottom)
                added = write(self.sheet, rng, 5, y, self.ctx.words.phrase(1, 3), small, width=self.margin - 14)
                self.sheet.region("other", [added] if added else [])

    def letter(self) -> None:
        """Place and date, greeting, body, farewell, signature."""
        rng, words = self.rng, self.ctx.words
        far = self.margin + (self.right - self.margin) * rng.uniform(0.45, 0.65)
        boxes: list[Box | None] = []
        for _ in range(rng.choice((0, 1, 1, 3, 4))):
            boxes.append(self.line(rng.choice((words.name(), words.date(), words.code(), words.phrase(1, 3))), far))
            self.step()
        self.sheet.region("header", [box for box in boxes if box])
        self.step(rng.choice((0, 0.5, 1.5)))
        greeting = self.line(f"{words.phrase(1, 2)} {words.name()}{rng.choice(',!:')}", self.margin)
        self.sheet.region("text", [greeting] if greeting else [])
        going = self.step(rng.choice((1, 1.5)))
        foot, self.bottom = self.bottom, self.bottom - 3 * self.pitch
        for _ in range(rng.randint(1, 6)):
            if not going or self.y > self.bottom:
                break
            going = self.paragraph(rng.randint(2, 9))
        self.bottom = foot
        for _ in range(rng.randint(1, 3)):
            closing = self.line(rng.choice((words.phrase(1, 3), words.name())), rng.choice((self.margin, far)))
            self.sheet.region("text", [closing] if closing else [])
            if not self.step(rng.uniform(0.9, 1.8)):
                break

    def list_(self) -> None:
        """Items, marked or numbered, in one or two columns."""
        rng, words = self.rng, self.ctx.words
        title = self.line(words.phrase(1, 3), self.margin + rng.uniform(0, 60))
        if title:
            self.sheet.region("title", [title])
            if rng.random() < 0.5:
                self.sheet.rule(title[0], title[3] + 2, title[2], title[3] + 3, width=1.2, colour=self.hand.colour)
        self.step(1.5)
        top, columns = self.y, rng.choice((1, 1, 2))
        wide = (self.right - self.margin) / columns
        mark = rng.choice(("- ", "* ", "", "box", "number", "> "))
        priced = rng.random() < 0.25
        for column in range(columns):
            self.y, at = top, 0
            x = self.margin + column * wide
            while self.y < self.bottom:
                at += 1
                if mark == "box":
                    side = self.pitch * 0.42
                    self.sheet.rect(
                        (x - side * 1.4, self.y - side, x - side * 0.4, self.y), width=0.9, colour=self.hand.colour
                    )
                lead = f"{at}{rng.choice('.)')} " if mark == "number" else mark if mark != "box" else ""
                end = x + wide * (0.62 if priced else rng.uniform(0.4, 0.95))
                box = self.line(lead + " ".join(words.sentence(1, 7)), x, right=end)
                self.sheet.region("list", [box] if box else [])
                if priced:
                    amount = self.line(words.amount(90), x + wide * 0.76, right=x + wide * 0.97)
                    self.sheet.region("text", [amount] if amount else [])
                if not self.step(rng.choice((1.0, 1.0, 1.3))) or rng.random() < 0.03:
                    break

    def register(self) -> None:
        """A ruled table filled in by hand, its heads printed or written."""
        rng, words, sheet = self.rng, self.ctx.words, self.sheet
        count = rng.randint(2, 6)
        cuts = sorted(rng.uniform(0.1, 0.9) for _ in range(count - 1))
        edges = [self.margin + (self.right - self.margin) * cut for cut in (0.0, *cuts, 1.0)]
        edges = [edge for at, edge in enumerate(edges) if at == 0 or edge - edges[at - 1] > self.pitch * 2]
        kinds = [rng.choice(("words", "words", "date", "number", "text", "amount")) for _ in edges[1:]]
        printed = self.ctx.family("serif", "sans") if rng.random() < 0.5 else None
        start = self.y - self.pitch
        ruled = rng.random() < 0.7
        colour: Colour = rng.choice(((60, 60, 60), (120, 140, 170), (150, 60, 60)))
        first = True
        while self.y < self.bottom:
            for at, kind in enumerate(kinds):
                left, right = edges[at] + 4, edges[at + 1] - 3
                if first and printed is not None:
                    size = min(9.0, self.pitch * 0.5)
                    text = words.phrase(1, 2)
                    if printed.regular.width(text) * size < right - left:
                        sheet.text(left, self.y - self.pitch * 0.25, text, printed.regular, size, colour=colour)
                elif rng.random() < 0.85:
                    text = cell_text(rng, words, kind)
                    width = right - left
                    lift = rng.gauss(0, self.even) * self.pitch
                    write(sheet, rng, left, self.y + lift - self.pitch * 0.15, text, self.hand, width=width)
            if ruled or first:
                y = self.y + self.pitch * 0.1
                sheet.rule(edges[0], y, edges[-1], y, width=rng.choice((0.5, 0.8)), colour=colour)
            first = False
            self.step()
        base = self.y - self.pitch * 0.9
        for edge in edges:
            sheet.rule(edge, start, edge, base, width=0.7, colour=colour)
        sheet.region("table", [(edges[0], start, edges[-1], base)])

    def diary(self) -> None:
        """Short entries under dates, with a sketch here and there."""
        rng = self.rng
        while self.y < self.bottom:
            date = self.line(self.ctx.words.date(), self.margin)
            self.sheet.region("title", [date] if date else [])
            if date and rng.random() < 0.4:
                self.sheet.rule(date[0], date[3] + 1, date[2], date[3] + 1, width=1.0, colour=self.hand.colour)
            if not self.step():
                break
            self.paragraph(rng.randint(1, 6), self.margin + rng.choice((0.0, 0.0, 2.0)) * self.pitch)
            if rng.random() < 0.2 and self.y + 5 * self.pitch < self.bottom:
                self.sketch(rng.uniform(3, 5) * self.pitch)
            self.step(rng.choice((0.5, 1, 2)))

    def sketch(self, height: float) -> None:
        """Draw something that isn't text."""
        rng = self.rng
        x, y = rng.uniform(self.margin, self.sheet.width * 0.6), self.y - self.pitch * 0.4
        width = height * rng.uniform(0.8, 1.8)
        for _ in range(rng.randint(3, 8)):
            points = [(x + rng.random() * width, y + rng.random() * height * 0.85) for _ in range(rng.randint(2, 5))]
            self.sheet.poly(points, width=1.0, colour=self.hand.colour, closed=rng.random() < 0.4)
        self.sheet.region("figure", [(x, y, x + width, y + height * 0.85)])
        self.y += height + self.pitch


def _copied(ctx: Context) -> Sheet:
    """A printed text between rules, and below it the same by hand: the way corpora of handwriting are collected."""
    rng = ctx.rng
    sheet = Sheet(595.3, 841.9, rng.choice(PAPERS[:2]), facts={"language": ctx.language, "layout": "copied"})
    left, right = sheet.width * rng.uniform(0.06, 0.2), sheet.width * rng.uniform(0.88, 0.96)
    family = ctx.family("serif", "sans", "type")
    size = rng.uniform(8.5, 12.5)
    y = sheet.height * rng.uniform(0.05, 0.1)
    box = sheet.text(left, y, ctx.words.phrase(1, 3), family.bold, size * 1.15)
    sheet.region("title", [box])
    code = ctx.words.code()
    if box[2] + size * 3 < right - family.regular.width(code) * size:
        sheet.region("header", [sheet.text(right, y, code, family.regular, size, align="right")])
    y += size
    ruled = rng.random() < 0.8
    if ruled:
        sheet.rule(left, y, right, y, width=0.8)
    frame = Frame(left, y + size, right - left, sheet.height * 0.4)
    boxes: list[Box] = []
    style = Style(family.regular, size, size * rng.uniform(1.15, 1.5), rng.choice(("left", "justify")))
    set_paragraph(sheet, ctx.words.paragraph(30, 80), style, frame, boxes=boxes)
    sheet.region("text", boxes)
    y = frame.y + size
    if ruled:
        sheet.rule(left, y, right, y, width=0.8)
    page = _Paper(ctx, sheet, pitch=rng.uniform(26, 52))
    page.margin, page.right = left + rng.gauss(0, 8), right - abs(rng.gauss(0, 12))
    page.y, page.bottom = y + page.pitch * rng.uniform(0.9, 1.4), sheet.height * rng.uniform(0.8, 0.93)
    page.paragraph(rng.randint(5, 13))
    if ruled and page.y < sheet.height * 0.95:
        base = max(page.y, sheet.height * 0.9)
        sheet.rule(left, base, right, base, width=0.8)
        name = sheet.text(left, base + size * 1.6, f"{ctx.words.phrase(1, 1)}:", family.regular, size)
        signed = write(sheet, rng, name[2] + size * 3, base + size * 1.7, ctx.words.name(), page.hand, width=150)
        sheet.region("text", [name])
        sheet.region("text", [signed] if signed else [])
    return sheet


def _remarks(ctx: Context) -> Sheet:
    """A printed or typed page that someone wrote on."""
    rng = ctx.rng
    sheet = ctx.sheet()
    sheet.facts["layout"] = "remarks"
    look = ctx.look(roles=("serif", "sans", "type"))
    left, right = sheet.width * rng.uniform(0.08, 0.22), sheet.width * rng.uniform(0.7, 0.9)
    frame = Frame(left, sheet.height * 0.08, right - left, sheet.height * rng.uniform(0.45, 0.9))
    look = replace(look, leading=look.size * rng.choice((1.2, 1.5, 2.0, 2.4)))
    flow = Flow(sheet, rng, ctx.words, look, [frame])
    flow.fill(rng.choice(({"paragraph": 1}, {"paragraph": 3, "heading": 1, "list": 1})))
    printed = list(sheet.lines)
    hand = ctx.hand(rng.uniform(11, 22))
    for _ in range(rng.randint(3, 14)):
        at = rng.choice(("right", "left", "below", "between", "under"))
        line = rng.choice(printed)
        text = ctx.words.phrase(1, 5)
        if at == "right" and sheet.width - right > 60:
            _note(ctx, sheet, hand, right + 8, line[3], text, sheet.width - right - 12, printed)
        elif at == "left" and left > 60:
            _note(ctx, sheet, hand, 6, line[3], text, left - 14, printed)
        elif at == "below" and frame.y + 40 < sheet.height * 0.95:
            y = rng.uniform(frame.y + 30, sheet.height * 0.96)
            _note(ctx, sheet, hand, left, y, text, right - left, printed)
        elif at == "between" and look.leading > look.size * 1.9:
            small = replace(hand, size=look.size * 0.9, slope=0.0)
            x = rng.uniform(line[0], line[2])
            _note(ctx, sheet, small, x, line[1] - look.size * 0.25, ctx.words.phrase(1, 2), 90, printed)
        else:
            x0 = rng.uniform(line[0], (line[0] + line[2]) / 2)
            sheet.rule(x0, line[3] + 1, rng.uniform(x0, line[2]), line[3] + 2, width=1.1, colour=hand.colour)
    return sheet


def _note(
    ctx: Context, sheet: Sheet, hand: Hand, x: float, y: float, text: str, width: float, printed: Sequence[Box]
) -> None:
    """Write a remark unless it would lie on other writing."""
    before = len(sheet.items)
    box = write(sheet, ctx.rng, x, y, text, hand, width=width, line=False)
    if box is None:
        return
    taken = [*printed, *sheet.lines[len(printed) :]]
    clash = any(
        min(box[2], other[2]) > max(box[0], other[0])
        and min(box[3], other[3]) - max(box[1], other[1]) > 0.15 * (box[3] - box[1])
        for other in taken
    )
    if clash or box[3] > sheet.height or box[1] < 0:
        del sheet.items[before:]
        return
    sheet.lines.append(box)
    sheet.region("other", [box])


def _ruling(ctx: Context, sheet: Sheet, pitch: float, margin: float, top: float) -> None:
    rng = ctx.rng
    style = rng.choice(("plain", "plain", "plain", "ruled", "ruled", "ruled", "squared", "seyes", "dots"))
    colour: Colour = rng.choice(((170, 190, 220), (200, 200, 205), (190, 170, 200), (150, 180, 200), (120, 150, 190)))
    if style == "plain":
        return
    pen = rng.uniform(0.3, 0.8)
    step = pitch if style == "ruled" else pitch / rng.choice((1, 2)) if style in {"squared", "dots"} else pitch / 4
    # Writers keep to the rules; hardly one fills every square.
    y = top + pitch * rng.uniform(0.05, 0.2)
    while y < sheet.height:
        if style == "dots":
            sheet.rule(0, y, sheet.width, y, width=0.9, colour=colour, dash=1.5)
        else:
            sheet.rule(0, y, sheet.width, y, width=pen, colour=colour)
        y += step
    if style in {"squared", "seyes"}:
        x = 0.0
        wide = step if style == "squared" else pitch
        while x < sheet.width:
            sheet.rule(x, 0, x, sheet.height, width=pen, colour=colour)
            x += wide
    if rng.random() < 0.5:
        sheet.rule(margin - 6, 0, margin - 6, sheet.height, width=0.8, colour=(220, 120, 130))
    if style == "ruled" and rng.random() < 0.25:
        x = rng.uniform(6, 12)
        for k in range(int(sheet.height / 14)):
            sheet.ellipse((x - 3, k * 14 + 4, x + 3, k * 14 + 10), width=0, fill=(90, 90, 95))
