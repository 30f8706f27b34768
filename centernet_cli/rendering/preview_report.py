"""Pages with their boxes, before and after augmentation, as one HTML page."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from centernet_cli.rendering.html_page import html_page
from centernet_cli.rendering.overlay import colour_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

QUALITY = 78
_STYLE = """
.row{display:flex;flex-wrap:wrap;gap:.8em;align-items:flex-start;margin:.4em 0 1.6em}
.row figure{margin:0;max-width:min(100%,400px)}
.row img{display:block;max-width:100%;height:auto;border:1px solid var(--rule)}
.key{display:flex;flex-wrap:wrap;gap:1em;margin:.6em 0}
.key i{display:inline-block;width:.9em;height:.9em;margin-right:.35em}
"""


def preview_report(
    title: str, note: str, classes: Sequence[str], rows: Sequence[tuple[str, Sequence[tuple[str, Image.Image]]]]
) -> str:
    """Return the page.

    Args:
        title: Of the page.
        note: Under it.
        classes: In the order of their colours.
        rows: Pages: name, and pictures with their captions.
    """
    key = "".join(
        f'<span><i style="background:rgb{colour_of(index)}"></i>{escape(name)}</span>'
        for index, name in enumerate(classes)
    )
    parts = [f"<p>{escape(note)}</p>\n", f'<div class="key">{key}</div>\n']
    for name, pictures in rows:
        figures = "".join(
            f'<figure><img alt="{escape(f"{name}: {caption}", quote=True)}" src="{_data(picture)}" '
            f'width="{picture.width}" height="{picture.height}" loading="lazy">'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
            for caption, picture in pictures
        )
        parts.append(f'<h3>{escape(name)}</h3>\n<div class="row">{figures}</div>\n')
    return html_page(title, parts, style=_STYLE)


def _data(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
