"""Tables: ruled, half-ruled, striped, borderless, dense; every cell's lines are text lines of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet, union
from centernet_cli.datasets.synth.hand import turned_text
from centernet_cli.datasets.synth.typeset import break_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.fonts import Face, Family

RULES = (
    *("grid", "grid", "grid", "horizontal", "booktabs", "booktabs", "frame", "none", "none", "stripes", "header"),
    *("vertical", "finance", "finance", "typed", "double", "sparse"),
)
_FILLED = frozenset({"grid", "stripes", "frame", "header", "double", "vertical"})


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
    leaders: bool = False
    middle: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its share of the width and the side its cells keep to."""

    share: float
    align: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says.

    Attributes:
        text: May be empty.
        span: Columns that it takes.
        turned: Whether its text runs upwards.
        joined: Whether it belongs to the cell above: no rule between them.
        align: Instead of the column's.
    """

    text: str
    span: int = 1
    turned: bool = False
    joined: bool = False
    align: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Cells from left to right; `kind` is `head`, `body`, `section` or `total`."""

    cells: tuple[Cell, ...]
    kind: str = "body"


@dataclass(slots=True)
class _Drawn:
    """What of a table stands on the page."""

    edges: list[float]
    tops: list[float]
    rows: list[Row] = field(default_factory=list)
    inks: list[Box] = field(default_factory=list)

    @property
    def head(self) -> float:
        """The foot of the last head row."""
        return self.tops[max(1, sum(row.kind == "head" for row in self.rows))]


RULE_COLOURS = (BLACK, BLACK, (120, 120, 120), (170, 170, 190))
STRIPES = ((240, 240, 240), (232, 240, 250), (250, 246, 230))
DARK_STRIPES = ((50, 50, 50), (40, 50, 70), (60, 50, 45))


def random_style(rng: Random, family: Family, size: float, ink: Colour = BLACK) -> TableStyle:
    """Return a random style."""
    rules = rng.choice(RULES)
    dark = rng.random() < 0.15
    light_ink = sum(ink) > 384  # on dark paper
    head = rng.choice((None, None, (225, 225, 225), (210, 225, 245), (245, 235, 210)))
    if dark:
        head = rng.choice(((40, 60, 110), (60, 60, 60), (20, 100, 90), (120, 30, 40)))
    return TableStyle(
        family=family,
        size=size,
        rules=rules,
        pad_x=rng.uniform(0.3, 1.1) if rules in {"grid", "vertical", "double"} else rng.uniform(0.8, 1.4),
        pad_y=rng.choice((0.02, 0.05, 0.12, 0.2, 0.3, 0.45, 0.7)),
        ink=ink,
        rule=rng.choice((ink, ink, ink, (120, 120, 120), (170, 170, 190)) if light_ink else (*RULE_COLOURS, ink)),
        rule_width=rng.uniform(0.3, 1.1),
        head_fill=head if rules in _FILLED else None,
        head_ink=((255, 255, 255) if dark else BLACK) if head is not None and rules in _FILLED else ink,
        stripe=rng.choice(DARK_STRIPES if light_ink else STRIPES) if rules == "stripes" else None,
        bold_head=rng.random() < 0.7,
        leaders=rules in {"finance", "sparse", "none"} and rng.random() < 0.4,
        middle=rng.random() < 0.4,
    )


def _plain(texts: Sequence[str], *, head: bool) -> Row:
    return Row(tuple(Cell(text) for text in texts), "head" if head else "body")


def draw_table(
    sheet: Sheet,
    style: TableStyle,
    columns: Sequence[Column],
    rows: Sequence[Row | Sequence[str]],
    x: float,
    y: float,
    width: float,
    bottom: float,
) -> Box | None:
    """Draw a table from `(x, y)`; rows that don't fit above `bottom` are left out; return its box.

    Rows of plain texts have the first of them as head.
    """
    total = sum(column.share for column in columns)
    drawn = _Drawn([x], [y])
    for column in columns:
        drawn.edges.append(drawn.edges[-1] + width * column.share / total)
    for at, given in enumerate(rows):
        row = given if isinstance(given, Row) else _plain(given, head=at == 0)
        if not _row(sheet, style, columns, row, drawn, bottom, striped=at % 2 == 0):
            break
    if len(drawn.rows) < 2 or not drawn.inks:
        return None
    box = _rules(sheet, style, drawn)
    sheet.region("table", [box])
    return box


def _row(
    sheet: Sheet, style: TableStyle, columns: Sequence[Column], row: Row, drawn: _Drawn, bottom: float, *, striped: bool
) -> bool:
    """Draw a row; False when it has no room."""
    size, edges, top = style.size, drawn.edges, drawn.tops[-1]
    heavy = row.kind in {"section", "total"} or (row.kind == "head" and style.bold_head)
    face = style.family.bold if heavy else style.family.regular
    placed, at, height = [], 0, size * 1.15
    for cell in row.cells:
        left, right = edges[at] + style.pad_x * size, edges[at + cell.span] - style.pad_x * size
        lines = [cell.text] if cell.turned else _wrap(cell.text, face, size, right - left)
        high = face.width(cell.text) * size if cell.turned else len(lines) * size * 1.15
        height = max(height, min(high, 90.0))
        placed.append((cell, at, left, right, lines))
        at += cell.span
    height += 2 * style.pad_y * size + 0.1 * size
    if top + height > bottom:
        return False
    fill = style.head_fill if row.kind == "head" else style.stripe if striped else None
    if fill is not None:
        sheet.rect((edges[0], top, edges[-1], top + height), width=0, fill=fill)
    ink = style.head_ink if row.kind == "head" else style.ink
    for cell, first, left, right, lines in placed:
        if cell.turned:
            _turned(sheet, style, cell.text, face, (left, top, right, top + height), ink, drawn)
            continue
        align = cell.align or columns[first].align
        anchor = left if align == "left" else right if align == "right" else (left + right) / 2
        free = height - 2 * style.pad_y * size - len(lines) * size * 1.15
        base = top + style.pad_y * size + size * 0.9 + (free / 2 if style.middle else 0.0)
        for n, said in enumerate(lines):
            text = _led(said, face, size, right - left, rows=n) if style.leaders and first == 0 else said
            y = base + 1.15 * size * n
            drawn.inks.append(sheet.text(anchor, y, text, face, size, colour=ink, align=align))
    drawn.rows.append(row)
    drawn.tops.append(top + height)
    return True


