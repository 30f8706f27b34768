"""Till receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Sheet, union
from centernet_cli.datasets.synth.hand import write
from centernet_cli.datasets.synth.typeset import join_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Colour
    from centernet_cli.datasets.synth.fonts import Face


PAPERS: tuple[Colour, ...] = (
    (255, 255, 255),
    (255, 255, 255),
    (250, 248, 242),
    (245, 245, 248),
    (252, 250, 235),
    (238, 240, 250),
    (250, 238, 238),
)


def make_receipt(ctx: Context) -> Sheet:
    """A slip from a till: narrow, mostly one font, items and prices in one of several arrangements."""
    rng = ctx.rng
    family = ctx.family("mono", "type", "mono", "sans", "type")
    size = rng.uniform(6.5, 11.0)
    width = rng.uniform(135, 270)
    face = family.bold if rng.random() < 0.2 else family.regular
    ink = rng.choice((BLACK, BLACK, (40, 40, 45), (70, 70, 80), (50, 50, 110), (105, 105, 110)))
    sheet = Sheet(width, 4000.0, rng.choice(PAPERS), facts={"language": ctx.language})
    # Tills' letters are squeezed or broad, which no installed font is.
    sheet.stretch = rng.choice((1.0, 1.0, rng.uniform(0.68, 0.95), rng.uniform(1.05, 1.3)))
    leading = size * rng.choice((rng.uniform(1.0, 1.2), rng.uniform(1.1, 1.5), rng.uniform(1.4, 2.0)))
    till = _Till(ctx, sheet, face, family.bold, size, leading, width * rng.uniform(0.02, 0.1), ink)
    till.y = size * rng.uniform(1.5, 6)
    if rng.random() < 0.25:
        _emblem(ctx, till)
    till.centred(rng.randint(2, 8), first_big=rng.random() < 0.6)
    till.divider()
    _facts(ctx, till)
    till.divider()
    till.currency = rng.choice(("", "", " A", " B", " €", " EUR", " SR", " T"))
    till.before = rng.choice(("", "", "", "$", "RM ", "Rp. ", "£", "@"))
    till.upper = rng.random() < 0.6
    start = len(sheet.lines)
    _items(ctx, till)
    items = sheet.lines[start:]
    till.flush("text")
    if items:
        sheet.region("table", [union(items)])
    till.divider()
    for at in range(rng.randint(2, 9)):
        till.pair(till.said(1, 3), till.price(300), big=at == 0 and rng.random() < 0.5, wide=rng.random() < 0.5)
    if rng.random() < 0.4:
        till.divider()
        till.columns([till.said(1, 1) for _ in range(4)], (0.25, 0.5, 0.75, 1.0))
        for _ in range(rng.randint(1, 3)):
            rate = f"{rng.randint(0, 25)}%"
            till.columns([rate, *(ctx.words.amount(200) for _ in range(3))], (0.25, 0.5, 0.75, 1.0))
    till.divider()
    if rng.random() < 0.4:
        _facts(ctx, till)
    till.centred(rng.randint(1, 8), first_big=False)
    till.flush("text")
    if rng.random() < 0.45:
        _barcode(ctx, till)
    if rng.random() < 0.15:
        _square_code(ctx, till)
    if rng.random() < 0.3:
        till.centred(rng.randint(1, 4), first_big=False)
    sheet.height = till.y + size * rng.uniform(1, 5)
    if rng.random() < 0.15:
        _scribbled(ctx, till)
    return sheet


def _facts(ctx: Context, till: _Till) -> None:
    """Date, time, till, cashier: pairs side by side, or two of them on a line."""
    rng, words = ctx.rng, ctx.words
    for _ in range(rng.randint(0, 5)):
        time = f"{rng.randint(0, 23)}:{rng.randint(10, 59)}:{rng.randint(10, 59)}"
        style = rng.choice(("flush", "near", "near", "two"))
        value = rng.choice((words.code(), words.date(), time))
        if style == "flush":
            till.pair(till.said(1, 1) + ":", value)
        elif style == "near":
            till.left(f"{till.said(1, 2)}{rng.choice((':', ' :', '#', ' NO:'))} {value}")
        else:
            till.pair(f"{till.said(1, 1)}: {rng.randint(1, 9999)}", rng.choice((time, words.date())))


def _items(ctx: Context, till: _Till) -> None:
    """What was bought, in the arrangement of this till."""
    rng, words = ctx.rng, ctx.words
    style = rng.choice(("pair", "pair", "below", "columns", "leading", "code"))
    count = rng.choice((rng.randint(1, 6), rng.randint(3, 14), rng.randint(8, 40)))
    stops = rng.choice(((0.55, 0.75, 1.0), (0.5, 0.7, 1.0), (0.62, 0.8, 1.0)))
    if style in {"columns", "below"} and rng.random() < 0.7:
        till.columns([till.said(1, 1), till.said(1, 1), till.said(1, 1)], stops, first="left")
        if rng.random() < 0.5:
            till.divider()
    for _ in range(count):
        number, amount = str(rng.randint(1, 12)), words.amount(80)
        match style:
            case "below":
                till.left(till.said(1, 5))
                till.columns([rng.choice((number, f"{number} x")), amount, till.price(200)], stops)
            case "columns":
                till.columns([till.said(1, 2), number, till.price(90)], stops, first="left")
            case "leading":
                till.pair(f"{number} {till.said(1, 4)}", till.price(90))
                if rng.random() < 0.2:
                    till.left(f"   {till.said(1, 3)}")
            case "code":
                till.left(f"{rng.randint(1000, 9999999999999)} {till.said(1, 2)}")
                till.pair(f"   {number} {rng.choice('x@X*')} {amount}", till.price(90))
            case _:
                till.pair(till.said(1, 4), till.price(80))
                if rng.random() < 0.25:
                    reduced = "" if rng.random() < 0.6 else f"-{words.amount(9)}"
                    till.pair(f"  {rng.randint(2, 9)} x {words.amount(20)}", reduced)


def _emblem(ctx: Context, till: _Till) -> None:
    sheet, rng = till.sheet, ctx.rng
    high = rng.uniform(22, 50)
    left = (sheet.width - high * 1.5) / 2
    box = (left, till.y, left + high * 1.5, till.y + high)
    for _ in range(rng.randint(2, 5)):
        a, b = sorted((rng.random(), rng.random()))
        part = (left + high * 1.5 * a * 0.7, till.y + high * a * 0.6, left + high * 1.5 * (0.4 + 0.6 * b), box[3])
        shape = sheet.ellipse if rng.random() < 0.6 else sheet.rect
        shape(part, width=rng.uniform(0.8, 3), colour=till.ink, fill=till.ink if rng.random() < 0.3 else None)
    sheet.region("figure", [box])
    till.y += high + till.size


def _scribbled(ctx: Context, till: _Till) -> None:
    """A remark by hand where there is no print."""
    sheet, rng = till.sheet, ctx.rng
    hand = ctx.hand(rng.uniform(12, 24))
    room = sheet.height - till.y
    if room < hand.size * 1.2:
        sheet.height += hand.size * 2.5
    text = rng.choice((ctx.words.amount(), ctx.words.name(), ctx.words.phrase(1, 2)))
    box = write(sheet, rng, till.margin + 4, till.y + hand.size * 1.8, text, hand, width=sheet.width - 2 * till.margin)
    sheet.region("other", [box] if box else [])


class _Till:
    """Prints a receipt line by line."""

    def __init__(
        self,
        ctx: Context,
        sheet: Sheet,
        face: Face,
        bold: Face,
        size: float,
        leading: float,
        margin: float,
        ink: tuple[int, int, int],
    ) -> None:
        self.ctx, self.sheet, self.face, self.bold, self.size, self.leading, self.margin, self.ink = (
            ctx,
            sheet,
            face,
            bold,
            size,
            leading,
            margin,
            ink,
        )
        self.y = 0.0
        self.currency = self.before = ""
        self.upper = False
        self.pending: list[Box] = []

    def said(self, low: int, high: int) -> str:
        """Return a phrase as this till prints it."""
        text = self.ctx.words.phrase(low, high)
        return text.upper() if self.upper else text

    def price(self, top: float) -> str:
        """Return an amount with what stands round it."""
        return f"{self.before}{self.ctx.words.amount(top)}{self.currency}"

    def left(self, text: str) -> None:
        """Print a line from the left."""
        self.pair(text, "")

    def columns(self, texts: list[str], stops: Sequence[float], *, first: str = "right") -> None:
        """Print texts up to the stops, shares of the line; the first from the left if `first` says so."""
        self.y += self.leading
        inner = self.sheet.width - 2 * self.margin
        boxes: list[Box] = []
        start = 0.0
        for at, (text, stop) in enumerate(zip(texts, stops, strict=True)):
            wide = (stop - start) * inner - self.size * 0.5
            fitting = self._fit(text, self.face, self.size, wide)
            left = at == 0 and first == "left"
            x = self.margin + (0.0 if left else inner * stop)
            boxes.append(
                self.sheet.text(
                    x,
                    self.y,
                    fitting,
                    self.face,
                    self.size,
                    colour=self.ink,
                    align="left" if left else "right",
                    line=False,
                )
            )
            start = stop
        pieces = join_pieces(boxes, self.size)
        self.sheet.lines += pieces
        self.pending += pieces

    def flush(self, label: str) -> None:
        """Close the region that the last lines form."""
        self.sheet.region(label, self.pending)
        self.pending = []

    def _fit(self, text: str, face: Face, size: float, width: float) -> str:
        while len(text) > 1 and face.width(text) * size > width:
            text = text[:-1].rstrip()
        return text

    def centred(self, count: int, *, first_big: bool) -> None:
        """Print centred lines."""
        inner = self.sheet.width - 2 * self.margin
        for at in range(count):
            big = first_big and at == 0
            size = self.size * (1.7 if big else 1.0)
            face = self.bold if big else self.face
            text = self._fit(
                self.ctx.rng.choice((self.ctx.words.phrase(1, 4), self.ctx.words.code(), self.ctx.words.name())),
                face,
                size,
                inner,
            )
            self.y += max(self.leading, size * 1.15)
            self.pending.append(
                self.sheet.text(self.sheet.width / 2, self.y, text, face, size, colour=self.ink, align="center")
            )
        self.flush("text")

    def pair(self, left: str, right: str, *, big: bool = False, wide: bool = True) -> None:
        """Print a line with text left and right; not `wide`: the left one starts further in, as totals do."""
        size = self.size * (1.35 if big else 1.0)
        face = self.bold if big else self.face
        self.y += max(self.leading, size * 1.15)
        inner = self.sheet.width - 2 * self.margin
        right = self._fit(right, face, size, inner * 0.6)
        indent = (len(left) - len(left.lstrip())) * 0.6 * size + (0.0 if wide else inner * 0.3)
        left = self._fit(left.strip(), face, size, inner - face.width(right + " ") * size - indent)
        boxes = [self.sheet.text(self.margin + indent, self.y, left, face, size, colour=self.ink, line=False)]
        if right:
            boxes.append(
                self.sheet.text(
                    self.sheet.width - self.margin,
                    self.y,
                    right,
                    face,
                    size,
                    colour=self.ink,
                    align="right",
                    line=False,
                )
            )
        pieces = join_pieces(boxes, size)
        self.sheet.lines += pieces
        self.pending += pieces

    def divider(self) -> None:
        """Print a rule: drawn, dashed or typed; typed ones aren't text lines."""
        self.flush("text")
        kind = self.ctx.rng.choice(("typed", "typed", "typed", "rule", "dash", "none", "none"))
        right = self.sheet.width - self.margin
        self.y += self.leading * 0.75
        if kind == "typed":
            char = self.ctx.rng.choice("-=*-_")
            text = char * max(3, int((right - self.margin) / (self.face.width(char * 10) * self.size / 10)) - 1)
            self.sheet.text(self.margin, self.y, text, self.face, self.size, colour=self.ink, line=False)
        elif kind != "none":
            self.sheet.rule(
                self.margin,
                self.y - self.size * 0.2,
                right,
                self.y - self.size * 0.2,
                width=0.7,
                colour=self.ink,
                dash=3.0 if kind == "dash" else 0.0,
            )
        self.y += self.leading * 0.25


