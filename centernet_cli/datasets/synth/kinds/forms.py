"""Forms: labels, boxes, rules to write on, combs, check marks, filled in by hand or by machine, or left empty."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet
from centernet_cli.datasets.synth.figures import draw_logo
from centernet_cli.datasets.synth.hand import Hand, write, write_mask
from centernet_cli.datasets.synth.kinds.office import make_office_form
from centernet_cli.datasets.synth.typeset import Frame, Style, set_paragraph

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.fonts import Family


def make_form(ctx: Context) -> Sheet:
    """A form of several sections, or an old office form."""
    rng = ctx.rng
    if rng.random() < 0.6:
        return make_office_form(ctx)
    sheet = ctx.sheet(rng.choice(((595.3, 841.9), (595.3, 841.9), (612.0, 792.0), (595.3, 420.0), (612.0, 1008.0))))
    return _Form(ctx, sheet).make()


class _Form:
    def __init__(self, ctx: Context, sheet: Sheet) -> None:
        rng = ctx.rng
        self.ctx, self.rng, self.sheet = ctx, rng, sheet
        self.family: Family = ctx.family("sans", "sans", "serif", "type")
        self.size = rng.uniform(6.5, 10.0)
        self.ink: Colour = rng.choice((BLACK, BLACK, BLACK, (0, 70, 40), (20, 40, 110), (120, 20, 20)))
        self.margin = sheet.width * rng.uniform(0.05, 0.11)
        self.right = sheet.width - self.margin
        self.y = sheet.height * rng.uniform(0.04, 0.07)
        self.bottom = sheet.height * 0.94
        self.filled = rng.choice(("hand", "hand", "hand", "type", "none", "half"))
        self.hand: Hand = ctx.hand(self.size * rng.uniform(1.2, 1.9), steady=True)
        self.typed: Family = ctx.family("type", "type", "sans")
        self.shade: Colour | None = ctx.light() if rng.random() < 0.25 else None
        self.pen = rng.uniform(0.4, 1.0)
        self.label_below = rng.random() < 0.12

    def make(self) -> Sheet:
        """Lay out sections until the page is full."""
        rng = self.rng
        self.top()
        styles = [
            self.ruled_fields,
            self.boxed_fields,
            self.checks,
            self.grid,
            self.comb,
            self.notice,
            self.ruled_fields,
            self.boxed_fields,
        ]
        favourites = rng.sample(styles, rng.randint(2, len(styles)))
        for _ in range(rng.randint(3, 14)):
            if self.y > self.bottom - 60:
                break
            if rng.random() < 0.45:
                self.section()
            rng.choice(favourites)()
            self.y += self.size * rng.uniform(0.4, 1.6)
        if self.y < self.bottom - 50 and rng.random() < 0.7:
            self.signature()
        if rng.random() < 0.5:
            text = rng.choice(
                (
                    self.ctx.words.code(),
                    f"{self.ctx.words.phrase(1, 2)} {self.ctx.words.code()}",
                    f"{rng.randint(1, 3)}/4",
                )
            )
            x = rng.choice((self.margin, self.right))
            box = self.sheet.text(
                x,
                self.sheet.height * 0.97,
                text,
                self.family.regular,
                self.size * 0.8,
                colour=self.ink,
                align="right" if x == self.right else "left",
            )
            self.sheet.region("footer", [box])
        return self.sheet

    def entry(self, text: str, x: float, y: float, width: float) -> Box | None:
        """Fill in `text` on the baseline `y`; None when left empty or when it has no room."""
        rng = self.rng
        if (
            self.filled == "none"
            or (self.filled == "half" and rng.random() < 0.5)
            or rng.random() < 0.1
            or width < self.size * 2
        ):
            return None
        if self.filled == "type":
            size, face = self.size * 1.15, self.typed.regular
            while face.width(text) * size > width and " " in text:
                text = text.rpartition(" ")[0]
            if face.width(text) * size > width:
                return None
            return self.sheet.text(x, y - rng.uniform(0, 1.5), text, face, size, colour=(25, 25, 35))
        return write(
            self.sheet,
            rng,
            x + rng.uniform(0, 4),
            y - rng.uniform(-1.5, 2.5),
            text,
            self.hand,
            width=max(4.0, width - 4),
        )

    def value(self) -> str:
        """Return something to fill in."""
        words = self.ctx.words
        return self.rng.choice(
            (words.name(), words.date(), words.code(), words.phrase(1, 3), words.amount(), words.name())
        )

    def label(self, x: float, y: float, text: str, *, size: float | None = None, width: float | None = None) -> Box:
        """Set a label as a line."""
        chosen = size or self.size
        while width is not None and self.family.regular.width(text) * chosen > width and len(text) > 2:
            text = text.rpartition(" ")[0] or text[:-1]
        return self.sheet.text(x, y, text, self.family.regular, chosen, colour=self.ink)

    def top(self) -> None:
        """Set the form's name, number and instructions."""
        rng, sheet = self.rng, self.sheet
        if rng.random() < 0.4:
            draw_logo(sheet, rng, (self.margin, self.y, self.margin + 36, self.y + 36))
            sheet.region("figure", [(self.margin, self.y, self.margin + 36, self.y + 36)])
        size = self.size * rng.uniform(1.3, 2.1)
        title = self.ctx.words.phrase(2, 6)
        while self.family.bold.width(title) * size > (self.right - self.margin) * 0.7:
            title = title.rpartition(" ")[0] or title[:-1]
        middle = rng.random() < 0.6
        x = (self.margin + self.right) / 2 if middle else self.margin + 48
        self.y += size
        box = sheet.text(
            x,
            self.y,
            title.upper() if rng.random() < 0.3 and len(title) < 20 else title,
            self.family.bold,
            size,
            colour=self.ink,
            align="center" if middle else "left",
        )
        sheet.region("title", [box])
        if rng.random() < 0.4 and box[2] < self.right - 70:
            sheet.region(
                "header",
                [
                    sheet.text(
                        self.right,
                        self.y,
                        self.ctx.words.code()[:9],
                        self.family.regular,
                        self.size,
                        colour=self.ink,
                        align="right",
                    )
                ],
            )
        self.y += size
        if rng.random() < 0.5:
            self.notice()
        self.y = max(self.y, sheet.height * 0.06 + 40)

    def notice(self) -> None:
        """Set a small paragraph of instructions."""
        boxes: list[Box] = []
        frame = Frame(self.margin, self.y, self.right - self.margin, self.bottom)
        size = self.size * self.rng.uniform(0.75, 1.0)
        style = Style(self.family.regular, size, size * 1.2, self.rng.choice(("left", "justify")), 0.0, self.ink)
        set_paragraph(self.sheet, self.ctx.words.paragraph(8, 60), style, frame, boxes=boxes)
        self.sheet.region("text", boxes)
        self.y = frame.y + self.size * 0.4

    def section(self) -> None:
        """Set a section heading, on a bar or plain."""
        sheet, size = self.sheet, self.size * 1.15
        text = f"{self.rng.choice(('1.', 'A.', 'II.', '', ''))} {self.ctx.words.phrase(1, 5)}".strip()
        style = self.rng.choice(("plain", "bar", "dark", "boxed"))
        colour = self.ink
        height = size * 1.7
        if style == "bar":
            sheet.rect((self.margin, self.y, self.right, self.y + height), width=0, fill=self.shade or (225, 225, 225))
        elif style == "dark":
            sheet.rect((self.margin, self.y, self.right, self.y + height), width=0, fill=(50, 50, 60))
            colour = (255, 255, 255)
        elif style == "boxed":
            sheet.rect((self.margin, self.y, self.right, self.y + height), width=self.pen, colour=self.ink)
        box = sheet.text(self.margin + 4, self.y + size * 1.2, text, self.family.bold, size, colour=colour)
        sheet.region("title", [box])
        self.y += height + self.size * 0.3

    def ruled_fields(self) -> None:
        """Labels followed by a rule to write on."""
        rng, sheet = self.rng, self.sheet
        pitch = self.size * rng.uniform(1.9, 3.2)
        dash = rng.choice((0.0, 0.0, 1.5))
        for _ in range(rng.randint(1, 6)):
            if self.y + pitch > self.bottom:
                return
            self.y += pitch
            parts = rng.choice((1, 1, 2, 2, 3))
            wide = (self.right - self.margin) / parts
            for part in range(parts):
                x = self.margin + part * wide
                label = self.ctx.words.phrase(1, 3 if parts > 1 else 5) + rng.choice((":", "", ":"))
                box = self.label(x, self.y, label, width=wide * 0.6)
                start = box[2] + self.size * 0.5
                end = x + wide - self.size
                if end - start > self.size * 2:
                    sheet.rule(start, self.y + 1.2, end, self.y + 1.2, width=self.pen * 0.8, colour=self.ink, dash=dash)
                    self._field(box, self.entry(self.value(), start + 2, self.y, end - start - 2))
        self.y += self.size

    def _field(self, label: Box, filled: Box | None) -> None:
        """Label and entry form a text region; a close entry stays a line of its own, it is written by another hand."""
        self.sheet.region("text", [label] if filled is None else [label, filled])

    def boxed_fields(self) -> None:
        """Cells with a small label in the corner and room for the entry."""
        rng, sheet = self.rng, self.sheet
        height = self.size * rng.uniform(2.6, 3.6)
        small = self.size * rng.uniform(0.62, 0.85)
        for _ in range(rng.randint(1, 5)):
            if self.y + height > self.bottom:
                return
            parts = rng.choice((1, 2, 2, 3, 4))
            cuts = sorted(rng.uniform(0.15, 0.85) for _ in range(parts - 1))
            edges = [0.0, *cuts, 1.0]
            if any(b - a < 0.14 for a, b in pairwise(edges)):
                edges = [k / parts for k in range(parts + 1)]
            for a, b in pairwise(edges):
                x0, x1 = (self.margin + (self.right - self.margin) * share for share in (a, b))
                sheet.rect((x0, self.y, x1, self.y + height), width=self.pen, colour=self.ink, fill=self.shade)
                text = (f"{rng.randint(1, 40)}. " if rng.random() < 0.3 else "") + self.ctx.words.phrase(1, 4)
                box = self.label(x0 + 3, self.y + small * 1.05, text, size=small, width=x1 - x0 - 6)
                self._field(box, self.entry(self.value(), x0 + 5, self.y + height - self.size * 0.45, x1 - x0 - 10))
            self.y += height
        self.y += self.size * 0.5

    def checks(self) -> None:
        """Boxes to tick, with labels."""
        rng, sheet = self.rng, self.sheet
        columns = rng.randint(1, 4)
        wide = (self.right - self.margin) / columns
        side = self.size * rng.uniform(0.8, 1.1)
        round_ = rng.random() < 0.2
        for _ in range(rng.randint(1, 5)):
            if self.y + self.size * 1.8 > self.bottom:
                return
            self.y += self.size * rng.uniform(1.6, 2.0)
            for column in range(columns):
                x = self.margin + column * wide
                square = (x, self.y - side * 0.9, x + side, self.y + side * 0.1)
                (sheet.ellipse if round_ else sheet.rect)(square, width=self.pen, colour=self.ink)
                if self.filled != "none" and rng.random() < 0.4:
                    pen = self.hand.colour if self.filled != "type" else BLACK
                    sheet.rule(square[0] - 1, square[1], square[2] + 1, square[3] + 1, width=1.1, colour=pen)
                    sheet.rule(square[0] - 1, square[3], square[2] + 2, square[1] - 1, width=1.1, colour=pen)
                box = self.label(x + side * 1.6, self.y, self.ctx.words.phrase(1, 5), width=wide - side * 2.6)
                sheet.region("text", [box])
        self.y += self.size * 0.7

    def comb(self) -> None:
        """A row of cells for one character each."""
        rng, sheet = self.rng, self.sheet
        cell = self.size * rng.uniform(1.4, 1.9)
        for _ in range(rng.randint(1, 3)):
            if self.y + cell * 2 > self.bottom:
                return
            box = self.label(
                self.margin, self.y + cell * 0.75, self.ctx.words.phrase(1, 3), width=(self.right - self.margin) * 0.4
            )
            x = max(box[2] + self.size, self.margin + (self.right - self.margin) * 0.3)
            count = min(rng.randint(4, 20), int((self.right - x) / cell))
            ticks = rng.random() < 0.3
            for at in range(count):
                if ticks:
                    sheet.rule(
                        x + at * cell,
                        self.y + cell * 0.6,
                        x + at * cell,
                        self.y + cell,
                        width=self.pen,
                        colour=self.ink,
                    )
                else:
                    sheet.rect(
                        (x + at * cell, self.y, x + (at + 1) * cell, self.y + cell), width=self.pen, colour=self.ink
                    )
            if ticks:
                sheet.rule(x, self.y + cell, x + count * cell, self.y + cell, width=self.pen, colour=self.ink)
            self._field(box, self._comb_entry(x, cell, count))
            self.y += cell * rng.uniform(1.2, 1.6)

    def _comb_entry(self, x: float, cell: float, count: int) -> Box | None:
        if self.filled == "none" or count < 3:
            return None
        text = "".join(self.rng.choice("0123456789ABEKMRST") for _ in range(self.rng.randint(3, count)))
        boxes: list[Box] = []
        for at, char in enumerate(text):
            middle, base = x + (at + 0.5) * cell, self.y + cell * 0.8
            if self.filled == "type":
                boxes.append(
                    self.sheet.text(middle, base, char, self.typed.regular, self.size * 1.1, align="center", line=False)
                )
                continue
            made = write_mask(self.rng, char, self.hand)
            if made is not None:
                mask, (x0, y0, x1, y1) = made
                size = min(self.hand.size, cell * 0.9 / max(x1 - x0, y1 - y0, 0.1))
                left = middle - (x1 - x0) * size / 2
                boxes.append(
                    self.sheet.stamp(
                        (left, base + y0 * size, left + (x1 - x0) * size, base + y1 * size),
                        mask,
                        self.hand.colour,
                        line=False,
                    )
                )
        return self.sheet.add_line(boxes) if boxes else None

    def grid(self) -> None:
        """A table to fill in."""
        rng, sheet = self.rng, self.sheet
        columns, rows = rng.randint(2, 7), rng.randint(2, 9)
        height = self.size * rng.uniform(1.7, 2.8)
        wide = (self.right - self.margin) / columns
        top = self.y
        for row in range(rows):
            if self.y + height > self.bottom:
                break
            for column in range(columns):
                x = self.margin + column * wide
                sheet.rect(
                    (x, self.y, x + wide, self.y + height),
                    width=self.pen,
                    colour=self.ink,
                    fill=self.shade if row == 0 else None,
                )
                base = self.y + height * 0.5 + self.size * 0.33
                if row == 0 or (column == 0 and rng.random() < 0.5):
                    self.label(x + 3, base, self.ctx.words.phrase(1, 2), width=wide - 6)
                elif rng.random() < 0.7:
                    self.entry(
                        rng.choice((self.ctx.words.number(), self.ctx.words.amount(), self.ctx.words.phrase(1, 2))),
                        x + 3,
                        base,
                        wide - 6,
                    )
            self.y += height
        if self.y > top + height:
            sheet.region("table", [(self.margin, top, self.right, self.y)])
        self.y += self.size * 0.6

    def signature(self) -> None:
        """Place, date and signature on rules, with small print below."""
        rng, sheet = self.rng, self.sheet
        self.y += self.size * rng.uniform(3, 5)
        small = self.size * 0.8
        for x, wide in (
            (self.margin, (self.right - self.margin) * 0.4),
            (self.margin + (self.right - self.margin) * 0.55, (self.right - self.margin) * 0.45),
        ):
            sheet.rule(x, self.y, x + wide, self.y, width=self.pen, colour=self.ink)
            label = self.label(
                x + rng.uniform(0, wide * 0.3),
                self.y + small * 1.4,
                self.ctx.words.phrase(1, 3),
                size=small,
                width=wide * 0.7,
            )
            filled = self.entry(
                f"{self.ctx.words.name()} {self.ctx.words.date()}" if x == self.margin else self.ctx.words.name(),
                x + 4,
                self.y - 2,
                wide - 8,
            )
            self._field(label, filled)
        self.y += self.size * 3
