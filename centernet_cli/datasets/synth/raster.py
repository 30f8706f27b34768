"""Draw a sheet into pixels at any resolution."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as PilImage

from centernet_cli.datasets.synth.display import Ellipse, Image, Run, Shape, Sheet, Stamp, run_ink
from centernet_cli.datasets.synth.fonts import glyph_mask

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.display import Colour

    Pixels = npt.NDArray[np.uint8]

_SHIFT = 4
_LEAST_PEN = 0.5
"""Thinnest stroke in pixels: hairlines grow fainter, but never vanish."""
_PAD = 6
_SMALL_PX, _LARGE_PX = 14.0, 40.0


def draw(sheet: Sheet, scale: float) -> Pixels:
    """Return the sheet as RGB `(H, W, 3)`.

    Args:
        sheet: The page.
        scale: Pixels per point (dpi / 72).
    """
    height, width = max(1, round(sheet.height * scale)), max(1, round(sheet.width * scale))
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = sheet.paper
    for item in sheet.items:
        match item:
            case Run():
                _run(canvas, item, scale)
            case Shape():
                _shape(canvas, item, scale)
            case Stamp():
                _mask(canvas, *_fit(item.mask, item.box, scale), item.colour)
            case Ellipse():
                _ellipse(canvas, item, scale)
            case Image():
                _image(canvas, item, scale)
    return canvas


def _mask(canvas: Pixels, mask: Pixels, left: int, top: int, colour: Colour) -> None:
    """Lay `colour` on the canvas through `mask`, cut at the canvas's edges."""
    height, width = canvas.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + mask.shape[1]), min(height, top + mask.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = canvas[y0:y1, x0:x1]
    cover = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.uint16)
    ink = np.array(colour, np.uint16)
    part[:] = ((part * (255 - cover) + ink * cover + 127) // 255).astype(np.uint8)


def _run(canvas: Pixels, run: Run, scale: float) -> None:
    """Set text larger than needed on a mask and shrink it: placed to a fraction of a pixel, with no hinting."""
    pixels = run.size * scale
    factor = 4 if pixels <= _SMALL_PX else 3 if pixels <= _LARGE_PX else 2
    box = run_ink(run)
    left, top = math.floor(box[0] * scale) - 1, math.floor(box[1] * scale) - 1
    width, height = math.ceil(box[2] * scale) + 1 - left, math.ceil(box[3] * scale) + 1 - top
    if width <= 0 or height <= 0 or left >= canvas.shape[1] or top >= canvas.shape[0]:
        return
    large = np.zeros((height * factor, width * factor), np.uint8)
    size = round(pixels * factor, 1)
    baseline = round((run.y * scale - top) * factor)
    for dx, word in run.words:
        start = ((run.x + dx) * scale - left) * factor
        for char, place in zip(word, run.face.advances(word), strict=True):
            found = glyph_mask(run.face.path, size, char)
            if found is not None:
                mask, x, y = found
                _ink(large, mask, round(start + place * pixels * factor) + x, baseline + y)
    _mask(canvas, np.asarray(PilImage.fromarray(large).reduce(factor)), left, top, run.colour)


def _ink(large: Pixels, mask: Pixels, x: int, y: int) -> None:
    """Lay a letter on a mask, cut at its edges."""
    height, width = large.shape
    x0, y0, x1, y1 = max(0, x), max(0, y), min(width, x + mask.shape[1]), min(height, y + mask.shape[0])
    if x0 < x1 and y0 < y1:
        part = large[y0:y1, x0:x1]
        np.maximum(part, mask[y0 - y : y1 - y, x0 - x : x1 - x], out=part)


def _fit(mask: Pixels, box: Box, scale: float) -> tuple[Pixels, int, int]:
    """Scale a mask to its box in pixels, kept to fractions; return it with its left and top pixel."""
    x0, y0, x1, y1 = (value * scale for value in box)
    left, top, right, bottom = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
    sx, sy = mask.shape[1] / max(x1 - x0, 1e-6), mask.shape[0] / max(y1 - y0, 1e-6)
    pad_x, pad_y = math.ceil(sx) + 1, math.ceil(sy) + 1
    padded = PilImage.fromarray(np.pad(mask, ((pad_y, pad_y), (pad_x, pad_x))))
    source = ((left - x0) * sx + pad_x, (top - y0) * sy + pad_y, (right - x0) * sx + pad_x, (bottom - y0) * sy + pad_y)
    size = (max(1, right - left), max(1, bottom - top))
    return (
        np.asarray(
            padded.resize(size, PilImage.Resampling.BOX if sx > 1 else PilImage.Resampling.BILINEAR, box=source)
        ),
        left,
        top,
    )


def _fixed(value: float) -> int:
    # OpenCV counts from pixel centres; points are continuous, with the first centre at 0.5.
    return round((value - 0.5) * (1 << _SHIFT))


def _bar(canvas: Pixels, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
    """Fill an upright rectangle given in pixels; pixels at its edges get their exact share."""
    left, top = max(0, math.floor(x0)), max(0, math.floor(y0))
    right, bottom = min(canvas.shape[1], math.ceil(x1)), min(canvas.shape[0], math.ceil(y1))
    if left >= right or top >= bottom:
        return
    columns, rows = np.arange(left, right), np.arange(top, bottom)
    across = np.minimum(columns + 1, x1) - np.maximum(columns, x0)
    down = np.minimum(rows + 1, y1) - np.maximum(rows, y0)
    mask = np.rint(255 * down[:, None].clip(0, 1) * across[None].clip(0, 1)).astype(np.uint8)
    _mask(canvas, mask, left, top, colour)


def _upright(canvas: Pixels, shape: Shape, scale: float) -> bool:
    """Draw what is most of a page's rules and frames, lines and rectangles along the axes; False for other shapes."""
    points = [(x * scale, y * scale) for x, y in shape.points]
    turns = pairwise([*points, points[0]] if shape.closed else points)
    if len(points) not in {2, 4} or shape.closed != (len(points) == 4) or shape.dash > 0:
        return False
    if any(xa != xb and ya != yb for (xa, ya), (xb, yb) in turns):
        return False
    xs, ys = sorted(x for x, _ in points), sorted(y for _, y in points)
    if shape.fill is not None:
        _bar(canvas, xs[0], ys[0], xs[-1], ys[-1], shape.fill)
    if shape.width > 0:
        half = max(shape.width * scale, _LEAST_PEN) / 2
        for (xa, ya), (xb, yb) in pairwise([*points, points[0]] if shape.closed else points):
            # Strokes end square; corners of rectangles are filled.
            dx = half if ya != yb or shape.closed else 0.0
            dy = half if ya == yb or shape.closed else 0.0
            _bar(canvas, min(xa, xb) - dx, min(ya, yb) - dy, max(xa, xb) + dx, max(ya, yb) + dy, shape.colour)
    return True


def _shape(canvas: Pixels, shape: Shape, scale: float) -> None:
    if _upright(canvas, shape, scale):
        return
    points = np.array([(_fixed(x * scale), _fixed(y * scale)) for x, y in shape.points], np.int32)
    if shape.fill is not None:
        cv2.fillPoly(canvas, [points], shape.fill, cv2.LINE_AA, _SHIFT)
    if shape.width <= 0:
        return
    width = shape.width * scale
    # OpenCV draws smooth lines nearly a pixel wider than asked for.
    thickness = max(1, round(width - 0.75))
    # A hairline thinner than a pixel is fainter, never thinner.
    colour = _faint(shape.colour, min(1.0, max(0.35, width)), canvas, shape, scale)
    if shape.dash > 0:
        _dashed(canvas, shape, scale, colour, thickness)
    else:
        cv2.polylines(canvas, [points], shape.closed, colour, thickness, cv2.LINE_AA, _SHIFT)


def _faint(colour: Colour, share: float, canvas: Pixels, shape: Shape, scale: float) -> Colour:
    if share >= 1.0:
        return colour
    x, y = shape.points[0]
    row = min(max(int(y * scale), 0), canvas.shape[0] - 1)
    column = min(max(int(x * scale), 0), canvas.shape[1] - 1)
    under = [int(value) for value in canvas[max(0, row - 2), column]]
    mixed = [round(ink * share + ground * (1 - share)) for ink, ground in zip(colour, under, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _dashed(canvas: Pixels, shape: Shape, scale: float, colour: Colour, thickness: int) -> None:
    for (xa, ya), (xb, yb) in pairwise(shape.points):
        length = math.hypot(xb - xa, yb - ya)
        steps = max(1, int(length / shape.dash))
        for step in range(0, steps, 2):
            a, b = step / steps, min(1.0, (step + (0.3 if shape.dash <= 2.0 else 1.0)) / steps)
            start = (_fixed((xa + (xb - xa) * a) * scale), _fixed((ya + (yb - ya) * a) * scale))
            stop = (_fixed((xa + (xb - xa) * b) * scale), _fixed((ya + (yb - ya) * b) * scale))
            cv2.line(canvas, start, stop, colour, thickness, cv2.LINE_AA, _SHIFT)


def _ellipse(canvas: Pixels, item: Ellipse, scale: float) -> None:
    x0, y0, x1, y1 = (value * scale for value in item.box)
    centre = (_fixed((x0 + x1) / 2), _fixed((y0 + y1) / 2))
    axes = (round((x1 - x0) / 2 * (1 << _SHIFT)), round((y1 - y0) / 2 * (1 << _SHIFT)))
    if item.fill is not None:
        cv2.ellipse(canvas, centre, axes, 0, 0, 360, item.fill, -1, cv2.LINE_AA, _SHIFT)
    if item.width > 0:
        thickness = max(1, round(item.width * scale - 0.75))
        cv2.ellipse(canvas, centre, axes, 0, 0, 360, item.colour, thickness, cv2.LINE_AA, _SHIFT)


def _image(canvas: Pixels, item: Image, scale: float) -> None:
    x0, y0, x1, y1 = (round(value * scale) for value in item.box)
    if x1 <= x0 or y1 <= y0:
        return
    pixels = cv2.resize(item.pixels, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    left, top, right, bottom = max(0, x0), max(0, y0), min(canvas.shape[1], x1), min(canvas.shape[0], y1)
    if left < right and top < bottom:
        canvas[top:bottom, left:right] = pixels[top - y0 : bottom - y0, left - x0 : right - x0]
