"""Slides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.figures import draw_figure
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.typeset import Frame, set_line

if TYPE_CHECKING:
    from centernet_cli.datasets.synth.context import Context


def make_slides(ctx: Context) -> Sheet:
    """A slide: big title, bullets, a figure, coloured or dark background."""
    rng = ctx.rng
    width, height = rng.choice(((720.0, 405.0), (720.0, 540.0), (960.0, 540.0)))
    dark = rng.random() < 0.35
    paper = (
        rng.choice(((25, 40, 80), (20, 20, 20), (60, 20, 70), (0, 80, 90), (120, 20, 30)))
        if dark
        else ctx.rng.choice(((255, 255, 255), ctx.light()))
    )
    sheet = Sheet(width, height, paper, facts={"language": ctx.language})
    ink = (245, 245, 245) if dark else (40, 40, 40)
    accent = rng.choice(((255, 210, 80), (255, 255, 255), (140, 220, 255))) if dark else ctx.dark()
    look = ctx.look(roles=("sans", "sans", "sans", "serif", "hand"), size=rng.uniform(13, 24), accent=accent)
    look = replace(
        look,
        ink=ink,
        accent=accent,
        align="left",
        indent=0.0,
        leading=look.size * rng.uniform(1.15, 1.5),
        head_scale=rng.uniform(1.3, 2.0),
    )
    margin = width * rng.uniform(0.05, 0.1)
    if rng.random() < 0.35:
        sheet.rect((0, 0, width, height * 0.16), width=0, fill=accent)
        look = replace(look, accent=(20, 20, 20) if sum(accent) > 450 else (255, 255, 255))
    frame = Frame(margin, height * 0.05, width - 2 * margin, height * 0.25)
    flow = Flow(
        sheet,
        rng,
        ctx.words,
        replace(look, head_scale=min(look.head_scale, 34 / look.size)),
        [Frame(frame.x, frame.y, frame.width, height)],
    )
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
        draw_figure(
            sheet,
            rng,
            ctx.words,
            look.body.regular,
            (width * 0.58, top + 5, width - margin, height * rng.uniform(0.7, 0.86)),
            ink=ink,
        )
    if rng.random() < 0.7:
        size = look.size * 0.5
        boxes = [
            set_line(
                sheet,
                [str(rng.randint(1, 90))],
                look.text(size=size, align="right"),
                margin,
                height * 0.965,
                width - 2 * margin,
                last=True,
            )
        ]
        sheet.region("footer", boxes)
        if rng.random() < 0.6:
            sheet.region(
                "footer",
                [sheet.text(margin, height * 0.965, ctx.words.phrase(2, 4), look.body.regular, size, colour=ink)],
            )
    return sheet
