"""What `train` says before it starts and when it is done: tables of data, model and scores."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.cli.score_table import aligned, class_rows
from centernet_cli.core.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.summary import Summary
    from centernet_cli.training.data import TrainingData
    from centernet_cli.training.trainer import Trainer


def describe(trainer: Trainer) -> None:
    """Say what was found and what will be trained, and what looks wrong about it."""
    from centernet_cli.training.hints import data_hints

    data, recipe = trainer.data, trainer.recipe
    table(*source_rows(data))
    counts = Counter(recipe.data.classes[label] for page in data.train for label in page.labels.tolist())
    classes = ", ".join(f"{printable(name)} {counts[name]:,}" for name in recipe.data.classes)
    console.say(f"boxes to learn from: {classes}")
    for label, count in data.dropped_labels.most_common():
        console.say(f"not used: {count} boxes labelled '{printable(label)}'")
    if not data.val:
        console.warn("no page is held out: the last weights are kept, and no score is measured")
    if trainer.fresh:
        say_fresh(trainer)
    console.say(model_line(trainer))
    if trainer.group.world > 1:
        console.say(f"{trainer.group.world} processes share each batch of {recipe.train.batch_size}")
    for hint in data_hints(data, recipe):
        trainer.hints.append(hint)
        console.warn(hint)


def say_fresh(trainer: Trainer) -> None:
    """Say which classes and tensors the model that training starts from has nothing for."""
    classes = trainer.recipe.data.classes
    new = [label for label in classes if any(name.endswith(f"[{label}]") for name in trainer.fresh)]
    tensors = [name for name in trainer.fresh if not any(name.endswith(f"[{label}]") for label in new)]
    start = trainer.recipe.model.init
    if new:
        known = ", ".join(printable(label) for label in classes if label not in new) or "none"
        names = ", ".join(printable(label) for label in new)
        console.say(f"not in {start}, so their heads start afresh: {names} (taken over: {known})")
    if tensors:
        first = ", ".join(tensors[:3]) + (", …" if len(tensors) > 3 else "")
        console.say(f"not in {start}, or of another shape: {len(tensors)} tensors start afresh ({first})")


def source_rows(data: TrainingData) -> tuple[list[str], list[list[str]]]:
    """Return a row for each source: pages to train on and to judge by, boxes, and what may be a problem."""
    rows: dict[str, Counter[str]] = {}
    for page in data.train:
        mine = rows.setdefault(page.source, Counter())
        mine.update(train=1, boxes=len(page.boxes), empty=int(not len(page.boxes)), ignored=len(page.ignore))
    for held in data.val:
        rows.setdefault(held.source, Counter()).update(val=1, held=sum(not one.crowd for one in held.truth))
    columns = ("train", "boxes", "empty", "ignored", "val", "held")
    if len(rows) > 1:
        rows["all"] = sum(rows.values(), Counter())
    cells = [[printable(name), *(f"{row[column]:,}" for column in columns)] for name, row in rows.items()]
    return ["source", "train", "boxes", "empty pages", "ignored areas", "val", "val boxes"], cells


def model_line(trainer: Trainer) -> str:
    """Return what the network is and costs."""
    from centernet_cli.models.cost import cost

    recipe = trainer.recipe
    price = cost(recipe.model, len(recipe.data.classes), recipe.train.input)
    trained = sum(parameter.numel() for parameter in trainer.network.parameters() if parameter.requires_grad)
    width, height = recipe.train.input
    return (
        f"model {recipe.model.backbone} + {recipe.model.neck}: {price.parameters / 1e6:.2f} M parameters, "
        f"{trained / 1e6:.2f} M trained, {price.multiply_adds / 1e9:.2f} G multiply-adds at {width}x{height}; "
        f"{trainer.device}, {str(trainer.dtype).removeprefix('torch.')}"
    )


def class_table(summary: Summary) -> None:
    """Say how good each class is."""
    first = summary.boxes.at[0]
    console.say(f"on the validation pages, at IoU {first.iou:g} and threshold {first.threshold:.3f}:")
    table(*class_rows(summary))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Say a table."""
    for line in aligned(header, rows):
        console.say(line.rstrip())
