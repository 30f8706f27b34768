"""Setting paragraphs: breaking lines, justifying, hyphenating, and flowing through columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Run, Sheet, union

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.fonts import Face, Family

MAX_GAP = 1.4
"""Widest word space in a justified line, in ems: wider ones would cut the line in two, as in the real data."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a paragraph is set; lengths in points.

    Attributes:
        face: Font.
        size: Font size.
        leading: Baseline to baseline.
        align: `left`, `justify`, `center` or `right`.
        indent: Of the first line; negative hangs.
        colour: Ink.
        tracking: Extra space between words, in ems.
        hyphens: Whether long words may be broken.
    """

    face: Face
    size: float
    leading: float
    align: str = "left"
    indent: float = 0.0
    colour: Colour = BLACK
    tracking: float = 0.0
    hyphens: bool = True

    def at(self, **changes: object) -> Style:
        """Return a changed copy."""
        return replace(self, **changes)  # type: ignore[arg-type]  # dataclass field names, checked at run time


@dataclass(slots=True)
class Frame:
    """A column to fill from `y` down to `bottom`."""

    x: float
    y: float
    width: float
    bottom: float


def split(x: float, y: float, width: float, bottom: float, count: int, gutter: float) -> list[Frame]:
    """Return `count` equal columns."""
    wide = (width - gutter * (count - 1)) / count
    return [Frame(x + k * (wide + gutter), y, wide, bottom) for k in range(count)]


def break_line(
    words: Sequence[str], face: Face, size: float, width: float, space: float, *, hyphens: bool
) -> tuple[list[str], list[str]]:
    """Return the words that fit on one line, and the rest; at least one word (or a part of it) is taken."""
    used = 0.0
    for at, word in enumerate(words):
        wide = face.width(word) * size
        extra = space if at else 0.0
        if used + extra + wide > width:
            room = width - used - extra
            part = _hyphenate(word, face, size, room) if hyphens or not at else None
            if part is not None and (room > 0.25 * width or not at):
                return [*words[:at], part[0]], [part[1], *words[at + 1 :]]
            taken = max(1, at)
            return list(words[:taken]), list(words[taken:])
        used += extra + wide
    return list(words), []


def _hyphenate(word: str, face: Face, size: float, room: float) -> tuple[str, str] | None:
    if len(word) < 6 or face.shaped or not word.isalpha():
        return None
    for cut in range(len(word) - 3, 2, -1):
        if face.width(word[:cut] + "-") * size <= room:
            return word[:cut] + "-", word[cut:]
    return None


def set_line(
    sheet: Sheet, words: Sequence[str], style: Style, x: float, y: float, width: float, *, last: bool, line: bool = True
) -> Box:
    """Set one line of words with its baseline at `y`; return its ink box."""
    face, size = style.face, style.size
    space = (face.width(" ") or 0.28) * size + style.tracking * size
    widths = [face.width(word) * size for word in words]
    natural = sum(widths) + space * (len(words) - 1)
    left = x
    if style.align == "justify" and not last and len(words) > 1:
        stretched = space + (width - natural) / (len(words) - 1)
        space = stretched if stretched < MAX_GAP * size else space
    elif style.align == "center":
        left = x + (width - natural) / 2
    elif style.align == "right":
        left = x + width - natural
    placed, at = [], 0.0
    if style.align != "justify" and abs(space - (face.width(" ") or 0.28) * size) < 1e-6:
        placed = [(0.0, " ".join(words))]
    else:
        for word, wide in zip(words, widths, strict=True):
            placed.append((at, word))
            at += wide + space
    return sheet.run(Run(left, y, face, size, tuple(placed), style.colour), line=line)


def set_paragraph(
    sheet: Sheet,
    words: Sequence[str],
    style: Style,
    frame: Frame,
    *,
    indent: float | None = None,
    boxes: list[Box] | None = None,
) -> list[str]:
    """Set `words` from the frame's top; moves `frame.y` below the last line.

    Args:
        sheet: The page.
        words: What to set.
        style: How.
        frame: Where; its `y` moves on.
        indent: Of the first line, instead of the style's.
        boxes: Receives the ink box of every line.

    Returns:
        The words that found no room.
    """
    rest = list(words)
    first = style.indent if indent is None else indent
    space = (style.face.width(" ") or 0.28) * style.size + style.tracking * style.size
    shift, hanging = max(first, 0.0), max(-first, 0.0)
    while rest and frame.y + style.leading <= frame.bottom + 0.01:
        taken, rest = break_line(rest, style.face, style.size, frame.width - shift, space, hyphens=style.hyphens)
        baseline = frame.y + 0.5 * style.leading + 0.32 * style.size
        box = set_line(sheet, taken, style, frame.x + shift, baseline, frame.width - shift, last=not rest)
        if boxes is not None:
            boxes.append(box)
        frame.y += style.leading
        shift = hanging
    return rest


def join_pieces(boxes: list[Box], size: float) -> list[Box]:
    """Join boxes on one baseline that stand closer than the gap that cuts lines in the real data."""
    done = [boxes[0]]
    for box in boxes[1:]:
        if box[0] - done[-1][2] <= 1.5 * size:
            done[-1] = union([done[-1], box])
        else:
            done.append(box)
    return done


@dataclass(frozen=True, slots=True)
class Look:
    """The typography of one document; lengths in points.

    Titles and headings of the first level are set in `head_face`, those below in `minor_face`: `bold`, `italic`, and
    what is larger than the text anyway also `regular`.
    """

    body: Family
    head: Family
    size: float
    leading: float
    align: str
    indent: float
    gap: float
    ink: Colour
    accent: Colour
    head_scale: float
    head_align: str
    head_face: str = "bold"
    minor_face: str = "bold"

    def text(self, **changes: object) -> Style:
        """Return the style of running text."""
        return Style(self.body.regular, self.size, self.leading, self.align, self.indent, self.ink).at(**changes)

    def heading(self, level: int = 1) -> Style:
        """Return the style of a heading; level 0 is the document's title."""
        size = self.size * (1 + (self.head_scale - 1) * (1.0, 0.45, 0.2, 0.0)[level])
        colour = self.accent if level < 2 else self.ink
        face = {"bold": self.head.bold, "regular": self.head.regular, "italic": self.head.italic}[
            self.head_face if level < 2 else self.minor_face
        ]
        return Style(face, size, size * 1.2, self.head_align if level < 2 else "left", 0.0, colour, hyphens=False)


def random_look(
    rng: Random, body: Family, head: Family, *, size: float | None = None, accent: Colour = BLACK, ink: Colour = BLACK
) -> Look:
    """Return a random typography for two families."""
    chosen = rng.uniform(8.5, 12.5) if size is None else size
    indented = rng.random() < 0.5
    return Look(
        body=body,
        head=head,
        size=chosen,
        leading=chosen * rng.choice((1.08, 1.15, 1.2, 1.2, 1.25, 1.3, 1.4, 1.55, 1.8)),
        align=rng.choice(("left", "justify", "justify")),
        indent=rng.uniform(0.8, 2.2) * chosen if indented else 0.0,
        gap=0.0 if indented and rng.random() < 0.8 else chosen * rng.uniform(0.3, 1.0),
        ink=ink,
        accent=accent,
        head_scale=rng.uniform(1.3, 2.6),
        head_align=rng.choice(("left", "left", "center")),
        head_face=rng.choices(("bold", "regular", "italic"), (72, 22, 6))[0],
        minor_face=rng.choices(("bold", "italic"), (75, 25))[0],
    )
