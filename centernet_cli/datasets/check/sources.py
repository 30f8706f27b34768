"""Reading datasets that may be wrong: as much of them as can be read, and what the readers had to say."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.leniency import lenient
from centernet_cli.core.safe_io import lexical_inside, resolve_inside
from centernet_cli.core.shown_paths import shown
from centernet_cli.datasets.check.findings import Place
from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
from centernet_cli.datasets.formats.alto import IN_OTHER_UNIT
from centernet_cli.datasets.formats.coco_annotations import MASK_OF_BOX
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE
from centernet_cli.datasets.formats.shapes import INTENDED
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.yolo_config import MISSING_SPLIT

if TYPE_CHECKING:
    from centernet_cli.core.records import Dataset, PageRecord
    from centernet_cli.datasets.check.findings import Findings

LEFT_OUT = "left out"
_NULLED = "set to null"
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A dataset to look at.

    Attributes:
        path: As the user named it.
        place: Where it is: another place if it had to be unpacked.
        format: A key of `FORMATS`, or `auto`.
        split: What it is for; sources of one split may share images.
        level: Of formats that have levels.
        annotates: Classes that a recipe says are annotated in it; None if it doesn't say.
        is_level_shared: Whether the level was asked for all sources together, so that it is of no matter to those
            whose formats have none.
    """

    path: Path
    place: Path
    split: str
    format: str = "auto"
    level: str | None = None
    annotates: tuple[str, ...] | None = None
    is_level_shared: bool = False


@dataclass(slots=True)
class Source:
    """A dataset as far as it could be read.

    Attributes:
        request: What was asked for.
        format: Key of `FORMATS`.
        dataset: Pages whose names stay inside the data folder; boxes may be anything finite.
        ids: Id of each page in the file, and of each of its shapes, as far as the format has any.
        files: File that each page was read from; None if that is the source itself.
        read: All files read.
    """

    request: Request
    format: str
    dataset: Dataset
    ids: list[tuple[object, list[object]]] = field(default_factory=list)
    files: list[Path | None] = field(default_factory=list)
    read: list[Path] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """As the user named it."""
        return self.request.path

    def split_of(self, page: PageRecord) -> str:
        """Return what a page is for: its source's split, or, in a source of several, what its folder is called."""
        for part in PurePosixPath(page.info.source).parts[:-1]:
            name = part.casefold().rstrip("0123456789")
            if name in _SPLITS:
                return f"{self.request.split}/{_SPLITS[name]}"
        return self.request.split

    def place(self, index: int, detail: str = "") -> Place:
        """Return where page `index` is."""
        file = self.files[index]
        page = self.dataset.pages[index]
        identity = self.ids[index][0]
        return Place(
            path=None if file is None else shown(file),
            page=page.info.name,
            image_id=identity if isinstance(identity, int | str) else None,
            detail=detail,
        )


