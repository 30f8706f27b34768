"""Old print."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet
from centernet_cli.datasets.synth.typeset import Frame, Look, random_look, set_line, set_paragraph
from centernet_cli.datasets.synth.words import folio

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context


def make_oldprint(ctx: Context) -> Sheet:
    """A book page of 1500 to 1900: running head, drop capital, marginal notes, footnotes, catchword, signature mark."""
    rng = ctx.rng
    width = rng.uniform(300, 420)
    sheet = Sheet(
        width,
        width * rng.uniform(1.35, 1.75),
        rng.choice(((243, 232, 208), (236, 224, 196), (250, 245, 232), (228, 212, 180))),
        facts={"language": ctx.language},
    )
    black = ctx.plain or ctx.language == "de"
    body = ctx.family("black") if black and rng.random() < 0.3 else ctx.family("serif")
    if body.role not in {"black", "serif"}:
        body = ctx.family("serif")
    size = rng.uniform(8.5, 13.5)
    ink: Colour = rng.choice((BLACK, (40, 30, 25), (60, 45, 35)))
    look = replace(
        random_look(rng, body, body, size=size, ink=ink, accent=ink),
        align="justify",
        leading=size * rng.uniform(1.0, 1.25),
        gap=0.0,
        head_align="center",
    )
    notes = rng.random() < 0.4
    left, right = width * rng.uniform(0.1, 0.16), width * (1 - rng.uniform(0.1, 0.16))
    left_notes = notes and rng.random() < 0.5
    column = (right - left) * 0.2
    inner = Frame(
        left + (column if left_notes else 0),
        sheet.height * 0.12,
        right - left - (column if notes else 0),
        sheet.height * rng.uniform(0.84, 0.88),
    )
    _running_title(ctx, sheet, look, inner)
    if rng.random() < 0.4:
        _opening(ctx, sheet, look, inner)
    count = 2 if rng.random() < 0.15 else 1
    if rng.random() < 0.12:
        verse(ctx, sheet, look, inner)
    else:
        wide = (inner.width - 12 * (count - 1)) / count
        for k in range(count):
            _body(ctx, sheet, look, Frame(inner.x + k * (wide + 12), inner.y, wide, inner.bottom), first=k == 0)
        if count == 2 and rng.random() < 0.6:
            sheet.rule(
                inner.x + inner.width / 2, inner.y, inner.x + inner.width / 2, inner.bottom, width=0.6, colour=ink
            )
    if notes:
        x = left if left_notes else inner.x + inner.width + size * 0.7
        marginalia(ctx, sheet, look, x, column - size * 0.9, inner)
    base = inner.bottom + look.leading * 1.1
    if rng.random() < 0.7:
        sheet.region(
            "footer",
            [sheet.text(inner.x + inner.width, base, ctx.words.word(), body.regular, size, colour=ink, align="right")],
        )
    if rng.random() < 0.4:
        sheet.region(
            "footer",
            [
                sheet.text(
                    inner.x + inner.width * 0.5,
                    base,
                    rng.choice(("A 2", "B", "C iij", "D 4", "Ff", "Tom. II.")),
                    body.regular,
                    size,
                    colour=ink,
                    align="center",
                )
            ],
        )
    return sheet


def _running_title(ctx: Context, sheet: Sheet, look: Look, inner: Frame) -> None:
    rng, y = ctx.rng, sheet.height * 0.095
    style = rng.choice(("both", "number", "number", "title", "none"))
    number = folio(rng, rng.randint(1, 600))
    if style in {"both", "title"}:
        title = ctx.words.phrase(1, 3)
        title = title.upper() if rng.random() < 0.5 and len(title) < 18 else title
        face = rng.choice((look.body.italic, look.body.regular))
        while face.width(title) * look.size > inner.width * 0.7 and len(title) > 3:
            title = title[:-1].rstrip()
        sheet.region(
            "header",
            [sheet.text(inner.x + inner.width / 2, y, title, face, look.size, colour=look.ink, align="center")],
        )
    if style in {"both", "number"}:
        x, align = (
            (inner.x + inner.width / 2, "center")
            if style == "number"
            else rng.choice(((inner.x, "left"), (inner.x + inner.width, "right")))
        )
        sheet.region("header", [sheet.text(x, y, number, look.body.regular, look.size, colour=look.ink, align=align)])
    if rng.random() < 0.25:
        sheet.rule(inner.x, y + look.size * 0.5, inner.x + inner.width, y + look.size * 0.5, width=0.7, colour=look.ink)


def _opening(ctx: Context, sheet: Sheet, look: Look, inner: Frame) -> None:
    """A band of ornament and a chapter's title, its lines growing smaller."""
    rng = ctx.rng
    if rng.random() < 0.5:
        high = look.size * rng.uniform(1.5, 4)
        steps = int(inner.width / (look.size * 0.9))
        for k in range(steps):
            x = inner.x + (k + 0.5) * inner.width / steps
            radius = high * rng.uniform(0.2, 0.4)
            sheet.ellipse(
                (x - radius, inner.y + high / 2 - radius, x + radius, inner.y + high / 2 + radius),
                width=0.8,
                colour=look.ink,
            )
        sheet.region("figure", [(inner.x, inner.y, inner.x + inner.width, inner.y + high)])
        inner.y += high + look.size
    boxes = []
    for scale in (rng.uniform(1.4, 2.2), rng.uniform(1.0, 1.4), 1.0)[: rng.randint(1, 3)]:
        text, size = ctx.words.phrase(1, 4), look.size * scale
        text = text.upper() if rng.random() < 0.4 else text
        while look.body.regular.width(text) * size > inner.width:
            size *= 0.9
        inner.y += size * 1.35
        boxes.append(
            sheet.text(
                inner.x + inner.width / 2,
                inner.y - size * 0.3,
                text,
                look.body.regular,
                size,
                colour=look.ink,
                align="center",
            )
        )
    sheet.region("title", boxes)
    inner.y += look.leading * 0.6


