"""Fonts of scripts beyond Latin, Cyrillic and Greek, shaped by Pillow's Raqm (HarfBuzz and FriBiDi).

A word is drawn as a whole, so letters join and marks stand where they belong. Words with Latin letters or digits that
the font lacks are set in another one. docs/decisions tell why Raqm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageFont, features

from centernet_cli.datasets.synth.fonts import INK, Face, Family, font_name, style_kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from centernet_cli.core.records import Box

    Mask = npt.NDArray[np.uint8]

_EM = 72
_NAMES = {
    "arabic": r"arab|naskh|nastaliq|amiri(?!.*colou?r)|kufi|scheherazade|kacst|vazir|lateef|dejavu ?sans(?! ?mono)",
    "hebrew": r"hebrew|clm|taamey|keter|makabi|shofar|frank|dejavu ?sans(?! ?mono)",
    "devanagari": r"devanagari|lohit.?deva|gargi|samyak|sarai|annapurna|hind|mukta|kalam",
    "han": r"cjk|uming|ukai|wqy|arphic|droid.*fallback",
    "kana": r"cjk|ipa.*(gothic|mincho)|takao|klee|seto|yozfont|vl.?gothic|kurenaido",
    "hangul": r"cjk|nanum(?!.*pen)|un(batang|dinaru|dotum|graphic|gungseo)|baekmuk|gothic a1|pretendard",
}
_NOTHING: tuple[None, Box] = (None, (0.0, 0.0, 0.0, 0.0))
_NEVER = r"symbol|ornament|trashim|stam|last ?resort|barcode"


@lru_cache(maxsize=64)
def _raqm(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, _EM, layout_engine=ImageFont.Layout.RAQM)


def can_shape() -> bool:
    """Tell whether this Pillow shapes text: its Raqm is there and finds the system's FriBiDi."""
    return bool(features.check("raqm") and features.check("fribidi"))


@dataclass(slots=True, eq=False)
class ScriptFace(Face):
    """A font of another script.

    Attributes:
        latin: Sets the words that this font can't.
        solid: Whether words stand without spaces.
    """

    latin: Face | None = None
    solid: bool = False
    shaped: bool = True
    _masks: dict[str, tuple[float, Mask | None, Box]] = field(default_factory=dict)

    def drawn(self, word: str) -> tuple[float, Mask | None, Box]:
        """Return a word's advance width, tight mask (None for blanks) and ink box from its origin; lengths in ems."""
        found = self._masks.get(word)
        if found is None:
            font, said = self._font_for(word)
            found = (font.getlength(said) / _EM, *_cut(font, said)) if said else (0.0, *_NOTHING)
            if len(self._masks) > 20000:
                self._masks.clear()
            self._masks[word] = found
        return found

    def _font_for(self, word: str) -> tuple[ImageFont.FreeTypeFont, str]:
        """Return the font to set a word in, and what of the word it can set."""
        if self.covers_itself(word):
            return _raqm(self.path), word
        if self.latin is not None and self.latin.covers(word):
            return _raqm(self.latin.path), word
        return _raqm(self.path), "".join(char for char in word if self.covers_itself(char))

    def covers_itself(self, chars: str) -> bool:
        """Tell whether this font alone draws all of `chars`."""
        return Face._check(self, "".join(sorted(set(chars))))

    def _check(self, chars: str) -> bool:
        rest = "".join(char for char in chars if not Face._check(self, char))
        return not rest or (self.latin is not None and self.latin.covers(rest))

    def gap(self) -> float:
        """Return the width of the space between words, in ems."""
        return 1e-4 if self.solid else max(0.2, _raqm(self.path).getlength(" ") / _EM)

    def measure(self, text: str) -> tuple[float, Box]:
        """Return advance width and ink box, in ems."""
        found = self._words.get(text)
        if found is None:
            x, boxes = 0.0, []
            for at, word in enumerate(text.split(" ")):
                x += self.gap() if at else 0.0
                advance, mask, (x0, y0, x1, y1) = self.drawn(word) if word else (0.0, None, (0.0, 0.0, 0.0, 0.0))
                if mask is not None:
                    boxes.append((x + x0, y0, x + x1, y1))
                x += advance
            box = (0.0, 0.0, x, 0.0)
            if boxes:
                box = (boxes[0][0], min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
            found = (x, box)
            self._words[text] = found
        return found

    def pieces(self, text: str) -> list[tuple[Mask, Box]]:
        """Return the words of `text` as tight masks with their ink boxes from the text's origin, in ems."""
        x, made = 0.0, []
        for at, word in enumerate(text.split(" ")):
            x += self.gap() if at else 0.0
            if word:
                advance, mask, (x0, y0, x1, y1) = self.drawn(word)
                if mask is not None:
                    made.append((mask, (x + x0, y0, x + x1, y1)))
                x += advance
        return made

    def advances(self, text: str) -> list[float]:
        """Return no places of letters: there are none in a shaped word."""
        raise NotImplementedError(text)


def _cut(font: ImageFont.FreeTypeFont, word: str) -> tuple[Mask | None, Box]:
    mask, (left, top) = font.getmask2(word, "L", anchor="ls")
    width, height = mask.size
    if not width or not height:
        return _NOTHING
    ink = np.frombuffer(bytes(mask), np.uint8).reshape(height, width)
    rows, columns = np.flatnonzero(ink.max(axis=1) >= INK), np.flatnonzero(ink.max(axis=0) >= INK)
    if not len(rows) or not len(columns):
        return _NOTHING
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = ((left + x0) / _EM, (top + y0) / _EM, (left + x1) / _EM, (top + y1) / _EM)
    return np.ascontiguousarray(ink[y0:y1, x0:x1]), box


def script_families(paths: Sequence[Path], script: str, letters: str, latin: Face, *, solid: bool) -> list[Family]:
    """Return the families among font files that draw a script's letters.

    Args:
        paths: Font files.
        script: One of `languages.OTHER_SCRIPTS`.
        letters: What a family must have.
        latin: Sets Latin words.
        solid: Whether words stand without spaces.
    """
    if not can_shape():
        return []
    styles: dict[str, dict[str, Face]] = {}
    for path in paths:
        if not re.search(_NAMES[script], path.name, re.IGNORECASE) or re.search(_NEVER, path.name, re.IGNORECASE):
            continue
        named = font_name(path)
        if named is None:
            continue
        family, style = named
        kind = style_kind(f"{style} {path.stem.rpartition('-')[2]}")
        if kind != "other":
            face = ScriptFace(str(path), family, style, latin=latin, solid=solid)
            styles.setdefault(family, {}).setdefault(kind, face)
    found = []
    for name, faces in sorted(styles.items()):
        regular = faces.get("regular") or faces.get("thin") or faces.get("bold") or faces["italic"]
        if regular.covers_itself(letters):  # type: ignore[attr-defined]  # all are ScriptFaces
            bold, italic = faces.get("bold", regular), faces.get("italic", regular)
            found.append(Family(name, script, regular, bold, italic))
    return found
