"""A recipe that fine-tunes a shipped model on somebody's pages: what the pages ask for, sensible for few and a CPU."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from centernet_cli.core.errors import InputError
from centernet_cli.core.recipe import ModelSection, Recipe
from centernet_cli.core.recipe_yaml import dump_yaml
from centernet_cli.datasets.advice import advise
from centernet_cli.datasets.documents import document_of, holdout_place
from centernet_cli.datasets.stats import tabulate
from centernet_cli.models.meta import read_meta
from centernet_cli.models.shelf import find_model
from centernet_cli.training.recipe_notes import NOTES, with_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from centernet_cli.core.records import Dataset

Task = Literal["lines", "regions"]
_LINE_NAMES = frozenset({"line", "lines", "textline", "text line", "text-line"})
"""What others call `text_line`: so that its trained heatmap is taken over."""
_HOLDOUT, _HOLDOUT_OF_MANY, _MANY = 0.2, 0.1, 100
"""Share of documents to judge by; of so many, a smaller share tells as much."""
_LOOKS = (12, 40)
"""Times that each page is looked at, at least and at most: the fewer pages, the more."""
_SAMPLES = 4000
"""In all, at most."""
_SAMPLES_PER_EPOCH = (8, 400)
_VALIDATIONS = 12
BATCH = 2
SECONDS_PER_MEGAPIXEL = 1.8
"""Of training on two cores of 2023, augmentation included."""


@dataclass(frozen=True, slots=True)
class FirstRecipe:
    """What was decided.

    Attributes:
        text: The recipe as YAML, with its comment.
        minutes: How long training will take on two cores, about.
        held_out: Documents kept for validation.
        documents: Of all sources.
    """

    text: str
    minutes: float
    held_out: int
    documents: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to train: an epoch is a look at each page, unless these are very few or very many."""

    epochs: int
    samples_per_epoch: int
    val_every: int
    patience: int

    @classmethod
    def of(cls, pages: int) -> Schedule:
        """Return the schedule for so many pages to learn from: 40 looks at each of 20, 18 at 100, 12 at 300."""
        looks = min(max(round(180 / math.sqrt(pages)), _LOOKS[0]), _LOOKS[1])
        per_epoch = min(max(pages, _SAMPLES_PER_EPOCH[0]), _SAMPLES_PER_EPOCH[1])
        epochs = max(round(min(looks * max(pages, _SAMPLES_PER_EPOCH[0]), _SAMPLES) / per_epoch), 1)
        val_every = -(-epochs // _VALIDATIONS)
        return cls(epochs, per_epoch, val_every, patience=max(epochs // 2, 4 * val_every))


def first_recipe(
    parts: Sequence[tuple[Path, Dataset]], task: Task, folder: Path, levels: Mapping[Path, str] | None = None
) -> FirstRecipe:
    """Make a recipe.

    Args:
        parts: Where each dataset is, and the dataset.
        task: Which of the shipped models to start from.
        folder: Where the recipe will be: paths in it count from there.
        levels: What was read of PAGE, ALTO and hOCR, by place.

    Raises:
        InputError: D016, an image is missing; D030, there are no pages or no boxes.
    """
    _check_images(parts)
    table = tabulate([(path.name, dataset) for path, dataset in parts])
    if not len(table.boxes):
        path = parts[0][0] if parts else None
        raise InputError("D030", "no page has a box", path=path, hint="draw some, or convert them")
    classes, class_map = _classes(parts, task)
    share, held_out, documents = _holdout(parts)
    pages = sum(len(dataset.pages) for _, dataset in parts)
    schedule = Schedule.of(max(round(pages * (1 - held_out / documents)), 1))
    samples = schedule.epochs * schedule.samples_per_epoch
    steps = samples // BATCH
    sources = [
        {"path": _way(path, folder), **({"level": levels[path]} if levels and path in levels else {})}
        for path, _ in parts
    ]
    data: dict[str, Any] = {
        "name": folder.absolute().name if folder.absolute().name.isidentifier() else task,
        "data": {"classes": classes, "train": sources},
        "model": {**_architecture(task), "init": task},
        "augment": {},
        "optim": {"lr": 3e-4, "warmup_steps": max(steps // 10, 5), "ema": round(max(0.9, 1 - 10 / steps), 4)},
        "train": {**asdict(schedule), "batch_size": BATCH},
        "decode": {},
        "test": {"ink": task, "second_look": True} if task == "lines" else {"ink": task},
        # On a handful of pages F1 at IoU 0.5 is soon 1, and weights that place boxes better would count for nothing.
        "eval": {"score": "ap"},
    }
    data["data"] |= {"holdout": share} if held_out else {"holdout": 0.0, "val": sources}
    if class_map:
        data["data"]["class_map"] = class_map
    for advice in advise(table):
        section, _, key = advice.key.partition(".")
        if advice.key != "model.stride":
            data[section][key] = advice.value
    if task == "regions":
        data["decode"] |= {"nms_iou": 0.6, "rivals": 0.5}
    data = {key: value for key, value in data.items() if value != {}}
    recipe = Recipe.model_validate(_tuples(data))
    width, height = recipe.train.input
    minutes = samples * width * height / 1e6 * SECONDS_PER_MEGAPIXEL / 60
    comment = [
        f"Fine-tunes the model `{task}` on {pages} page{'s' * (pages != 1)} with {len(table.boxes):,} boxes.",
        f"Score: unknown before it is trained. {_validation(held_out, documents)}",
        f"Hardware: two CPU cores, about {max(1, round(minutes))} minute{'s' * (round(minutes) > 1)}.",
    ]
    text = "".join(f"# {line}\n" for line in comment) + with_notes(dump_yaml(data), NOTES)
    return FirstRecipe(text, minutes, held_out, documents)


def _check_images(parts: Iterable[tuple[Path, Dataset]]) -> None:
    for path, dataset in parts:
        root = dataset.root or path
        missing = [root / page.info.source for page in dataset.pages if not (root / page.info.source).is_file()]
        if missing:
            message = f"{len(missing):,} images of the dataset are missing, this one first"
            raise InputError("D016", message, path=missing[0], hint="training needs them; put them in their places")


def _classes(parts: Sequence[tuple[Path, Dataset]], task: Task) -> tuple[list[str], dict[str, str]]:
    """Return the classes that occur, in the order of the datasets, and how some are to be renamed."""
    used = {annotation.label for _, dataset in parts for page in dataset.pages for annotation in page.annotations}
    found = [name for name in dict.fromkeys(name for _, dataset in parts for name in dataset.classes) if name in used]
    if task == "lines" and len(found) == 1 and found[0].strip().casefold() in _LINE_NAMES:
        return ["text_line"], {found[0]: "text_line"}
    return found, {}


def _holdout(parts: Sequence[tuple[Path, Dataset]]) -> tuple[float, int, int]:
    """Return the share of documents to hold out, how many that are, and how many there are.

    Which documents these are depends on their names, so of few there may be too few, too many or none: then the share
    is made such that they are as many as wanted.
    """
    groups = {f"{path.stem}/{document_of(page)}" for path, dataset in parts for page in dataset.pages}
    places = sorted(holdout_place(group) for group in groups)
    if len(places) < 2:
        return 0.0, 0, len(places)
    share = _HOLDOUT if len(places) < _MANY else _HOLDOUT_OF_MANY
    wanted = min(max(round(share * len(places)), 1), len(places) - 1)
    count = sum(place < share for place in places)
    if max(round(0.75 * wanted), 1) <= count <= 1.25 * wanted and count < len(places):
        return share, count, len(places)
    return round((places[wanted - 1] + places[wanted]) / 2, 6), wanted, len(places)


def _validation(held_out: int, documents: int) -> str:
    if held_out:
        return f"Validated on {held_out} of {documents} documents, which it doesn't learn from."
    return "Validated on the pages it learns from, as they are one document: the score will be too good."


def _architecture(task: Task) -> dict[str, object]:
    """Return what the shipped model's architecture has other than by default."""
    section = read_meta(find_model(task)).model.model_dump(mode="json")
    defaults = ModelSection().model_dump(mode="json")
    found = {key: value for key, value in section.items() if value != defaults[key] and key != "pretrained"}
    return {"backbone": section["backbone"], **found}


def _way(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:  # another drive of Windows
        return path.absolute().as_posix()


def _tuples(value: Any) -> Any:
    """Return lists as tuples, as strict models want them."""
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
