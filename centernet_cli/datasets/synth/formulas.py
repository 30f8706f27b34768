"""Displayed formulas: letters, signs, indices, fractions, sums, matrices; one text line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import Sheet, union

if TYPE_CHECKING:
    from random import Random

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.fonts import Face
    from centernet_cli.datasets.synth.typeset import Frame, Look

_GREEK = "αβγδεθλμπσφω"
_SIGNS = "=≈≤≥→∈±×·"
_LATIN = "abcdfghkmnpqrstuvwxyzABEFLNPRTX"
_LARGE = "∑∫∏"


def set_formula(sheet: Sheet, rng: Random, look: Look, frame: Frame) -> Box | None:
    """Set a formula centred in the frame and move its `y` down; None where it finds no room.

    Signs that the font lacks are left out.
    """
    maker = _Maker(sheet, rng, look)
    size = look.size * rng.uniform(1.0, 1.15)
    high = size * rng.choice((1.6, 1.6, 2.8))
    start = len(sheet.items)
    baseline = frame.y + high * 0.62
    x = left = frame.x + frame.width * rng.uniform(0.02, 0.2)
    limit = frame.x + frame.width * rng.uniform(0.5, 0.88)
    boxes: list[Box] = []
    while x < limit:
        at, made = maker.term(x, baseline, size, tall=high > size * 2)
        if at > limit + size * 3:
            break
        boxes += made
        x = at + size * 0.25
        sign = rng.choice("=+−-=+" + _SIGNS)
        if maker.has(sign) and x < limit:
            boxes.append(maker.put(x, baseline, sign, size))
            x = boxes[-1][2] + size * 0.28
    if len(boxes) < 2:
        del sheet.items[start:]
        return None
    frame.y += high + size * 0.3
    box = union(boxes)
    shift = 0.0 if rng.random() < 0.3 else (frame.width - (box[2] - box[0])) / 2 - (box[0] - frame.x)
    if shift > 0 and box[2] + shift < frame.x + frame.width - size * 3:
        sheet.shift_items(start, shift)
        box = (box[0] + shift, box[1], box[2] + shift, box[3])
    sheet.lines.append(box)
    return box if left else None


class _Maker:
    def __init__(self, sheet: Sheet, rng: Random, look: Look) -> None:
        self.sheet, self.rng, self.look = sheet, rng, look
        self.italic: Face = look.body.italic
        self.upright: Face = look.body.regular

    def has(self, sign: str) -> bool:
        """Tell whether the font draws a sign."""
        return self.upright.covers(sign)

    def put(self, x: float, y: float, text: str, size: float, *, italic: bool = False) -> Box:
        """Set a piece; not a line of its own."""
        face = self.italic if italic and self.italic.covers(text) else self.upright
        return self.sheet.text(x, y, text, face, size, colour=self.look.ink, line=False)

    def letter(self) -> str:
        """Return a variable."""
        greek = self.rng.choice(_GREEK)
        return greek if self.rng.random() < 0.3 and self.has(greek) else self.rng.choice(_LATIN)

    def term(self, x: float, y: float, size: float, *, tall: bool) -> tuple[float, list[Box]]:
        """Set a term on the baseline `y`; return its right end and its pieces."""
        rng = self.rng
        roll = rng.random()
        if tall and roll < 0.45:
            return self._fraction(x, y, size)
        if tall and roll < 0.65 and (sign := rng.choice(_LARGE)) and self.has(sign):
            box = self.put(x, y + size * 0.25, sign, size * 1.5)
            low = self.put(box[0], y + size * 1.2, f"{rng.choice('ijkn')}=1", size * 0.6, italic=True)
            return max(box[2], low[2]), [box, low]
        if roll < 0.75:
            box = self.put(x, y, self.letter(), size, italic=True)
            boxes, right = [box], box[2]
            if rng.random() < 0.5:
                boxes.append(self.put(right + size * 0.04, y + size * 0.2, rng.choice("ij012tn"), size * 0.66))
            if rng.random() < 0.35:
                boxes.append(
                    self.put(right + size * 0.06, y - size * 0.4, rng.choice(("2", "T", "−1", "n", "*")), size * 0.66)
                )
            return max(each[2] for each in boxes), boxes
        if roll < 0.9:
            name = rng.choice(("log", "exp", "max", "sin", "E", "f", "P", "Var"))
            text = f"{name}({self.letter()}{rng.choice((', ', ' | ', ' - '))}{self.letter()})"
            box = self.put(x, y, text, size)
            return box[2], [box]
        box = self.put(x, y, rng.choice(("1", "2", "0.5", "10", "(1 - x)", "||w||", "{0, 1}")), size)
        return box[2], [box]

    def _fraction(self, x: float, y: float, size: float) -> tuple[float, list[Box]]:
        parts = []
        for lift in (-0.75, 0.62):
            text = " ".join(self.letter() for _ in range(self.rng.randint(1, 4))).replace(
                " ", self.rng.choice(("", " + "))
            )
            parts.append(self.put(x, y + size * lift, text, size * 0.92, italic=True))
        right = max(part[2] for part in parts)
        bar = y - size * 0.3
        self.sheet.rule(x, bar, right, bar, width=0.5, colour=self.look.ink)
        return right + size * 0.1, parts
