"""Classes that are one class to people: other case, spaces, plural, letters of another script that look the same."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOK_ALIKES = str.maketrans(
    # Cyrillic and Greek letters, after case folding, and the Latin ones they look like.
    "аеорсухіјѕԁԛԝһӏαβγεικνορτυχωϲϳ",
    "aeopcyxijsdqwhlabyeiknoptuxwcj",
)
_SEPARATORS = re.compile(r"[\s_\-./]+")
_LETTERS_AND_DIGITS = re.compile(r"(?<=[a-z])(?=[0-9])")


def same_classes(counts: Mapping[str, int]) -> list[list[str]]:
    """Return groups of two or more names that differ only in spelling, the most frequent name of each first.

    Args:
        counts: Boxes of each class.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in counts:
        key = spelling_key(name)
        if key:
            groups[key].append(name)

    def order(name: str) -> tuple[int, bool, str]:
        return (-counts[name], name != name.strip().casefold(), name)

    return [sorted(names, key=order) for names in groups.values() if len(names) > 1]


def spelling_key(name: str) -> str:
    """Return what stays the same however a name is spelt; empty for an empty name.

    >>> spelling_key("Table ") == spelling_key("tables") == spelling_key("tаble")
    True
    """
    text = "".join(char for char in unicodedata.normalize("NFKC", name) if unicodedata.category(char) != "Cf")
    text = text.casefold().translate(_LOOK_ALIKES)
    words = _SEPARATORS.sub(" ", _LETTERS_AND_DIGITS.sub(" ", text)).strip()
    return _singular(words).replace(" ", "")


def _singular(words: str) -> str:
    """Return English words without the plural of the last: no dictionary, so `bus` and `class` stay as they are."""
    if words.endswith("ies") and len(words) > 4:
        return f"{words[:-3]}y"
    if words.endswith(("sses", "xes", "ches", "shes")):
        return words[:-2]
    if words.endswith("s") and not words.endswith(("ss", "us", "is")) and len(words) > 3:
        return words[:-1]
    return words
