"""Letters as pen strokes: single lines that a made-up writer bends his own way and joins, or doesn't.

Shapes are drawn for this program: control points in hundredths of the x-height, baseline 0, up negative. A small
letter's first stroke begins and ends with the join to its neighbours; further strokes, after `|`, are dots and bars.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Mask = npt.NDArray[np.uint8]
    Reals = npt.NDArray[np.float64]

_SMALL = {
    "a": "0,-30 50,-85 25,-100 2,-50 22,0 50,-45 56,-95 54,-25 66,0 85,-25",
    "b": "0,-30 32,-150 30,-210 14,-190 12,-20 35,0 56,-40 50,-85 72,-75",
    "c": "0,-30 50,-80 35,-100 5,-60 18,-5 45,0 68,-25",
    "d": "0,-30 48,-88 25,-100 2,-50 20,0 48,-40 60,-140 64,-210 58,-60 62,-5 85,-25",
    "e": "0,-20 38,-45 45,-85 25,-100 6,-55 20,-2 45,0 66,-25",
    "f": "0,-20 35,-120 45,-200 28,-215 20,-100 16,60 5,105 -2,60 25,0 60,-25",
    "g": "0,-30 48,-88 25,-100 2,-50 20,-5 48,-45 55,-95 50,40 30,105 8,90 20,40 80,-25",
    "h": "0,-30 32,-150 30,-212 14,-180 12,0 20,-60 42,-98 52,-75 52,-15 62,0 80,-25",
    "i": "0,-20 20,-98 18,-15 28,0 45,-25|24,-145 27,-139",
    "j": "0,-20 22,-98 18,40 5,100 -15,85 5,35 45,-25|26,-145 29,-139",
    "k": "0,-30 32,-150 30,-212 14,-180 12,0 18,-50 45,-95 40,-60 22,-48 50,-5 75,-25",
    "l": "0,-30 30,-140 30,-212 14,-170 14,-20 26,0 48,-25",
    "m": "0,-20 12,-95 12,0 18,-60 35,-98 44,-75 44,0 50,-60 68,-98 78,-75 78,-12 90,0 108,-25",
    "n": "0,-20 12,-95 12,0 18,-60 38,-98 50,-75 50,-12 60,0 80,-25",
    "o": "0,-30 40,-92 22,-100 2,-50 20,0 48,-40 42,-92 55,-85 75,-80",
    "p": "0,-20 14,-95 10,110 14,-60 35,-100 55,-55 40,0 18,-10 70,-25",
    "q": "0,-30 48,-88 25,-100 2,-50 20,-5 48,-45 55,-95 50,110 60,60 80,-25",
    "r": "0,-20 14,-100 22,-80 45,-85 40,-20 50,0 68,-25",
    "s": "0,-20 30,-98 32,-75 48,-30 30,2 8,-12 62,-25",
    "t": "0,-20 26,-130 26,-165 20,-30 32,0 55,-25|2,-105 50,-112",
    "u": "0,-20 12,-95 10,-25 25,0 48,-50 52,-95 52,-15 62,0 80,-25",
    "v": "0,-60 10,-95 22,-10 30,0 52,-85 55,-95 75,-80",
    "w": "0,-60 10,-95 18,-5 30,-5 42,-85 46,-15 58,0 76,-85 80,-95 98,-80",
    "x": "0,-20 15,-95 35,-50 50,-2 66,-20|52,-95 8,0",
    "y": "0,-20 12,-95 12,-35 30,-15 50,-60 54,-95 48,40 28,105 6,85 25,35 78,-25",
    "z": "0,-60 10,-95 48,-92 8,-2 50,-2 66,-20",
}
_LARGE = {
    "A": "0,0 38,-205 76,0|15,-70 64,-72",
    "B": "8,-200 8,0|8,-200 60,-180 55,-115 10,-105 68,-85 62,-10 8,0",
    "C": "70,-170 45,-205 8,-150 5,-50 35,0 72,-25",
    "D": "8,-200 10,0|0,-200 55,-180 80,-100 55,-15 8,0",
    "E": "62,-200 10,-198 8,0 66,-4|8,-105 52,-108",
    "F": "66,-200 10,-198 8,0|8,-105 52,-108",
    "G": "70,-170 45,-205 8,-150 5,-50 35,0 70,-30 70,-85 45,-85",
    "H": "8,-200 6,0|70,-200 70,0|8,-100 70,-105",
    "I": "20,-200 18,0",
    "J": "45,-200 42,-30 22,0 0,-25",
    "K": "8,-200 8,0|65,-200 8,-90 70,0",
    "L": "10,-200 8,0 62,-4",
    "M": "0,0 12,-200 48,-60 84,-200 96,0",
    "N": "4,0 8,-200 68,0 72,-200",
    "O": "40,-203 5,-130 8,-40 42,2 80,-60 74,-160 38,-203",
    "P": "8,-200 8,0|8,-198 64,-180 58,-110 8,-95",
    "Q": "40,-203 5,-130 8,-40 42,2 80,-60 74,-160 38,-203|50,-40 85,15",
    "R": "8,-200 8,0|8,-198 64,-180 58,-110 8,-95 70,0",
    "S": "66,-170 40,-205 8,-165 40,-105 66,-50 38,2 0,-30",
    "T": "0,-198 78,-202|40,-200 38,0",
    "U": "6,-200 6,-50 36,0 68,-50 70,-200",
    "V": "0,-200 36,0 74,-200",
    "W": "0,-200 24,0 52,-160 78,0 106,-200",
    "X": "4,-200 70,0|70,-200 0,0",
    "Y": "0,-200 36,-100 72,-200|36,-100 34,0",
    "Z": "2,-198 70,-200 0,-2 72,-4",
    "0": "35,-190 5,-110 20,-5 50,-10 62,-110 35,-190",
    "1": "5,-150 28,-190 28,0",
    "2": "5,-150 32,-192 56,-140 5,-4 62,-4",
    "3": "6,-175 40,-190 50,-130 22,-105 56,-65 40,-5 4,-20",
    "4": "35,-190 2,-65 65,-70|48,-120 46,0",
    "5": "56,-190 14,-188 10,-110 45,-112 56,-50 30,0 4,-15",
    "6": "50,-185 12,-100 10,-30 35,0 55,-45 35,-90 10,-50",
    "7": "2,-188 60,-190 22,0",
    "8": "32,-105 8,-150 32,-190 56,-150 10,-50 32,0 58,-45 32,-105",
    "9": "55,-140 30,-185 8,-140 30,-100 54,-140 50,0",
    "-": "0,-60 45,-62",
    "/": "0,20 50,-200",
    "(": "30,-215 5,-120 8,-20 28,40",
    ")": "0,-215 26,-120 24,-20 2,40",
    "?": "0,-160 25,-205 48,-160 20,-90 22,-60|22,-6 24,0",
    "!": "12,-200 10,-60|10,-6 12,0",
    ":": "6,-75 9,-70|6,-6 9,0",
    ";": "6,-75 9,-70|9,-6 4,30",
    ",": "8,-6 4,32",
    ".": "4,-5 9,0",
}
_SHIFT = 4


@dataclass(frozen=True, slots=True)
class Script:
    """How one writer forms his letters.

    Attributes:
        seed: Which letterforms.
        join: Chance that a letter joins the next: 0 prints, 1 is all cursive.
        tall: Length of ascenders, descenders and capitals, 1 as drawn.
        wide: Width of letters.
        spread: Room between letters, in x-heights.
        haste: How much letters flatten towards a word's end.
        shake: Unsteadiness of every letter.
    """

    seed: int = 1
    join: float = 1.0
    tall: float = 1.0
    wide: float = 1.0
    spread: float = 0.05
    haste: float = 0.0
    shake: float = 0.04


def random_script(rng: random.Random) -> Script:
    """Return a random way of writing."""
    return Script(
        seed=rng.randint(0, 1 << 30),
        join=rng.choice((0.0, 0.3, 0.7, 0.9, 1.0, 1.0)),
        tall=rng.uniform(0.65, 1.3),
        wide=rng.uniform(0.75, 1.5),
        spread=rng.uniform(-0.06, 0.22),
        haste=rng.choice((0.0, 0.0, 0.2, 0.5)),
        shake=rng.uniform(0.02, 0.1),
    )


@lru_cache(maxsize=4096)
def _letter(char: str, seed: int, tall: float) -> tuple[Reals, ...]:
    """Return a writer's strokes for a character, in x-heights."""
    drawn = _SMALL.get(char) or _LARGE.get(char)
    if drawn is None:
        # Letters of other alphabets look like some letter: nobody reads them.
        names = list(_LARGE)[:26] if char.isupper() else list(_SMALL)
        drawn = (_LARGE if char.isupper() else _SMALL)[names[(ord(char) * 7) % 26]]
    own = random.Random(f"{seed}/{char}")
    strokes = []
    for part in drawn.split("|"):
        points = np.array([[float(value) for value in pair.split(",")] for pair in part.split()]) / 100
        points += np.array([(own.gauss(0, 0.07), own.gauss(0, 0.07)) for _ in points])
        outside = (points[:, 1] < -1) | (points[:, 1] > 0)
        above = points[:, 1] < -1
        points[outside & above, 1] = -1 + (points[outside & above, 1] + 1) * tall
        points[outside & ~above, 1] *= tall
        strokes.append(points)
    return tuple(strokes)


