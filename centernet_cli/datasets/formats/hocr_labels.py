"""Classes of hOCR elements, and the properties in their `title`."""

from __future__ import annotations

import re

LINE, WORD = "text_line", "word"
DATA = "data-centernet"
"""Attribute that keeps, as JSON, what hOCR has no place for."""

_LABELS = {
    "ocr_carea": "text",
    "ocrx_block": "text",
    "ocr_par": "paragraph",
    "ocr_title": "title",
    "ocr_header": "header",
    "ocr_footer": "footer",
    "ocr_caption": "caption",
    "ocr_table": "table",
    "ocr_photo": "figure",
    "ocr_image": "figure",
    "ocr_linedrawing": "line-drawing",
    "ocr_separator": "separator",
    "ocr_pageno": "page-number",
    "ocr_textfloat": "floating",
    "ocr_math": "maths",
    "ocr_display": "maths",
    "ocr_chem": "chem",
}
_CLASSES = {label: name for name, label in reversed(_LABELS.items())}
LINES = {"ocr_line", "ocrx_line"}
WORDS = {"ocrx_word", "ocr_word"}
LINES_IN_PARAGRAPHS = {"ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat"}
"""Tesseract calls the lines of such blocks so, inside of `ocr_par`."""
CHARACTERS = {"ocr_cinfo", "ocrx_cinfo", "ocr_glyph", "ocr_glyphs"}
_NO_REGIONS = {"ocr_page", "ocr_document", "ocr_linear"} | CHARACTERS
# A name, then values; a semicolon in quotes ends nothing.
_PROPERTY = re.compile(r"""([A-Za-z_][\w-]*)((?:\s*"[^"]*"|\s*'[^']*'|[^;])*)""")


def region_label(name: str) -> str | None:
    """Return the class of a region by the class of its element; None for what is no region."""
    if name in _NO_REGIONS or name in LINES or name in WORDS:
        return None
    return _LABELS.get(name) or re.sub(r"^ocrx?_", "", name)


def region_class(label: str) -> tuple[str, bool]:
    """Return the class of the element of a region, and whether the region's class has to be kept beside it."""
    name = _CLASSES.get(label)
    return ("ocr_carea", True) if name is None else (name, False)


def element_class(attribute: str | None) -> str | None:
    """Return the first class of an element that is hOCR's, None if none is."""
    return next((name for name in (attribute or "").split() if name.startswith(("ocr_", "ocrx_"))), None)


def properties(title: str | None) -> dict[str, str]:
    """Return the properties in a `title`, `name values; name values`, without the quotes around single values."""
    found: dict[str, str] = {}
    for name, values in _PROPERTY.findall(title or ""):
        value = values.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        found.setdefault(name, value[1:-1] if quoted else value)
    return found
