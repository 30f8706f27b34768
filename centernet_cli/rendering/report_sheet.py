"""One page in the report of `predict`: a small picture under its boxes, and what was found."""

from __future__ import annotations

import base64
import io
import os
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from PIL import Image

from centernet_cli.datasets.formats.file_names import way_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Page, PageInfo

MAX_SIDE = 560
"""Long side of pictures in pixels: lines of print can be told apart, and 2,000 pages make some 40 MB."""
QUALITY = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is shown of a page.

    Attributes:
        number: From 1, in the order of the pages.
        info: The page.
        annotations: What was found.
        network_size: Long side at which the network saw it.
        capped: Whether boxes may be missing.
        picture: As a `data:` address; None: the boxes alone.
    """

    number: int
    info: PageInfo
    annotations: Sequence[Annotation]
    network_size: int
    capped: bool
    picture: str | None

    def scores(self) -> list[float]:
        """Return the scores that there are."""
        return [found.score for found in self.annotations if found.score is not None]


def small_picture(page: Page) -> str:
    """Return a page's picture as a `data:` address of a WebP.

    Args:
        page: Its pixels may be fewer than `page.info` says.
    """
    picture = Image.fromarray(page.pixels)
    width, height = _small_size(page.info)
    if picture.width > width:
        resample = Image.Resampling.BOX if picture.width > 2 * width else Image.Resampling.LANCZOS
        picture = picture.resize((width, height), resample)
    stream = io.BytesIO()
    picture.save(stream, format="WEBP", quality=QUALITY, method=2)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"


def sheet_markup(sheet: Sheet, classes: Mapping[str, int], folder: Path) -> str:
    """Return an `<article>`.

    Args:
        sheet: What to show.
        classes: Numbers of the classes, which have their colours in the style sheet.
        folder: Where the report is, for the link to the page's file.
    """
    info = sheet.info
    by_class: dict[int, list[Annotation]] = {}
    for found in sheet.annotations:
        by_class.setdefault(classes[found.label], []).append(found)
    names = {number: label for label, number in classes.items()}
    tally = "".join(
        f'<span><i class="k{number}"></i>{len(found):,} {escape(names[number])}</span>'
        for number, found in sorted(by_class.items())
    )
    scores = sheet.scores()
    folders, slash, name = info.name.rpartition("/")
    facts = [f"{info.width} × {info.height} px"]
    facts += [f"{info.dpi:.0f} dpi"] if info.dpi is not None else []
    facts.append(f"seen at {sheet.network_size} px")
    facts += [f"scores {min(scores):.2f}–{max(scores):.2f}"] if scores else []
    capped = '<p class="bad">more boxes than the model keeps: some may be missing</p>' if sheet.capped else ""
    low = f"{min(scores):.4f}" if scores else "2"
    return (
        f'<article class="sheet" id="p{sheet.number}" data-name="{escape(info.name.casefold(), quote=True)}" '
        f'data-boxes="{len(sheet.annotations)}" data-low="{low}" data-k="{" ".join(map(str, sorted(by_class)))}">'
        f'<h3><a href="{_link(info, folder)}">{escape(name)}</a></h3>'
        f'<p class="faint place">{escape(folders + slash)}</p>{_shot(sheet, by_class, names)}'
        f'<p class="tally">{tally or "no boxes"}</p><p class="faint">{escape(", ".join(facts))}</p>{capped}</article>\n'
    )


def _small_size(info: PageInfo) -> tuple[int, int]:
    factor = min(1.0, MAX_SIDE / max(info.width, info.height))
    return max(1, round(info.width * factor)), max(1, round(info.height * factor))


def _link(info: PageInfo, folder: Path) -> str:
    """Return the address of the page's file, seen from the report; never one with a scheme."""
    way = quote(os.fsencode(way_to(info.source, folder)))
    return f"{way}#page={info.page}" if info.page is not None and way.lower().endswith(".pdf") else way


def _shot(sheet: Sheet, by_class: Mapping[int, Sequence[Annotation]], names: Mapping[int, str]) -> str:
    width, height = _small_size(sheet.info)
    spoken = f"{sheet.info.name}: {len(sheet.annotations)} boxes"
    image = ""
    if sheet.picture is not None:
        image = f'<img loading="lazy" decoding="async" width="{width}" height="{height}" alt="" src="{sheet.picture}">'
    scale = width / sheet.info.width, height / sheet.info.height
    paths = "".join(
        f'<path class="k{number}" data-label="{escape(names[number], quote=True)}" '
        f'data-s="{" ".join(_score(one.score) for one in found)}" '
        f'd="{"".join(_rectangle(one, scale) for one in found)}"/>'
        for number, found in sorted(by_class.items())
    )
    return (
        f'<div class="shot" style="aspect-ratio:{width}/{height}">{image}'
        f'<svg viewBox="0 0 {width} {height}" role="img" '
        f'preserveAspectRatio="none" aria-label="{escape(spoken, quote=True)}">{paths}</svg></div>'
    )


def _score(score: float | None) -> str:
    """Return `.97`, `1` or nothing."""
    return "" if score is None else f"{score:.2f}".removeprefix("0").removesuffix(".00")


def _rectangle(found: Annotation, scale: tuple[float, float]) -> str:
    x0, y0, x1, y1 = found.box
    x, y = _short(x0 * scale[0]), _short(y0 * scale[1])
    width, height = _short((x1 - x0) * scale[0]), _short((y1 - y0) * scale[1])
    return f"M{x} {y}h{width}v{height}h-{width}z"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