def _spline(points: Reals) -> Reals:
    """Return a Catmull-Rom curve through `points` `(n, 2)`, five steps to a piece."""
    ends = np.vstack([points[:1], points, points[-1:]])
    p0, p1, p2, p3 = ends[:-3, None], ends[1:-2, None], ends[2:-1, None], ends[3:, None]
    t = (np.arange(5) / 5.0)[None, :, None]
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


def scribble(rng: random.Random, word: str, script: Script, x_height: float, pen: int) -> tuple[Mask, int, int]:
    """Write a word.

    Args:
        rng: Chance.
        word: Without blanks.
        script: Writer.
        x_height: Pixels.
        pen: Thickness in pixels.

    Returns:
        A mask with the x of the writing's origin and the y of its baseline.
    """
    strokes: list[Reals] = []
    joined: list[Reals] = []
    at = 0.0
    for index, char in enumerate(word):
        flat = 1.0 - script.haste * index / max(len(word), 6)
        first, *marks = _letter(char, script.seed, script.tall)
        small = char in _SMALL or char.islower()
        placed = [
            part * (script.wide, flat if small else 1.0)
            + (at, 0.0)
            + np.array([(rng.gauss(0, script.shake), rng.gauss(0, script.shake)) for _ in part])
            for part in (first, *marks)
        ]
        links = small and rng.random() < script.join
        body = placed[0] if small and (links or joined) else placed[0][1:-1] if small else placed[0]
        if small:
            joined.append(body)
        else:
            strokes.append(body)
        if not links and joined:
            strokes.append(np.vstack(joined))
            joined = []
        strokes += placed[1:]
        width = float(first[:, 0].max())
        at += (width + (0.0 if links else 0.12)) * script.wide + script.spread + rng.gauss(0, 0.03)
    if joined:
        strokes.append(np.vstack(joined))
    pad = int(x_height * 0.8) + pen
    up, down = int(x_height * (1 + 1.6 * script.tall)) + pad, int(x_height * 1.4 * script.tall) + pad
    mask = np.zeros((up + down, int((at + 0.5) * x_height) + 2 * pad), np.uint8)
    for stroke in strokes:
        curve = _spline(stroke) * x_height + (pad, up)
        ends = np.round(curve * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(mask, [ends], isClosed=False, color=255, thickness=pen, lineType=cv2.LINE_AA, shift=_SHIFT)
    return mask, pad, up
