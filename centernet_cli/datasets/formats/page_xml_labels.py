"""Classes of PAGE XML: types of regions, and the `custom` attribute that keeps what the schema has no place for."""

from __future__ import annotations

import re

LINE, WORD = "text_line", "word"

_TEXT_TYPES = (
    "caption", "header", "footer", "page-number", "drop-capital", "credit", "floating", "signature-mark", "catch-word",
    "marginalia", "footnote", "footnote-continued", "endnote", "TOC-entry", "list-label", "other",
)  # fmt: skip
_TYPE_LABELS = {"paragraph": "text", "heading": "title"}
_ELEMENTS: dict[str, tuple[str, str | None]] = {
    "text": ("TextRegion", "paragraph"),
    "title": ("TextRegion", "heading"),
    **{name: ("TextRegion", name) for name in _TEXT_TYPES},
    "table": ("TableRegion", None),
    "figure": ("ImageRegion", None),
    "line-drawing": ("LineDrawingRegion", None),
    "graphic": ("GraphicRegion", None),
    "chart": ("ChartRegion", None),
    "map": ("MapRegion", None),
    "separator": ("SeparatorRegion", None),
    "maths": ("MathsRegion", None),
    "chem": ("ChemRegion", None),
    "music": ("MusicRegion", None),
    "advert": ("AdvertRegion", None),
    "noise": ("NoiseRegion", None),
    "unknown": ("UnknownRegion", None),
}
_ELEMENT_LABELS = {element: label for label, (element, kind) in _ELEMENTS.items() if kind is None}
_ELEMENT_LABELS["TableCell"] = "cell"  # Transkribus's own, within a TableRegion
_OURS = "centernet"
_GROUP = re.compile(r"([\w-]+)\s*\{([^{}]*)\}")
_PLAIN = re.compile(r"[^\W_][\w .-]*[\w.-]|\w")
_SPECIAL = re.compile(r"[^\w .-]|^ | $")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")

Custom = dict[str, dict[str, str]]


def parse_custom(text: str | None) -> Custom:
    r"""Read a `custom` attribute of Transkribus's form: `name {key:value; key:value;} name {…}`, escapes `\uXXXX`."""
    found: Custom = {}
    for name, body in _GROUP.findall(text or ""):
        pairs = (entry.partition(":") for entry in body.split(";"))
        found[name] = {key.strip(): _unescape(value.strip()) for key, mark, value in pairs if mark}
    return found


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def _escape(text: str) -> str:
    # Characters beyond the first plane have no escape of four digits, and need none.
    return _SPECIAL.sub(lambda match: f"\\u{ord(match[0]):04x}" if ord(match[0]) < 0x10000 else match[0], text)


def custom_type(custom: Custom) -> str | None:
    """Return the type of a region or line that a `custom` attribute names, None if it names none."""
    return next((found for name in ("structure", "type") if (found := custom.get(name, {}).get("type"))), None)


def our_custom(custom: Custom) -> dict[str, str]:
    """Return the part of a `custom` attribute that is ours: `label`, `crowd`, `holder`."""
    return custom.get(_OURS, {})


def region_label(element: str, kind: str | None, custom: Custom, *, is_cell: bool = False) -> str:
    """Return the class of a region.

    Args:
        element: Name such as `TextRegion`.
        kind: Its `type`.
        custom: Its `custom`, whose `structure {type:…;}` goes over the type, as in Transkribus and eScriptorium;
            kraken has `type {type:…;}`.
        is_cell: Whether it has the role of a table's cell.
    """
    if "label" in our_custom(custom):
        return our_custom(custom)["label"]
    structure = custom_type(custom)
    if structure:
        return _TYPE_LABELS.get(structure, structure)
    if element == "TextRegion":
        if is_cell:
            return "cell"
        return _TYPE_LABELS.get(kind, kind) if kind else "text"
    if element == "CustomRegion":
        return kind or "custom"
    return _ELEMENT_LABELS.get(element, element.removesuffix("Region").lower())


def region_element(label: str) -> tuple[str, str | None, Custom]:
    """Return element, `type` and `custom` of a region's class, which `region_label` turns into that class again."""
    element, kind = _ELEMENTS.get(label, ("TextRegion", "other"))
    custom: Custom = {}
    if region_label(element, kind, custom) != label and _PLAIN.fullmatch(label):
        custom = {"structure": {"type": label}}
    if region_label(element, kind, custom) != label:
        custom = {_OURS: {"label": label}}
    return element, kind, custom


def custom_text(custom: Custom, *, label: str | None = None, crowd: bool = False, holder: bool = False) -> str | None:
    """Return a `custom` attribute; None if there is nothing to say.

    Args:
        custom: What `region_element` returned.
        label: Class to keep, if the element doesn't say it.
        crowd: Whether the annotation stands for many things.
        holder: Whether the element is no annotation, but only holds lines or words.
    """
    ours = dict(our_custom(custom))
    if label is not None:
        ours["label"] = label
    if crowd:
        ours["crowd"] = "true"
    if holder:
        ours["holder"] = "true"
    groups = {**custom, **({_OURS: ours} if ours else {})}
    texts = [
        f"{name} {{{' '.join(f'{key}:{_escape(value)};' for key, value in pairs.items())}}}"
        for name, pairs in groups.items()
    ]
    return " ".join(texts) or None
