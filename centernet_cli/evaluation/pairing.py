"""Find for every page of truth the page of predictions that shows the same.

Truth knows files relative to its dataset, predictions know them as the user named them, maybe on another computer and
at another resolution. Pages belong together when their numbers are equal and their paths end alike.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.evaluation.pairs import PagePair

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord

    Parts = tuple[str, ...]

MAX_STRETCH = 0.02
"""Widths and heights of a page in truth and predictions may differ by a common factor, within this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthSource:
    """A dataset to judge by.

    Attributes:
        name: As in reports; different for each source.
        dataset: The pages with what is on them.
        annotates: Classes it labels wherever they appear; None: all.
        path: Where it was read from, if known.
    """

    name: str
    dataset: Dataset
    annotates: frozenset[str] | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """All pages of truth, and what didn't fit.

    Attributes:
        pairs: A pair for every page of truth, in order; without predictions where there are none.
        missing: Names of truth pages without predictions, `source: page`.
        extra: Names of predicted pages without truth.
        rescaled: Pages whose predictions were made at another resolution.
    """

    pairs: tuple[PagePair, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    rescaled: int


@dataclass(frozen=True, slots=True)
class _Truth:
    source: TruthSource
    page: PageRecord
    parts: Parts
    known: int
    """How many of the last parts the dataset itself vouches for; those before say only where it lies today."""


def pair_pages(sources: Sequence[TruthSource], predictions: Dataset) -> Pairing:
    """Pair the pages of one or more datasets with predictions.

    Args:
        sources: The truth.
        predictions: Predictions for these pages, and maybe for others.

    Raises:
        InputError: D060 two pages fit equally well; D061 a page has another shape in truth and predictions;
            D062 no page has predictions.
    """
    truths = [
        _Truth(source, page, _parts(_full_path(source.dataset, page.info)), len(_parts(page.info.source)))
        for source in sources
        for page in source.dataset.pages
    ]
    found = predictions.pages
    chosen = _choose(truths, found)
    if truths and not chosen:
        such_as = f", which know only pages such as '{found[0].info.name}'" if found else ", which hold no page at all"
        message = (
            f"none of the {len(truths)} pages, such as '{truths[0].page.info.name}', is in the predictions{such_as}"
        )
        raise InputError("D062", message, hint="pages are compared by the ends of their paths")
    pairs, missing, rescaled = [], [], 0
    for index, truth in enumerate(truths):
        annotations: tuple[Annotation, ...] = ()
        if index in chosen:
            annotations, changed = _at_size(found[chosen[index]], truth.page.info)
            rescaled += changed
        else:
            missing.append(f"{truth.source.name}: {truth.page.info.name}")
        pairs.append(
            PagePair(
                source=truth.source.name,
                truth=truth.page.annotations,
                predictions=annotations,
                width=truth.page.info.width,
                height=truth.page.info.height,
                annotates=truth.source.annotates,
                name=truth.page.info.name,
                # Pages of one file belong together, and so do those that the dataset says so of.
                document=truth.page.group or truth.page.info.source,
            )
        )
    used = set(chosen.values())
    extra = tuple(page.info.name for index, page in enumerate(found) if index not in used)
    return Pairing(pairs=tuple(pairs), missing=tuple(missing), extra=extra, rescaled=rescaled)


def _full_path(dataset: Dataset, info: PageInfo) -> str:
    if dataset.root is None:
        return info.source
    return str((Path.cwd() / dataset.root / info.source).absolute())


def _parts(path: str) -> Parts:
    """Split a path into normalised parts; `.` and leading `..` say nothing about where a file is."""
    parts: list[str] = []
    for part in unicodedata.normalize("NFC", path).replace("\\", "/").split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return tuple(parts)


def _common_end(one: Parts, other: Parts) -> int:
    length = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        length += 1
    return length


def _choose(truths: Sequence[_Truth], pages: Sequence[PageRecord]) -> dict[int, int]:
    """Return truth index -> prediction index; a file that a dataset lists twice has the same predictions twice."""
    groups: dict[tuple[str, Parts, int], list[int]] = {}
    for index, truth in enumerate(truths):
        groups.setdefault((truth.source.name, truth.parts, truth.page.info.page or 1), []).append(index)
    page_groups: dict[tuple[Parts, int], list[int]] = {}
    for index, page in enumerate(pages):
        page_groups.setdefault((_parts(page.info.source), page.info.page or 1), []).append(index)
    sides = list(groups.values()), list(page_groups.values())
    firsts = [truths[group[0]] for group in sides[0]], [pages[group[0]] for group in sides[1]]
    chosen: dict[int, int] = {}
    for one, other in _assign(*firsts, [parts for parts, _ in page_groups]).items():
        group, page_group = sides[0][one], sides[1][other]
        if len(group) == len(page_group):
            chosen.update(zip(group, page_group, strict=True))
            continue
        if any(pages[index].annotations != pages[page_group[0]].annotations for index in page_group):
            _refuse_ambiguous([(group[0], index) for index in page_group], truths, pages)
        chosen.update(dict.fromkeys(group, page_group[0]))
    return chosen


def _assign(truths: Sequence[_Truth], pages: Sequence[PageRecord], found: Sequence[Parts]) -> dict[int, int]:
    """Return truth index -> prediction index, one to one, the longest common ends of paths first."""
    by_name: dict[tuple[str, int], list[int]] = {}
    for index, parts in enumerate(found):
        if parts:
            by_name.setdefault((parts[-1], pages[index].info.page or 1), []).append(index)
    same_name = Counter((truth.parts[-1], truth.page.info.page or 1) for truth in truths if truth.parts)
    fits: dict[int, list[tuple[int, int]]] = {}
    for index, truth in enumerate(truths):
        if not truth.parts:
            continue
        key = (truth.parts[-1], truth.page.info.page or 1)
        candidates = by_name.get(key, [])
        for candidate in candidates:
            length = _common_end(truth.parts, found[candidate])
            if length == len(found[candidate]) or length >= truth.known:
                fits.setdefault(length, []).append((index, candidate))
            elif len(candidates) == 1 and same_name[key] == 1:
                # The folders differ, but no other page has this name.
                fits.setdefault(0, []).append((index, candidate))
    chosen: dict[int, int] = {}
    used: set[int] = set()
    for length in sorted(fits, reverse=True):
        free = [
            (index, candidate) for index, candidate in fits[length] if index not in chosen and candidate not in used
        ]
        _refuse_ambiguous(free, truths, pages)
        chosen.update(free)
        used.update(candidate for _, candidate in free)
    return chosen


def _refuse_ambiguous(fits: Iterable[tuple[int, int]], truths: Sequence[_Truth], pages: Sequence[PageRecord]) -> None:
    of_truth: dict[int, int] = {}
    of_page: dict[int, int] = {}
    for index, candidate in fits:
        name = f"{truths[index].source.name}: {truths[index].page.info.name}"
        hint = "predict with longer paths, or evaluate the datasets one by one"
        if index in of_truth and pages[of_truth[index]].info.name == pages[candidate].info.name:
            message = f"the predictions have page '{pages[candidate].info.name}' twice: which is '{name}'?"
            hint = "leave one of them out"
        elif index in of_truth:
            message = f"page '{name}' may be '{pages[of_truth[index]].info.name}' or '{pages[candidate].info.name}'"
        elif candidate in of_page:
            other = truths[of_page[candidate]]
            message = (
                f"predictions for '{pages[candidate].info.name}' may belong to '{name}' "
                f"or '{other.source.name}: {other.page.info.name}'"
            )
        else:
            of_truth[index] = candidate
            of_page[candidate] = index
            continue
        raise InputError("D060", message, hint=hint)


def _at_size(page: PageRecord, info: PageInfo) -> tuple[tuple[Annotation, ...], bool]:
    """Return predictions in the pixels of the truth, and whether that changed them."""
    if (page.info.width, page.info.height) == (info.width, info.height):
        return page.annotations, False
    across, down = info.width / page.info.width, info.height / page.info.height
    # A side of few pixels is rounded by a large share of its length.
    rounding = 1 / min(info.width, info.height, page.info.width, page.info.height)
    if abs(across / down - 1) > MAX_STRETCH + rounding:
        message = (
            f"page '{info.name}' has {info.width} x {info.height} px in the truth, "
            f"{page.info.width} x {page.info.height} px in the predictions: not the same picture"
        )
        raise InputError("D061", message)
    scaled = tuple(
        replace(item, box=(item.box[0] * across, item.box[1] * down, item.box[2] * across, item.box[3] * down))
        for item in page.annotations
    )
    return scaled, True
