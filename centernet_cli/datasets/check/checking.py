"""Checking datasets: all that is wrong with them, and the same datasets with what can be mended mended."""

from __future__ import annotations

import contextlib
import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.shown_paths import shown
from centernet_cli.datasets.check.class_names import same_classes
from centernet_cli.datasets.check.copies import Use, same_content, same_look
from centernet_cli.datasets.check.findings import Findings, Place, listed, of_shape
from centernet_cli.datasets.check.frames import Verdict, judge
from centernet_cli.datasets.check.ink import judge_by_ink
from centernet_cli.datasets.check.recipe_fit import look
from centernet_cli.datasets.check.shapes import mend_shapes, with_corners_in_order
from centernet_cli.datasets.check.sources import LEFT_OUT, Request, Source, read_source
from centernet_cli.datasets.documents import document_of, names_document
from centernet_cli.datasets.formats import level_of_each
from centernet_cli.datasets.formats.image_header import SUFFIXES
from centernet_cli.datasets.formats.labelme import embedded_images
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Dataset, PageRecord
    from centernet_cli.datasets.check.recipe_fit import Eyes
    from centernet_cli.datasets.check.shapes import Told

_MOST_FILES = 1_000_000
"""Files to look through for images that nobody names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to check.

    Attributes:
        eyes: A recipe's, to look at boxes with; None leaves that out.
        pixels: Decode every image: finds damaged ones and those that look alike.
        workers: Threads that decode.
        shown: Places kept of each finding.
    """

    eyes: Eyes | None = None
    pixels: bool = False
    workers: int = 1
    shown: int = 5


@dataclass(slots=True)
class Checked:
    """What was found.

    Attributes:
        sources: Those that could be read.
        findings: What is wrong.
        mended: For each source its dataset, with what can be mended mended, and the rest left out.
        unreadable: Why the other sources could not be read.
    """

    sources: list[Source]
    findings: Findings
    mended: list[Dataset] = field(default_factory=list)
    unreadable: list[InputError] = field(default_factory=list)


def check(
    requests: Sequence[Request],
    options: Options,
    tally: Tally | None = None,
    refused: Sequence[tuple[Path, InputError]] = (),
) -> Checked:
    """Check datasets, each by itself and against each other.

    Args:
        requests: What to read.
        options: How.
        tally: Its `watch` shows progress.
        refused: Sources that are out of the question, and why.

    Returns:
        All that was found; nothing is written.

    Raises:
        UsageError: U304, a level that no source has.
    """
    tally = Tally() if tally is None else tally
    findings = Findings(options.shown)
    sources, unreadable = [], [error for _, error in refused]
    for path, error in refused:
        findings.add_error(error, path)
    for request in requests:
        try:
            sources.append(read_source(request, findings, tally))
        except InputError as error:
            unreadable.append(error)
            findings.add_error(error, request.path)
    if sources and not unreadable and all(source.request.is_level_shared for source in sources):
        level_of_each([source.format for source in sources], sources[0].request.level)
    checked = _Check(sources, findings, options, tally).run()
    checked.unreadable += unreadable
    return checked


