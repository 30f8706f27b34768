"""Handwriting: real handwriting fonts shaken word by word, or cursive strokes made up from splines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as PilImage
from PIL import ImageDraw

from centernet_cli.datasets.synth.fonts import load_font

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.display import Colour, Sheet
    from centernet_cli.datasets.synth.fonts import Face

    Mask = npt.NDArray[np.uint8]

_EM = 64
_INKS: tuple[Colour, ...] = (
    (20, 24, 40),
    (25, 40, 120),
    (30, 50, 160),
    (10, 10, 10),
    (60, 60, 70),
    (90, 90, 95),
    (15, 25, 80),
    (70, 45, 30),
    (40, 60, 150),
    (110, 30, 40),
)
# Letters as control points in x-heights, baseline 0, up negative; each starts and ends low, to join the next.
_LETTERS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0, 0), (0.25, -0.9), (0.35, -0.95), (0.3, -0.1), (0.45, 0.0), (0.6, -0.3)),
    ((0, -0.1), (0.35, -0.5), (0.3, -0.95), (0.08, -0.6), (0.15, -0.05), (0.5, -0.1), (0.65, -0.3)),
    ((0, 0), (0.12, -0.95), (0.15, 0.0), (0.35, -0.95), (0.5, -0.8), (0.5, -0.05), (0.7, -0.2)),
    (
        (0, 0),
        (0.1, -0.95),
        (0.13, 0.0),
        (0.3, -0.9),
        (0.4, -0.8),
        (0.4, 0.0),
        (0.6, -0.9),
        (0.72, -0.8),
        (0.72, 0.0),
        (0.9, -0.2),
    ),
    ((0, -0.7), (0.05, -0.1), (0.25, 0.05), (0.45, -0.9), (0.47, -0.1), (0.65, -0.1)),
    ((0.45, -0.85), (0.1, -0.9), (0.0, -0.2), (0.25, 0.05), (0.5, -0.7), (0.5, -0.05), (0.7, -0.15)),
    ((0.1, -0.2), (0.45, -1.5), (0.4, -2.1), (0.22, -1.8), (0.2, -0.1), (0.4, 0.0), (0.6, -0.2)),
    ((0.0, -0.2), (0.3, -1.6), (0.25, -2.0), (0.15, 0.0), (0.3, -0.9), (0.5, -0.7), (0.5, 0.0), (0.7, -0.2)),
    (
        (0.45, -0.9),
        (0.1, -0.8),
        (0.05, -0.2),
        (0.3, 0.0),
        (0.5, -0.8),
        (0.45, 0.8),
        (0.2, 1.0),
        (0.1, 0.6),
        (0.6, -0.2),
    ),
    (
        (0.0, -0.3),
        (0.2, -0.95),
        (0.15, 1.1),
        (0.1, 0.9),
        (0.25, -0.8),
        (0.5, -0.8),
        (0.5, -0.1),
        (0.3, 0.0),
        (0.7, -0.2),
    ),
    ((0.0, -0.2), (0.25, -1.9), (0.2, -0.1), (0.35, 0.02), (0.55, -0.2)),
    ((0.0, -0.1), (0.3, -0.95), (0.15, -0.5), (0.4, -0.3), (0.3, 0.03), (0.1, -0.1), (0.55, -0.2)),
    ((0.0, -0.2), (0.15, -0.9), (0.2, -0.75), (0.42, -0.85), (0.3, -0.3), (0.55, -0.2)),
    ((0.0, -0.8), (0.1, -0.9), (0.2, 0.0), (0.42, -0.9), (0.6, -0.8)),
)


@dataclass(frozen=True, slots=True)
class Hand:
    """One writer.

    Attributes:
        face: Font, or None for made-up strokes.
        size: Points; x-height is about 0.45 of it.
        slant: Shear, positive leans right.
        stretch: Width factor.
        weight: Extra stroke thickness in mask pixels, negative thins.
        wobble: How unsteady baseline, size and spacing are; 0 is a machine, 1 a child.
        wave: Amplitude of the baseline's wave, in ems.
        gap: Space between words, in ems.
        colour: Ink.
        script: Which letter has which made-up shape.
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
    script: int = 1


