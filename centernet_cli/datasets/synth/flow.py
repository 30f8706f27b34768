"""A document's blocks poured into columns: headings, paragraphs, lists, tables, figures; each a labelled region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.cells import random_rows
from centernet_cli.datasets.synth.figures import draw_figure
from centernet_cli.datasets.synth.tables import draw_table, random_style
from centernet_cli.datasets.synth.typeset import Frame, Look, Style, set_line, set_paragraph
from centernet_cli.datasets.synth.words import folio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.display import Sheet
    from centernet_cli.datasets.synth.words import Words

ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
BULLETS = ("•", "-", "–", "*", "·")


class Flow:
    """Pours blocks into frames from the first to the last.

    Args:
        sheet: The page.
        rng: Chance.
        words: Where text comes from.
        look: Typography.
        frames: Columns in reading order.
        whole_lists: Whether a list is one region (as datasets of scientific articles have it) or each of its items.
    """

    def __init__(
        self,
        sheet: Sheet,
        rng: Random,
        words: Words,
        look: Look,
        frames: Sequence[Frame],
        *,
        whole_lists: bool = False,
    ) -> None:
        self.sheet, self.rng, self.words, self.look = sheet, rng, words, look
        self.whole_lists = whole_lists
        self.frames = list(frames)
        self.full = not self.frames
        self.counters = {"table": rng.randint(0, 9), "figure": rng.randint(0, 9), "section": rng.randint(0, 4)}

    @property
    def frame(self) -> Frame:
        """The column being filled."""
        return self.frames[0]

    def room(self) -> float:
        """Return the height left in the column, 0 when all are full."""
        return 0.0 if self.full else self.frame.bottom - self.frame.y

    def advance(self) -> bool:
        """Go to the next column; False when there is none."""
        if len(self.frames) <= 1:
            self.full = True
            return False
        self.frames.pop(0)
        return True

    def gap(self, height: float) -> None:
        """Leave space, unless at the top of nothing."""
        if not self.full:
            self.frame.y += height

    def need(self, height: float) -> bool:
        """Go on to a column with `height` points free; False when there is none."""
        while not self.full and self.room() < height:
            self.advance()
        return not self.full

    def heading(self, level: int = 1, text: str | None = None) -> None:
        """Set a heading, labelled `title`."""
        style = self.look.heading(level)
        if not self.need(style.leading + 3 * self.look.leading):
            return
        said = text or self.words.phrase(1 + (level == 0), 7)
        if text is None and 0 < level < 3 and self.rng.random() < 0.45:
            said = f"{self._number(level)} {said}"
        # A heading of the text's own weight is larger, or in capitals.
        plain = level == 1 and self.look.head_face == "regular"
        if self.rng.random() < (0.5 if plain else 0.12):
            said = said.upper()
        boxes: list[Box] = []
        set_paragraph(self.sheet, said.split(), style, self.frame, boxes=boxes)
        self.sheet.region("title", boxes)
        self.gap(self.look.leading * self.rng.choice((0.1, 0.3, 0.6)))

    def _number(self, level: int) -> str:
        """Return what a section is numbered with."""
        self.counters["section"] += 1
        at, part = self.counters["section"], self.rng.randint(1, 5)
        if level == 1:
            roman = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")[(at - 1) % 10]
            return self.rng.choice(
                (f"{at}.", f"{at}", f"{at}", f"{at}.{part}", f"{at}.2.{part}", f"{roman}.", f"§ {at}.")
            )
        return self.rng.choice((f"{at}.{part}", f"{at}.{part}.", f"{chr(64 + part)}.", f"{part})", f"{at}.1.{part}"))

    def paragraph(
        self,
        words: Sequence[str] | None = None,
        *,
        label: str = "text",
        style: Style | None = None,
        low: int = 25,
        high: int = 110,
    ) -> None:
        """Set a paragraph, over several columns if need be, one region in each."""
        rest = list(words) if words is not None else self.words.paragraph(low, high)
        chosen = style or self.look.text()
        indent: float | None = None
        while rest and not self.full:
            boxes: list[Box] = []
            rest = set_paragraph(self.sheet, rest, chosen, self.frame, indent=indent, boxes=boxes)
            self.sheet.region(label, boxes)
            if rest:
                indent = 0.0
                self.advance()
        self.gap(self.look.gap)

    def list_(self, count: int | None = None, items: Sequence[Sequence[str]] | None = None) -> None:
        """Set a list with bullets or numbers; each item is a region unless `whole_lists`."""
        look, rng = self.look, self.rng
        kind = rng.choice(("bullet", "bullet", "number", "letter", "paren"))
        bullet = rng.choice(BULLETS)
        indent, hang = look.size * rng.uniform(0, 2.2), look.size * rng.uniform(1.1, 1.5)
        texts = items or [self.words.sentence(3, rng.choice((6, 12, 25))) for _ in range(count or rng.randint(2, 7))]
        style = look.text(align="left" if rng.random() < 0.6 else look.align, indent=0.0)
        spread = rng.choice((0.0, 0.0, 0.25)) * look.leading
        boxes: list[Box] = []
        for at, text in enumerate(texts):
            if self.room() < look.leading:
                self.list_region(boxes)
                boxes = []
                if not self.advance():
                    return
            mark = {
                "bullet": bullet,
                "number": f"{at + 1}.",
                "letter": f"{chr(97 + at % 26)})",
                "paren": f"({at + 1})",
            }[kind]
            boxes += self.item(mark, list(text), style, indent, hang)
            if not self.whole_lists:
                self.list_region(boxes)
                boxes = []
            self.gap(spread)
        self.list_region(boxes)
        self.gap(max(look.gap, spread))

    def list_region(self, boxes: list[Box]) -> None:
        """Label what was set as a list (or an item of one); nothing if nothing was."""
        self.sheet.region("list", boxes)

    def item(self, mark: str, text: list[str], style: Style, indent: float, hang: float) -> list[Box]:
        """Set one item, not labelled yet, as far as the column goes; return its lines.

        Args:
            mark: Number, letter or bullet; hangs to the left of the text.
            text: Words.
            style: Of both.
            indent: Of the mark, points.
            hang: Of the text to the right of the mark, points; more where the mark needs it.
        """
        frame, sheet = self.frame, self.sheet
        hang = max(hang, style.face.width(mark) * style.size + 0.35 * style.size)
        inner = Frame(frame.x + indent + hang, frame.y, frame.width - indent - hang, frame.bottom)
        before = len(sheet.lines)
        boxes: list[Box] = []
        set_paragraph(sheet, text, style.at(indent=0.0), inner, boxes=boxes)
        if boxes:
            # The mark and the first line are one text line when they stand close, as they nearly always do.
            baseline = frame.y + 0.5 * style.leading + 0.32 * style.size
            box = sheet.text(frame.x + indent, baseline, mark, style.face, style.size, colour=style.colour, line=False)
            first = sheet.lines[before]
            del sheet.lines[before]
            if first[0] - box[2] <= 1.5 * style.size:
                boxes[0] = sheet.add_line([box, first])
            else:
                sheet.lines += [box, first]
                boxes.append(box)
        frame.y = inner.y
        return boxes

    def caption(self, kind: str, words: Sequence[str] | None = None, *, align: str | None = None) -> None:
        """Set a caption below or above a table or figure."""
        self.counters[kind] += 1
        name = self.rng.choice(
            {
                "table": ("Table", "Tab.", "Tabelle", "Tableau", "Tabela", "TABLE", "Tabla"),
                "figure": ("Figure", "Fig.", "Abb.", "Rys.", "Figura", "FIG.", "Abbildung"),
            }[kind]
        )
        number = f"{self.counters[kind]}{self.rng.choice(('.', ':', '', ' –'))}"
        text = (
            list(words)
            if words is not None
            else [*([name, number] if self.rng.random() < 0.8 else []), *self.words.sentence(3, 25)]
        )
        family = self.look.body
        face = self.rng.choice((family.regular, family.italic, family.bold, family.regular))
        size = self.look.size * self.rng.choice((0.8, 0.88, 0.95, 1.0))
        style = Style(
            face, size, size * 1.2, align or self.rng.choice(("left", "center", "justify")), 0.0, self.look.ink
        )
        if len(text) > 14 and style.align == "center":
            style = style.at(align="left")
        boxes: list[Box] = []
        set_paragraph(self.sheet, text, style, self.frame, boxes=boxes)
        self.sheet.region("caption", boxes)

    def table(self, *, columns: int | None = None, rows: int | None = None, captioned: bool | None = None) -> None:
        """Draw a random table with or without caption, above or below."""
        rng, look = self.rng, self.look
        rows = rows or rng.randint(3, 14)
        size = look.size * rng.choice((0.7, 0.8, 0.9, 1.0))
        if not self.need(size * 8 + look.leading * 3):
            return
        most = max(2, int(self.frame.width / (size * 6)))
        wanted = min(columns or rng.randint(2, 8), most)
        captioned = rng.random() < 0.65 if captioned is None else captioned
        above = captioned and rng.random() < 0.6
        self.gap(look.leading * 0.5)
        if above:
            self.caption("table")
            self.gap(look.size * rng.uniform(0.3, 0.8))
        style = random_style(rng, rng.choice((look.body, look.body, look.head)), size, look.ink)
        made, cells = random_rows(rng, self.words, wanted, rows)
        frame = self.frame
        narrow = rng.uniform(0.6, 1.0) if wanted <= most * 0.6 and rng.random() < 0.4 else 1.0
        x = frame.x + (frame.width * (1 - narrow) / 2 if rng.random() < 0.6 else 0.0)
        box = draw_table(
            self.sheet,
            style,
            made,
            cells,
            x,
            frame.y,
            frame.width * narrow,
            frame.bottom - (0 if above else 3 * look.leading),
        )
        if box is None:
            return
        frame.y = max(box[3], frame.y)
        if captioned and not above:
            self.gap(look.size * rng.uniform(0.2, 0.7))
            self.caption("table")
        elif rng.random() < 0.25:
            self.gap(look.size * 0.3)
            note = Style(look.body.regular, size * 0.85, size * 1.05, "left", 0.0, look.ink)
            boxes: list[Box] = []
            set_paragraph(self.sheet, self.words.sentence(4, 12), note, frame, boxes=boxes)
            self.sheet.region("text", boxes)
        self.gap(look.leading * rng.uniform(0.7, 1.4))

    def figure(self, *, height: float | None = None, grey: bool = False, captioned: bool | None = None) -> None:
        """Draw a random figure with or without caption."""
        rng, look = self.rng, self.look
        high = height or min(self.frame.width * rng.uniform(0.45, 0.85), 280.0) if not self.full else 0.0
        if not self.need(high + 4 * look.leading):
            return
        self.gap(look.leading * 0.5)
        frame = self.frame
        wide = frame.width * rng.choice((1.0, 1.0, 0.8, 0.6))
        x = frame.x + (frame.width - wide) / 2
        draw_figure(
            self.sheet,
            rng,
            self.words,
            look.head.regular,
            (x, frame.y, x + wide, frame.y + high),
            grey=grey,
            ink=look.ink,
        )
        frame.y += high + look.size * rng.uniform(0.3, 0.9)
        if rng.random() < 0.8 if captioned is None else captioned:
            self.caption("figure")
        self.gap(look.leading * rng.uniform(0.6, 1.2))

    def fill(self, mix: Mapping[str, float], *, limit: int = 200) -> None:
        """Fill the columns with blocks drawn from `mix` (name, as `block` takes it, to weight)."""
        names, weights = list(mix), list(mix.values())
        for _ in range(limit):
            if self.full or (self.room() < self.look.leading and not self.advance()):
                return
            self.block(self.rng.choices(names, weights)[0])

    def block(self, name: str) -> None:
        """Set one block: `heading` (with a paragraph), `list`, `table`, `figure`; any other name is a paragraph."""
        match name:
            case "heading":
                self.gap(self.look.leading * self.rng.uniform(0.3, 1.0))
                self.heading(self.rng.choice((1, 1, 2, 2, 3)))
                self.paragraph()
            case "list":
                self.list_()
            case "table":
                self.table()
            case "figure":
                self.figure()
            case _:
                self.paragraph()


def narrower(look: Look, factor: float) -> Look:
    """Return the same typography at another size."""
    return replace(look, size=look.size * factor, leading=look.leading * factor, indent=look.indent * factor)


def page_body(sheet: Sheet, rng: Random, words: Words, look: Look, *, short: float) -> Frame:
    """Set a running head and foot; return the one column between them, on a share `short` of pages not to the end."""
    margin = sheet.width * rng.uniform(0.08, 0.17)
    top, bottom = sheet.height * rng.uniform(0.08, 0.12), sheet.height * rng.uniform(0.86, 0.92)
    running_head(
        sheet,
        rng,
        words,
        look,
        left=margin,
        right=sheet.width - margin,
        top=top * rng.uniform(0.5, 0.65),
        bottom=sheet.height - (sheet.height - bottom) * rng.uniform(0.4, 0.7),
    )
    if rng.random() < short:
        bottom -= (bottom - top) * rng.uniform(0.1, 0.55)
    return Frame(margin, top, sheet.width - 2 * margin, bottom)


def running_head(
    sheet: Sheet, rng: Random, words: Words, look: Look, *, left: float, right: float, top: float, bottom: float
) -> None:
    """Set header and footer lines with page number, date or title."""
    size = look.size * rng.choice((0.75, 0.85, 0.95))
    face = rng.choice((look.body.regular, look.body.italic, look.head.regular))
    style = Style(face, size, size * 1.2, "left", 0.0, look.ink, hyphens=False)
    number = rng.choice(
        (
            folio(rng, rng.randint(1, 400)),
            folio(rng, rng.randint(1, 99)),
            f"{rng.randint(1, 9)}/{rng.randint(9, 40)}",
            f"Page {rng.randint(1, 60)}",
        )
    )
    at_top = rng.random() < 0.4
    for label, y, likely in (("header", top, 0.6), ("footer", bottom, 0.75)):
        if rng.random() > likely:
            continue
        boxes: list[Box] = []
        parts = ["", "", ""]
        if (label == "header") == at_top:
            parts[rng.choice((0, 1, 2, 2, 1))] = number
        if label == "header" or rng.random() < 0.4:
            free = [k for k in range(3) if not parts[k]]
            parts[rng.choice(free)] = rng.choice(
                (words.phrase(2, 6), words.name(), words.date(), words.phrase(1, 3).upper())
            )
        shown = [(part, k) for k, part in enumerate(parts) if part]
        for part, k in shown:
            width = (right - left) * (0.45 if len(shown) > 1 else 0.9)
            fitting = part if face.width(part) * size <= width else part.split()[0]
            style_k = style.at(align=("left", "center", "right")[k])
            boxes.append(set_line(sheet, fitting.split(), style_k, left, y, right - left, last=True))
        if boxes and rng.random() < 0.35:
            line = y + size * 0.6 if label == "header" else y - size * 1.3
            sheet.rule(left, line, right, line, width=0.5, colour=look.ink)
        if boxes:
            # Pieces far apart are regions of their own, as in the real data (page number, running title).
            for box in boxes:
                sheet.region(label, [box])
