"""Splitting a dataset: documents stay whole, classes are spread, and adding pages moves few others.

Documents are put into groups by the rarest class they have, and within a group in the order of a hash of their names.
Each group, the rarest first, is cut at the shares asked for; what a cut misses is made up for by the next. Then the few
documents whose moving evens out pages and classes most are moved. So the result depends on names, boxes and seed alone,
and one page more changes it a little at most.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from centernet_cli.datasets.documents import document_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from centernet_cli.core.records import PageRecord

By = Literal["document", "page"]
PAGES_COUNT = 2.0
"""Weight of an even number of pages; each class has 1."""
_MOVED = 0.1
"""Share of the documents that may be moved, or `_FEW` of them."""
_FEW = 10
_WORTH = 0.002
"""Least share of the unevenness that moving a document must take away."""


@dataclass(slots=True)
class _Unit:
    """Pages that stay together: a document, or a page."""

    name: str
    order: float
    pages: list[int] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)


def split_pages(
    pages: Sequence[PageRecord],
    shares: Mapping[str, float],
    *,
    seed: int = 0,
    by: By = "document",
    spread: bool = True,
    copies: Sequence[Sequence[int]] = (),
) -> dict[str, list[int]]:
    """Return the numbers of the pages of each split, in their order.

    Args:
        pages: To split.
        shares: Of the pages for each split; they sum up to 1.
        seed: Another one gives another split.
        by: What stays together: pages of a document (`document_of`), or only an image listed twice.
        spread: Look at classes.
        copies: Numbers of pages that show the same, each group of which stays together with all that its pages do.
    """
    units = _units(pages, seed, by, copies)
    total: Counter[str] = Counter()
    for unit in units:
        total.update(unit.classes)
    groups: dict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        # Ties by name, so that the result doesn't depend on the order of the pages.
        rarest = min(unit.classes, key=lambda label: (total[label], label), default="") if spread else ""
        groups[rarest].append(unit)
    chosen: dict[str, str] = {}
    missing = dict.fromkeys(shares, 0.0)
    for label in sorted(groups, key=lambda label: (not label, total[label], label)):
        _cut(sorted(groups[label], key=lambda unit: (unit.order, unit.name)), label, shares, missing, chosen)
    if spread and units:
        _even_out(sorted(units, key=lambda unit: (unit.order, unit.name)), shares, chosen)
    found: dict[str, list[int]] = {name: [] for name in shares}
    for unit in units:
        found[chosen[unit.name]] += unit.pages
    return {name: sorted(numbers) for name, numbers in found.items()}


def hash_of(seed: int, name: str) -> float:
    """Return a number in [0, 1) that depends on seed and name alone."""
    digest = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _unit_name(page: PageRecord, by: By) -> str:
    folder = page.info.source.rpartition("/")[0] if page.group is None else ""
    # Scans called `0001.png` in several folders are of several documents.
    return f"{folder}/{document_of(page)}" if by == "document" else page.info.name


def _units(pages: Sequence[PageRecord], seed: int, by: By, copies: Sequence[Sequence[int]]) -> list[_Unit]:
    names = [_unit_name(page, by) for page in pages]
    joined: dict[str, str] = {}  # a name to an earlier one of the same unit

    def first(name: str) -> str:
        while name in joined:
            name = joined[name]
        return name

    for group in copies:
        known, *others = sorted({first(names[number]) for number in group})
        joined |= dict.fromkeys(others, known)
    units: dict[str, _Unit] = {}
    for number, page in enumerate(pages):
        name = first(names[number])
        unit = units.get(name)
        if unit is None:
            unit = units[name] = _Unit(name, hash_of(seed, name))
        unit.pages.append(number)
        unit.classes.update(annotation.label for annotation in page.annotations)
    return list(units.values())


def _cut(
    units: Sequence[_Unit],
    label: str,
    shares: Mapping[str, float],
    missing: dict[str, float],
    chosen: dict[str, str],
) -> None:
    """Cut a group of units; `missing` is what earlier groups left each split short of, in pages."""
    pages = sum(len(unit.pages) for unit in units)
    boxes = sum(unit.classes[label] for unit in units)
    # A unit counts by its pages and by its boxes of the class, half each: both are to be spread.
    weights = [
        (len(unit.pages) + (pages * unit.classes[label] / boxes if boxes else len(unit.pages))) / 2 for unit in units
    ]
    wanted = {name: max(0.0, share * pages + missing[name]) for name, share in shares.items()}
    scale = pages / (sum(wanted.values()) or 1.0)
    ends: list[tuple[str, float]] = []
    end = 0.0
    for name, amount in wanted.items():
        end += amount * scale
        ends.append((name, end))
    last = [name for name, share in shares.items() if share > 0][-1]  # what rounding leaves over
    before = 0.0
    got = dict.fromkeys(shares, 0.0)
    for unit, weight in zip(units, weights, strict=True):
        middle = before + weight / 2
        name = next((name for name, end in ends if middle < end), last)
        chosen[unit.name] = name
        got[name] += weight
        before += weight
    for name, share in shares.items():
        missing[name] += share * pages - got[name]


def _even_out(units: Sequence[_Unit], shares: Mapping[str, float], chosen: dict[str, str]) -> None:
    """Move units, one at a time, as long as that evens out pages and classes; never the last of a split.

    Unevenness is the sum of squared differences of shares, of the pages and of each class, over the share asked for.
    """
    names = [name for name, share in shares.items() if share > 0]
    wanted = np.array([shares[name] for name in names])[:, None]
    labels = sorted({label for unit in units for label in unit.classes})
    counts = np.array([[len(unit.pages), *(unit.classes[label] for label in labels)] for unit in units], dtype=float)
    weight = np.array([PAGES_COUNT] + [1.0] * len(labels))
    parts = counts / counts.sum(axis=0).clip(min=1)
    at = np.array([names.index(chosen[unit.name]) for unit in units])
    got = np.array([parts[at == split].sum(axis=0) for split in range(len(names))])
    start = float((weight * (got - wanted) ** 2 / wanted).sum())
    for _ in range(max(_FEW, int(_MOVED * len(units)))):
        error = (weight * (got - wanted) ** 2 / wanted).sum(axis=1)
        without = (weight * (got[at] - parts - wanted[at]) ** 2 / wanted[at]).sum(axis=1)
        with_it = (weight * (got[None] + parts[:, None] - wanted[None]) ** 2 / wanted[None]).sum(axis=2)
        gain = (error[at] - without)[:, None] + error[None] - with_it
        gain[np.arange(len(units)), at] = -np.inf
        gain[np.bincount(at, minlength=len(names))[at] == 1] = -np.inf
        best, split = divmod(int(gain.argmax()), len(names))
        if not gain[best, split] > _WORTH * start:
            break
        got[at[best]] -= parts[best]
        got[split] += parts[best]
        at[best] = split
    for unit, number in zip(units, at.tolist(), strict=True):
        chosen[unit.name] = names[number]