def _body(ctx: Context, sheet: Sheet, look: Look, frame: Frame, *, first: bool) -> None:
    rng = ctx.rng
    drop = first and rng.random() < 0.5
    foot = rng.random() < 0.2
    small = look.text(size=look.size * 0.8, leading=look.leading * 0.8, indent=0.0)
    bottom = frame.bottom
    if foot:
        frame.bottom -= small.leading * rng.randint(3, 8)
    while frame.y + look.leading <= frame.bottom:
        boxes: list[Box] = []
        words = ctx.words.paragraph(30, 150)
        if drop:
            drop = False
            words = drop_capital(ctx, sheet, look, frame, words, boxes)
        style = look.text(indent=look.indent or look.size, tracking=rng.choice((0.0, 0.05, 0.15)))
        set_paragraph(sheet, words, style if not boxes else style.at(indent=0.0), frame, boxes=boxes)
        sheet.region("text", boxes)
        if rng.random() < 0.2 and frame.y + look.leading * 3 < frame.bottom:
            frame.y += look.leading * 0.5
            title: list[Box] = []
            set_paragraph(
                sheet,
                ctx.words.phrase(1, 3).split(),
                look.text(align="center", indent=0.0, face=look.body.italic),
                frame,
                boxes=title,
            )
            sheet.region("title", title)
            frame.y += look.leading * 0.3
    if foot:
        notes = Frame(frame.x, max(frame.y, frame.bottom), frame.width, bottom)
        boxes = []
        set_paragraph(
            sheet, [rng.choice(("(*)", "(a)", "1)")), *ctx.words.paragraph(10, 60)], small, notes, boxes=boxes
        )
        sheet.region("text", boxes)


def drop_capital(ctx: Context, sheet: Sheet, look: Look, frame: Frame, words: list[str], boxes: list[Box]) -> list[str]:
    """Set a large initial with the text running round it; return the words left."""
    deep = ctx.rng.randint(2, 5)
    letter, rest = words[0][:1].upper(), [words[0][1:] or words[1], *words[1:]]
    size = (deep - 1) * look.leading / 0.72 + look.size * 0.9
    baseline = frame.y + (deep - 1) * look.leading + 0.5 * look.leading + 0.32 * look.size
    ornate = ctx.rng.random() < 0.4
    box = sheet.text(
        frame.x, baseline, letter, look.body.regular, size * (0.8 if ornate else 0.95), colour=look.ink, line=False
    )
    if ornate:
        box = (
            frame.x,
            frame.y,
            frame.x + max(box[2] - frame.x + 4, deep * look.leading),
            frame.y + deep * look.leading - 2,
        )
        sheet.rect(box, width=1.2, colour=look.ink)
        for _ in range(18):
            x, y = ctx.rng.uniform(box[0] + 2, box[2] - 4), ctx.rng.uniform(box[1] + 2, box[3] - 4)
            sheet.ellipse((x, y, x + 3, y + 3), width=0.5, colour=look.ink)
    sheet.region("other", [box])
    if not ornate:
        sheet.lines.append(box)
    inset = box[2] - frame.x + look.size * 0.35
    part = Frame(frame.x + inset, frame.y, frame.width - inset, min(frame.bottom, frame.y + deep * look.leading + 0.1))
    rest = set_paragraph(sheet, rest, look.text(indent=0.0), part, boxes=boxes)
    frame.y = max(part.y, frame.y + deep * look.leading) if not rest else part.y
    return rest


def verse(ctx: Context, sheet: Sheet, look: Look, frame: Frame) -> None:
    """Fill the frame with stanzas, each a region."""
    rng, boxes = ctx.rng, []
    style = look.text(align="left", indent=0.0)
    while frame.y + look.leading <= frame.bottom:
        for k in range(rng.choice((4, 4, 6, 8))):
            if frame.y + look.leading > frame.bottom:
                break
            shift = look.size * (1.5 if k % 2 else 0.0)
            words = [ctx.words.word() for _ in range(rng.randint(4, 7))]
            while style.face.width(" ".join(words)) * style.size > frame.width - shift and len(words) > 1:
                words.pop()
            boxes.append(
                set_line(
                    sheet, words, style, frame.x + shift, frame.y + look.leading * 0.75, frame.width - shift, last=True
                )
            )
            frame.y += look.leading
        sheet.region("text", boxes)
        boxes = []
        frame.y += look.leading * 0.7


def marginalia(ctx: Context, sheet: Sheet, look: Look, x: float, width: float, inner: Frame) -> None:
    """Set short notes beside the text."""
    y = sheet.height * 0.14
    style = look.text(
        size=look.size * 0.68,
        leading=look.size * 0.78,
        align="left",
        indent=0.0,
        face=ctx.rng.choice((look.body.italic, look.body.regular)),
    )
    for _ in range(ctx.rng.randint(1, 6)):
        y += ctx.rng.uniform(10, 120)
        frame = Frame(x, y, width, min(inner.bottom, y + 8 * style.leading))
        boxes: list[Box] = []
        set_paragraph(sheet, ctx.words.sentence(2, 9), style, frame, boxes=boxes)
        sheet.region("other", boxes)
        y = frame.y
