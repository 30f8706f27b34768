"""Plots as small SVG elements, to stand in an HTML page or, with `standalone`, in a file of their own.

Shared by the reports of `evaluate`, `train` and `data`: line plots, bars, histograms and matrices, from plain numbers.
No library is needed to draw or to view them. Text and axes take the colour of the text around them and series have
colours that are told apart on light and on dark paper and by the colour-blind; lines also differ in their dashes.
All text is escaped: names come from files.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.rendering.plot_axes import Axis, bounds, number
from centernet_cli.rendering.plot_parts import COLOURS, DASHES, bar, element, frame, label, legend_of, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

WIDTH, HEIGHT = 560, 320
MAX_POINTS = 1200
"""More points of a line than this are thinned; the highest and lowest of their neighbourhood stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points; a NaN makes a gap. `markers` draws a dot at each point."""

    name: str
    x: npt.ArrayLike
    y: npt.ArrayLike
    markers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A bar for each category."""

    name: str
    values: npt.ArrayLike


def line_plot(
    lines: Sequence[Line],
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    log_x: bool = False,
    log_y: bool = False,
    verticals: Sequence[tuple[float, str]] = (),
    diagonal: bool = False,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> str:
    """Draw lines over a common x axis.

    Args:
        lines: In the order of the legend.
        title: Above; also what screen readers say.
        x_label: Under the x axis.
        y_label: Beside the y axis.
        x_range: Lowest and highest x; None: those of the lines.
        y_range: Likewise for y.
        log_x: Logarithmic x axis; values of 0 and below are left out.
        log_y: Likewise for y.
        verticals: Marked places on the x axis, each with a note.
        diagonal: Draw y = x, such as for calibration.
        size: Width and height in pixels.

    Returns:
        An `<svg>` element.
    """
    x_low, x_high = x_range or bounds([line.x for line in lines], log=log_x)
    y_low, y_high = y_range or bounds([line.y for line in lines], log=log_y)
    across, down, parts = frame(
        size, (x_low, x_high, log_x), (y_low, y_high, log_y), (title, x_label, y_label), legend=len(lines) > 1
    )
    if diagonal:
        low, high = max(x_low, y_low), min(x_high, y_high)
        ends = zip(across.at([low, high]), down.at([low, high]), strict=True)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
        parts.append(f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-opacity=".35"/>')
    for place, note in verticals:
        x = float(across.at(place))
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{down.end:.1f}" y2="{down.start:.1f}" stroke="currentColor" '
            f'stroke-opacity=".6" stroke-dasharray="3 3"/>'
        )
        side, shift = ("end", -4) if x > (across.start + across.end) / 2 else ("start", 4)
        parts.append(label(x + shift, down.start - 6, note, anchor=side))
    for index, line in enumerate(lines):
        parts.append(_polyline(index, line, across, down))
    parts += legend_of([line.name for line in lines], size, dashes=True)
    return element(size, title, parts)


def bar_plot(
    categories: Sequence[str],
    series: Sequence[Bars],
    *,
    title: str = "",
    y_label: str = "",
    y_range: tuple[float, float] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> str:
    """Draw bars side by side for each category; NaN draws none.

    Args:
        categories: Under the axis, slanted if there are many.
        series: With a value for each category.
        title: Above.
        y_label: Beside the y axis.
        y_range: None: from 0 (or the least value) to the largest value.
        size: Width and height in pixels.
    """
    low, high = bounds([[0.0], *(bars.values for bars in series)])
    y_low, y_high = y_range or (min(low, 0.0), high)
    slanted = sum(len(name) + 2 for name in categories) * 6.5 > size[0] - 70
    across, down, parts = frame(
        size,
        None,
        (y_low, y_high, False),
        (title, "", y_label),
        legend=len(series) > 1,
        foot=min(110, 12 + 5 * max(map(len, categories), default=0)) if slanted else 0,
    )
    step = (across.end - across.start) / max(1, len(categories))
    width = step * 0.8 / max(1, len(series))
    for index, bars in enumerate(series):
        for place, value in enumerate(np.asarray(bars.values, dtype=np.float64).tolist()):
            x = across.start + step * (place + 0.1) + width * index
            name = f"{categories[place]}, {bars.name}" if bars.name else categories[place]
            parts.append(bar(x, width, value, down, f"{name}: {number(float(value))}", COLOURS[index % len(COLOURS)]))
    for place, name in enumerate(categories):
        x, y = across.start + step * (place + 0.5), down.start + 14
        parts.append(label(x, y, short(name), anchor="end" if slanted else "middle", turn=-35 if slanted else 0))
    parts += legend_of([bars.name for bars in series], size)
    return element(size, title, parts)


def histogram(
    edges: npt.ArrayLike,
    series: Sequence[Bars],
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "count",
    log_x: bool = False,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> str:
    """Draw counts between edges, the series stacked on each other.

    Args:
        edges: `(N + 1,)`, ascending.
        series: With `N` counts each.
        title: Above.
        x_label: Under the x axis.
        y_label: Beside the y axis.
        log_x: Logarithmic x axis; needs positive edges.
        size: Width and height in pixels.
    """
    limits = np.asarray(edges, dtype=np.float64).ravel()
    counts = [np.asarray(bars.values, dtype=np.float64) for bars in series]
    total = np.sum(counts, axis=0) if counts else np.zeros(max(0, len(limits) - 1))
    high = float(total.max()) if total.size else 0.0
    across, down, parts = frame(
        size,
        (float(limits[0]), float(limits[-1]), log_x),
        (0.0, high or 1.0, False),
        (title, x_label, y_label),
        legend=len(series) > 1,
    )
    pixels = across.at(limits)
    below = np.zeros(len(total))
    for index, (bars, values) in enumerate(zip(series, counts, strict=True)):
        for place, value in enumerate(values.tolist()):
            note = f"{number(float(limits[place]))} to {number(float(limits[place + 1]))}: {number(value)} {bars.name}"
            left, right = float(pixels[place]), float(pixels[place + 1])
            colour = COLOURS[index % len(COLOURS)]
            parts.append(bar(left, max(0.5, right - left - 0.5), value, down, note, colour, float(below[place])))
        below += values
    parts += legend_of([bars.name for bars in series], size)
    return element(size, title, parts)


def matrix_plot(
    values: npt.ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    row_label: str = "",
    column_label: str = "",
    shades: npt.ArrayLike | None = None,
    cell: tuple[int, int] = (58, 30),
) -> str:
    """Draw a table of numbers whose cells are the darker the larger their share is, such as a confusion matrix.

    Args:
        values: `(R, C)`; NaN is left empty.
        rows: Names of the rows.
        columns: Names of the columns.
        title: Above.
        row_label: What the rows are.
        column_label: What the columns are.
        shades: `(R, C)` in [0, 1]; None: each value over the sum of its row.
        cell: Width and height of a cell in pixels.
    """
    table = np.asarray(values, dtype=np.float64).reshape(len(rows), len(columns))
    if shades is None:
        whole = np.nansum(table, axis=1, keepdims=True)
        shades = np.divide(table, whole, out=np.zeros_like(table), where=whole > 0)
    shade = np.clip(np.nan_to_num(np.asarray(shades, dtype=np.float64).reshape(table.shape)), 0, 1)
    left = 24 + 7 * max((len(short(name)) for name in rows), default=0)
    top = (44 if title else 22) + 18
    slanted = max((len(short(name)) for name in columns), default=0) * 7 > cell[0]
    foot = 24 + (5 * max((len(short(name)) for name in columns), default=0) if slanted else 6)
    size = left + cell[0] * len(columns) + 16, top + cell[1] * len(rows) + foot
    parts = [label(8, 18, title, anchor="start", bold=True)] if title else []
    parts.append(label(left, top - 8, column_label, anchor="start", faint=True))
    parts.append(label(left - 6, top - 8, row_label, anchor="end", faint=True))
    for row, name in enumerate(rows):
        y = top + cell[1] * row
        parts.append(label(left - 6, y + cell[1] / 2 + 4, short(name), anchor="end"))
        for column, other in enumerate(columns):
            value = table[row, column]
            if np.isnan(value):
                continue
            x, share = left + cell[0] * column, float(shade[row, column])
            parts.append(
                f"<g><title>{escape(f'{name} / {other}: {number(float(value))}')}</title>"
                f'<rect x="{x}" y="{y}" width="{cell[0] - 1}" height="{cell[1] - 1}" fill="{COLOURS[0]}" '
                f'fill-opacity="{0.04 + 0.7 * share:.2f}"/>'
                f"{label(x + cell[0] / 2, y + cell[1] / 2 + 4, number(float(value)), faint=value == 0)}</g>"
            )
    for column, name in enumerate(columns):
        middle, under = left + cell[0] * (column + 0.5), top + cell[1] * len(rows) + 14
        parts.append(
            label(middle, under, short(name), anchor="end" if slanted else "middle", turn=-35 if slanted else 0)
        )
    return element(size, title, parts)


def _polyline(index: int, line: Line, across: Axis, down: Axis) -> str:
    x, y = across.at(line.x), np.clip(down.at(line.y), down.end - 2, down.start + 2)
    keep = _thinned(y)
    x, y = x[keep], y[keep]
    colour, dash = COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]
    known = np.isfinite(x) & np.isfinite(y)
    runs = np.split(np.arange(len(x)), np.flatnonzero(~known))
    drawn = []
    for run in runs:
        places = run[known[run]]
        points = " ".join(f"{x[place]:.1f},{y[place]:.1f}" for place in places)
        if len(places) == 1 or line.markers:
            drawn += [f'<circle cx="{x[place]:.1f}" cy="{y[place]:.1f}" r="2.5" fill="{colour}"/>' for place in places]
        if len(places) > 1:
            drawn.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8" '
                f'stroke-dasharray="{dash}" stroke-linejoin="round"/>'
            )
    return f"<g><title>{escape(line.name)}</title>{''.join(drawn)}</g>"


def _thinned(y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the indices to draw: all, or the least and the largest of each stretch, and both ends."""
    if len(y) <= MAX_POINTS:
        return np.arange(len(y))
    kept = [0, len(y) - 1]
    for part in np.array_split(np.arange(len(y)), MAX_POINTS // 2):
        known = np.isfinite(y[part])
        if not known.all():
            kept.append(int(part[np.argmin(known)]))  # the gap stays
        if known.any():
            kept += [int(part[np.nanargmin(y[part])]), int(part[np.nanargmax(y[part])])]
    return np.unique(kept)


def standalone(svg: str, background: str = "#ffffff", ink: str = "#222222") -> str:
    """Return a whole SVG file of an element of this module, on paper of its own."""
    head, _, body = svg.partition(">")
    fill = f'<rect width="100%" height="100%" fill="{escape(background)}"/>'
    head = head.replace("<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" color="{escape(ink)}" ', 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>{fill}{body}\n'
