"""Flowing documents: reports, letters, typescripts, indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.figures import draw_logo
from centernet_cli.datasets.synth.flow import Flow, narrower, running_head
from centernet_cli.datasets.synth.hand import write
from centernet_cli.datasets.synth.typeset import Frame, Style, random_look, set_line, set_paragraph, split

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Sheet


def make_report(ctx: Context) -> Sheet:
    """A report or brochure page: title, paragraphs, lists, figures, tables, headers and footers."""
    rng = ctx.rng
    sheet = ctx.sheet()
    if rng.random() < 0.1:
        sheet.width, sheet.height = sheet.height, sheet.width
    look = ctx.look()
    margin = sheet.width * rng.uniform(0.07, 0.17)
    top, bottom = sheet.height * rng.uniform(0.07, 0.12), sheet.height * rng.uniform(0.88, 0.93)
    running_head(
        sheet,
        rng,
        ctx.words,
        look,
        left=margin,
        right=sheet.width - margin,
        top=top * 0.55,
        bottom=sheet.height - (sheet.height - bottom) * 0.5,
    )
    frame = Frame(margin, top, sheet.width - 2 * margin, bottom)
    if rng.random() < 0.4:
        flow = Flow(sheet, rng, ctx.words, look, [frame])
        if rng.random() < 0.3:
            draw_logo(sheet, rng, (margin, frame.y, margin + 50, frame.y + 40))
            sheet.region("figure", [(margin, frame.y, margin + 50, frame.y + 40)])
            frame.y += 55
        flow.heading(0)
        frame.y += look.leading * rng.uniform(0.3, 2)
    count = rng.choice((1, 1, 1, 2, 2, 3)) if sheet.width < sheet.height else rng.choice((2, 3))
    gutter = rng.uniform(12, 28)
    bottom_y = bottom if rng.random() < 0.75 else frame.y + (bottom - frame.y) * rng.uniform(0.3, 0.9)
    frames = split(frame.x, frame.y, frame.width, bottom_y, count, gutter)
    if count > 1:
        look = replace(look, size=min(look.size, 10.0), leading=look.leading * min(1.0, 10.0 / look.size))
    flow = Flow(sheet, rng, ctx.words, look, frames)
    flow.fill(
        rng.choice(
            (
                {"paragraph": 4, "heading": 2, "list": 3, "table": 1, "figure": 1},
                {"paragraph": 2, "heading": 1, "list": 4},
                {"paragraph": 2, "heading": 1, "list": 1, "table": 3, "figure": 1},
                {"paragraph": 6, "heading": 1},
                {"paragraph": 2, "heading": 1, "list": 1, "figure": 3},
            )
        )
    )
    if rng.random() < 0.2 and bottom_y == bottom:
        _footnotes(ctx, sheet, flow, margin, bottom)
    return sheet


def _footnotes(ctx: Context, sheet: Sheet, flow: Flow, x: float, y: float) -> None:
    look = narrower(flow.look, 0.78)
    room = sheet.height - y
    frame = Frame(x, y + look.size * 0.6, sheet.width - 2 * x, y + room * 0.45)
    sheet.rule(x, y + look.size * 0.3, x + 90, y + look.size * 0.3, width=0.5)
    boxes: list[Box] = []
    items, lines = len(sheet.items), len(sheet.lines)
    set_paragraph(sheet, ["1", *ctx.words.sentence(6, 18)], look.text(indent=0.0, align="left"), frame, boxes=boxes)
    # Keep clear of the running foot: a footer set there before would be overprinted.
    if boxes and any(label == "footer" and box[1] < boxes[-1][3] + 2 for label, box in sheet.regions):
        del sheet.items[items:], sheet.lines[lines:]
        return
    sheet.region("text", boxes)


def make_letter(ctx: Context) -> Sheet:
    """A letter: letterhead, address, date, subject, body, signature by hand."""
    rng = ctx.rng
    sheet = ctx.sheet()
    look = ctx.look(roles=("serif", "sans", "type"))
    look = replace(look, gap=look.size * rng.uniform(0.5, 1.0), indent=0.0)
    margin = sheet.width * rng.uniform(0.09, 0.15)
    width = sheet.width - 2 * margin
    y = sheet.height * 0.05
    if rng.random() < 0.7:
        y = _letterhead(ctx, sheet, look.accent, margin, y, width)
    block = [
        ctx.words.name(),
        *(ctx.words.phrase(1, 3) for _ in range(rng.randint(1, 3))),
        f"{rng.randint(1000, 99999)} {ctx.words.name()}",
    ]
    y = max(y, sheet.height * rng.uniform(0.1, 0.17))
    boxes = []
    x = margin if rng.random() < 0.7 else margin + width * 0.55
    for text in block:
        boxes.append(sheet.text(x, y, text, look.body.regular, look.size, colour=look.ink))
        y += look.leading
    sheet.region("text", boxes)
    date = f"{ctx.words.name()}, {ctx.words.date()}"
    y += look.leading * rng.uniform(0, 2)
    right = rng.random() < 0.6
    box = sheet.text(
        margin + width if right else margin,
        y,
        date,
        look.body.regular,
        look.size,
        colour=look.ink,
        align="right" if right else "left",
    )
    sheet.region("text", [box])
    frame = Frame(margin, y + look.leading * rng.uniform(1, 2.5), width, sheet.height * 0.8)
    flow = Flow(sheet, rng, ctx.words, look, [frame])
    if rng.random() < 0.6:
        flow.paragraph(
            ctx.words.phrase(3, 8).split(),
            label="title" if rng.random() < 0.7 else "text",
            style=look.text(face=look.body.bold, align="left"),
        )
        flow.gap(look.leading * 0.7)
    flow.paragraph([*ctx.words.phrase(1, 3).split(), rng.choice((",", "!", ":"))][:3])
    for _ in range(rng.randint(1, 6)):
        if rng.random() < 0.25:
            flow.list_()
        else:
            flow.paragraph(low=25, high=90)
    y = frame.y + look.leading
    boxes = [set_line(sheet, ctx.words.phrase(2, 3).split(), look.text(align="left"), margin, y, width, last=True)]
    sheet.region("text", boxes)
    if rng.random() < 0.75:
        # A signature is no text line to read, in the real data either; drawn, not labelled.
        write(
            sheet,
            rng,
            margin + rng.uniform(0, 30),
            y + 34,
            ctx.words.name().split()[0] * 1,
            ctx.hand(rng.uniform(18, 30)),
            width=160,
            line=False,
        )
    boxes = [sheet.text(margin, y + 58, ctx.words.name(), look.body.regular, look.size, colour=look.ink)]
    if rng.random() < 0.5:
        boxes.append(
            sheet.text(
                margin, y + 58 + look.leading, ctx.words.phrase(1, 3), look.body.italic, look.size, colour=look.ink
            )
        )
    sheet.region("text", boxes)
    running_head(sheet, rng, ctx.words, look, left=margin, right=margin + width, top=-50, bottom=sheet.height * 0.96)
    sheet.lines = [box for box in sheet.lines if box[1] > 0]
    sheet.regions = [(label, box) for label, box in sheet.regions if box[1] > 0]
    return sheet


def _letterhead(ctx: Context, sheet: Sheet, colour: tuple[int, int, int], x: float, y: float, width: float) -> float:
    rng = ctx.rng
    family = ctx.family("sans", "serif", "display")
    size = rng.uniform(13, 26)
    align = rng.choice(("left", "center", "right"))
    anchor = {"left": x, "center": x + width / 2, "right": x + width}[align]
    if align == "left" and rng.random() < 0.5:
        draw_logo(sheet, rng, (x, y, x + 40, y + 40))
        sheet.region("figure", [(x, y, x + 40, y + 40)])
        anchor += 52
    boxes = [sheet.text(anchor, y + size, ctx.words.name(), family.bold, size, colour=colour, align=align)]
    at = y + size
    for _ in range(rng.randint(0, 3)):
        at += size * 0.5 + 3
        boxes.append(
            sheet.text(
                anchor,
                at,
                f"{ctx.words.phrase(1, 3)}, {ctx.words.code()}",
                family.regular,
                size * 0.42,
                colour=colour,
                align=align,
            )
        )
    sheet.region("header", boxes)
    if rng.random() < 0.5:
        sheet.rule(x, at + 8, x + width, at + 8, width=rng.uniform(0.4, 2), colour=colour)
    return at + 26


def make_typescript(ctx: Context) -> Sheet:
    """A typewritten page: one fixed-pitch font, wide or single spacing, underlined headings, corrections."""
    rng = ctx.rng
    sheet = ctx.sheet()
    family = ctx.family("type", "mono") if rng.random() < 0.7 else ctx.family("type")
    size = rng.uniform(9.5, 13)
    ink = rng.choice(((30, 30, 30), (60, 60, 70), (40, 40, 90), (70, 60, 60)))
    look = replace(
        random_look(rng, family, family, size=size, accent=ink, ink=ink),
        head_scale=1.0,
        leading=size * rng.choice((1.0, 1.1, 1.5, 1.9, 2.1)),
        align="left",
        indent=rng.choice((0, 3, 5)) * 0.6 * size,
    )
    margin = sheet.width * rng.uniform(0.08, 0.16)
    if rng.random() < 0.7:
        number = f"{rng.choice(('- ', ''))}{rng.randint(1, 300)}"
        sheet.region(
            "header",
            [
                sheet.text(
                    sheet.width * rng.choice((0.5, 0.85)), sheet.height * 0.05, number, family.regular, size, colour=ink
                )
            ],
        )
    frame = Frame(
        margin,
        sheet.height * rng.uniform(0.07, 0.14),
        sheet.width - margin * rng.uniform(1.5, 2),
        sheet.height * rng.uniform(0.8, 0.95),
    )
    flow = Flow(sheet, rng, ctx.words, look, [frame])
    if rng.random() < 0.5:
        start = len(sheet.lines)
        flow.heading(1, ctx.words.phrase(2, 5).upper())
        for x0, _, x1, y1 in sheet.lines[start:]:
            sheet.rule(x0, y1 + 1.5, x1, y1 + 1.5, width=0.8, colour=ink)
    flow.fill(rng.choice(({"paragraph": 1}, {"paragraph": 4, "list": 1}, {"paragraph": 4, "heading": 1, "table": 1})))
    for _ in range(rng.choice((0, 0, 1, 3))):
        box = rng.choice(sheet.lines)
        at = rng.uniform(box[0], box[2] * 0.8)
        mark = rng.choice(("xxxxxx", "mmmm", "------"))
        sheet.text(at, (box[1] + box[3]) / 2 + size * 0.25, mark, family.regular, size, colour=ink, line=False)
        sheet.lines[sheet.lines.index(box)] = (
            box[0],
            box[1],
            max(box[2], at + family.regular.width(mark) * size),
            box[3],
        )
    return sheet


def make_index(ctx: Context) -> Sheet:
    """Contents, indexes, catalogues: short entries, page numbers with or without leaders, one or more columns."""
    rng = ctx.rng
    sheet = ctx.sheet()
    look = ctx.look(size=rng.uniform(7, 11))
    margin = sheet.width * rng.uniform(0.08, 0.15)
    bottom = sheet.height * 0.92
    frame = Frame(margin, sheet.height * 0.08, sheet.width - 2 * margin, bottom)
    running_head(
        sheet,
        rng,
        ctx.words,
        look,
        left=margin,
        right=sheet.width - margin,
        top=sheet.height * 0.045,
        bottom=sheet.height * 0.96,
    )
    Flow(sheet, rng, ctx.words, look, [frame]).heading(rng.choice((0, 1)))
    frame.y += look.leading
    count = rng.choice((1, 1, 2, 3))
    style = look.text(align="left", indent=0.0)
    leaders = rng.choice(("dots", "gap", "none"))
    for column in split(margin, frame.y, frame.width, bottom, count, 20):
        boxes, entries = [], []
        while column.y + style.leading < column.bottom:
            shift = rng.choice((0.0, 0.0, 1.2, 2.4)) * style.size
            baseline = column.y + style.leading * 0.8
            text = ctx.words.phrase(1, max(2, int(column.width / 60)))
            left, right = column.x + shift, column.x + column.width
            number = str(rng.randint(1, 900))
            end = right - style.face.width(number) * style.size
            while style.face.width(text) * style.size > end - left - style.size * 2 and " " in text:
                text = text.rpartition(" ")[0]
            first = sheet.text(left, baseline, text, style.face, style.size, colour=style.colour, line=False)
            column.y += style.leading
            if leaders == "none" or first[2] > end - 4:
                boxes.append(sheet.add_line([first]))
                continue
            second = sheet.text(
                right, baseline, number, style.face, style.size, colour=style.colour, align="right", line=False
            )
            if leaders == "dots":
                dot = style.face.width(" .") * style.size
                dots = " .".join([""] * max(0, int((second[0] - first[2]) / dot) - 1)).strip()
                if dots:
                    sheet.text(
                        second[0] - style.size * 0.3,
                        baseline,
                        dots,
                        style.face,
                        style.size,
                        colour=style.colour,
                        align="right",
                        line=False,
                    )
                entries.append([sheet.add_line([first, second])])
            else:
                entries.append([sheet.add_line([first]), sheet.add_line([second])])
            if rng.random() < 0.06:
                column.y += style.leading
        sheet.region("text", boxes)
        if count == 1:  # a table of contents, see `make_contents`
            sheet.region("table", [box for entry in entries for box in entry])
        else:
            for entry in entries:
                sheet.region("list", entry)
    return sheet


def plain_style(ctx: Context, size: float) -> Style:
    """Return a plain left-aligned style in a random text family."""
    return Style(ctx.family("sans", "serif").regular, size, size * 1.25)
