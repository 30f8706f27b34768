"""The end of a training: its best weights become the run's result, with the scores of their classes on one scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from centernet_cli.core.errors import DivergedError
from centernet_cli.core.safe_io import atomic_write_bytes
from centernet_cli.evaluation.line_metrics import line_scores
from centernet_cli.models.level_classes import level_classes
from centernet_cli.models.zoo import load_model, save_model
from centernet_cli.training.class_thresholds import RIGHT, class_thresholds
from centernet_cli.training.trainer import model_meta, usual_threshold
from centernet_cli.training.validate import source_weights, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.evaluation.pairs import PagePair
    from centernet_cli.models.zoo import LoadedModel
    from centernet_cli.training.progress import Progress
    from centernet_cli.training.trainer import Trainer
    from centernet_cli.training.validate import Validation

FACT = "class_thresholds"
"""Of a model's metadata: what the scores of classes were that are the model's threshold now."""


def finish(trainer: Trainer, result: Validation | None, progress: Progress) -> None:
    """Make the best weights (the last ones without validation) the run's result.

    Raises:
        DivergedError: They are not numbers.
        InputError: A validation page cannot be read any more.
        OutputError: They cannot be written.
    """
    run = trainer.run
    if run.best.is_file():
        if not _on_one_scale(trainer, progress):
            atomic_write_bytes(run.weights, run.best.read_bytes())
        return
    state = trainer.averaged.state_dict()
    if not all(torch.isfinite(value).all() for value in state.values()):
        raise DivergedError("T901", "the weights are not finite", path=run.root, hint="a lower optim.lr")
    save_model(state, model_meta(trainer, result), run.weights)


def _on_one_scale(trainer: Trainer, progress: Progress) -> bool:
    """Write the best weights with the scores of classes moved, if that makes them better on the validation pages."""
    recipe, run = trainer.recipe, trainer.run
    if not recipe.eval.level_classes or len(recipe.data.classes) < 2 or not trainer.data.val:
        return False
    kept = load_model(str(run.best))
    if not trainer.best_pairs:  # the best epoch was in an earlier part of the run
        trainer.best_pairs = _judge(trainer, kept, progress).pairs
    thresholds = class_thresholds(trainer.best_pairs, recipe.data.classes, kept.meta.threshold)
    if not thresholds:
        return False
    kept.network.load_state_dict(level_classes(kept.network.state_dict(), kept.meta, thresholds))
    levelled = _judge(trainer, kept, progress)
    old, new = (_f1(pairs, recipe, kept.meta.threshold) for pairs in (trainer.best_pairs, levelled.pairs))
    if new <= old:
        return False
    facts = {**kept.meta.facts, FACT: thresholds, "validation": levelled.metrics()}
    meta = replace(kept.meta, facts=facts, threshold=usual_threshold(levelled, recipe))
    save_model(kept.network.state_dict(), meta, run.weights)
    trainer.best_pairs = levelled.pairs
    each = ", ".join(f"{label} {threshold:.2f}" for label, threshold in thresholds.items())
    progress.remark(
        f"scores of classes put on one scale: what was {each} is {kept.meta.threshold:.2f} now; F1@0.5 at the model's "
        f"threshold {old:.4f} -> {new:.4f} (eval.level_classes)"
    )
    return True


def _judge(trainer: Trainer, model: LoadedModel, progress: Progress) -> Validation:
    network, pages = model.network.to(trainer.device), trainer.data.val
    progress.validation(len(pages))
    return validate(network, model.meta, pages, trainer.recipe, trainer.device, progress.validated)


def _f1(pairs: Sequence[PagePair], recipe: Recipe, threshold: float) -> float:
    """Return the mean F1 over sources that chooses the best weights, at a threshold."""
    scores = line_scores(pairs, ious=(RIGHT,), threshold=threshold).at[0]
    return scores.weighted_f1(source_weights(pairs, recipe.eval.weigh)) or 0.0
