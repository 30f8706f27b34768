"""Office forms of the typewriter's and the fax machine's last years: crowded, boxed, typed into, stamped, signed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.cells import cell_text
from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet, union
from centernet_cli.datasets.synth.figures import draw_logo
from centernet_cli.datasets.synth.hand import write
from centernet_cli.datasets.synth.kinds.filling import Filler, cut
from centernet_cli.datasets.synth.typeset import Frame, Style, set_line, set_paragraph

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context


def make_office_form(ctx: Context) -> Sheet:
    """A memorandum, order, report sheet or application."""
    size = ctx.rng.choice(((612.0, 792.0), (612.0, 792.0), (595.3, 841.9), (612.0, 1008.0), (792.0, 612.0)))
    return _Office(ctx, Sheet(*size, (255, 255, 255), facts={"language": ctx.language, "layout": "office"})).make()


class _Office(Filler):
    def make(self) -> Sheet:
        """Lay out blocks until the page is full."""
        rng = self.rng
        if rng.random() < 0.35:
            self.fax_line()
        self.heading()
        blocks = [
            self.memo,
            self.pairs,
            self.cells,
            self.cells,
            self.table,
            self.checks,
            self.questions,
            self.paragraph,
            self.columns,
        ]
        favourites = rng.sample(blocks, rng.randint(3, 6))
        for _ in range(rng.randint(4, 16)):
            if self.y > self.bottom - 5 * self.type_size:
                break
            if rng.random() < 0.3:
                self.section()
            rng.choice(favourites)()
            self.y += self.size * rng.uniform(0.3, 2.2)
        if self.y < self.bottom - 40:
            self.signatures()
        self.marks()
        return self.sheet

    def fax_line(self) -> None:
        """The line that fax machines print over a page."""
        rng, words = self.rng, self.words
        face, size = self.typed.regular, rng.uniform(6.5, 9)
        y = self.sheet.height * 0.018 + size
        parts = (words.date(), f"{rng.randint(0, 23)}:{rng.randint(10, 59)}", words.phrase(1, 2).upper(), words.code())
        x = self.margin * rng.uniform(0.3, 1.0)
        for part in (*parts, f"P.{rng.randint(1, 9):02}"):
            box = self.sheet.text(x, y, part, face, size)
            self.sheet.region("header", [box])
            x = box[2] + size * rng.choice((2.0, 3.0, 5.0))
            if x > self.right - 60:
                break
        self.y = max(self.y, y + size * 1.5)

    def heading(self) -> None:
        """Company, form's name, number."""
        rng, sheet = self.rng, self.sheet
        if rng.random() < 0.35:
            box = (self.margin, self.y, self.margin + 40, self.y + 34)
            draw_logo(sheet, rng, box)
            sheet.region("figure", [box])
        centre = rng.random() < 0.65
        x = (self.margin + self.right) / 2 if centre else self.margin + 48
        align = "center" if centre else "left"
        for at in range(rng.randint(1, 3)):
            size = self.size * (rng.uniform(1.2, 2.2) if at == 0 else rng.uniform(0.9, 1.2))
            face = self.family.bold if at == 0 or rng.random() < 0.4 else self.family.regular
            text = self.words.phrase(2, 5)
            text = text.upper() if at == 0 and rng.random() < 0.6 else text
            self.y += size * 1.3
            text = cut(text, face, size, (self.right - self.margin) * 0.75)
            box = sheet.text(x, self.y, text, face, size, align=align)
            sheet.region("title" if at == 0 else "text", [box])
            if at == 0 and rng.random() < 0.2:
                sheet.rule(box[0], box[3] + 1.5, box[2], box[3] + 1.5, width=self.pen)
        if rng.random() < 0.4:
            number = self.words.code()
            if x + 130 < self.right - 70:
                box = sheet.text(self.right, self.y - self.size, number, self.family.regular, self.size, align="right")
                sheet.region("header", [box])
        self.y += self.size * rng.uniform(1.0, 3.0)
        if rng.random() < 0.3:
            sheet.rule(self.margin, self.y, self.right, self.y, width=self.pen * 1.6)
            self.y += self.size

    def section(self) -> None:
        """A heading inside the form."""
        rng, size = self.rng, self.size * 1.1
        self.y += size * 1.4
        style = rng.choice(("plain", "centre", "bar", "black"))
        x, align, colour = self.margin + 2, "left", BLACK
        if style == "centre":
            x, align = (self.margin + self.right) / 2, "center"
        elif style != "plain":
            fill: Colour = (215, 215, 215) if style == "bar" else (20, 20, 20)
            self.sheet.rect((self.margin, self.y - size * 1.05, self.right, self.y + size * 0.4), width=0, fill=fill)
            colour = BLACK if style == "bar" else (255, 255, 255)
        text = cut(self.words.phrase(1, 5).upper(), self.family.bold, size, self.right - self.margin - 8)
        box = self.sheet.text(x, self.y, text, self.family.bold, size, colour=colour, align=align)
        self.sheet.region("title", [box])
        self.y += size * 0.6

    def memo(self) -> None:
        """Label and entry, one pair a line, entries under each other."""
        rng = self.rng
        face = self.family.bold if rng.random() < 0.5 else self.family.regular
        size = max(self.size, self.type_size * rng.uniform(0.8, 1.0))
        labels = [self.printed(self.words.phrase(1, 2)) + rng.choice((":", ":", "")) for _ in range(rng.randint(2, 7))]
        tab = self.margin + max(face.width(text) for text in labels) * size + size * rng.choice((0.5, 1.2, 3.0))
        pitch = self.type_size * rng.choice((1.3, 1.7, 2.2))
        ruled = rng.random() < 0.3
        for text in labels:
            self.y += pitch
            if self.y > self.bottom:
                return
            box = self.sheet.text(self.margin, self.y, text, face, size)
            start = tab if rng.random() < 0.95 else box[2] + size
            if ruled:
                self.sheet.rule(start, self.y + 2, self.right, self.y + 2, width=self.pen * 0.7)
            self.join(
                box, self.entry(start, self.y, (self.right - start) * rng.uniform(0.5, 1.0), always=True, high=pitch)
            )

    def pairs(self) -> None:
        """Lines of two to four labels with room, or a rule, behind each."""
        rng = self.rng
        pitch = self.type_size * rng.uniform(1.25, 2.4)
        parts = rng.choice((1, 2, 2, 3, 4))
        ruled = rng.random() < 0.65
        wide = (self.right - self.margin) / parts
        for _ in range(rng.randint(2, 7)):
            self.y += pitch
            if self.y > self.bottom:
                return
            for part in range(parts):
                x = self.margin + part * wide
                text = self.words.phrase(1, 2 if parts > 2 else 4) + rng.choice((":", ":", "", "."))
                box = self.label(x, self.y, text, wide * 0.55)
                start, end = box[2] + self.size * rng.choice((0.4, 0.4, 1.2)), x + wide - self.size
                if ruled and end > start:
                    self.sheet.rule(start, self.y + 1.5, end, self.y + 1.5, width=self.pen * 0.7)
                self.join(box, self.entry(start, self.y, end - start, high=pitch))

    def cells(self) -> None:
        """A frame cut again and again into cells of all sizes, each with a small label."""
        rng = self.rng
        least = self.size * 0.8 + self.type_size * 1.5
        height = min(self.bottom - self.y, least * rng.randint(2, 7))
        if height < least * 1.5:
            return
        self.cut_up(self.margin, self.y, self.right, self.y + height, least, rng.random() < 0.7)
        self.y += height

    def cut_up(self, x0: float, y0: float, x1: float, y1: float, least: float, rows: bool) -> None:
        rng = self.rng
        if rows and y1 - y0 > least * 2:
            y = y0 + least * rng.randint(1, max(1, int((y1 - y0) / least) - 1))
            self.cut_up(x0, y0, x1, y, least, rng.random() < 0.5)
            self.cut_up(x0, y, x1, y1, least, rng.random() < 0.5)
        elif x1 - x0 > 130 and rng.random() < 0.85:
            x = x0 + (x1 - x0) * rng.uniform(0.25, 0.75)
            self.cut_up(x0, y0, x, y1, least, rng.random() < 0.5)
            self.cut_up(x, y0, x1, y1, least, rng.random() < 0.5)
        elif y1 - y0 > least * 2.6:
            self.cut_up(x0, y0, x1, y1, least, rows=True)
        else:
            self._cell(x0, y0, x1, y1)

    def _cell(self, x0: float, y0: float, x1: float, y1: float) -> None:
        rng = self.rng
        small = self.size * rng.choice((0.75, 0.85, 1.0))
        self.sheet.rect((x0, y0, x1, y1), width=self.pen)
        text = (f"{rng.randint(1, 40)}. " if rng.random() < 0.3 else "") + self.words.phrase(1, 4)
        label = self.label(x0 + 2.5, y0 + small * 1.1, text, x1 - x0 - 5, size=small)
        room, base = int((y1 - y0 - small * 1.4) / (self.type_size * 1.2)), y0 + small * 1.5
        entries: list[Box | None] = []
        for at in range(min(room, rng.choice((1, 1, 1, 2, 4)))):
            y = base + self.type_size * (1.0 + 1.2 * at)
            entries.append(self.entry(x0 + rng.choice((4.0, 4.0, 12.0)), y, x1 - x0 - 14, high=self.type_size * 1.3))
        self.sheet.lines += [box for box in entries if box is not None]
        self.sheet.region("text", [label, *(box for box in entries if box is not None)])

    def table(self) -> None:
        """Columns with heads and typed or written rows, ruled fully, in part or not."""
        rng, sheet = self.rng, self.sheet
        count = rng.randint(3, 8)
        cuts = [rng.uniform(0.6, 1.8) for _ in range(count)]
        total = sum(cuts)
        edges = [self.margin]
        for share in cuts:
            edges.append(edges[-1] + (self.right - self.margin) * share / total)
        pitch = self.type_size * rng.uniform(1.2, 2.1)
        top, style = self.y, rng.choice(("grid", "grid", "rows", "columns", "head", "none"))
        ys = [top]
        kinds = [rng.choice(("words", "number", "number", "amount", "mark")) for _ in range(count)]
        inks: list[Box] = []
        for row in range(rng.randint(3, 16)):
            high = pitch * (1.0 if row else rng.choice((1.0, 1.8)))
            if self.y + high > self.bottom:
                break
            base = self.y + high - pitch * 0.3
            for at in range(count):
                x, wide = edges[at] + 3, edges[at + 1] - edges[at] - 6
                if row == 0:
                    inks.append(self.label(x, base, self.words.phrase(1, 2), wide, bold=True))
                    continue
                text = cell_text(rng, self.words, kinds[at])
                box = self.entry(x, base, wide, text, high=pitch)
                if box is not None:
                    sheet.lines.append(box)
                    inks.append(box)
            self.y += high
            ys.append(self.y)
        if len(ys) < 3:
            return
        self.table_rules(style, edges, ys)
        box = (self.margin, top, self.right, self.y)
        sheet.region("table", [union(inks) if style == "none" else box])

    def table_rules(self, style: str, edges: list[float], ys: list[float]) -> None:
        """Rule a table in one of six manners."""
        for at, y in enumerate(ys):
            if style in {"grid", "rows"} or (style in {"head", "columns"} and at in {0, 1, len(ys) - 1}):
                self.sheet.rule(self.margin, y, self.right, y, width=self.pen)
        for x in edges if style in {"grid", "columns"} else ():
            self.sheet.rule(x, ys[0], x, ys[-1], width=self.pen)

    def checks(self) -> None:
        """Boxes, brackets or blanks to tick."""
        rng, sheet = self.rng, self.sheet
        style = rng.choice(("box", "box", "brackets", "blank"))
        pitch = self.size * rng.uniform(1.4, 2.2)
        lead = self.label(self.margin, self.y + pitch, self.words.phrase(1, 5) + ":", (self.right - self.margin) * 0.4)
        sheet.region("text", [lead])
        start = lead[2] + self.size * 2 if rng.random() < 0.5 else self.margin
        self.y += pitch if start > self.margin else pitch * 2
        x = start
        for _ in range(rng.randint(2, 10)):
            text = cut(self.printed(self.words.phrase(1, 3)), self.family.regular, self.size, 150)
            width = self.family.regular.width(text) * self.size
            if x + width + self.size * 4 > self.right:
                x, self.y = start, self.y + pitch
                if self.y > self.bottom:
                    return
            ticked = rng.random() < 0.35
            side = self.size * 0.9
            if style == "box":
                sheet.rect((x, self.y - side * 0.9, x + side, self.y + side * 0.1), width=self.pen * 0.8)
                boxes = []
            else:
                mark = "[ ]" if style == "brackets" else "____"
                boxes = [sheet.text(x, self.y, mark, self.typed.regular, self.size, line=False)]
                boxes = boxes if style == "brackets" else []
            if ticked:
                sheet.text(x + side * 0.15, self.y, "X", self.typed.bold, self.type_size, line=False)
            gap = self.size * (1.5 if style == "box" else 2.8)
            boxes.append(sheet.text(x + gap, self.y, text, self.family.regular, self.size, line=False))
            sheet.region("text", [sheet.add_line(boxes)])
            x += gap + width + self.size * rng.choice((1.8, 3.0, 5.0))
        self.y += self.size * 0.5

    def questions(self) -> None:
        """Numbered questions, each with rules to answer on."""
        rng, sheet = self.rng, self.sheet
        style = Style(self.family.regular, self.size, self.size * 1.25, "left")
        for at in range(rng.randint(1, 5)):
            frame = Frame(self.margin, self.y + self.size * 0.5, self.right - self.margin, self.bottom)
            boxes: list[Box] = []
            set_paragraph(sheet, [f"{at + 1}.", *self.words.sentence(5, 20)], style, frame, boxes=boxes)
            sheet.region("text", boxes)
            self.y = frame.y
            for _ in range(rng.randint(0, 3)):
                self.y += self.type_size * rng.uniform(1.5, 2.1)
                if self.y > self.bottom:
                    return
                if rng.random() < 0.8:
                    sheet.rule(self.margin + 14, self.y + 2, self.right, self.y + 2, width=self.pen * 0.7)
                text = " ".join(self.words.sentence(4, 18))
                answer = self.entry(self.margin + 18, self.y, self.right - self.margin - 22, text)
                self.join(None, answer)

    def paragraph(self) -> None:
        """Small print or a typed message."""
        rng = self.rng
        typed = rng.random() < 0.5
        face, size = (self.typed.regular, self.type_size) if typed else (self.family.regular, self.size)
        style = Style(face, size, size * rng.uniform(1.05, 1.4), "left" if typed else rng.choice(("left", "justify")))
        frame = Frame(self.margin, self.y + size * 0.4, self.right - self.margin, self.bottom)
        boxes: list[Box] = []
        set_paragraph(self.sheet, self.words.paragraph(8, 90), style, frame, boxes=boxes)
        self.sheet.region("text", boxes)
        self.y = frame.y

    def columns(self) -> None:
        """Blocks of lines side by side: addresses, distribution lists, figures without rules."""
        rng, sheet = self.rng, self.sheet
        parts = rng.randint(2, 4)
        wide, deepest = (self.right - self.margin) / parts, self.y
        for part in range(parts):
            y, boxes = self.y, []
            x = self.margin + part * wide
            face, size = rng.choice(((self.typed.regular, self.type_size), (self.family.regular, self.size)))
            for _ in range(rng.randint(1, 7)):
                y += size * 1.2
                if y > self.bottom:
                    break
                text = cut(self.value(), face, size, wide - size * 2)
                boxes.append(set_line(sheet, text.split(), Style(face, size, size), x, y, wide, last=True))
            sheet.region("text", boxes)
            deepest = max(deepest, y)
        self.y = deepest + self.size * 0.4

    def signatures(self) -> None:
        """Rules to sign on, some signed."""
        rng, sheet = self.rng, self.sheet
        parts = rng.choice((1, 2, 2, 3))
        wide = (self.right - self.margin) / parts
        for _ in range(rng.choice((1, 1, 2))):
            self.y += self.type_size * rng.uniform(2.0, 3.4)
            if self.y > self.bottom:
                return
            below = rng.random() < 0.5
            for part in range(parts):
                x = self.margin + part * wide
                text = self.words.phrase(1, 2) + ("" if below else ":")
                box = self.label(x, self.y + (self.size * 1.3 if below else 0), text, wide * 0.5)
                start = x if below else box[2] + self.size * 0.5
                sheet.rule(start, self.y + 1.5, x + wide - 8, self.y + 1.5, width=self.pen * 0.7)
                if rng.random() < 0.7:
                    room = x + wide - 14 - start
                    large = replace(self.hand, size=self.hand.size * rng.uniform(1.0, 1.5))
                    text = rng.choice((self.words.name(), self.words.date()))
                    signed = write(sheet, rng, start + 3, self.y - 1, text, large, width=room, line=False)
                    self.join(box, signed)
                else:
                    sheet.region("text", [box])
            self.y += self.size * 2
