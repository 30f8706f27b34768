"""Tables of contents: numbered entries of several levels, with leaders and page numbers; together a table region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.flow import Flow, page_body
from centernet_cli.datasets.synth.typeset import Style, break_line

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Sheet

HEADINGS = (
    "Contents",
    "Table of Contents",
    "Inhalt",
    "Inhaltsverzeichnis",
    "Spis treści",
    "Sommaire",
    "Table des matières",
    "Índice",
    "Indice",
    "Obsah",
    "CONTENTS",
)
PARTS = ("Chapter {}", "Rozdział {}", "Kapitel {}", "Part {}", "{}", "{}.", "{}.")
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")


@dataclass(frozen=True, slots=True)
class _Way:
    """How one table of contents is set.

    Attributes:
        styles: By level.
        indents: Of an entry, by level, points.
        leader: What stands between text and page number, `rule`, or nothing.
        pages: Where page numbers end, points from the column's left side; None: there are none.
        numbered: Whether entries have numbers.
        part: Number of an entry of the first level.
        roman: Whether that number is Roman.
        spread: Extra space above an entry, by level, points.
    """

    styles: tuple[Style, ...]
    indents: tuple[float, ...]
    leader: str
    pages: float | None
    numbered: bool
    part: str
    roman: bool
    spread: tuple[float, ...]


def make_contents(ctx: Context) -> Sheet:
    """A page of a table of contents, its first or a later one."""
    rng = ctx.rng
    sheet = ctx.sheet()
    look = ctx.look(size=rng.uniform(8.5, 12.5))
    flow = Flow(sheet, rng, ctx.words, look, [page_body(sheet, rng, ctx.words, look, short=0.25)])
    if rng.random() < 0.5:
        flow.heading(rng.choice((0, 1)), rng.choice(HEADINGS) if rng.random() < 0.8 and ctx.plain else None)
        flow.gap(look.leading * rng.uniform(0.3, 2))
    way = _way(ctx, flow)
    numbers, page = [rng.randint(0, 8), 0, 0], rng.randint(1, 40)
    level = 0
    entries: list[Box] = []
    while True:
        numbers[level] += 1
        numbers[level + 1 :] = [0] * (2 - level)
        page += rng.choice((0, 0, 1, 1, 2, 5))
        entry = _entry(ctx, flow, way, level, numbers, page)
        if not entry:
            # Most annotators of modern documents take all entries for one table, a few each for an item of a list.
            sheet.region("table", entries)
            return sheet
        entries += entry
        # Sections follow chapters and each other; a third level is rarer.
        weights = ((2, 5, 0), (1, 5, 1), (1, 3, 4))[level]
        level = rng.choices(range(len(way.styles)), weights[: len(way.styles)])[0]


def _way(ctx: Context, flow: Flow) -> _Way:
    rng, look = ctx.rng, flow.look
    text = look.text(align="left", indent=0.0, leading=look.size * rng.choice((1.2, 1.3, 1.5, 1.8)))
    levels = rng.choice((1, 2, 2, 3, 3))
    first = text.at(face=look.body.bold, colour=look.accent) if levels > 1 and rng.random() < 0.6 else text
    if rng.random() < 0.2:
        first = first.at(size=text.size * 1.15)
    step = rng.choice((0.0, 1.0, 1.5, 2.2)) * look.size
    width = flow.frame.width
    return _Way(
        styles=(first, *[text] * (levels - 1)),
        indents=tuple(step * level for level in range(levels)),
        leader=rng.choice((" .", " .", ".", ".", " . ", "  .", "_", "rule", "", "")),
        pages=rng.choice((width, width, width, width * rng.uniform(0.7, 1.0))) if rng.random() < 0.95 else None,
        numbered=rng.random() < 0.75,
        part=rng.choice(PARTS),
        roman=rng.random() < 0.2,
        spread=(look.leading * rng.choice((0.0, 0.0, 0.3, 0.8)), look.leading * rng.choice((0.0, 0.0, 0.15)), 0.0),
    )


def _number(way: _Way, level: int, numbers: list[int]) -> str:
    if not way.numbered:
        return ""
    if level == 0:
        return way.part.format(ROMAN[(numbers[0] - 1) % len(ROMAN)] if way.roman else numbers[0])
    return ".".join(str(max(1, number)) for number in numbers[: level + 1]) + ("." if way.part.endswith(".") else "")


def _entry(ctx: Context, flow: Flow, way: _Way, level: int, numbers: list[int], page: int) -> list[Box]:
    """Set one entry, on one or more lines, and return them; none when the page is full."""
    rng, frame, style = ctx.rng, flow.frame, way.styles[level]
    flow.gap(way.spread[level])
    said = ctx.words.phrase(1, rng.choice((4, 7, 7, 22)))
    words = [*_number(way, level, numbers).split(), *(said.upper() if rng.random() < 0.04 else said).split()]
    number = str(page)
    left = frame.x + way.indents[level]
    right = frame.x + (frame.width if way.pages is None else way.pages)
    # Text keeps clear of the page numbers.
    width = right - left - style.face.width("0000") * style.size - style.size
    space = (style.face.width(" ") or 0.28) * style.size
    lines: list[list[str]] = []
    while words:
        taken, words = break_line(words, style.face, style.size, width, space, hyphens=False)
        lines.append(taken)
    if frame.y + len(lines) * style.leading > frame.bottom:
        return []
    boxes: list[Box] = []
    for at, taken in enumerate(lines):
        baseline = frame.y + 0.5 * style.leading + 0.32 * style.size
        x = left + (style.size if at else 0.0) * (len(lines) > 1)
        last = at == len(lines) - 1
        box = flow.sheet.text(x, baseline, " ".join(taken), style.face, style.size, colour=style.colour, line=False)
        if last and way.pages is not None:
            boxes += _numbered(flow.sheet, way, style, box, right, baseline, number)
        else:
            boxes.append(flow.sheet.add_line([box]))
        frame.y += style.leading
    return boxes


def _numbered(
    sheet: Sheet, way: _Way, style: Style, text: Box, right: float, baseline: float, number: str
) -> list[Box]:
    """Set the page number and its leader; return the text lines: one where a leader joins them, else two."""
    face, size, colour = style.face, style.size, style.colour
    end = sheet.text(right, baseline, number, face, size, colour=colour, align="right", line=False)
    free = end[0] - text[2] - size
    if way.leader == "rule" and free > size:
        sheet.rule(text[2] + 0.4 * size, baseline, end[0] - 0.4 * size, baseline, width=0.5, dash=1.0)
        return [sheet.add_line([text, end])]
    count = int(free / (face.width(way.leader) * size)) if way.leader not in {"", "rule"} else 0
    if count > 1:
        dots = (way.leader * count).strip()
        sheet.text(end[0] - 0.4 * size, baseline, dots, face, size, colour=colour, align="right", line=False)
    if count > 1 or free <= size:
        return [sheet.add_line([text, end])]
    return [sheet.add_line([text]), sheet.add_line([end])]