def _led(text: str, face: Face, size: float, width: float, *, rows: int) -> str:
    """Return `text` with dots up to the next column."""
    dots = int((width - face.width(text + " ") * size) / max(face.width(" .") * size, 0.1))
    return text if rows or dots < 3 or not text else text + " ." * dots


def _turned(sheet: Sheet, style: TableStyle, text: str, face: Face, box: Box, ink: Colour, drawn: _Drawn) -> None:
    mask, wide, high = turned_text(text, face, quarter=1)
    size = min(style.size, (box[3] - box[1] - 2 * style.pad_y * style.size) / max(high, 0.1))
    if not wide or size < style.size * 0.6:
        return
    middle, foot = (box[0] + box[2]) / 2, box[3] - style.pad_y * style.size
    placed = (middle - wide * size / 2, foot - high * size, middle + wide * size / 2, foot)
    drawn.inks.append(sheet.stamp(placed, mask, ink))


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


def _rules(sheet: Sheet, style: TableStyle, drawn: _Drawn) -> Box:
    """Draw the rules; return the table's box: round its ink and rules."""
    edges, tops, inks, name = drawn.edges, drawn.tops, union(drawn.inks), style.rules
    left, right, top, bottom = edges[0], edges[-1], tops[0], tops[-1]
    if name == "finance":
        return _sums(sheet, style, drawn, inks)
    if name in {"grid", "double"}:
        _grid(sheet, style, drawn)
    across = {
        "horizontal": dict.fromkeys(tops, 1.0),
        "booktabs": {top: 1.8, drawn.head: 1.0, bottom: 1.8},
        "vertical": {top: 1.0, drawn.head: 1.0, bottom: 1.0},
        "typed": {top: 1.0, drawn.head: 1.0, bottom: 1.0},
        "frame": {drawn.head: 1.0},
        "header": {drawn.head: 1.0},
        "sparse": {drawn.head: 1.0},
    }.get(name, {})
    dash = 3.0 if name == "typed" else 0.0
    for y, factor in across.items():
        sheet.rule(left, y, right, y, width=style.rule_width * factor, colour=style.rule, dash=dash)
    if name == "booktabs":
        _under_spans(sheet, style, drawn)
    for x in edges[1:-1] if name == "vertical" else ():
        sheet.rule(x, top, x, bottom, width=style.rule_width, colour=style.rule)
    frame = {"frame": 0.0, "double": 2.0}.get(name)
    if frame is not None:
        box = (left - frame, top - frame, right + frame, bottom + frame)
        sheet.rect(box, width=style.rule_width, colour=style.rule)
        return box
    if name in {"header", "sparse"}:
        return (left, inks[1] if style.head_fill is None else top, right, inks[3])
    return inks if name == "none" else (left, top, right, bottom)


def _grid(sheet: Sheet, style: TableStyle, drawn: _Drawn) -> None:
    """Rule every cell, but not inside cells that span."""
    pen, colour, edges, tops = style.rule_width, style.rule, drawn.edges, drawn.tops
    sheet.rect((edges[0], tops[0], edges[-1], tops[-1]), width=pen, colour=colour)
    for number, row in enumerate(drawn.rows):
        at = 0
        for cell in row.cells:
            if number and not cell.joined:
                sheet.rule(edges[at], tops[number], edges[at + cell.span], tops[number], width=pen, colour=colour)
            at += cell.span
            if at < len(edges) - 1:
                sheet.rule(edges[at], tops[number], edges[at], tops[number + 1], width=pen, colour=colour)


def _under_spans(sheet: Sheet, style: TableStyle, drawn: _Drawn) -> None:
    for number, row in enumerate(drawn.rows):
        at = 0
        for cell in row.cells:
            if row.kind == "head" and 1 < cell.span < len(drawn.edges) - 1 and cell.text:
                y, pad = drawn.tops[number + 1], style.pad_x * style.size * 0.5
                ends = drawn.edges[at] + pad, drawn.edges[at + cell.span] - pad
                sheet.rule(ends[0], y, ends[1], y, width=style.rule_width * 0.7, colour=style.rule)
            at += cell.span


def _sums(sheet: Sheet, style: TableStyle, drawn: _Drawn, inks: Box) -> Box:
    """Rule totals above and below, columns of figures only, as accounts are set."""
    boxes = [inks]
    for number, row in enumerate(drawn.rows):
        if row.kind != "total":
            continue
        for at in range(1, len(drawn.edges) - 1):
            x0 = drawn.edges[at] + style.pad_x * style.size * 0.6
            x1 = drawn.edges[at + 1] - style.pad_x * style.size * 0.6
            last = number == len(drawn.rows) - 1
            offsets = (drawn.tops[number], drawn.tops[number + 1] - 0.6) + ((drawn.tops[number + 1] + 1,) * last)
            for y in offsets if last else offsets[:1]:
                sheet.rule(x0, y, x1, y, width=style.rule_width * 0.8, colour=style.rule)
                boxes.append((x0, y, x1, y))
    return union(boxes)
