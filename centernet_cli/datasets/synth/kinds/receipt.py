"""Till receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Sheet, union
from centernet_cli.datasets.synth.typeset import join_pieces

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.fonts import Face


def make_receipt(ctx: Context) -> Sheet:
    """A till receipt: narrow, one font, items left and prices right, barcode at the end."""
    rng = ctx.rng
    family = ctx.family("mono", "type", "mono", "sans", "type")
    size = rng.uniform(7.5, 10.5)
    width = rng.uniform(150, 260)
    face = family.bold if rng.random() < 0.15 else family.regular
    ink = rng.choice((BLACK, (40, 40, 45), (70, 70, 80), (50, 50, 110)))
    sheet = Sheet(
        width,
        3000.0,
        rng.choice(((255, 255, 255), (250, 248, 242), (245, 245, 248), (252, 250, 235))),
        facts={"language": ctx.language},
    )
    till = _Till(
        ctx, sheet, face, family.bold, size, size * rng.uniform(1.05, 1.45), width * rng.uniform(0.04, 0.1), ink
    )
    till.y = size * rng.uniform(2, 6)
    upper = rng.random() < 0.5
    till.centred(rng.randint(2, 6), first_big=rng.random() < 0.6)
    till.divider()
    for _ in range(rng.randint(0, 4)):
        till.pair(
            ctx.words.phrase(1, 1) + ":",
            rng.choice(
                (
                    ctx.words.code(),
                    ctx.words.date(),
                    f"{rng.randint(0, 23)}:{rng.randint(10, 59)}:{rng.randint(10, 59)}",
                )
            ),
        )
    till.divider()
    currency = rng.choice(("", "", " A", " B", " €", " EUR"))
    start = len(sheet.lines)
    for _ in range(rng.randint(2, 28)):
        name = ctx.words.phrase(1, 4)
        till.pair(name.upper() if upper else name, ctx.words.amount(80) + currency)
        if rng.random() < 0.25:
            till.pair(
                f"  {rng.randint(2, 9)} x {ctx.words.amount(20)}",
                "" if rng.random() < 0.6 else f"-{ctx.words.amount(9)}",
            )
    items = sheet.lines[start:]
    till.flush("text")
    sheet.region("table", [union(items)])
    till.divider()
    for at in range(rng.randint(2, 7)):
        till.pair(ctx.words.phrase(1, 2).upper(), ctx.words.amount(300) + currency, big=at == 0 and rng.random() < 0.6)
    till.divider()
    till.centred(rng.randint(1, 6), first_big=False)
    till.flush("text")
    if rng.random() < 0.6:
        _barcode(ctx, till)
    sheet.height = till.y + size * rng.uniform(1, 5)
    return sheet


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
        self.pending: list[Box] = []

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
            self.y += self.leading * (1.5 if big else 1.0)
            self.pending.append(
                self.sheet.text(self.sheet.width / 2, self.y, text, face, size, colour=self.ink, align="center")
            )
        self.flush("text")

    def pair(self, left: str, right: str, *, big: bool = False) -> None:
        """Print a line with text left and right."""
        size = self.size * (1.35 if big else 1.0)
        face = self.bold if big else self.face
        self.y += self.leading * (1.4 if big else 1.0)
        inner = self.sheet.width - 2 * self.margin
        right = self._fit(right, face, size, inner * 0.6)
        indent = (len(left) - len(left.lstrip())) * 0.6 * size
        left = self._fit(left.strip(), face, size, inner - face.width(right + "   ") * size - indent)
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
        kind = self.ctx.rng.choice(("typed", "typed", "rule", "dash", "none"))
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
