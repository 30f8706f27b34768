"""From a recipe's sources to labelled pages, split into training and validation by document."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.documents import document_of, holdout_place
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.datasets.samples import Draw, LabelledPage
from centernet_cli.datasets.source_names import source_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.core.recipe import DataSection, Recipe, Source
    from centernet_cli.core.records import Annotation, PageRecord


@dataclass(frozen=True, slots=True)
class ValidationPage:
    """A page to judge by, with its truth."""

    path: Path
    source: str
    record: PageRecord
    truth: tuple[Annotation, ...]
    annotates: frozenset[str]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What was found, by source: counts for the table that `train` prints."""

    train: list[LabelledPage]
    val: list[ValidationPage]
    dropped_labels: Counter[str] = field(default_factory=Counter)


def trained_on(data: TrainingData) -> int:
    """Return how many of the pages to judge by are trained on as well."""
    seen = {(page.path.resolve(), page.frame) for page in data.train if page.weight > 0}
    return sum((page.path.resolve(), page.record.info.page) in seen for page in data.val)


def load_data(recipe: Recipe) -> TrainingData:
    """Read all sources.

    Raises:
        InputError: A source cannot be read, holds none of the classes, lacks an image, or no page is left.
    """
    section = recipe.data
    dropped: Counter[str] = Counter()
    train: list[LabelledPage] = []
    val: list[ValidationPage] = []
    names = iter(source_names([Path(source.path) for source in (*section.train, *section.val)]))
    for source in section.train:
        for page, record, truth in _read(source, next(names), section, dropped):
            held = not section.val and _held_out(page, section.holdout)
            if held:
                val.append(_validation(page, record, truth, section))
            else:
                train.append(page)
    for source in section.val:
        pages = _read(source, next(names), section, dropped)
        val.extend(_validation(page, record, truth, section) for page, record, truth in pages)
    paths = [*(page.path for page in train), *(page.path for page in val)]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise InputError("D016", f"{len(missing)} images of the datasets are missing, this one first", path=missing[0])
    if not any(len(page.boxes) and page.weight > 0 for page in train):
        hint = "data.classes, data.class_map" if train else "all pages are held out: data.holdout, data.val"
        message = "no page to train on has a box of the recipe's classes"
        raise InputError("D030", message, path=section.train[0].path, hint=hint)
    return TrainingData(train, val, dropped)


def plan_epoch(pages: Sequence[LabelledPage], *, epoch: int, recipe: Recipe) -> list[list[Draw]]:
    """Return the epoch's batches; a pure function of the recipe, so that resuming continues exactly.

    Pages are drawn in proportion to their weights with as little luck as possible (systematic sampling). In
    `page` mode a batch holds either portrait or landscape pages.

    Args:
        pages: To train on.
        epoch: From 0.
        recipe: Seeds, sizes and mode.
    """
    rng = np.random.default_rng((recipe.train.seed, epoch))
    weights = np.array([page.weight for page in pages])
    count = recipe.train.samples_per_epoch or len(pages)
    marks = (np.arange(count) + rng.random()) / count * weights.sum()
    order = rng.permutation(len(pages))
    chosen = order[np.searchsorted(weights[order].cumsum(), marks, side="right").clip(max=len(pages) - 1)]
    rng.shuffle(chosen)
    size = recipe.train.batch_size
    turned = recipe.augment.mode == "page"
    draws = [
        Draw(int(page), (recipe.train.seed, epoch, i), turned and pages[page].width > pages[page].height)
        for i, page in enumerate(chosen)
    ]
    batches: list[list[Draw]] = []
    for landscape in (False, True):
        kind = [draw for draw in draws if draw.landscape == landscape]
        batches += [kind[i : i + size] for i in range(0, len(kind), size)]
    order = rng.permutation(len(batches))
    return [batches[i] for i in order]


def planned_steps(recipe: Recipe, pages: int) -> int:
    """Return how many steps a training on so many pages has, if no time budget or patience ends it.

    In `page` mode it may be a few more: portrait and landscape pages are in batches of their own.
    """
    settings = recipe.train
    batches = math.ceil((settings.samples_per_epoch or pages) / settings.batch_size)
    return settings.epochs * math.ceil(batches / settings.accumulate)


def _read(
    source: Source, name: str, section: DataSection, dropped: Counter[str]
) -> Iterator[tuple[LabelledPage, PageRecord, tuple[Annotation, ...]]]:
    dataset = read_dataset(Path(source.path), source.format, level=source.level)
    if not dataset.pages:
        raise InputError("D030", "the dataset has no pages", path=source.path)
    root = dataset.root or Path(source.path)
    # Says which documents are held out, so it must not depend on the other sources, as `name` does.
    folder = Path(source.path).stem if Path(source.path).suffix else Path(source.path).name
    annotates = _annotated_classes(source, section, dataset.classes)
    indices = {label: i for i, label in enumerate(section.classes)}
    for record in dataset.pages:
        kept: list[Annotation] = []
        crowds: list[Annotation] = []
        for annotation in record.annotations:
            label = section.class_map.get(annotation.label, annotation.label)
            if label not in annotates:
                dropped[annotation.label] += 1
                continue
            renamed = annotation if label == annotation.label else replace(annotation, label=label)
            (crowds if annotation.crowd else kept).append(renamed)
        page = LabelledPage(
            path=root / record.info.source,
            source=name,
            weight=source.weight,
            width=record.info.width,
            height=record.info.height,
            boxes=np.array([a.box for a in kept], dtype=np.float32).reshape(-1, 4),
            labels=np.array([indices[a.label] for a in kept], dtype=np.int64),
            ignore=np.array([a.box for a in crowds], dtype=np.float32).reshape(-1, 4),
            annotated=np.array([label in annotates for label in section.classes]),
            group=f"{folder}/{document_of(record)}",
            frame=record.info.page,
        )
        yield page, record, (*kept, *crowds)


def _annotated_classes(source: Source, section: DataSection, found: Sequence[str]) -> frozenset[str]:
    known = set(section.classes)
    if source.annotates is not None:
        unknown = [label for label in source.annotates if label not in known]
        if unknown:
            raise InputError("D034", f"annotates names {unknown}, which data.classes does not", path=source.path)
        return frozenset(source.annotates)
    mapped = {section.class_map.get(label, label) for label in found}
    if not mapped & known:
        raise InputError(
            "D035",
            f"no class in common: the dataset has {sorted(found)}, the recipe {sorted(known)}",
            path=source.path,
            hint="data.class_map renames",
        )
    return frozenset(known)


def _held_out(page: LabelledPage, share: float) -> bool:
    """Decide by the document's name alone, so that adding pages moves no other document."""
    return holdout_place(page.group) < share


def _validation(
    page: LabelledPage, record: PageRecord, truth: tuple[Annotation, ...], section: DataSection
) -> ValidationPage:
    annotates = frozenset(label for label, known in zip(section.classes, page.annotated.tolist(), strict=True) if known)
    return ValidationPage(page.path, page.source, record, truth, annotates)
