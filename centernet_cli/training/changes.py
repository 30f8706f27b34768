"""What was changed about the recipe of a run that goes on, and what can't be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe_problems import validate
from centernet_cli.core.strict_yaml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.training.run_dir import RunDir

WITHOUT_EFFECT = ("model.arch", "model.pretrained", "model.init")
"""Only a new run starts from them."""
FIXED = ("model", "data.classes", "optim.name", "optim.layer_decay", "train.unfreeze_after")
"""What network and optimiser are made of: their state fits no other."""
PLAN = (
    "data.train",
    "data.val",
    "data.holdout",
    "data.class_map",
    "augment.mode",
    "train.seed",
    "train.samples_per_epoch",
    "train.batch_size",
)
"""What the batches of an epoch follow from."""
MISSING = object()


@dataclass(frozen=True, slots=True)
class Change:
    """A value of the recipe that isn't what it was."""

    key: str
    old: object
    new: object

    def __str__(self) -> str:
        """Say it as `train.epochs 3 -> 6`."""
        return f"{self.key} {_shown(self.old)} -> {_shown(self.new)}"

    def within(self, keys: Sequence[str]) -> bool:
        """Say whether it is about one of these values, or something in it."""
        return any(self.key == key or self.key.startswith(f"{key}.") for key in keys)


def changes(before: str, now: Recipe) -> list[Change]:
    """Return what a recipe says that it didn't say before, in its order.

    Args:
        before: The recipe of the last part, as YAML; one that an older program wrote and this one doesn't understand
            has no changes.
        now: That of this part.
    """
    document = parse(before)
    old = validate(document.data) if not document.problems and isinstance(document.data, dict) else []
    if isinstance(old, list):
        return []
    was, new = dict(_leaves("", old.model_dump(mode="json"))), dict(_leaves("", now.model_dump(mode="json")))
    found = [Change(key, was.get(key, MISSING), new.get(key, MISSING)) for key in {**was, **new}]
    return [change for change in found if change.old != change.new and not change.within(WITHOUT_EFFECT)]


def possible_changes(before: str, now: Recipe, run: RunDir) -> list[Change]:
    """Return `changes`, all of which a run can take up.

    Raises:
        ModelError: M508, there are others.
    """
    changed = changes(before, now)
    if impossible := [change for change in changed if change.within(FIXED)]:
        raise ModelError(
            "M508",
            f"cannot be changed in a run that goes on: {', '.join(map(str, impossible))}",
            path=run.recipe,
            hint=f"leave it as it was, or start a new run from these weights: model.init={run.root}",
        )
    return changed


def makes_other_batches(changed: Sequence[Change]) -> bool:
    """Say whether the epoch that is under way has other batches now; files that were only moved are the same."""
    return any(change.within(PLAN) and not change.key.endswith(".path") for change in changed)


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield values with their dotted keys; lists of plain values are one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, inner)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, inner in enumerate(value):
            yield from _leaves(f"{path}.{number}", inner)
    else:
        yield path, value


def _shown(value: object) -> str:
    if value is MISSING:
        return "nothing"
    return "none" if value is None else str(value)
