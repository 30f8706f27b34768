"""Pieces that plots are put together from: the frame with its axes, bars, legend and text, as SVG elements."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.rendering.plot_axes import Axis, number

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS = ("#2b83c6", "#d95f02", "#0a9a72", "#c0629b", "#a67c00", "#7570b3", "#c23b4b", "#7f8c8d", "#1b9e9e", "#8c564b")
"""Of series, in order; starting again after the last, with other dashes."""
DASHES = ("", "6 3", "2 3", "8 3 2 3")
MAX_LEGEND = 14
"""Series named in the legend; the rest is drawn and counted."""


def frame(
    size: tuple[int, int],
    x: tuple[float, float, bool] | None,
    y: tuple[float, float, bool],
    texts: tuple[str, str, str],
    *,
    legend: bool,
    foot: int = 0,
) -> tuple[Axis, Axis, list[str]]:
    """Return the axes and the parts that draw them; without `x`, its axis has no ticks."""
    width, height = size
    title, x_label, y_label = texts
    top = (30 if title else 12) + (18 if y_label else 0)
    bottom = height - (42 if x_label else 26) - foot
    right = width - (150 if legend else 30)
    down = Axis(y[0], y[1], bottom, top, y[2])
    ticks = down.ticks()
    left = 16 + 7 * max((len(number(tick)) for tick in ticks), default=1)
    across = Axis(x[0], x[1], left, right, x[2]) if x else Axis(0, 1, left, right)
    parts = [label(8, 18, title, anchor="start", bold=True)] if title else []
    parts.append(label(8, top - 10, y_label, anchor="start", faint=True) if y_label else "")
    for tick in ticks:
        place = float(down.at(tick))
        parts.append(
            f'<line x1="{left}" x2="{right}" y1="{place:.1f}" y2="{place:.1f}" stroke="currentColor" '
            f'stroke-opacity=".15"/>{label(left - 5, place + 4, number(tick), anchor="end")}'
        )
    for tick in across.ticks() if x else []:
        place = float(across.at(tick))
        parts.append(
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{bottom}" y2="{bottom + 4}" stroke="currentColor" '
            f'stroke-opacity=".5"/>{label(place, bottom + 16, number(tick))}'
        )
    parts.append(f'<line x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}" stroke="currentColor"/>')
    if x_label:
        parts.append(label((left + right) / 2, height - 8, x_label, faint=True))
    return across, down, parts


def bar(x: float, width: float, value: float, down: Axis, note: str, colour: str, base: float = 0.0) -> str:
    """Draw a bar from `base` up by `value` with a note for the mouse; nothing if the value is not finite."""
    if not np.isfinite(value):
        return ""
    low, high = float(down.at(max(base, down.low))), float(down.at(base + value))
    return (
        f'<rect x="{x:.1f}" y="{min(low, high):.1f}" width="{width:.1f}" height="{abs(low - high):.1f}" '
        f'fill="{colour}" fill-opacity=".85"><title>{escape(note)}</title></rect>'
    )


def legend_of(names: Sequence[str], size: tuple[int, int], *, dashes: bool = False) -> list[str]:
    """Draw the legend at the right; a single series needs none."""
    if len(names) < 2:
        return []
    x = size[0] - 138
    parts = []
    for index, name in enumerate(names[:MAX_LEGEND]):
        y = 40 + 18 * index
        dash = DASHES[index // len(COLOURS) % len(DASHES)] if dashes else ""
        parts.append(
            f'<line x1="{x}" x2="{x + 18}" y1="{y}" y2="{y}" stroke="{COLOURS[index % len(COLOURS)]}" '
            f'stroke-width="{3 if dashes else 9}" stroke-dasharray="{dash}"/>'
            f"{label(x + 24, y + 4, short(name, 16), anchor='start')}"
        )
    if len(names) > MAX_LEGEND:
        parts.append(label(x, 44 + 18 * MAX_LEGEND, f"and {len(names) - MAX_LEGEND} more", anchor="start", faint=True))
    return parts


def label(
    x: float, y: float, text: str, *, anchor: str = "middle", bold: bool = False, faint: bool = False, turn: int = 0
) -> str:
    """Write escaped text, anchored at its start, middle or end; turned by degrees around that point."""
    if not text:
        return ""
    more = ' font-weight="bold"' if bold else ""
    more += ' fill-opacity=".6"' if faint else ""
    more += f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def short(text: str, length: int = 22) -> str:
    """Cut a name in its middle: ends tell names apart."""
    if len(text) <= length:
        return text
    return f"{text[: length // 2]}…{text[-(length - length // 2 - 1) :]}"


def element(size: tuple[int, int], title: str, parts: Sequence[str]) -> str:
    """Put parts together to an `<svg>` element that screen readers know by its title."""
    spoken = escape(title or "plot", quote=True)
    return (
        f'<svg viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" height="{size[1]}" role="img" aria-label="{spoken}" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="currentColor">{"".join(parts)}</svg>'
    )
