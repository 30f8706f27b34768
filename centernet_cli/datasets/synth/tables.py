"""Tables: ruled, half-ruled, striped, borderless, dense; every cell's lines are text lines of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet, union
from centernet_cli.datasets.synth.typeset import break_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.fonts import Face, Family
    from centernet_cli.datasets.synth.words import Words

RULES = ("grid", "grid", "horizontal", "booktabs", "booktabs", "frame", "none", "none", "stripes", "header")


@dataclass(frozen=True, slots=True)
class TableStyle:
    """How a table looks; lengths in points, `pad` in ems."""

    family: Family
    size: float
    rules: str = "grid"
    pad_x: float = 0.8
    pad_y: float = 0.35
    ink: Colour = BLACK
    rule: Colour = BLACK
    rule_width: float = 0.5
    head_fill: Colour | None = None
    head_ink: Colour = BLACK
    stripe: Colour | None = None
    bold_head: bool = True


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its share of the width and the side its cells keep to."""

    share: float
    align: str


def random_style(rng: Random, family: Family, size: float, ink: Colour = BLACK) -> TableStyle:
    """Return a random style."""
    rules = rng.choice(RULES)
    dark = rng.random() < 0.15
    head = rng.choice((None, None, (225, 225, 225), (210, 225, 245), (245, 235, 210)))
    if dark:
        head = rng.choice(((40, 60, 110), (60, 60, 60), (20, 100, 90), (120, 30, 40)))
    return TableStyle(
        family=family,
        size=size,
        rules=rules,
        pad_x=rng.uniform(0.5, 1.1) if rules == "grid" else rng.uniform(0.8, 1.4),
        pad_y=rng.choice((0.05, 0.12, 0.2, 0.3, 0.45, 0.7)),
        ink=ink,
        rule=rng.choice((BLACK, BLACK, (120, 120, 120), (170, 170, 190))),
        rule_width=rng.uniform(0.3, 1.1),
        head_fill=head if rules in {"grid", "stripes", "frame", "header"} else None,
        head_ink=(255, 255, 255) if dark and rules in {"grid", "stripes", "frame", "header"} else ink,
        stripe=rng.choice(((240, 240, 240), (232, 240, 250), (250, 246, 230))) if rules == "stripes" else None,
        bold_head=rng.random() < 0.75,
    )


def random_cells(rng: Random, words: Words, columns: int, rows: int) -> tuple[list[Column], list[list[str]]]:
    """Return columns and the cells of a header row and `rows` rows."""
    kinds = [rng.choice(("words", "text"))] + [
        rng.choice(("number", "number", "amount", "words", "code", "date", "percent", "mark"))
        for _ in range(columns - 1)
    ]
    shares = {"words": rng.uniform(1.6, 2.6), "text": rng.uniform(2.5, 4.5), "date": 1.3, "code": 1.5}
    made = [
        Column(
            shares.get(kind, 1.0) * rng.uniform(0.85, 1.2),
            rng.choice(("left", "left", "center"))
            if kind in {"words", "text", "date", "code"}
            else rng.choice(("right", "right", "center")),
        )
        for kind in kinds
    ]
    empty = rng.choice((0.0, 0.0, 0.1, 0.3))
    cells = [[words.phrase(1, 2) for _ in kinds]]
    cells += [
        ["" if at and rng.random() < empty else _cell(rng, words, kind) for at, kind in enumerate(kinds)]
        for _ in range(rows)
    ]
    return made, cells


def _cell(rng: Random, words: Words, kind: str) -> str:
    match kind:
        case "number":
            return words.number()
        case "amount":
            return words.amount()
        case "code":
            return words.code()
        case "date":
            return words.date()
        case "percent":
            return f"{rng.uniform(-20, 100):.1f}{rng.choice(('%', '%', ''))}"
        case "mark":
            return rng.choice(("x", "-", "+", "ja", "1", "0", "A", "B", "n/a"))
        case "text":
            return " ".join(words.sentence(2, 9)).rstrip(".")
        case _:
            return words.phrase(1, 3)


def draw_table(
    sheet: Sheet,
    style: TableStyle,
    columns: Sequence[Column],
    cells: Sequence[Sequence[str]],
    x: float,
    y: float,
    width: float,
    bottom: float,
) -> Box | None:
    """Draw a table from `(x, y)`; rows that don't fit above `bottom` are left out; return its box."""
    size = style.size
    total = sum(column.share for column in columns)
    edges = [x]
    for column in columns:
        edges.append(edges[-1] + width * column.share / total)
    top, inks, tops = y, [], [y]
    for at, row in enumerate(cells):
        face = style.family.bold if at == 0 and style.bold_head else style.family.regular
        broken = [
            _wrap(text, face, size, edges[k + 1] - edges[k] - 2 * style.pad_x * size) for k, text in enumerate(row)
        ]
        height = max(len(lines) for lines in broken) * size * 1.15 + 2 * style.pad_y * size + 0.1 * size
        if top + height > bottom:
            break
        fill = style.head_fill if at == 0 else style.stripe if at % 2 == 0 else None
        if fill is not None:
            sheet.rect((x, top, edges[-1], top + height), width=0, fill=fill)
        ink = style.head_ink if at == 0 else style.ink
        for k, lines in enumerate(broken):
            for n, text in enumerate(lines):
                left, right = edges[k] + style.pad_x * size, edges[k + 1] - style.pad_x * size
                align = columns[k].align
                anchor = left if align == "left" else right if align == "right" else (left + right) / 2
                inks.append(
                    sheet.text(
                        anchor,
                        top + style.pad_y * size + size * (0.9 + 1.15 * n),
                        text,
                        face,
                        size,
                        colour=ink,
                        align=align,
                    )
                )
        top += height
        tops.append(top)
    if len(tops) < 3 or not inks:
        return None
    box = _rules(sheet, style, edges, tops, union(inks))
    sheet.region("table", [box])
    return box


def _wrap(text: str, face: Face, size: float, width: float) -> list[str]:
    rest = text.split()
    lines: list[str] = []
    while rest and len(lines) < 4:
        taken, rest = break_line(rest, face, size, max(width, size), face.width(" ") * size, hyphens=True)
        line = " ".join(taken)
        while len(line) > 1 and face.width(line) * size > max(width, size):
            line = line[:-1].rstrip()
        lines.append(line)
    return lines


def _rules(sheet: Sheet, style: TableStyle, edges: list[float], tops: list[float], inks: Box) -> Box:
    left, right, top, bottom = edges[0], edges[-1], tops[0], tops[-1]
    pen, colour = style.rule_width, style.rule
    if style.rules == "grid":
        for y in tops:
            sheet.rule(left, y, right, y, width=pen, colour=colour)
        for x in edges:
            sheet.rule(x, top, x, bottom, width=pen, colour=colour)
    elif style.rules == "horizontal":
        for y in tops:
            sheet.rule(left, y, right, y, width=pen, colour=colour)
    elif style.rules == "booktabs":
        for y, factor in ((top, 1.8), (tops[1], 1.0), (bottom, 1.8)):
            sheet.rule(left, y, right, y, width=pen * factor, colour=colour)
    elif style.rules == "frame":
        sheet.rect((left, top, right, bottom), width=pen, colour=colour)
        sheet.rule(left, tops[1], right, tops[1], width=pen, colour=colour)
    elif style.rules == "header":
        sheet.rule(left, tops[1], right, tops[1], width=pen, colour=colour)
        return (left, inks[1] if style.head_fill is None else top, right, inks[3])
    elif style.rules == "none":
        return inks
    return (left, top, right, bottom)
