"""Pictures to put on pages: made-up photographs, charts and diagrams, logos."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet
from centernet_cli.datasets.synth.hand import turned_text

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.fonts import Face
    from centernet_cli.datasets.synth.words import Words


def random_colour(rng: Random, low: int = 0, high: int = 255) -> Colour:
    """Return a random colour with channels from `low` to `high`."""
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def photo(rng: Random, width: int, height: int, *, grey: bool = False) -> npt.NDArray[np.uint8]:
    """Return something with the statistics of a photograph: soft light, a horizon, round and straight things, grain."""
    noise = np.random.default_rng(rng.getrandbits(32))
    picture = np.zeros((height, width, 3), np.float32)
    for cells, weight in ((2, 90.0), (5, 60.0), (14, 35.0), (48, 18.0)):
        coarse = noise.normal(0, 1, (max(2, cells), max(2, cells), 3)).astype(np.float32)
        coarse[..., 1:] = 0.6 * coarse[..., :1] + 0.4 * coarse[..., 1:]
        picture += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture += np.array(random_colour(rng, 70, 190), np.float32)
    if rng.random() < 0.6:
        horizon = rng.randint(height // 4, max(height // 4 + 1, 3 * height // 4))
        picture[horizon:] += np.array(random_colour(rng, -60, 40), np.float32)
    for _ in range(rng.randint(2, 9)):
        colour = [float(value) for value in random_colour(rng, 10, 245)]
        x, y = rng.randint(0, width), rng.randint(0, height)
        size = rng.randint(max(2, width // 20), max(3, width // 4))
        if rng.random() < 0.5:
            cv2.ellipse(
                picture,
                (x, y),
                (size, int(size * rng.uniform(0.4, 1.6))),
                rng.uniform(0, 180),
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )
        else:
            cv2.rectangle(picture, (x, y), (x + size, y + int(size * rng.uniform(0.3, 2.5))), colour, -1)
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 2.0)), np.float32)
    picture = blurred + noise.normal(0, rng.uniform(1, 8), picture.shape[:2]).astype(np.float32)[..., None]
    # Photographs are greyer than chance is.
    grey_share = rng.uniform(0.45, 0.95)
    toned = grey_share * picture.mean(axis=2, keepdims=True) + picture * (1.05 - grey_share)
    pixels = np.clip(toned, 0, 255).astype(np.uint8)
    if grey:
        tone = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        if rng.random() < 0.4:
            tone = _halftone(tone, rng.choice((3, 4, 5)))
        pixels = np.repeat(tone[..., None], 3, axis=2)
    return np.asarray(pixels, np.uint8)


def _halftone(tone: npt.NDArray[np.uint8], cell: int) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[: tone.shape[0], : tone.shape[1]]
    screen = 127.5 + 63 * (np.cos(2 * np.pi * (x + y) / cell / 1.414) + np.cos(2 * np.pi * (x - y) / cell / 1.414))
    return np.where(tone > screen, 250, 15).astype(np.uint8)


def draw_photo(sheet: Sheet, rng: Random, box: Box, *, grey: bool = False) -> None:
    """Put a made-up photograph into `box`, sometimes framed."""
    shape = max(24, int((box[2] - box[0]) * 1.6)), max(24, int((box[3] - box[1]) * 1.6))
    sheet.image(box, photo(rng, min(shape[0], 1000), min(shape[1], 1000), grey=grey))
    if rng.random() < 0.3:
        sheet.rect(box, width=rng.uniform(0.4, 1.5))


def draw_chart(sheet: Sheet, rng: Random, words: Words, face: Face, box: Box, *, ink: Colour = BLACK) -> None:
    """Draw a bar, line, scatter or pie chart with its labels as text lines."""
    x0, y0, x1, y1 = box
    size = max(4.5, min(9.0, (y1 - y0) * rng.uniform(0.035, 0.06)))
    if rng.random() < 0.3:
        sheet.rect(box, width=0.5, colour=ink)
    if rng.random() < 0.2 and x1 - x0 > 90:
        _pie(sheet, rng, words, face, box, size, ink)
        return
    left, bottom = x0 + size * 4.2, y1 - size * 3.2
    top, right = y0 + size * rng.uniform(1.0, 2.5), x1 - size * 1.5
    if rng.random() < 0.5:
        sheet.text(
            (left + right) / 2, y0 + size * 1.3, words.phrase(2, 5), face, size * 1.15, colour=ink, align="center"
        )
        top = max(top, y0 + size * 2.6)
    ticks = rng.randint(3, 7)
    step = rng.choice((1, 2, 5, 10, 20, 25, 50, 100, 0.1, 0.25))
    grid = rng.random() < 0.6
    for tick in range(ticks + 1):
        y = bottom - (bottom - top) * tick / ticks
        if grid:
            sheet.rule(left, y, right, y, width=0.3, colour=(190, 190, 190))
        sheet.text(left - size * 0.5, y + size * 0.33, f"{tick * step:g}", face, size, colour=ink, align="right")
    sheet.rule(left, top, left, bottom, width=0.7, colour=ink)
    sheet.rule(left, bottom, right, bottom, width=0.7, colour=ink)
    count = rng.randint(3, max(4, min(12, int((right - left) / (size * 3)))))
    series = rng.randint(1, 3)
    colours = [random_colour(rng, 20, 210) for _ in range(series)]
    _series(sheet, rng, (left, top, right, bottom), count, colours)
    start = rng.randint(1, 2015)
    for at in range(count):
        x = left + (right - left) * (at + 0.5) / count
        sheet.text(x, bottom + size * 1.2, str(start + at), face, size, colour=ink, align="center")
    if rng.random() < 0.7:
        sheet.text((left + right) / 2, bottom + size * 2.7, words.phrase(1, 3), face, size, colour=ink, align="center")
    if rng.random() < 0.5:
        mask, wide, high = turned_text(words.phrase(1, 3), face, quarter=1)
        if high * size < bottom - top:
            middle = (top + bottom) / 2
            sheet.stamp((x0 + 1, middle - high * size / 2, x0 + 1 + wide * size, middle + high * size / 2), mask, ink)


def _series(sheet: Sheet, rng: Random, area: Box, count: int, colours: list[Colour]) -> None:
    left, top, right, bottom = area
    style = rng.choice(("bars", "bars", "lines", "points"))
    for which, colour in enumerate(colours):
        values = [rng.random() ** 0.7 * 0.95 for _ in range(count)]
        xs = [left + (right - left) * (at + 0.5) / count for at in range(count)]
        ys = [bottom - (bottom - top) * value for value in values]
        if style == "bars":
            wide = (right - left) / count * 0.8 / len(colours)
            for x, y in zip(xs, ys, strict=True):
                bar = x - wide * len(colours) / 2 + which * wide
                sheet.rect((bar, y, bar + wide * 0.95, bottom), width=0.3, fill=colour)
        elif style == "lines":
            sheet.poly(list(zip(xs, ys, strict=True)), width=rng.uniform(0.6, 1.8), colour=colour)
        else:
            for _ in range(rng.randint(20, 90)):
                x, y = rng.uniform(left, right), rng.uniform(top, bottom)
                sheet.ellipse((x - 1.2, y - 1.2, x + 1.2, y + 1.2), fill=colour)


def _pie(sheet: Sheet, rng: Random, words: Words, face: Face, box: Box, size: float, ink: Colour) -> None:
    x0, y0, x1, y1 = box
    radius = min((x1 - x0) * 0.25, (y1 - y0) * 0.42)
    cx, cy = x0 + radius * 1.15, (y0 + y1) / 2
    angle = 0.0
    parts = rng.randint(3, 6)
    for part in range(parts):
        share = (2 * math.pi - angle) * rng.uniform(0.2, 0.5) if part < parts - 1 else 2 * math.pi - angle
        arc = [
            (cx + radius * math.cos(angle + share * k / 20), cy + radius * math.sin(angle + share * k / 20))
            for k in range(21)
        ]
        colour = random_colour(rng, 60, 230)
        sheet.poly([(cx, cy), *arc], width=0.4, fill=colour, closed=True)
        y = cy - radius + part * size * 1.9 + size
        sheet.rect(
            (cx + radius * 1.3, y - size * 0.7, cx + radius * 1.3 + size * 0.8, y + size * 0.1), fill=colour, width=0.3
        )
        room = x1 - (cx + radius * 1.3 + size * 1.5)
        label = f"{words.phrase(1, 2)} {rng.randint(1, 99)}%"
        if face.width(label) * size < room:
            sheet.text(cx + radius * 1.3 + size * 1.5, y, label, face, size, colour=ink)
        angle += share


def draw_diagram(sheet: Sheet, rng: Random, words: Words, face: Face, box: Box, *, ink: Colour = BLACK) -> None:
    """Draw boxes with labels, joined by arrows."""
    x0, y0, x1, y1 = box
    columns, rows = rng.randint(2, 4), rng.randint(1, 3)
    cell_x, cell_y = (x1 - x0) / columns, (y1 - y0) / rows
    size = max(5.0, min(10.0, cell_y * 0.14, cell_x * 0.09))
    fill = rng.choice((None, (235, 240, 250), (250, 240, 225), (225, 240, 225)))
    rounded = rng.random() < 0.3
    for row in range(rows):
        for column in range(columns):
            cx, cy = x0 + cell_x * (column + 0.5), y0 + cell_y * (row + 0.5)
            shape = (cx - cell_x * 0.36, cy - cell_y * 0.28, cx + cell_x * 0.36, cy + cell_y * 0.28)
            if rounded:
                sheet.ellipse(shape, width=0.7, colour=ink, fill=fill)
            else:
                sheet.rect(shape, width=0.7, colour=ink, fill=fill)
            labels = [
                label
                for label in (words.phrase(1, 2) for _ in range(rng.randint(1, 2)))
                if face.width(label) * size < cell_x * 0.62
            ]
            for at, label in enumerate(labels):
                sheet.text(
                    cx,
                    cy + size * (0.35 + 1.25 * (at - (len(labels) - 1) / 2)),
                    label,
                    face,
                    size,
                    colour=ink,
                    align="center",
                )
            if column + 1 < columns:
                tip = x0 + cell_x * (column + 1.14)
                sheet.rule(cx + cell_x * 0.36, cy, tip, cy, width=0.8, colour=ink)
                sheet.poly([(tip, cy), (tip - 4, cy - 2.5), (tip - 4, cy + 2.5)], width=0, fill=ink, closed=True)


def draw_figure(
    sheet: Sheet, rng: Random, words: Words, face: Face, box: Box, *, grey: bool = False, ink: Colour = BLACK
) -> None:
    """Draw a photograph, chart or diagram into `box` and label it as a figure."""
    roll = rng.random()
    if roll < 0.5 or box[2] - box[0] < 80 or box[3] - box[1] < 60:
        draw_photo(sheet, rng, box, grey=grey)
    elif roll < 0.85:
        draw_chart(sheet, rng, words, face, box, ink=ink)
    else:
        draw_diagram(sheet, rng, words, face, box, ink=ink)
    sheet.region("figure", [box])


def draw_logo(sheet: Sheet, rng: Random, box: Box) -> None:
    """Draw an emblem of simple shapes."""
    x0, y0, x1, y1 = box
    for _ in range(rng.randint(1, 4)):
        colour = random_colour(rng, 0, 200)
        a, b = sorted((rng.random(), rng.random()))
        part = (
            x0 + (x1 - x0) * a * 0.6,
            y0 + (y1 - y0) * a * 0.6,
            x0 + (x1 - x0) * (0.4 + 0.6 * b),
            y0 + (y1 - y0) * (0.4 + 0.6 * b),
        )
        if rng.random() < 0.5:
            sheet.ellipse(part, width=rng.uniform(0, 2), colour=colour, fill=colour if rng.random() < 0.6 else None)
        else:
            sheet.rect(part, width=rng.uniform(0.5, 2), colour=colour, fill=colour if rng.random() < 0.6 else None)
