"""What an article starts with: report number, title, authors and their addresses, abstract, keywords."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.hand import turned_text
from centernet_cli.datasets.synth.typeset import Frame, Look, set_line, set_paragraph, split

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Sheet

KEYWORDS = ("Keywords:", "Key words", "Index Terms —", "KEYWORDS", "Schlagwörter:", "Mots-clés :")
MARKS = ("", "", "¹²³", "*†‡§", "abcdef", "1234567", "ABCD")
"""Before addresses, and after the names of those who work there. An address with a mark is no item of a list."""
AFTER_MARK = ("", "", " ", ") ", ". ", ": ")


def front_matter(ctx: Context, sheet: Sheet, look: Look, frame: Frame) -> None:
    """Set what an article starts with, and leave the frame below it."""
    rng = ctx.rng
    if rng.random() < 0.15:
        face = look.body.regular
        mask, wide, high = turned_text(f"{ctx.words.code()} [{ctx.words.word()}] {ctx.words.date()}", face, quarter=1)
        size, foot = 13.0, sheet.height * 0.7
        if wide and high * size < foot:
            box = (12.0, foot - high * size, 12.0 + wide * size, foot)
            sheet.region("other", [sheet.stamp(box, mask, (110, 110, 110))])
    align = look.head_align
    if rng.random() < 0.3:
        frame.y += _preprint_number(ctx, sheet, look, frame)
    if rng.random() < 0.4:
        frame.y += (frame.bottom - frame.y) * rng.uniform(0.02, 0.1)
    big = replace(look, head_scale=rng.uniform(1.35, 2.4))
    Flow(sheet, rng, ctx.words, big, [frame]).heading(0, ctx.words.phrase(4, 18))
    frame.y += look.leading * rng.uniform(0.2, 1.5)
    boxes: list[Box] = []
    count = rng.choice((1, 1, 2, 3))
    if count > 1 and align == "center":
        # Authors side by side, each over his address.
        deepest = frame.y
        for column in split(frame.x, frame.y, frame.width, frame.bottom, count, 10):
            boxes = []
            for text in (ctx.words.name(), ctx.words.phrase(2, 3), ctx.words.code()):
                baseline = column.y + 0.8 * look.leading
                style = look.text(align="center", indent=0.0)
                boxes.append(set_line(sheet, text.split(), style, column.x, baseline, column.width, last=True))
                column.y += look.leading
            sheet.region("text", boxes)
            deepest = max(deepest, column.y)
        frame.y = deepest
    else:
        _authors(ctx, sheet, look, frame)
    frame.y += look.leading
    if rng.random() < 0.8:
        inset = rng.choice((0.0, 0.08))
        inner = Frame(frame.x + frame.width * inset, frame.y, frame.width * (1 - 2 * inset), frame.bottom)
        if rng.random() < 0.6:
            flow_in = Flow(sheet, rng, ctx.words, look, [inner])
            flow_in.heading(3, rng.choice(("Abstract", "Summary", "Résumé", "Zusammenfassung", "Streszczenie")))
        boxes = []
        set_paragraph(
            sheet, ctx.words.paragraph(60, 160), look.text(size=look.size * 0.92, indent=0.0), inner, boxes=boxes
        )
        sheet.region("text", boxes)
        frame.y = inner.y + look.leading * 1.5
        if rng.random() < 0.4:
            inner.y = frame.y
            frame.y = _small_print(ctx, sheet, look, inner)


def _small_print(ctx: Context, sheet: Sheet, look: Look, frame: Frame) -> float:
    """Set keywords, dates and whom to write to, some of them; return the foot of what was set."""
    rng, words = ctx.rng, ctx.words
    small = look.size * rng.choice((0.8, 0.9, 1.0))
    style = look.text(size=small, leading=small * rng.uniform(1.1, 1.3), indent=0.0)
    said = []
    if rng.random() < 0.6:
        said.append([rng.choice(KEYWORDS), *", ".join(words.phrase(1, 3) for _ in range(rng.randint(3, 8))).split()])
    if rng.random() < 0.4:
        said.append([*words.phrase(1, 1).split(), words.date(), "·", *words.phrase(1, 1).split(), words.date()])
    if rng.random() < 0.4:
        said.append([rng.choice(("*", "†", "")) + words.phrase(2, 3), words.code(), *words.name().split()])
    rng.shuffle(said)
    for text in said:
        boxes: list[Box] = []
        set_paragraph(sheet, text, style, frame, boxes=boxes)
        sheet.region("text", boxes)
        frame.y += look.leading * rng.uniform(0.2, 1.0)
    return frame.y


def _preprint_number(ctx: Context, sheet: Sheet, look: Look, frame: Frame) -> float:
    """Set a report's number or a journal's name above the title; return how high it is."""
    rng = ctx.rng
    style = look.text(align=rng.choice(("right", "left", "center")), indent=0.0, size=look.size * 0.9)
    column = Frame(frame.x, frame.y, frame.width, frame.bottom)
    boxes: list[Box] = []
    for _ in range(rng.randint(1, 2)):
        said = rng.choice((ctx.words.code(), f"{ctx.words.phrase(2, 5)} {ctx.words.date()}"))
        set_paragraph(sheet, said.split(), style, column, boxes=boxes)
    sheet.region("text", boxes)
    return column.y - frame.y + look.leading


def _authors(ctx: Context, sheet: Sheet, look: Look, frame: Frame) -> None:
    """Set the authors, in whatever type, and below them where they work; one region, or one for each part."""
    rng, align, words = ctx.rng, look.head_align, ctx.words
    face = rng.choice((look.body.regular, look.body.regular, look.head.bold, look.body.italic, look.head.regular))
    size = look.size * rng.choice((1.0, 1.1, 1.2, 1.35))
    names = look.text(align=align, indent=0.0, size=size, leading=size * 1.25).at(face=face)
    boxes: list[Box] = []
    marks = rng.choice(MARKS)
    for _ in range(rng.choice((1, 1, 1, 2))):
        said = ", ".join(words.name() + (rng.choice(marks) if marks else "") for _ in range(rng.randint(1, 6)))
        set_paragraph(sheet, said.split(), names, frame, boxes=boxes)
    apart = rng.random() < 0.6
    if apart:
        sheet.region("text", boxes)
        boxes = []
    small = look.size * rng.choice((0.8, 0.9, 1.0))
    where = look.text(align=align, indent=0.0, size=small, leading=small * rng.uniform(1.1, 1.35)).at(
        face=rng.choice((look.body.regular, look.body.italic))
    )
    each = rng.random() < 0.4
    after = rng.choice(AFTER_MARK)
    for at in range(rng.choice((0, 1, 1, 2, 3, 4, 5, 7))):
        if apart and (each or not at):
            frame.y += look.leading * rng.uniform(0.1, 0.7)
        mark = marks[at % len(marks)] + after if marks else ""
        set_paragraph(sheet, [*(mark + words.phrase(3, 12)).split(), words.code()], where, frame, boxes=boxes)
        if each and apart:
            sheet.region("text", boxes)
            boxes = []
    if rng.random() < 0.3:
        set_paragraph(sheet, [words.date()], where, frame, boxes=boxes)
    sheet.region("text", boxes)
