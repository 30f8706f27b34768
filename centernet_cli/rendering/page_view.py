"""A page with boxes over its picture, for HTML reports: kinds of boxes can be hidden, and each says what it is."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box, Page

MAX_SIDE = 1100
"""Pictures are scaled down to this long side: text stays legible, and twenty of them make a few megabytes."""
QUALITY = 70
KINDS = {
    "found": "truth, found",
    "missed": "truth, missed",
    "right": "detection, right",
    "wrong": "detection, wrong",
}
"""Kinds of boxes, and what the legend calls them."""

STYLE = """
.views{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:1em}
.view{margin:.6em 0;border:1px solid var(--rule);border-radius:6px;padding:.6em;background:var(--zone)}
.view svg{display:block;width:100%;height:auto;max-height:92vh;background:#fff}
.view rect{vector-effect:non-scaling-stroke;stroke-width:1.3;fill-opacity:0}
.view figcaption{overflow-wrap:anywhere;margin-bottom:.4em}
rect.found,i.found{stroke:#0a9a72;border-color:#0a9a72}
rect.right,i.right{stroke:#2b83c6;border-color:#2b83c6}
rect.missed,i.missed{stroke:#d95f02;border-color:#d95f02}
rect.missed{fill:#d95f02;fill-opacity:.28;stroke-width:2}
rect.wrong,i.wrong{stroke:#a3369b;border-color:#a3369b}
rect.wrong{fill:#a3369b;fill-opacity:.22;stroke-width:2;stroke-dasharray:5 3}
rect:hover{stroke-width:3.5}
.legend{position:sticky;top:0;background:var(--paper);padding:.5em 0;z-index:1;display:flex;gap:1.2em;flex-wrap:wrap}
.legend i{display:inline-block;width:1.1em;height:.8em;border-width:2px;border-style:solid;margin:0 .35em;
vertical-align:middle}
.no-found rect.found,.no-missed rect.missed,.no-right rect.right,.no-wrong rect.wrong{display:none}
.stock{position:absolute;width:0;height:0}
"""

SCRIPT = """
for (const box of document.querySelectorAll("[data-kind]")) box.addEventListener("change", () =>
  document.body.classList.toggle("no-" + box.dataset.kind, !box.checked));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewBox:
    """A box in page pixels, of one of `KINDS`; `note` shows under the mouse."""

    kind: str
    box: Box
    note: str


def picture_data(page: Page, max_side: int = MAX_SIDE) -> str:
    """Return a page's picture as a `data:` address of a JPEG."""
    picture = Image.fromarray(page.pixels)
    factor = max_side / max(picture.size)
    if factor < 1:
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Image.Resampling.BOX if factor < 1 / 2 else Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def picture_stock(pictures: Sequence[tuple[str, str, tuple[float, float]]]) -> str:
    """Return pictures for several views, each given as name, `data:` address, and width and height of the page."""
    images = "".join(
        f'<image id="{escape(name, quote=True)}" href="{data}" width="{size[0]:g}" height="{size[1]:g}" '
        'preserveAspectRatio="none"/>'
        for name, data, size in pictures
    )
    return f'<svg class="stock" aria-hidden="true"><defs>{images}</defs></svg>\n'


def page_view(caption: str, picture: str | None, size: tuple[float, float], boxes: Sequence[ViewBox]) -> str:
    """Return a picture with boxes over it.

    Args:
        caption: Above it.
        picture: Its name in the stock; None: boxes on white.
        size: Width and height of the page in pixels.
        boxes: Large ones first, so that small ones can be pointed at.
    """
    image = f'<use href="#{escape(picture, quote=True)}"/>' if picture else ""
    shapes = "".join(
        f'<rect class="{one.kind}" x="{one.box[0]:.1f}" y="{one.box[1]:.1f}" width="{one.box[2] - one.box[0]:.1f}" '
        f'height="{one.box[3] - one.box[1]:.1f}"><title>{escape(one.note)}</title></rect>'
        for one in sorted(boxes, key=lambda one: -(one.box[2] - one.box[0]) * (one.box[3] - one.box[1]))
    )
    return (
        f'<figure class="view"><figcaption>{escape(caption)}</figcaption>'
        f'<svg viewBox="0 0 {size[0]:g} {size[1]:g}" role="img" aria-label="{escape(caption, quote=True)}">'
        f"{image}{shapes}</svg></figure>\n"
    )


def legend() -> str:
    """Return the kinds of boxes with a switch each."""
    items = "".join(
        f'<label><input type="checkbox" checked data-kind="{kind}"><i class="{kind}"></i>{escape(name)}</label>'
        for kind, name in KINDS.items()
    )
    return f'<div class="legend">{items}</div>\n'