class _Ears:
    """Hears what a reader has to say."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self.path = path
        self.findings = findings
        self.pages: list[object] = []
        self.shapes: dict[object, list[object]] = defaultdict(list)
        self.sizeless: list[InputError] = []

    def problem(self, error: InputError) -> None:
        if error.code == "D007":
            self.sizeless.append(error)
            return
        repair = LEFT_OUT
        if error.code in {"J405", "J406"}:
            repair = "last one kept" if error.code == "J405" else _NULLED
        elif error.code == "D003" and "annotation id" in error.message:
            repair = "numbered anew"
        elif error.code == "D025" or (error.code == "D011" and MASK_OF_BOX in error.message):
            repair = "reduced to its box"
        elif error.code == "D028":
            repair = "worked out anew"
        self.findings.add_error(error, self.path, repair=repair)

    def page(self, identity: object) -> None:
        self.pages.append(identity)

    def shape(self, page: object, identity: object) -> None:
        self.shapes[page].append(identity)


class _Deaf:
    """Hears nothing: for looking which format it is."""

    def problem(self, error: InputError) -> None: ...

    def page(self, identity: object) -> None: ...

    def shape(self, page: object, identity: object) -> None: ...


class _CheckTally(Tally):
    """Remembers in which file the last shapes were dropped: file, kind, label, reason."""

    __slots__ = ("last",)
    last: deque[tuple[Path | None, str, str, str]]

    def dropped(self, shape: str, label: str, why: str) -> None:
        Tally.dropped(self, shape, label, why)  # no `super()`: slots made the class anew
        self.last.append((self.files[-1] if self.files else None, shape, label, why))


def read_source(request: Request, findings: Findings, tally: Tally) -> Source:
    """Read a dataset as far as it can be read.

    Args:
        request: Which.
        findings: Hear what is wrong.
        tally: Its `watch` shows progress.

    Raises:
        InputError: Nothing of it can be read.
        UsageError: U304, the format has no such level.
    """
    counted = _CheckTally(watch=tally.watch)
    counted.last = deque(maxlen=1000)
    with lenient(_Deaf()):
        name = detect_format(request.place) if request.format == "auto" else request.format
    ears = _Ears(request.path, findings)
    # Regions, lines and words alike, or mending would lose those that aren't read.
    levels = FORMATS[name].levels if name in FORMATS else ()
    level = "all" if request.level is None and "all" in levels else request.level
    if request.is_level_shared and not levels:
        level = None
    with lenient(ears):
        dataset = read_dataset(request.place, name, tally=counted, level=level)
    _report_dropped(counted, request, findings)
    # Pages whose size isn't told are looked at again, with their images; those that readers gave up are not there.
    kept_sizeless = sum(page.info.width >= UNKNOWN_SIDE for page in dataset.pages)
    for error in ears.sizeless[kept_sizeless:]:
        findings.add_error(error, request.path, repair=f"page {LEFT_OUT}")
    if several := counted.notes["image in several splits, read once"]:
        findings.add("D050", request.path, repair="read once", count=several)
    for note in counted.notes:
        if note.startswith(MISSING_SPLIT):
            place = Place(detail=note.removeprefix(MISSING_SPLIT))
            findings.add("D029", request.path, place, repair="left out of the description")
        if note.startswith(IN_OTHER_UNIT):
            detail = note.removeprefix(IN_OTHER_UNIT).partition(":")[0]
            findings.add("D058", request.path, Place(detail=detail), count=counted.notes[note])
    ids = _ids(dataset, ears)
    files = _files(dataset, counted, name)
    kept = [index for index, page in enumerate(dataset.pages) if _is_inside(page, dataset.root)]
    return Source(
        request,
        name,
        replace(dataset, pages=tuple(dataset.pages[index] for index in kept)),
        [ids[index] for index in kept],
        [files[index] for index in kept],
        counted.files,
    )


def _is_inside(page: PageRecord, root: Path | None) -> bool:
    """Tell whether a page's name stays in the data folder; others were reported by the reader."""
    if root is None:
        return True
    if page.info.source.startswith("?/"):  # a stand-in for a name that is none
        return False
    try:
        lexical_inside(page.info.source)
        resolve_inside(root, page.info.source)
    except InputError:
        return False
    return True


def _ids(dataset: Dataset, ears: _Ears) -> list[tuple[object, list[object]]]:
    if len(ears.pages) != len(dataset.pages):
        return [(None, [])] * len(dataset.pages)
    return [(identity, ears.shapes.get(identity, [])) for identity in ears.pages]


def _files(dataset: Dataset, tally: Tally, name: str) -> list[Path | None]:
    """Return the file of each page, for formats with one for each: by order, else by the name they share."""
    if FORMATS[name].files is None:
        return [None] * len(dataset.pages)
    if len(tally.files) == len(dataset.pages) and not name.startswith("yolo"):
        return list(tally.files)
    by_stem: dict[str, Path | None] = {}
    for path in tally.files:
        by_stem[path.stem] = None if path.stem in by_stem else path
    return [by_stem.get(PurePosixPath(page.info.source).stem) for page in dataset.pages]


def _report_dropped(tally: _CheckTally, request: Request, findings: Findings) -> None:
    """Report shapes that readers leave out, such as points and lines."""
    places = list(tally.last)
    for shape, outcome, why, count in tally.rows():
        if outcome != "dropped" or why in INTENDED:
            continue
        code = "D025" if "fewer than" in why else "D026"
        first = [place for place in places if place[1] == shape and place[3] == why][: findings.shown]
        for file, _, label, _ in first:
            place = Place(path=None if file is None else shown(file), label=label, detail=f"{shape} {why}")
            findings.add(code, request.path, place, repair=LEFT_OUT)
        if count > len(first):
            findings.add(code, request.path, repair=LEFT_OUT, count=count - len(first))