class _Check:
    """One check; the mended pages are None where they are left out."""

    def __init__(self, sources: list[Source], findings: Findings, options: Options, tally: Tally) -> None:
        self.sources = sources
        self.findings = findings
        self.options = options
        self.tally = tally
        self.names: dict[str, str] = {}
        self.strangers = False  # whether classes of sources and recipe do not fit, which is told
        self.mended: list[list[PageRecord | None]] = []
        self.uses: list[Use] = []
        self.embedded: dict[Path, frozenset[str]] = {}

    def run(self) -> Checked:
        self._classes()
        for number, source in enumerate(self.sources):
            self._pages(number, source)
            if not source.dataset.pages:
                self.findings.add("D030", source.path, Place(detail="the dataset has no pages"))
        self._learnt()
        self._listed_twice()
        self._unnamed_images()
        self._copies()
        self._documents()
        return Checked(self.sources, self.findings, [self._dataset(number) for number in range(len(self.sources))])

    # Classes

    def _classes(self) -> None:
        counts = [_count_classes(source.dataset) for source in self.sources]
        for source, found in zip(self.sources, counts, strict=True):
            for name in source.dataset.classes:
                if not found[name]:
                    self.findings.add("D056", source.path, Place(label=name))
        every: Counter[str] = Counter()
        for found in counts:
            every.update(found)
        for names in same_classes(every):
            first, *others = names
            self.names |= dict.fromkeys(others, first)
            number = next(index for index, found in enumerate(counts) if any(name in found for name in names))
            detail = " and ".join(f"{name!r:.80} ({every[name]:,})" for name in names)
            repair = f"renamed to the most frequent, {first!r:.60}"
            self.findings.add("D038", self.sources[number].path, Place(detail=detail), repair=repair)
        eyes = self.options.eyes
        if eyes is not None:
            for source, found in zip(self.sources, counts, strict=True):
                self._classes_of_recipe(source, found, eyes)

    def _classes_of_recipe(self, source: Source, found: Counter[str], eyes: Eyes) -> None:
        unknown = [name for name in found if eyes.learns(name) is None]
        annotates = source.request.annotates
        if strange := [name for name in annotates or () if name not in eyes.classes]:
            self.findings.add("D034", source.path, Place(detail=listed(strange)))
            self.strangers = True
        if annotates is None and found and len(unknown) == len(found):
            detail = f"the dataset has {listed(found)}, the recipe {listed(eyes.classes)}"
            self.findings.add("D035", source.path, Place(detail=detail))
            self.strangers = True
            return
        for name in (name for name in unknown if found[name]):
            self.findings.add("D055", source.path, Place(label=name, detail=f"{found[name]:,} boxes"))

    def _learnt(self) -> None:
        """Report that there is no box to train on, as `train` does; crowds are none."""
        eyes = self.options.eyes
        sources = [source for source in self.sources if source.request.split != "val" and source.dataset.pages]
        if eyes is None or not sources or self.strangers:
            return
        for source in sources:
            annotates = source.request.annotates
            known = eyes.classes if annotates is None else annotates
            for page in source.dataset.pages:
                if any(eyes.learns(each.label) in known and not each.crowd for each in page.annotations):
                    return
        self.findings.add("D030", sources[0].path, Place(detail="no page has a box of the recipe's classes"))

    # Pages

    def _pages(self, number: int, source: Source) -> None:
        root = source.dataset.root
        if root is None:
            self.findings.add("D057", source.path)
        mended: list[PageRecord | None] = []
        for index, page in enumerate(self.tally.each("checking", source.dataset.pages)):
            path = None if root is None else root / page.info.source
            told = self._teller(source, index)
            upright = with_corners_in_order(page, told)
            verdict = judge(upright, path)
            if self.options.pixels and verdict.fault is None and path is not None:
                verdict = judge_by_ink(upright, path) or verdict
            if verdict.fault == "D016" and page.info.source in self._embedded(source):
                verdict = Verdict(upright, "D016", "but it is in its labelme file", "image written out of the file")
            if verdict.fault is not None:
                repair = verdict.repair or f"page {LEFT_OUT}"
                self.findings.add(verdict.fault, source.path, source.place(index, verdict.detail), repair=repair)
            if path is not None and verdict.page is not None and verdict.fault != "D016":
                self.uses.append(Use(number, index, path, page.info.page, source.split_of(page)))
            mended.append(self._shapes(source, index, verdict.page or upright, told, kept=verdict.page is not None))
        self.mended.append(mended)

    def _embedded(self, source: Source) -> frozenset[str]:
        """Return the names of images that a source's files hold in themselves; found out once, when it matters."""
        if source.path not in self.embedded:
            names: frozenset[str] = frozenset()
            if source.format == "labelme":
                with contextlib.suppress(InputError):  # told when it was read
                    names = frozenset(name for name, _ in embedded_images(source.request.place))
            self.embedded[source.path] = names
        return self.embedded[source.path]

    def _teller(self, source: Source, index: int) -> Told:
        """Return what to call with what is wrong with the shapes of a page."""
        identity, shape_ids = source.ids[index]

        def told(code: str, number: int, detail: str = "", repair: str = "") -> None:
            shape_id = shape_ids[number] if number < len(shape_ids) else None
            where = source.dataset.pages[index]
            annotation = where.annotations[number]
            place = of_shape(
                where.info, number, annotation, ids=(identity, shape_id), path=source.files[index], detail=detail
            )
            self.findings.add(code, source.path, place, repair=repair)

        return told

    def _shapes(self, source: Source, index: int, page: PageRecord, told: Told, *, kept: bool) -> PageRecord | None:
        """Look at the shapes of a page; return it mended, or None if it isn't kept."""
        if not page.annotations:
            self.findings.add("D044", source.path, source.place(index))
        if self.names:
            renamed = (
                replace(each, label=self.names[each.label]) if each.label in self.names else each
                for each in page.annotations
            )
            page = replace(page, annotations=tuple(renamed))
        mended, numbers = mend_shapes(page, told)
        eyes = self.options.eyes
        if eyes is not None and kept:
            size = (page.info.width, page.info.height)

            def told_of_mended(code: str, number: int, detail: str = "", repair: str = "") -> None:
                told(code, numbers[number], detail, repair)

            count = look(mended.annotations, size, eyes, told_of_mended)
            if count > eyes.most:
                self.findings.add("D040", source.path, source.place(index, f"{count:,} boxes, at most {eyes.most:,}"))
        return mended if kept else None

    def _listed_twice(self) -> None:
        for number, source in enumerate(self.sources):
            first: dict[tuple[str, int | None], int] = {}
            for index, page in enumerate(source.dataset.pages):
                key = (page.info.source, page.info.page)
                known = first.setdefault(key, index)
                if known == index:
                    continue
                self.findings.add("D046", source.path, source.place(index), repair="pages joined")
                self._join(number, known, index)

    def _join(self, number: int, one: int, other: int) -> None:
        """Put the shapes of two pages of one image on the first of them."""
        pages = self.mended[number]
        kept, joined = pages[one], pages[other]
        pages[other] = None
        if joined is not None and kept is not None:
            both = replace(kept, annotations=kept.annotations + joined.annotations)
            pages[one], _ = mend_shapes(both, lambda *_args, **_kwargs: None)
        elif joined is not None:
            pages[one] = joined

    # Images

    def _unnamed_images(self) -> None:
        """Report images in the sources' folders that no source names."""
        roots: dict[str, Source] = {}
        named: set[str] = set()
        for source in self.sources:
            if source.dataset.root is not None:
                root = os.path.realpath(source.dataset.root)
                roots.setdefault(root, source)
                named.update(f"{root}/{page.info.source}" for page in source.dataset.pages)
        for root, source in roots.items():
            for path in _images_below(root):
                if path not in named:
                    named.add(path)  # folders may lie in one another
                    name = shown(path)
                    self.findings.add("D045", source.path, Place(path=os.path.relpath(path) if name == path else name))

    def _copies(self) -> None:
        groups = same_content(self.uses, lambda paths: self.tally.each("comparing", paths))
        known: set[tuple[int, int]] = set()
        for group in groups:
            first = group[0]
            for use in group[1:]:
                if (use.source, use.path, use.frame) == (first.source, first.path, first.frame):
                    continue  # listed twice, which is told
                known |= {(first.source, first.page), (use.source, use.page)}
                other = next((each for each in group if each.split != use.split), None)
                if other is None:
                    self._tell_copy("D047", use, first)
                    continue
                self._tell_copy("D050", use, other, repair=f"the one of the earlier split {LEFT_OUT}")
            # A model is judged on the last: training on less is better than being judged on less.
            for use in group:
                if use.split != group[-1].split:
                    self.mended[use.source][use.page] = None
        if self.options.pixels:
            self._look_alikes(known)

    def _look_alikes(self, known: set[tuple[int, int]]) -> None:
        def damaged(use: Use, error: InputError) -> None:
            source = self.sources[use.source]
            place = source.place(use.page, error.message)
            self.findings.add("I101", source.path, place, repair=f"page {LEFT_OUT}")
            self.mended[use.source][use.page] = None

        pairs = same_look(
            self.uses, lambda paths: self.tally.each("decoding", paths), damaged, workers=self.options.workers
        )
        for one, other in pairs:
            if {(one.source, one.page), (other.source, other.page)} <= known:
                continue
            self._tell_copy("D048" if one.split == other.split else "D051", other, one)

    def _tell_copy(self, code: str, use: Use, other: Use, repair: str = "") -> None:
        first = self.sources[other.source]
        name = first.dataset.pages[other.page].info.name
        detail = f"as {name}" if first is self.sources[use.source] else f"as {name} of {first.path}"
        source = self.sources[use.source]
        self.findings.add(code, source.path, source.place(use.page, detail), repair=repair)

    def _documents(self) -> None:
        """Report documents that have pages in several splits, though these pages are different ones."""
        splits: dict[str, dict[str, Use]] = defaultdict(dict)
        for use in self.uses:
            page = self.sources[use.source].dataset.pages[use.page]
            if names_document(page):
                splits[document_of(page)].setdefault(use.split, use)
        for document, found in splits.items():
            if len(found) > 1:
                use = list(found.values())[-1]
                place = Place(detail=f"document {document!r:.80} in {', '.join(found)}")
                self.findings.add("D052", self.sources[use.source].path, place)

    def _dataset(self, number: int) -> Dataset:
        dataset = self.sources[number].dataset
        pages = tuple(page for page in self.mended[number] if page is not None)
        classes = tuple(
            dict.fromkeys(name for name in (self.names.get(name, name) for name in dataset.classes) if name.strip())
        )
        return replace(dataset, classes=classes, pages=pages)


def _count_classes(dataset: Dataset) -> Counter[str]:
    """Return how many boxes each class has, also 0."""
    counts = Counter(dict.fromkeys(dataset.classes, 0))
    counts.update(annotation.label for page in dataset.pages for annotation in page.annotations)
    return counts


def _images_below(root: str) -> Iterator[str]:
    """Yield the images below a folder; hidden folders and links to folders are left out."""
    seen = 0
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            if seen > _MOST_FILES:
                return
            if name.lower().endswith(SUFFIXES) and not name.startswith("._"):
                yield f"{folder}/{name}"
