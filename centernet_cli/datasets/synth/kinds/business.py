"""Invoices, receipts, pages of tables and slides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Sheet, union
from centernet_cli.datasets.synth.figures import draw_figure, draw_logo
from centernet_cli.datasets.synth.flow import Flow, running_head
from centernet_cli.datasets.synth.tables import Column, draw_table, random_style
from centernet_cli.datasets.synth.typeset import Frame, set_line

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.fonts import Face

CURRENCIES = ("€", "EUR", "$", "USD", "zł", "PLN", "£", "CHF", "Kč", "Ft", "")


def make_invoice(ctx: Context) -> Sheet:
    """An invoice or order: letterhead, address, facts, a table of items, totals, payment details."""
    rng = ctx.rng
    sheet = ctx.sheet(rng.choice(((595.3, 841.9), (595.3, 841.9), (612.0, 792.0))))
    look = ctx.look(roles=("sans", "sans", "serif", "type"), size=rng.uniform(7.5, 11))
    look = replace(look, indent=0.0, align="left", leading=look.size * rng.uniform(1.15, 1.45))
    margin = sheet.width * rng.uniform(0.06, 0.11)
    width = sheet.width - 2 * margin
    y = sheet.height * 0.06
    logo_right = rng.random() < 0.5
    if rng.random() < 0.7:
        x = margin + width - 60 if logo_right else margin
        draw_logo(sheet, rng, (x, y, x + 60, y + 42))
        sheet.region("figure", [(x, y, x + 60, y + 42)])
    y = _block(ctx, sheet, look.head.bold, look.size * 1.3, margin + (0 if logo_right else 75), y + 12, rng.randint(1, 4), look)
    y += look.leading * rng.uniform(1, 3)
    title = ctx.words.phrase(1, 2)
    title = title.upper() if rng.random() < 0.5 else title
    style = look.heading(0)
    title_box = sheet.text(margin if rng.random() < 0.6 else margin + width * 0.55, y, title, style.face, style.size, colour=look.accent)
    sheet.region("title", [title_box])
    y += look.leading * 2
    left = _block(ctx, sheet, look.body.bold, look.size, margin, y, rng.randint(3, 6), look)
    right = _facts(ctx, sheet, look, margin + width * 0.55, margin + width, y, rng.randint(2, 7))
    y = max(left, right) + look.leading * rng.uniform(0.8, 2)
    y = _items(ctx, sheet, look, margin, y, width)
    if rng.random() < 0.8:
        frame = Frame(margin, y + look.leading, width, sheet.height * 0.9)
        flow = Flow(sheet, rng, ctx.words, look, [frame])
        for _ in range(rng.randint(1, 3)):
            flow.paragraph(low=8, high=30)
            flow.gap(look.leading * 0.5)
    if rng.random() < 0.6:
        _foot(ctx, sheet, look, margin, width)
    return sheet


def _block(ctx: Context, sheet: Sheet, first: Face, first_size: float, x: float, y: float, count: int, look: object) -> float:
    from centernet_cli.datasets.synth.typeset import Look  # noqa: PLC0415

    assert isinstance(look, Look)
    boxes = [sheet.text(x, y, ctx.words.name(), first, first_size, colour=look.ink)]
    for _ in range(count):
        y += look.leading
        text = ctx.rng.choice((ctx.words.phrase(1, 3), f"{ctx.rng.randint(10, 99999)} {ctx.words.name()}", ctx.words.code()))
        boxes.append(sheet.text(x, y, text, look.body.regular, look.size, colour=look.ink))
    sheet.region("text", boxes)
    return y + look.leading


def _facts(ctx: Context, sheet: Sheet, look: object, x: float, right: float, y: float, count: int) -> float:
    """Set label and value pairs, side by side."""
    from centernet_cli.datasets.synth.typeset import Look  # noqa: PLC0415

    assert isinstance(look, Look)
    rng, boxes = ctx.rng, []
    flush = rng.random() < 0.5
    colon = rng.choice((":", ":", ""))
    labels = [ctx.words.phrase(1, 2) + colon for _ in range(count)]
    tab = x + max(look.body.bold.width(label) for label in labels) * look.size + look.size * rng.uniform(0.4, 3)
    for label in labels:
        value = rng.choice((ctx.words.date(), ctx.words.code(), ctx.words.amount()))
        a = sheet.text(x, y, label, rng.choice((look.body.bold, look.body.regular)), look.size, colour=look.ink, line=False)
        b = sheet.text(right if flush else tab, y, value, look.body.regular, look.size, colour=look.ink, align="right" if flush else "left", line=False)
        pieces = join_pieces([a, b], look.size)
        sheet.lines += pieces
        boxes += pieces
        y += look.leading
    sheet.region("text", boxes)
    return y


def join_pieces(boxes: list[Box], size: float) -> list[Box]:
    """Join boxes on one baseline that stand closer than the gap that cuts lines in the real data."""
    done = [boxes[0]]
    for box in boxes[1:]:
        if box[0] - done[-1][2] <= 1.5 * size:
            done[-1] = union([done[-1], box])
        else:
            done.append(box)
    return done


def _items(ctx: Context, sheet: Sheet, look: object, x: float, y: float, width: float) -> float:
    from centernet_cli.datasets.synth.typeset import Look  # noqa: PLC0415

    assert isinstance(look, Look)
    rng = ctx.rng
    extra = rng.randint(0, 3)
    columns = [Column(0.6, "center"), Column(rng.uniform(2.5, 4), "left"), *(Column(1.0, "right") for _ in range(extra)), Column(1.2, "right"), Column(1.3, "right")]
    cells = [["#", ctx.words.phrase(1, 2), *(ctx.words.phrase(1, 1) for _ in range(extra)), ctx.words.phrase(1, 1), ctx.words.phrase(1, 1)]]
    for at in range(rng.randint(1, 14)):
        cells.append([str(at + 1), ctx.words.phrase(1, 6), *(rng.choice((str(rng.randint(1, 50)), f"{rng.randint(0, 25)}%", ctx.words.code()[:6])) for _ in range(extra)),
                      ctx.words.amount(500), ctx.words.amount(5000)])
    if len(cells) < 4:
        cells += [["", ctx.words.phrase(1, 3), *("" for _ in range(extra)), "", ctx.words.amount()]]
    style = random_style(rng, look.body, look.size * rng.choice((0.85, 0.95, 1.0)), look.ink)
    box = draw_table(sheet, style, columns, cells, x, y, width, sheet.height * 0.72)
    if box is None:
        return y
    y = box[3] + look.leading * 1.1
    currency = rng.choice(CURRENCIES)
    boxes = []
    for at in range(rng.randint(1, 4)):
        face = look.body.bold if at == 0 or rng.random() < 0.3 else look.body.regular
        a = sheet.text(x + width * 0.62, y, ctx.words.phrase(1, 2), face, look.size, colour=look.ink, line=False)
        b = sheet.text(x + width - style.pad_x * style.size, y, f"{ctx.words.amount(9000)} {currency}".strip(), face, look.size, colour=look.ink, align="right", line=False)
        pieces = join_pieces([a, b], look.size)
        sheet.lines += pieces
        boxes += pieces
        y += look.leading * 1.15
    sheet.region("text", boxes)
    return y


def _foot(ctx: Context, sheet: Sheet, look: object, x: float, width: float) -> None:
    from centernet_cli.datasets.synth.typeset import Look  # noqa: PLC0415

    assert isinstance(look, Look)
    size = look.size * 0.72
    columns = ctx.rng.randint(1, 4)
    boxes = []
    for row in range(ctx.rng.randint(1, 3)):
        for column in range(columns):
            text = ctx.rng.choice((ctx.words.phrase(1, 2), ctx.words.code(), ctx.words.name()))
            if look.body.regular.width(text) * size < width / columns - 2 * size:
                boxes.append(sheet.text(x + column * width / columns, sheet.height * 0.94 + row * size * 1.3, text, look.body.regular, size, colour=look.ink))
    sheet.region("footer", boxes)


def make_receipt(ctx: Context) -> Sheet:
    """A till receipt: narrow, one font, items left and prices right, barcode at the end."""
    rng = ctx.rng
    family = ctx.family("mono", "type", "mono", "sans", "type")
    size = rng.uniform(7.5, 10.5)
    width = rng.uniform(150, 260)
    face = family.bold if rng.random() < 0.15 else family.regular
    ink = rng.choice((BLACK, (40, 40, 45), (70, 70, 80), (50, 50, 110)))
    sheet = Sheet(width, 3000.0, rng.choice(((255, 255, 255), (250, 248, 242), (245, 245, 248), (252, 250, 235))), facts={"language": ctx.language})
    till = _Till(ctx, sheet, face, family.bold, size, size * rng.uniform(1.05, 1.45), width * rng.uniform(0.04, 0.1), ink)
    till.y = size * rng.uniform(2, 6)
    upper = rng.random() < 0.5
    till.centred(rng.randint(2, 6), first_big=rng.random() < 0.6)
    till.divider()
    for _ in range(rng.randint(0, 4)):
        till.pair(ctx.words.phrase(1, 1) + ":", rng.choice((ctx.words.code(), ctx.words.date(), f"{rng.randint(0, 23)}:{rng.randint(10, 59)}:{rng.randint(10, 59)}")))
    till.divider()
    currency = rng.choice(("", "", " A", " B", " €", " EUR"))
    start = len(sheet.lines)
    for _ in range(rng.randint(2, 28)):
        name = ctx.words.phrase(1, 4)
        till.pair(name.upper() if upper else name, ctx.words.amount(80) + currency)
        if rng.random() < 0.25:
            till.pair(f"  {rng.randint(2, 9)} x {ctx.words.amount(20)}", "" if rng.random() < 0.6 else f"-{ctx.words.amount(9)}")
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

    def __init__(self, ctx: Context, sheet: Sheet, face: Face, bold: Face, size: float, leading: float, margin: float, ink: tuple[int, int, int]) -> None:
        self.ctx, self.sheet, self.face, self.bold, self.size, self.leading, self.margin, self.ink = ctx, sheet, face, bold, size, leading, margin, ink
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
            text = self._fit(self.ctx.rng.choice((self.ctx.words.phrase(1, 4), self.ctx.words.code(), self.ctx.words.name())), face, size, inner)
            self.y += self.leading * (1.5 if big else 1.0)
            self.pending.append(self.sheet.text(self.sheet.width / 2, self.y, text, face, size, colour=self.ink, align="center"))
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
            boxes.append(self.sheet.text(self.sheet.width - self.margin, self.y, right, face, size, colour=self.ink, align="right", line=False))
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
            self.sheet.rule(self.margin, self.y - self.size * 0.2, right, self.y - self.size * 0.2, width=0.7, colour=self.ink, dash=3.0 if kind == "dash" else 0.0)
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
        digits = " ".join(str(rng.randint(0, 9)) for _ in range(13)) if rng.random() < 0.3 else "".join(str(rng.randint(0, 9)) for _ in range(13))
        sheet.region("text", [sheet.text(sheet.width / 2, till.y, digits, till.face, till.size, colour=till.ink, align="center")])


def make_table(ctx: Context) -> Sheet:
    """A page that is mostly tables: price lists, statistics, schedules; dense and landscape ones too."""
    rng = ctx.rng
    sheet = ctx.sheet()
    if rng.random() < 0.3:
        sheet.width, sheet.height = max(sheet.width, sheet.height), min(sheet.width, sheet.height)
    look = ctx.look(roles=("sans", "serif", "sans"), size=rng.choice((rng.uniform(5.5, 8), rng.uniform(7, 11))))
    margin = sheet.width * rng.uniform(0.05, 0.12)
    running_head(sheet, rng, ctx.words, look, left=margin, right=sheet.width - margin, top=sheet.height * 0.045, bottom=sheet.height * 0.965)
    frame = Frame(margin, sheet.height * 0.075, sheet.width - 2 * margin, sheet.height * 0.93)
    flow = Flow(sheet, rng, ctx.words, look, [frame])
    if rng.random() < 0.5:
        flow.heading(rng.choice((0, 1)))
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        if rng.random() < 0.4:
            flow.paragraph(low=10, high=60)
        flow.table(columns=rng.randint(2, 12), rows=rng.choice((rng.randint(4, 10), rng.randint(10, 30), rng.randint(30, 70))))
        if flow.full:
            break
    if rng.random() < 0.5:
        flow.fill({"paragraph": 1}, limit=3)
    return sheet


def make_slides(ctx: Context) -> Sheet:
    """A slide: big title, bullets, a figure, coloured or dark background."""
    rng = ctx.rng
    width, height = rng.choice(((720.0, 405.0), (720.0, 540.0), (960.0, 540.0)))
    dark = rng.random() < 0.35
    paper = rng.choice(((25, 40, 80), (20, 20, 20), (60, 20, 70), (0, 80, 90), (120, 20, 30))) if dark else ctx.rng.choice(((255, 255, 255), ctx.light()))
    sheet = Sheet(width, height, paper, facts={"language": ctx.language})
    ink = (245, 245, 245) if dark else (40, 40, 40)
    accent = rng.choice(((255, 210, 80), (255, 255, 255), (140, 220, 255))) if dark else ctx.dark()
    look = ctx.look(roles=("sans", "sans", "sans", "serif", "hand"), size=rng.uniform(13, 24), accent=accent)
    look = replace(look, ink=ink, accent=accent, align="left", indent=0.0, leading=look.size * rng.uniform(1.15, 1.5), head_scale=rng.uniform(1.3, 2.0))
    margin = width * rng.uniform(0.05, 0.1)
    if rng.random() < 0.35:
        sheet.rect((0, 0, width, height * 0.16), width=0, fill=accent)
        look = replace(look, accent=(20, 20, 20) if sum(accent) > 450 else (255, 255, 255))
    frame = Frame(margin, height * 0.05, width - 2 * margin, height * 0.25)
    flow = Flow(sheet, rng, ctx.words, replace(look, head_scale=min(look.head_scale, 34 / look.size)), [Frame(frame.x, frame.y, frame.width, height)])
    flow.heading(0, ctx.words.phrase(2, 6))
    top = max(flow.frame.y if flow.frames else 0, height * 0.2) + 6
    split = rng.random() < 0.5
    body = Frame(margin, top, (width - 2 * margin) * (0.52 if split else 1.0), height * 0.88)
    flow = Flow(sheet, rng, ctx.words, replace(look, accent=accent), [body])
    match rng.choice(("list", "list", "mixed", "table")):
        case "list":
            flow.list_(rng.randint(2, 6))
        case "table":
            flow.look = replace(look, size=look.size * 0.75, leading=look.leading * 0.75)
            flow.table(columns=rng.randint(2, 5), rows=rng.randint(3, 7))
        case _:
            flow.paragraph(low=8, high=25)
            flow.gap(10)
            flow.list_(rng.randint(2, 4))
    if split:
        draw_figure(sheet, rng, ctx.words, look.body.regular, (width * 0.58, top + 5, width - margin, height * rng.uniform(0.7, 0.86)), ink=ink)
    if rng.random() < 0.7:
        size = look.size * 0.5
        boxes = [set_line(sheet, [str(rng.randint(1, 90))], look.text(size=size, align="right"), margin, height * 0.965, width - 2 * margin, last=True)]
        sheet.region("footer", boxes)
        if rng.random() < 0.6:
            sheet.region("footer", [sheet.text(margin, height * 0.965, ctx.words.phrase(2, 4), look.body.regular, size, colour=ink)])
    return sheet
