"""Invoices and pages of tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.figures import draw_logo
from centernet_cli.datasets.synth.flow import Flow, running_head
from centernet_cli.datasets.synth.tables import Column, draw_table, random_style
from centernet_cli.datasets.synth.typeset import Frame, join_pieces, split

if TYPE_CHECKING:
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Sheet
    from centernet_cli.datasets.synth.fonts import Face
    from centernet_cli.datasets.synth.typeset import Look

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
    y = _block(
        ctx, sheet, look.head.bold, look.size * 1.3, margin + (0 if logo_right else 75), y + 12, rng.randint(1, 4), look
    )
    y += look.leading * rng.uniform(1, 3)
    title = ctx.words.phrase(1, 2)
    title = title.upper() if rng.random() < 0.5 else title
    style = look.heading(0)
    title_box = sheet.text(
        margin if rng.random() < 0.6 else margin + width * 0.55, y, title, style.face, style.size, colour=look.accent
    )
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


def _block(
    ctx: Context, sheet: Sheet, first: Face, first_size: float, x: float, y: float, count: int, look: Look
) -> float:
    boxes = [sheet.text(x, y, ctx.words.name(), first, first_size, colour=look.ink)]
    for _ in range(count):
        y += look.leading
        text = ctx.rng.choice(
            (ctx.words.phrase(1, 3), f"{ctx.rng.randint(10, 99999)} {ctx.words.name()}", ctx.words.code())
        )
        boxes.append(sheet.text(x, y, text, look.body.regular, look.size, colour=look.ink))
    sheet.region("text", boxes)
    return y + look.leading


def _facts(ctx: Context, sheet: Sheet, look: Look, x: float, right: float, y: float, count: int) -> float:
    """Set label and value pairs, side by side."""
    rng, boxes = ctx.rng, []
    flush = rng.random() < 0.5
    colon = rng.choice((":", ":", ""))
    labels = [ctx.words.phrase(1, 2) + colon for _ in range(count)]
    tab = x + max(look.body.bold.width(label) for label in labels) * look.size + look.size * rng.uniform(0.4, 3)
    for label in labels:
        value = rng.choice((ctx.words.date(), ctx.words.code(), ctx.words.amount()))
        a = sheet.text(
            x, y, label, rng.choice((look.body.bold, look.body.regular)), look.size, colour=look.ink, line=False
        )
        b = sheet.text(
            right if flush else tab,
            y,
            value,
            look.body.regular,
            look.size,
            colour=look.ink,
            align="right" if flush else "left",
            line=False,
        )
        pieces = join_pieces([a, b], look.size)
        sheet.lines += pieces
        boxes += pieces
        y += look.leading
    sheet.region("text", boxes)
    return y


def _items(ctx: Context, sheet: Sheet, look: Look, x: float, y: float, width: float) -> float:
    rng = ctx.rng
    extra = rng.randint(0, 3)
    columns = [
        Column(0.6, "center"),
        Column(rng.uniform(2.5, 4), "left"),
        *(Column(1.0, "right") for _ in range(extra)),
        Column(1.2, "right"),
        Column(1.3, "right"),
    ]
    cells = [
        [
            "#",
            ctx.words.phrase(1, 2),
            *(ctx.words.phrase(1, 1) for _ in range(extra)),
            ctx.words.phrase(1, 1),
            ctx.words.phrase(1, 1),
        ]
    ]
    for at in range(rng.randint(1, 14)):
        middle = (
            rng.choice((str(rng.randint(1, 50)), f"{rng.randint(0, 25)}%", ctx.words.code()[:6])) for _ in range(extra)
        )
        cells += [[str(at + 1), ctx.words.phrase(1, 6), *middle, ctx.words.amount(500), ctx.words.amount(5000)]]
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
        b = sheet.text(
            x + width - style.pad_x * style.size,
            y,
            f"{ctx.words.amount(9000)} {currency}".strip(),
            face,
            look.size,
            colour=look.ink,
            align="right",
            line=False,
        )
        pieces = join_pieces([a, b], look.size)
        sheet.lines += pieces
        boxes += pieces
        y += look.leading * 1.15
    sheet.region("text", boxes)
    return y


def _foot(ctx: Context, sheet: Sheet, look: Look, x: float, width: float) -> None:
    size = look.size * 0.72
    columns = ctx.rng.randint(1, 4)
    boxes = []
    for row in range(ctx.rng.randint(1, 3)):
        for column in range(columns):
            text = ctx.rng.choice((ctx.words.phrase(1, 2), ctx.words.code(), ctx.words.name()))
            if look.body.regular.width(text) * size < width / columns - 2 * size:
                boxes.append(
                    sheet.text(
                        x + column * width / columns,
                        sheet.height * 0.94 + row * size * 1.3,
                        text,
                        look.body.regular,
                        size,
                        colour=look.ink,
                    )
                )
    sheet.region("footer", boxes)


def make_table(ctx: Context) -> Sheet:
    """A page of tables: price lists, statistics, accounts, schedules; dense and landscape ones, amid text or alone."""
    rng = ctx.rng
    sheet = ctx.sheet()
    if rng.random() < 0.25:
        sheet.width, sheet.height = max(sheet.width, sheet.height), min(sheet.width, sheet.height)
    roles = rng.choice((("sans", "serif", "sans"), ("serif",), ("type", "mono")))
    look = ctx.look(roles=roles, size=rng.choice((rng.uniform(5.5, 8), rng.uniform(7, 11))))
    margin = sheet.width * rng.uniform(0.05, 0.14)
    running_head(
        sheet,
        rng,
        ctx.words,
        look,
        left=margin,
        right=sheet.width - margin,
        top=sheet.height * 0.045,
        bottom=sheet.height * 0.965,
    )
    frame = Frame(margin, sheet.height * 0.075, sheet.width - 2 * margin, sheet.height * 0.93)
    flow = Flow(sheet, rng, ctx.words, look, [frame])
    if rng.random() < 0.5:
        flow.heading(rng.choice((0, 1)))
    layout = rng.choice(("alone", "alone", "amid", "amid", "amid", "columns"))
    if layout == "columns":
        count = rng.choice((2, 2, 3))
        flow = Flow(
            sheet, rng, ctx.words, look, split(margin, frame.y, frame.width, frame.bottom, count, rng.uniform(12, 24))
        )
    for _ in range(rng.choice((1, 1, 2, 3, 4)) + (layout == "columns")):
        if layout == "amid" or rng.random() < 0.3:
            flow.paragraph(low=10, high=rng.choice((60, 160)))
        if layout == "amid" and rng.random() < 0.25:
            flow.list_()
        flow.table(
            columns=rng.randint(2, 12), rows=rng.choice((rng.randint(2, 10), rng.randint(8, 30), rng.randint(30, 70)))
        )
        if flow.full:
            break
    if layout != "alone" or rng.random() < 0.3:
        flow.fill({"paragraph": 4, "heading": 1}, limit=rng.choice((2, 6, 20)))
    return sheet
