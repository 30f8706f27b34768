"""Handwriting: fonts of handwriting bent out of their evenness, or made-up letters, drawn with one of several pens."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
from PIL import Image as PilImage
from PIL import ImageDraw

from centernet_cli.datasets.synth.fonts import load_font
from centernet_cli.datasets.synth.strokes import Script, random_script, scribble

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.display import Colour, Sheet
    from centernet_cli.datasets.synth.fonts import Face
    from centernet_cli.datasets.synth.scripts import ScriptFace

    Mask = npt.NDArray[np.uint8]

_EM = 48
_LEAST_INK = 40
_X_HEIGHT = 0.42
"""Of the size, in ems: fonts of handwriting differ twofold, so they are scaled to this."""
_INKS: dict[str, tuple[Colour, ...]] = {
    "ball": ((25, 40, 120), (30, 50, 160), (15, 25, 80), (40, 60, 150), (10, 10, 10), (45, 45, 55), (150, 30, 40)),
    "pencil": ((70, 70, 75), (95, 95, 100), (110, 110, 112), (60, 60, 66)),
    "felt": ((10, 10, 12), (20, 30, 110), (130, 20, 30), (20, 90, 60), (40, 40, 45)),
    "nib": ((20, 24, 40), (70, 45, 30), (90, 60, 40), (25, 30, 70), (10, 10, 10), (110, 80, 55)),
}
_COPYBOOK = Script()
_FOLDED = str.maketrans({"ł": "l", "Ł": "L", "ß": "s", "ø": "o", "Ø": "O", "ı": "i", "æ": "e", "œ": "e", "đ": "d"})


@dataclass(frozen=True, slots=True)
class Hand:
    """One writer.

    Attributes:
        face: Font, or None for made-up letters.
        size: Points; the x-height is about 0.42 of it.
        slant: Shear, positive leans right.
        stretch: Width factor.
        weight: Extra stroke thickness in mask pixels, negative thins.
        wobble: How unsteady baseline, size and spacing are; 0 is a machine, 1 a child.
        wave: Amplitude of the baseline's wave, in ems.
        gap: Space between words, in ems.
        colour: Ink.
        script: Made-up letters, where there is no font.
        pen: `ball`, `pencil`, `felt` or `nib`.
        slope: Of all lines, in ems for each em; negative climbs.
        plain: Letters of the font's alphabet alone: accents are left out.
        scale: Of the font's em in sizes.
    """

    face: Face | None
    size: float
    slant: float
    stretch: float
    weight: int
    wobble: float
    wave: float
    gap: float
    colour: Colour
    script: Script = _COPYBOOK
    pen: str = "ball"
    slope: float = 0.0
    plain: bool = False
    scale: float = 1.0


def random_hand(
    rng: Random, faces: list[Face], size: float, *, steady: bool = False, plain: frozenset[str] = frozenset()
) -> Hand:
    """Return a random writer.

    Args:
        rng: Chance.
        faces: Fonts to choose from.
        size: Points.
        steady: For entries in forms.
        plain: Paths of fonts that lack the language's accents.
    """
    made_up = rng.random() < 0.3 or not faces
    face = None if made_up else rng.choice(faces)
    pen = rng.choice(("ball", "ball", "ball", "pencil", "felt", "nib", "nib"))
    x_height = _X_HEIGHT
    if face is not None:
        _, (_, top, _, bottom) = face.measure("x")
        x_height = max(0.15, bottom - top)
    return Hand(
        face=face,
        size=size,
        slant=rng.uniform(-0.15, 0.6) if made_up else rng.gauss(0.05, 0.17),
        stretch=rng.uniform(0.75, 1.3),
        weight={"ball": rng.choice((-1, 0, 0, 1)), "pencil": rng.choice((-1, 0)), "felt": rng.choice((1, 2))}.get(
            pen, rng.choice((0, 1))
        ),
        wobble=rng.uniform(0.1, 0.5 if steady else 1.0),
        wave=rng.uniform(0.0, 0.05 if steady else 0.16),
        gap=rng.uniform(0.25, 0.75) if rng.random() < 0.8 else rng.uniform(0.15, 0.3),
        colour=rng.choice(_INKS[pen]),
        script=random_script(rng),
        pen=pen,
        slope=0.0 if steady or rng.random() < 0.4 else max(-0.035, min(0.035, rng.gauss(-0.003, 0.012))),
        plain=face is not None and face.path in plain,
        scale=min(1.8, max(0.75, _X_HEIGHT / x_height)),
    )


def fold(text: str) -> str:
    """Return `text` without accents, as hasty writers and plain fonts have it."""
    return "".join(
        char for char in unicodedata.normalize("NFKD", text.translate(_FOLDED)) if not unicodedata.combining(char)
    )


def _scribbled(rng: Random, word: str, hand: Hand) -> tuple[Mask, int, int]:
    pen = {"pencil": 2, "nib": 2, "felt": 3}.get(hand.pen, 2) + max(0, hand.weight)
    return scribble(rng, fold(word), hand.script, _EM * _X_HEIGHT * hand.scale, max(1, pen))


def _lettered(rng: Random, text: str, hand: Hand) -> tuple[Mask, int, int]:
    """Return a mask of `text` in the hand's font, letters shaken, with the origin's x and baseline in it."""
    assert hand.face is not None
    em = _EM * hand.scale
    up, down = int(em * 1.5), int(em * 1.1)
    mask = PilImage.new("L", (int(hand.face.width(text) * em * 1.25) + int(2 * em), up + down))
    pen = ImageDraw.Draw(mask)
    x = em / 2
    if hand.wobble < 0.3:
        pen.text((x, up), text, fill=255, font=load_font(hand.face.path, round(em)), anchor="ls")
    else:
        for char in text:
            font = load_font(hand.face.path, round(em * (1 + rng.gauss(0, 0.04 * hand.wobble)), 0))
            pen.text((x, up + rng.gauss(0, 0.025 * em * hand.wobble)), char, fill=255, font=font, anchor="ls")
            x += font.getlength(char) + rng.gauss(0, 0.018 * em * hand.wobble)
    return np.asarray(mask), int(em / 2), up


def write_mask(
    rng: Random, text: str, hand: Hand, *, limit: float = 1e9
) -> tuple[Mask, tuple[float, float, float, float]] | None:
    """Write as many words of `text` as fit into `limit` ems (one at least) as one line.

    Returns:
        The tight mask and its box in ems from the left end of the baseline; None if nothing was drawn.
    """
    pieces: list[tuple[Mask, int, int, float]] = []
    x = 0.0
    for word in (fold(text) if hand.plain else text).split():
        mask, origin, baseline = (_scribbled if hand.face is None else _lettered)(rng, word, hand)
        mask, origin, baseline = _lean(rng, mask, origin, baseline, hand)
        columns = np.flatnonzero(mask.max(axis=0))
        if not len(columns):
            continue
        if pieces and x + columns[-1] - origin > limit * _EM:
            break
        first, last = int(columns[0]), int(columns[-1]) + 1
        mask, origin = np.ascontiguousarray(mask[:, first:last]), origin - first
        pieces.append((mask, origin, baseline, x))
        x += (mask.shape[1] - origin) + _EM * hand.gap * math.exp(rng.gauss(0, 0.3 * hand.wobble))
    if not pieces:
        return None
    width = int(max(x + mask.shape[1] for mask, _, _, x in pieces)) + 2 * _EM
    slope = hand.slope + rng.gauss(0, 0.004) * hand.wobble
    rise = int(abs(slope) * width) + int(hand.wave * _EM) + 4
    up, down = int(_EM * 2.4) + rise, int(_EM * 1.9) + rise
    line = np.zeros((up + down, width), np.uint8)
    for mask, origin, baseline, x in pieces:
        lift = max(-0.3, min(0.3, rng.gauss(0, 0.03) * hand.wobble)) * _EM
        left, top = round(_EM + x - origin), round(up - baseline + lift)
        y0, y1 = max(0, top), min(line.shape[0], top + mask.shape[0])
        x0, x1 = max(0, left), min(width, left + mask.shape[1])
        part = line[y0:y1, x0:x1]
        np.maximum(part, mask[y0 - top : y1 - top, x0 - left : x1 - left], out=part)
    return _tight(_inked(rng, _waved(rng, line, hand, slope), hand), _EM, up)


def _lean(rng: Random, mask: Mask, origin: int, baseline: int, hand: Hand) -> tuple[Mask, int, int]:
    """Slant, stretch and turn a word."""
    turn = rng.gauss(0, 0.018) * hand.wobble
    scale = 1 + rng.gauss(0, 0.05) * hand.wobble
    slant = hand.slant + rng.gauss(0, 0.04) * hand.wobble
    a = np.array([[hand.stretch * scale, -slant], [turn * hand.stretch, scale]])
    room = int(_EM * 0.6 + abs(slant) * mask.shape[0])
    size = (int(mask.shape[1] * hand.stretch * 1.15) + 2 * room, mask.shape[0])
    move = np.array([origin + room, baseline]) - a @ np.array([origin, baseline])
    leant = cv2.warpAffine(mask, np.hstack([a, move[:, None]]), size, flags=cv2.INTER_LINEAR)
    return np.asarray(leant, np.uint8), origin + room, baseline


def _waved(rng: Random, line: Mask, hand: Hand, slope: float) -> Mask:
    """Bend a line: its slope, its baseline's wave, and every letter a little out of shape."""
    height, width = line.shape
    noise = np.random.default_rng(rng.getrandbits(32))
    x = np.arange(width, dtype=np.float32)
    period = rng.uniform(6, 22) * _EM
    wave = slope * (x - _EM) + hand.wave * _EM * np.sin(rng.uniform(0, 6.28) + x * (6.28 / period))
    if hand.wobble < 0.15:
        down = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None] - wave, line.shape).astype(np.float32)
        across = np.broadcast_to(x, line.shape).astype(np.float32)
    else:
        cells = (max(3, height // 20), max(3, width // 20))
        shake = noise.normal(0, 0.9 * hand.wobble, (2, *cells)).astype(np.float32)
        dx, dy = (cv2.resize(each, (width, height), interpolation=cv2.INTER_LINEAR) for each in shake)
        down = (np.arange(height, dtype=np.float32)[:, None] - wave + dy).astype(np.float32)
        across = (x + dx).astype(np.float32)
    return np.asarray(cv2.remap(line, across, down, cv2.INTER_LINEAR), np.uint8)


def _inked(rng: Random, line: Mask, hand: Hand) -> Mask:
    """Draw the line with the hand's pen: thickness, pressure, a broad nib, a pencil's grain, a ball that skips."""
    height, width = line.shape
    noise = np.random.default_rng(rng.getrandbits(32))
    if hand.face is not None and hand.weight > 0:
        line = np.asarray(cv2.dilate(line, np.ones((1 + hand.weight,) * 2, np.uint8)), np.uint8)
    elif hand.face is not None and hand.weight < 0:
        line = np.maximum(cv2.erode(line, np.ones((2, 2), np.uint8)), line // 2)
    if hand.pen == "nib":
        broad = np.eye(rng.choice((2, 3, 3, 4)), dtype=np.uint8)
        line = np.asarray(cv2.dilate(line, broad[::-1] if rng.random() < 0.8 else broad), np.uint8)
    if hand.pen in {"ball", "nib"} and rng.random() < 0.6:
        press = noise.normal(0, 1, (3, max(3, width // 24))).astype(np.float32)
        thick = cv2.resize(press, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
        line = np.where(thick, cv2.dilate(line, np.ones((2, 2), np.uint8)), line).astype(np.uint8)
    if hand.pen == "pencil":
        grain = noise.uniform(0.45, 1.25, (height // 2 + 1, width // 2 + 1)).astype(np.float32)
        share = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(line * share, 0, 255), np.uint8)
    if hand.pen == "ball" and rng.random() < 0.4:
        skips = noise.normal(0.95, 0.18, (max(2, height // 12), max(2, width // 6))).astype(np.float32)
        share = cv2.resize(skips, (width, height), interpolation=cv2.INTER_LINEAR).clip(0.35, 1.0)
        return np.asarray(line * share, np.uint8)
    return line


def _tight(mask: Mask, origin: int, baseline: int) -> tuple[Mask, tuple[float, float, float, float]] | None:
    rows, columns = np.flatnonzero(mask.max(axis=1) > _LEAST_INK), np.flatnonzero(mask.max(axis=0) > _LEAST_INK)
    if not len(rows) or not len(columns):
        return None
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = ((x0 - origin) / _EM, (y0 - baseline) / _EM, (x1 - origin) / _EM, (y1 - baseline) / _EM)
    return np.ascontiguousarray(mask[y0:y1, x0:x1]), box


def write(
    sheet: Sheet,
    rng: Random,
    x: float,
    y: float,
    text: str,
    hand: Hand,
    *,
    width: float | None = None,
    line: bool = True,
) -> Box | None:
    """Write as many words of `text` as fit `width` points from `x` on the baseline `y`; None if not even one does."""
    made = write_mask(rng, text, hand, limit=1e9 if width is None else width / hand.size)
    if made is None:
        return None
    mask, (x0, y0, x1, y1) = made
    squeeze = 1.0 if width is None else min(1.0, width / max((x1 - x0) * hand.size, 1e-6))
    if squeeze < 0.6:
        return None
    left = x + max(0.0, x0) * hand.size
    if width is not None:
        left = min(left, x + width - (x1 - x0) * hand.size * squeeze)
    box = (left, y + y0 * hand.size, left + (x1 - x0) * hand.size * squeeze, y + y1 * hand.size)
    return sheet.stamp(box, mask, hand.colour, line=line)


def turned_text(text: str, face: Face, *, quarter: int) -> tuple[Mask, float, float]:
    """Return a tight mask of printed `text` turned by quarter turns anticlockwise, with its size in ems."""
    if face.shaped:
        return _turned_words(text, cast("ScriptFace", face), quarter)
    font = load_font(face.path, _EM)
    x0, y0, x1, y1 = (int(value) for value in font.getbbox(text, anchor="ls"))
    mask = PilImage.new("L", (max(1, x1 - x0 + 4), max(1, y1 - y0 + 4)))
    ImageDraw.Draw(mask).text((2 - x0, 2 - y0), text, fill=255, font=font, anchor="ls")
    turned = np.rot90(np.asarray(mask), quarter)
    found = _tight(np.ascontiguousarray(turned), 0, 0)
    if found is None:
        return np.zeros((1, 1), np.uint8), 0.0, 0.0
    tight, _ = found
    return tight, tight.shape[1] / _EM, tight.shape[0] / _EM


def _turned_words(text: str, face: ScriptFace, quarter: int) -> tuple[Mask, float, float]:
    pieces = face.pieces(text)
    if not pieces:
        return np.zeros((1, 1), np.uint8), 0.0, 0.0
    left, top = min(box[0] for _, box in pieces), min(box[1] for _, box in pieces)
    scale = pieces[0][0].shape[1] / max(pieces[0][1][2] - pieces[0][1][0], 1e-6)
    wide = max(round((box[0] - left) * scale) + mask.shape[1] for mask, box in pieces)
    high = max(round((box[1] - top) * scale) + mask.shape[0] for mask, box in pieces)
    whole = np.zeros((high, wide), np.uint8)
    for mask, box in pieces:
        x, y = round((box[0] - left) * scale), round((box[1] - top) * scale)
        part = whole[y : y + mask.shape[0], x : x + mask.shape[1]]
        np.maximum(part, mask, out=part)
    turned = np.ascontiguousarray(np.rot90(whole, quarter))
    return turned, turned.shape[1] / scale, turned.shape[0] / scale
