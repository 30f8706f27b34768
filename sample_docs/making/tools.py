"""What the makers of the sample documents share."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Sheet
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.fonts import default_book
from centernet_cli.datasets.synth.typeset import Frame, Look, random_look, set_paragraph
from centernet_cli.datasets.synth.words import Words

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.display import Colour
    from centernet_cli.datasets.synth.fonts import Face, Family

A4 = (595.28, 841.89)


def chance(name: str) -> random.Random:
    """Return the chance of one document: the same at every run."""
    return random.Random(f"sample_docs/{name}")


def serif() -> Family:
    return default_book().named("Liberation Serif", "DejaVu Serif", "Bitstream Vera Sans")


def sans() -> Family:
    return default_book().named("Liberation Sans", "DejaVu Sans", "Bitstream Vera Sans")


def mono() -> Family:
    return default_book().named("Liberation Mono", "DejaVu Sans Mono", "Bitstream Vera Sans")


def hand_face(letters: str, *names: str) -> Face:
    """Return the first of these handwriting fonts that has all letters; else any that has; else italics."""
    book = default_book()
    hands = [family for family in book.families if family.role == "hand"]
    hands.sort(key=lambda family: names.index(family.name) if family.name in names else len(names))
    return next((family.regular for family in hands if family.regular.covers(letters)), serif().italic)


def look(
    name: str,
    body: Family,
    head: Family,
    size: float,
    leading: float,
    *,
    accent: Colour = BLACK,
    align: str = "justify",
    indent: float = 0.0,
    gap: float = 0.0,
) -> Look:
    """Return a typography with nothing left to chance."""
    made = random_look(chance(name), body, head, size=size, accent=accent)
    return replace(made, leading=leading, align=align, indent=indent, gap=gap, head_scale=1.7, head_align="left")


def flow(name: str, sheet: Sheet, typography: Look, frames: list[Frame], language: str = "en") -> Flow:
    """Return a flow whose small choices (bullets, labels of captions) always fall the same way."""
    rng = chance(name)
    return Flow(sheet, rng, Words(rng, language), typography, frames)


def block(
    sheet: Sheet,
    label: str,
    lines: list[str],
    face: Face,
    size: float,
    leading: float,
    x: float,
    y: float,
    *,
    align: str = "left",
    colour: Colour = BLACK,
) -> float:
    """Set lines one below the other as one region; return the baseline after the last."""
    boxes: list[Box] = []
    for text in lines:
        boxes.append(sheet.text(x, y, text, face, size, colour=colour, align=align))
        y += leading
    sheet.region(label, boxes)
    return y


def paragraph(sheet: Sheet, label: str, text: str, typography: Look, frame: Frame, **style: object) -> None:
    """Set a paragraph as one region."""
    boxes: list[Box] = []
    set_paragraph(sheet, text.split(), typography.text(**style), frame, boxes=boxes)
    sheet.region(label, boxes)
