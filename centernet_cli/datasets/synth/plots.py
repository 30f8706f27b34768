"""Figures of articles: several panels, curves with a legend, heat maps, graphs of nodes, micrographs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from centernet_cli.datasets.synth.display import BLACK, Colour
from centernet_cli.datasets.synth.figures import draw_chart, draw_diagram, photo, random_colour

if TYPE_CHECKING:
    from random import Random

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.display import Sheet
    from centernet_cli.datasets.synth.fonts import Face
    from centernet_cli.datasets.synth.words import Words


def draw_curves(sheet: Sheet, rng: Random, words: Words, face: Face, box: Box, *, ink: Colour = BLACK) -> None:
    """Draw curves in a frame with ticks and a legend."""
    x0, y0, x1, y1 = box
    size = max(4.0, min(8.0, (y1 - y0) * 0.045))
    left, top, right, bottom = x0 + size * 4, y0 + size, x1 - size, y1 - size * 3
    sheet.rect((left, top, right, bottom), width=0.6, colour=ink)
    for k in range(rng.randint(3, 6)):
        x, y = left + (right - left) * k / 6 + 2, bottom - (bottom - top) * k / 6 - 2
        sheet.rule(x, bottom, x, bottom - 2.5, width=0.5, colour=ink)
        sheet.rule(left, y, left + 2.5, y, width=0.5, colour=ink)
        sheet.text(x, bottom + size * 1.15, f"{k * rng.choice((1, 5, 0.2)):g}", face, size, colour=ink, align="center")
        sheet.text(left - size * 0.4, y + size * 0.3, f"{k / 10:g}", face, size, colour=ink, align="right")
    sheet.text((left + right) / 2, bottom + size * 2.5, words.phrase(1, 3), face, size, colour=ink, align="center")
    names = [words.phrase(1, 2) for _ in range(rng.randint(1, 5))]
    grey = rng.random() < 0.4
    legend_right = rng.random() < 0.5
    for at, name in enumerate(names):
        colour = (rng.randint(0, 120),) * 3 if grey else random_colour(rng, 10, 200)
        a, b, c, d = rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.3), rng.uniform(1, 9), rng.uniform(0, 6)
        points = []
        for k in range(40):
            t = k / 39
            value = a * (1 - math.exp(-t * c)) + b * math.sin(t * c + d) * (1 - t)
            y = bottom - (bottom - top) * min(0.97, max(0.03, value))
            points.append((left + (right - left) * t, y))
        sheet.poly(points, width=rng.uniform(0.5, 1.4), colour=colour)
        width = face.width(name) * size
        y = top + size * (1.3 + 1.3 * at)
        x = right - width - size if legend_right else left + size * 3
        if y < bottom - size and width < (right - left) * 0.6:
            sheet.rule(x - size * 2, y - size * 0.3, x - size * 0.4, y - size * 0.3, width=1.0, colour=colour)
            sheet.text(x, y, name, face, size, colour=ink)


def draw_heat(sheet: Sheet, rng: Random, face: Face, box: Box, *, ink: Colour = BLACK) -> None:
    """Draw a matrix of coloured cells, sometimes with numbers in them."""
    x0, y0, x1, y1 = box
    rows, columns = rng.randint(3, 12), rng.randint(3, 12)
    noise = np.random.default_rng(rng.getrandbits(32))
    values = (noise.random((rows, columns)) * 255).astype(np.uint8)
    table = rng.choice((cv2.COLORMAP_VIRIDIS, cv2.COLORMAP_JET, cv2.COLORMAP_HOT, cv2.COLORMAP_BONE))
    colours = cv2.applyColorMap(values, table)[..., ::-1]
    high, wide = (y1 - y0) / rows, (x1 - x0) / columns
    size = min(8.0, high * 0.5, wide * 0.3)
    numbered = size > 4 and rng.random() < 0.5
    for row in range(rows):
        for column in range(columns):
            x, y = x0 + column * wide, y0 + row * high
            r, g, b = (int(value) for value in colours[row, column])
            sheet.rect((x, y, x + wide, y + high), width=0, fill=(r, g, b))
            if numbered:
                light: Colour = (255, 255, 255) if r + g + b < 380 else ink
                text = f"{values[row, column] / 255:.2f}"
                sheet.text(x + wide / 2, y + high / 2 + size * 0.35, text, face, size, colour=light, align="center")


def draw_graph(sheet: Sheet, rng: Random, words: Words, face: Face, box: Box, *, ink: Colour = BLACK) -> None:
    """Draw nodes joined by edges, some named."""
    x0, y0, x1, y1 = box
    radius = min(x1 - x0, y1 - y0) * rng.uniform(0.02, 0.06)
    nodes = [
        (rng.uniform(x0 + radius, x1 - radius), rng.uniform(y0 + radius, y1 - radius))
        for _ in range(rng.randint(5, 18))
    ]
    for _ in range(len(nodes) * 2):
        (ax, ay), (bx, by) = rng.choice(nodes), rng.choice(nodes)
        sheet.rule(ax, ay, bx, by, width=0.5, colour=ink)
    fill = rng.choice((None, (255, 255, 255), random_colour(rng, 90, 240)))
    size = max(4.5, radius * 0.9)
    for x, y in nodes:
        sheet.ellipse((x - radius, y - radius, x + radius, y + radius), width=0.7, colour=ink, fill=fill)
        if rng.random() < 0.35:
            name = rng.choice((str(rng.randint(1, 99)), words.word()[:8]))
            wide = face.width(name) * size
            if x + radius + wide < x1:
                sheet.rect((x + radius, y - size, x + radius + wide + 2, y + size * 0.4), width=0, fill=sheet.paper)
                sheet.text(x + radius + 1, y + size * 0.3, name, face, size, colour=ink)


def draw_micrograph(sheet: Sheet, rng: Random, box: Box) -> None:
    """Draw a grey picture with a bar of scale."""
    x0, y0, x1, y1 = box
    pixels = photo(rng, 220, max(40, round(220 * (y1 - y0) / (x1 - x0))), grey=True)
    sheet.image(box, pixels)
    sheet.rule(x1 - (x1 - x0) * 0.3, y1 - 6, x1 - 6, y1 - 6, width=2.0, colour=(255, 255, 255))


def draw_panels(sheet: Sheet, rng: Random, words: Words, face: Face, box: Box, *, ink: Colour = BLACK) -> None:
    """Draw one to eight panels, all of a kind or mixed, with or without letters."""
    x0, y0, x1, y1 = box
    wide, high = x1 - x0, y1 - y0
    columns = max(1, min(rng.choice((1, 2, 2, 3, 4)), int(wide / 70)))
    rows = max(1, min(rng.choice((1, 1, 2, 3)), int(high / 60)))
    kinds = ("curves", "curves", "chart", "heat", "graph", "micrograph", "diagram")
    kind = rng.choice(kinds)
    mixed = rng.random() < 0.3
    letters = rng.choice(("", "({})", "{}", "{})"))
    gap = rng.uniform(3, 9)
    size = rng.uniform(5.5, 8.5)
    for at in range(rows * columns):
        row, column = divmod(at, columns)
        left, top = x0 + column * wide / columns, y0 + row * high / rows
        part = (left, top, left + wide / columns - gap, top + high / rows - gap)
        if letters and rows * columns > 1:
            letter = letters.format(chr((97 if letters.startswith("(") else 65) + at))
            sheet.text(left, top + size, letter, face, size, colour=ink)
            part = (part[0], part[1] + size * 1.3, part[2], part[3])
        match rng.choice(kinds) if mixed else kind:
            case "curves":
                draw_curves(sheet, rng, words, face, part, ink=ink)
            case "chart":
                draw_chart(sheet, rng, words, face, part, ink=ink)
            case "heat":
                draw_heat(sheet, rng, face, part, ink=ink)
            case "graph":
                draw_graph(sheet, rng, words, face, part, ink=ink)
            case "diagram":
                draw_diagram(sheet, rng, words, face, part, ink=ink)
            case _:
                draw_micrograph(sheet, rng, part)
