"""Histograms as PNG files, for programs that don't show SVG: the same picture as `plots.histogram` draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from centernet_cli.core.safe_io import atomic_path
from centernet_cli.rendering.own_files import png_mark
from centernet_cli.rendering.plot_axes import Axis, number
from centernet_cli.rendering.plot_parts import COLOURS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

WIDTH, HEIGHT = 1120, 640
_LEFT, _TOP, _BOTTOM = 100, 70, 90
_INK, _FAINT, _RULE = (34, 34, 34), (92, 102, 112), (222, 226, 230)
_LEGEND = 12
"""Series named in the legend; the others are counted."""


def histogram_png(
    path: Path,
    edges: npt.ArrayLike,
    series: Sequence[tuple[str, npt.ArrayLike]],
    *,
    title: str,
    x_label: str = "",
    log_x: bool = False,
) -> None:
    """Write counts between edges, the series stacked on each other.

    Args:
        path: File to write.
        edges: `(N + 1,)`, ascending; positive if `log_x`.
        series: Names, and `N` counts each.
        title: Above.
        x_label: Under the x axis.
        log_x: Logarithmic x axis.

    Raises:
        OutputError: O801.
    """
    picture = draw_histogram(edges, series, title=title, x_label=x_label, log_x=log_x)
    with atomic_path(path) as temporary:
        picture.save(temporary, format="PNG", optimize=True, pnginfo=png_mark())


def draw_histogram(
    edges: npt.ArrayLike,
    series: Sequence[tuple[str, npt.ArrayLike]],
    *,
    title: str,
    x_label: str = "",
    log_x: bool = False,
) -> Image.Image:
    """Return the picture that `histogram_png` writes."""
    limits = np.asarray(edges, dtype=np.float64)
    counts = [np.asarray(values, dtype=np.float64) for _, values in series]
    total = np.sum(counts, axis=0) if counts else np.zeros(len(limits) - 1)
    high = max(float(total.max(initial=0)), 1.0)
    legend = len(series) > 1
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(picture)
    across = Axis(float(limits[0]), float(limits[-1]), _LEFT, WIDTH - (270 if legend else 40), log_x)
    down = Axis(0.0, high, HEIGHT - _BOTTOM, _TOP)
    _grid(draw, across, down)
    pixels = across.at(limits)
    below = np.zeros(len(total))
    for index, values in enumerate(counts):
        colour = COLOURS[index % len(COLOURS)]
        for place in np.flatnonzero(values):
            bottom, top = down.at([below[place], below[place] + values[place]])
            left, right = pixels[place], max(pixels[place] + 1, pixels[place + 1] - 1)
            draw.rectangle((left, min(top, bottom - 1), right, bottom), fill=colour)
        below += values
    draw.text((20, 16), title, fill=_INK, font=_font(28))
    draw.text(((across.start + across.end) / 2, HEIGHT - 24), x_label, fill=_FAINT, font=_font(22), anchor="ms")
    if legend:
        _legend(draw, [name for name, _ in series])
    return picture


def _grid(draw: ImageDraw.ImageDraw, across: Axis, down: Axis) -> None:
    font = _font(20)
    for tick in down.ticks():
        y = float(down.at(tick))
        draw.line((across.start, y, across.end, y), fill=_RULE, width=2)
        draw.text((across.start - 10, y), number(tick), fill=_FAINT, font=font, anchor="rm")
    for tick in across.ticks():
        x = float(across.at(tick))
        draw.line((x, down.start, x, down.start + 8), fill=_FAINT, width=2)
        draw.text((x, down.start + 14), number(tick), fill=_FAINT, font=font, anchor="mt")
    draw.line((across.start, down.start, across.end, down.start), fill=_FAINT, width=2)


def _legend(draw: ImageDraw.ImageDraw, names: Sequence[str]) -> None:
    font = _font(20)
    shown = [name if len(name) <= 20 else f"{name[:19]}…" for name in names[:_LEGEND]]
    if len(names) > _LEGEND:
        shown.append(f"and {len(names) - _LEGEND} more")
    for index, name in enumerate(shown):
        y = _TOP + 34 * index
        if index < _LEGEND:
            draw.rectangle((WIDTH - 250, y, WIDTH - 232, y + 18), fill=COLOURS[index % len(COLOURS)])
        printed = "".join(char if char.isprintable() else "?" for char in name)
        draw.text((WIDTH - 222, y + 9), printed, fill=_INK, font=font, anchor="lm")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