def random_hand(rng: Random, faces: list[Face], size: float, *, steady: bool = False) -> Hand:
    """Return a random writer; `steady` for entries in forms."""
    made_up = rng.random() < 0.3 or not faces
    return Hand(
        face=None if made_up else rng.choice(faces),
        size=size,
        slant=rng.uniform(-0.1, 0.4) if made_up else rng.uniform(-0.12, 0.25),
        stretch=rng.uniform(0.75, 1.3),
        weight=rng.choice((-1, 0, 0, 0, 1, 1, 2)),
        wobble=rng.uniform(0.1, 0.5 if steady else 1.0),
        wave=rng.uniform(0.0, 0.06 if steady else 0.14),
        gap=rng.uniform(0.22, 0.5),
        colour=rng.choice(_INKS),
        script=rng.choice((1, 3, 5, 9, 11, 13, 17, 19)),
    )


def _spline(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a Catmull-Rom curve through `points` `(n, 2)`, six steps to a piece."""
    ends = np.vstack([points[:1], points, points[-1:]])
    p0, p1, p2, p3 = ends[:-3], ends[1:-2], ends[2:-1], ends[3:]
    t = (np.arange(6) / 6.0)[None, :, None]
    a, b, c, d = p0[:, None], p1[:, None], p2[:, None], p3[:, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


def _scribble(rng: Random, text: str, hand: Hand) -> tuple[Mask, int, int]:
    """Return a mask of made-up letters for `text`, with the origin's x and baseline in it."""
    x_height = _EM * 0.36
    wide = 1.35
    pen = 2.0 + hand.weight * 0.8 + 0.5
    points: list[tuple[float, float]] = []
    strokes: list[list[tuple[float, float]]] = []
    at = 0.0
    for char in text:
        if not char.isalnum():
            strokes.append(points)
            points = []
            strokes.append([(at, -0.05), (at + 0.06, 0.05)])
            at += 0.35
            continue
        # The same character has the same shape, so a page looks written by one person.
        letter = _LETTERS[(ord(char.lower()) * hand.script + 5) % len(_LETTERS)]
        tall = 1.9 if char.isupper() or char.isdigit() else 1.0
        shake = 0.07 * hand.wobble
        points += [
            (
                at + wide * px * (1.25 if tall > 1 else 1.0) + rng.gauss(0, shake),
                py * (tall if -1 < py < 0 else 1.0) + rng.gauss(0, shake),
            )
            for px, py in letter
        ]
        at += wide * letter[-1][0] * (1.25 if tall > 1 else 1.0) + 0.08 + rng.gauss(0, 0.05 * hand.wobble)
        if rng.random() < 0.12 + 0.3 * hand.wobble * hand.wobble or char.isdigit():
            strokes.append(points)
            points = []
            at += 0.12
    strokes.append(points)
    width, up, down = int(at * x_height) + _EM, int(_EM * 1.6), int(_EM * 1.0)
    mask = np.zeros((up + down, width + _EM), np.uint8)
    for stroke in strokes:
        if len(stroke) < 2:
            continue
        curve = _spline(np.array(stroke)) * x_height + (_EM / 2, up)
        cv2.polylines(
            mask,
            [np.round(curve * 16).astype(np.int32)],
            isClosed=False,
            color=255,
            thickness=max(1, round(pen)),
            lineType=cv2.LINE_AA,
            shift=4,
        )
    return mask, _EM // 2, up


def _lettered(rng: Random, text: str, hand: Hand) -> tuple[Mask, int, int]:
    """Return a mask of `text` in the hand's font, letters shaken, with the origin's x and baseline in it."""
    assert hand.face is not None
    up, down = int(_EM * 1.5), int(_EM * 1.1)
    mask = PilImage.new("L", (int(hand.face.width(text) * _EM * 1.25) + 2 * _EM, up + down))
    pen = ImageDraw.Draw(mask)
    x = _EM / 2
    if hand.wobble < 0.3:
        pen.text((x, up), text, fill=255, font=load_font(hand.face.path, _EM), anchor="ls")
    else:
        for char in text:
            font = load_font(hand.face.path, round(_EM * (1 + rng.gauss(0, 0.04 * hand.wobble)), 0))
            pen.text((x, up + rng.gauss(0, 1.6 * hand.wobble)), char, fill=255, font=font, anchor="ls")
            x += font.getlength(char) + rng.gauss(0, 1.2 * hand.wobble)
    return np.asarray(mask), _EM // 2, up


def write_mask(
    rng: Random, text: str, hand: Hand, *, limit: float = 1e9
) -> tuple[Mask, tuple[float, float, float, float]] | None:
    """Write as many words of `text` as fit into `limit` ems (one at least) as one line.

    Returns:
        The tight mask and its box in ems from the left end of the baseline; None if nothing was drawn.
    """
    pieces: list[tuple[Mask, int, int, float]] = []
    x = 0.0
    for word in text.split():
        mask, origin, baseline = (_scribble if hand.face is None else _lettered)(rng, word, hand)
        mask, origin, baseline = _bend(rng, mask, origin, baseline, hand)
        columns = np.flatnonzero(mask.max(axis=0))
        if not len(columns):
            continue
        if pieces and x + columns[-1] - origin > limit * _EM:
            break
        first, last = int(columns[0]), int(columns[-1]) + 1
        mask, origin = np.ascontiguousarray(mask[:, first:last]), origin - first
        pieces.append((mask, origin, baseline, x))
        x += (mask.shape[1] - origin) + _EM * hand.gap * (1 + rng.gauss(0, 0.25 * hand.wobble))
    if not pieces:
        return None
    width = int(max(x + mask.shape[1] for mask, _, _, x in pieces)) + 2 * _EM
    up, down = int(_EM * 2.2), int(_EM * 1.8)
    line = np.zeros((up + down, width), np.uint8)
    phase, period = rng.uniform(0, 6.28), rng.uniform(6, 22) * _EM
    drift = rng.gauss(0, 0.004) * hand.wobble
    for mask, origin, baseline, x in pieces:
        lift = (
            hand.wave * _EM * math.sin(phase + 6.28 * x / period) + drift * x + rng.gauss(0, 0.025 * _EM) * hand.wobble
        )
        lift = max(-0.6 * _EM, min(0.6 * _EM, lift))
        left, top = round(_EM + x - origin), round(up - baseline + lift)
        y0, y1 = max(0, top), min(line.shape[0], top + mask.shape[0])
        x0, x1 = max(0, left), min(width, left + mask.shape[1])
        part = line[y0:y1, x0:x1]
        np.maximum(part, mask[y0 - top : y1 - top, x0 - left : x1 - left], out=part)
    return _tight(line, _EM, up)


def _bend(rng: Random, mask: Mask, origin: int, baseline: int, hand: Hand) -> tuple[Mask, int, int]:
    """Slant, stretch, turn and thicken a word."""
    turn = rng.gauss(0, 0.018) * hand.wobble
    scale = 1 + rng.gauss(0, 0.05) * hand.wobble
    slant = hand.slant + rng.gauss(0, 0.03) * hand.wobble
    a = np.array([[hand.stretch * scale, -slant], [turn * hand.stretch, scale]])
    room = int(_EM * 0.8)
    size = (int(mask.shape[1] * hand.stretch * 1.15) + 2 * room, mask.shape[0])
    move = np.array([origin + room, baseline]) - a @ np.array([origin, baseline])
    bent = cv2.warpAffine(mask, np.hstack([a, move[:, None]]), size, flags=cv2.INTER_LINEAR)
    if hand.weight > 0 and hand.face is not None:
        bent = cv2.dilate(bent, np.ones((1 + hand.weight, 1 + hand.weight), np.uint8))
    elif hand.weight < 0 and hand.face is not None:
        bent = np.maximum(cv2.erode(bent, np.ones((2, 2), np.uint8)), bent // 2)
    return np.asarray(bent, np.uint8), origin + room, baseline


def _tight(mask: Mask, origin: int, baseline: int) -> tuple[Mask, tuple[float, float, float, float]] | None:
    rows, columns = np.flatnonzero(mask.max(axis=1) > 40), np.flatnonzero(mask.max(axis=0) > 40)
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
    box = (left, y + y0 * hand.size, left + (x1 - x0) * hand.size * squeeze, y + y1 * hand.size)
    return sheet.stamp(box, mask, hand.colour, line=line)


def turned_text(text: str, face: Face, *, quarter: int) -> tuple[Mask, float, float]:
    """Return a tight mask of printed `text` turned by quarter turns anticlockwise, with its size in ems."""
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
