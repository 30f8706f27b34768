"""Filling in a form: printed labels, entries typed or written by hand, and what of both is one line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.hand import Hand, turned_text, write

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Colour, Sheet
    from centernet_cli.datasets.synth.fonts import Face, Family

_CLOSE = 0.75
"""Ems: an entry so near behind its label is one text line with it."""


class Filler:
    """A form's typography, how it is filled in, and how far down the page it has come.

    Args:
        ctx: Chance, words, fonts.
        sheet: The page.
    """

    def __init__(self, ctx: Context, sheet: Sheet) -> None:
        rng = ctx.rng
        self.ctx, self.rng, self.sheet, self.words = ctx, rng, sheet, ctx.words
        self.family: Family = ctx.family("sans", "sans", "sans", "serif", "type")
        self.typed: Family = ctx.family("type", "type", "mono", "type")
        self.size = rng.uniform(6.0, 9.5)
        self.type_size = rng.uniform(8.0, 11.0)
        self.upper = rng.random() < 0.4
        self.pen = rng.choice((0.5, 0.8, 1.2))
        self.margin = sheet.width * rng.uniform(0.05, 0.12)
        self.right = sheet.width - self.margin * rng.uniform(0.6, 1.1)
        self.y = sheet.height * rng.uniform(0.03, 0.08)
        self.bottom = sheet.height * rng.uniform(0.88, 0.96)
        self.by_hand = rng.choice((0.0, 0.1, 0.5, 1.0))
        self.empty = rng.choice((0.05, 0.15, 0.4))
        self.hand: Hand = ctx.hand(rng.uniform(12, 20), steady=True)

    def printed(self, text: str) -> str:
        """Return a label as this form prints it."""
        return text.upper() if self.upper else text

    def label(self, x: float, y: float, text: str, width: float, *, bold: bool = False, size: float = 0.0) -> Box:
        """Print a label, cut to `width`."""
        face, size = self.family.bold if bold else self.family.regular, size or self.size
        return self.sheet.text(x, y, cut(self.printed(text), face, size, width), face, size)

    def value(self) -> str:
        """Return something to fill in."""
        words, rng = self.words, self.rng
        text = rng.choice(
            (
                words.name,
                words.name,
                words.date,
                words.code,
                words.amount,
                lambda: words.phrase(1, 4),
                words.number,
                lambda: f"{words.name()}, {words.code()}",
            )
        )()
        return text.upper() if rng.random() < 0.25 else text

    def entry(
        self, x: float, y: float, width: float, text: str | None = None, *, always: bool = False, high: float = 0.0
    ) -> Box | None:
        """Fill in by typewriter or by hand, at most `high` points; None where left empty."""
        rng = self.rng
        if width < self.size * 2 or (not always and rng.random() < self.empty):
            return None
        text = text or self.value()
        if rng.random() < self.by_hand:
            lift = rng.uniform(-0.5, 1.5)
            hand = replace(self.hand, size=min(self.hand.size, 0.95 * (high or self.type_size * 1.7)))
            return write(self.sheet, rng, x + rng.uniform(0, 5), y - lift, text, hand, width=width - 5, line=False)
        face, size = self.typed.regular, self.type_size
        text = cut(text, face, size, width)
        # Typewriters hit the line only roughly, and their letters print unevenly.
        grey = rng.choice((0, 20, 50))
        return self.sheet.text(x, y - rng.uniform(-0.5, 2.0), text, face, size, colour=(grey,) * 3, line=False)

    def join(self, label: Box | None, entry: Box | None) -> None:
        """Make one line of a label and the entry right behind it, or two."""
        found = [box for box in (label, entry) if box is not None]
        if label is not None and entry is not None:
            near = 0 <= entry[0] - label[2] < _CLOSE * self.size
            level = min(label[3], entry[3]) - max(label[1], entry[1]) > 0.5 * (label[3] - label[1])
            if near and level:
                self.sheet.lines.remove(label)
                self.sheet.add_line(found)
            else:
                self.sheet.lines.append(entry)
        elif entry is not None:
            self.sheet.lines.append(entry)
        self.sheet.region("text", found)

    def marks(self) -> None:
        """Form number and page at the foot, a register's number along the edge, a stamp, a scribbled note."""
        rng, sheet = self.rng, self.sheet
        if rng.random() < 0.5:
            text = rng.choice((self.words.code(), f"{self.words.phrase(1, 2)} {self.words.code()}"))
            y = sheet.height * 0.975
            sheet.region("footer", [sheet.text(self.margin, y, text, self.family.regular, self.size * 0.85)])
        if rng.random() < 0.6:
            number = "".join(str(rng.randint(0, 9)) for _ in range(8))
            size = rng.uniform(8, 13)
            face: Face = rng.choice((self.typed.bold, self.family.regular))
            if rng.random() < 0.55:
                mask, wide, high = turned_text(number, face, quarter=rng.choice((1, 3)))
                x, y = sheet.width - wide * size - rng.uniform(4, 14), rng.uniform(0.55, 0.9) * sheet.height
                box = (x, y - high * size, x + wide * size, y)
                if not busy(sheet, box):
                    sheet.region("other", [sheet.stamp(box, mask)])
            else:
                x = sheet.width - rng.uniform(8, 50)
                box = sheet.text(x, sheet.height * 0.978, number, face, size, align="right")
                sheet.region("footer", [box])
        if rng.random() < 0.25:
            self.stamp()
        if rng.random() < 0.3:
            note = replace(self.hand, size=rng.uniform(14, 26))
            y = rng.uniform(0.03, 0.97) * sheet.height
            x = rng.uniform(0.02, 0.8) * sheet.width
            before = len(sheet.items)
            found = write(sheet, rng, x, y, self.words.phrase(1, 3), note, width=sheet.width - x - 6, line=False)
            if found is not None and (busy(sheet, found) or found[1] < 0 or found[3] > sheet.height):
                del sheet.items[before:]
            elif found is not None:
                sheet.lines.append(found)
                sheet.region("other", [found])

    def stamp(self) -> None:
        """A rubber stamp with words: read like other text, so labelled."""
        rng, sheet = self.rng, self.sheet
        family = self.ctx.family("sans", "type")
        size = rng.uniform(9, 20)
        texts = [cut(self.words.phrase(1, 2).upper(), family.bold, size, 160)]
        if rng.random() < 0.6:
            texts.append(self.words.date().upper())
        wide = max(family.bold.width(text) for text in texts) * size + size
        x, y = rng.uniform(0.3, 0.95) * sheet.width - wide, rng.uniform(0.05, 0.9) * sheet.height
        frame = (x, y, x + wide, y + size * (1.2 * len(texts) + 0.5))
        if x < 4 or busy(sheet, frame):
            return
        colour: Colour = rng.choice(((60, 60, 60), (120, 30, 40), (40, 50, 130), (90, 90, 90)))
        if rng.random() < 0.7:
            sheet.rect(frame, width=1.5, colour=colour)
        boxes = [
            sheet.text(
                x + wide / 2, y + size * (1.1 + 1.2 * at), text, family.bold, size, colour=colour, align="center"
            )
            for at, text in enumerate(texts)
        ]
        sheet.region("other", boxes)


def busy(sheet: Sheet, box: Box) -> bool:
    """Tell whether `box` touches a line of text."""
    return any(
        min(box[2], other[2]) > max(box[0], other[0]) and min(box[3], other[3]) > max(box[1], other[1])
        for other in sheet.lines
    )


def cut(text: str, face: Face, size: float, width: float) -> str:
    """Return as much of `text` as is at most `width` points wide, whole words if there are any."""
    while len(text) > 1 and face.width(text) * size > width:
        text = text.rpartition(" ")[0] or text[:-1].rstrip()
    return text