def _barcode(ctx: Context, till: _Till) -> None:
    rng, sheet = ctx.rng, till.sheet
    top, high = till.y + till.size, rng.uniform(20, 45)
    x, end = sheet.width * rng.uniform(0.12, 0.25), sheet.width * rng.uniform(0.75, 0.9)
    left = x
    while x < end:
        bar = rng.choice((0.6, 0.6, 1.2, 1.8))
        sheet.rect((x, top, x + bar, top + high), width=0, fill=till.ink)
        x += bar + rng.choice((0.7, 1.2, 1.8))
    sheet.region("figure", [(left, top, x, top + high)])
    till.y = top + high + till.leading
    if rng.random() < 0.7:
        digits = (
            " ".join(str(rng.randint(0, 9)) for _ in range(13))
            if rng.random() < 0.3
            else "".join(str(rng.randint(0, 9)) for _ in range(13))
        )
        sheet.region(
            "text", [sheet.text(sheet.width / 2, till.y, digits, till.face, till.size, colour=till.ink, align="center")]
        )


def _square_code(ctx: Context, till: _Till) -> None:
    rng, sheet = ctx.rng, till.sheet
    cells, side = 21, rng.uniform(45, 80)
    left, top = (sheet.width - side) / 2, till.y + till.size
    cell = side / cells
    for row in range(cells):
        for column in range(cells):
            if rng.random() < 0.5:
                x, y = left + column * cell, top + row * cell
                sheet.rect((x, y, x + cell, y + cell), width=0, fill=till.ink)
    for column, row in ((0, 0), (14, 0), (0, 14)):
        x, y = left + column * cell, top + row * cell
        sheet.rect((x, y, x + 7 * cell, y + 7 * cell), width=0, fill=till.ink)
        sheet.rect((x + cell, y + cell, x + 6 * cell, y + 6 * cell), width=0, fill=sheet.paper)
        sheet.rect((x + 2 * cell, y + 2 * cell, x + 5 * cell, y + 5 * cell), width=0, fill=till.ink)
    sheet.region("figure", [(left, top, left + side, top + side)])
    till.y = top + side + till.leading
