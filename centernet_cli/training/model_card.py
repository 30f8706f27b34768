"""The card of a trained model: what it is, what it was trained on, how good it is, in Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from centernet_cli import __version__
from centernet_cli.models.cost import cost
from centernet_cli.training.data import trained_on
from centernet_cli.training.finish import FACT

if TYPE_CHECKING:
    from centernet_cli.evaluation.summary import Summary
    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.training.trainer import Trainer


def model_card(trainer: Trainer, summary: Summary | None, meta: ModelMeta) -> str:
    """Return the card.

    Args:
        trainer: At the end of its training.
        summary: Scores of the weights on the validation pages, if there are any.
        meta: Of the weights.
    """
    recipe, data = trainer.recipe, trainer.data
    price = cost(recipe.model, len(recipe.data.classes), recipe.train.input)
    pages = Counter(page.source for page in data.train)
    boxes = Counter[str]()
    for page in data.train:
        boxes[page.source] += len(page.boxes)
    sources = "\n".join(f"| {_cell(name)} | {count:,} | {boxes[name]:,} |" for name, count in pages.items())
    start = recipe.model.init or recipe.model.pretrained or "random weights"
    width, height = recipe.train.input
    samples = recipe.train.batch_size * recipe.train.accumulate
    return f"""# {recipe.name}

- **Classes**: {", ".join(recipe.data.classes)}.
- **Made by** centernet {__version__}: {trainer.step:,} steps of {samples} samples of {width}×{height} pixels, starting
  from {start}. The recipe is `recipe.resolved.yaml`.
- **Architecture**: {recipe.model.backbone} + {recipe.model.neck}, boxes by `{recipe.model.box}`;
  {price.parameters / 1e6:.2f} M parameters, {price.multiply_adds / 1e9:.2f} G multiply-adds for an input like that.
- **Input**: pages scaled to {recipe.train.page_size:,} pixels on the long side.
- **Licence**: not said; it depends on the data below and on what training started from.

## Training data

| source | pages | boxes |
| --- | ---: | ---: |
{sources}

## Scores

{_scores(trainer, summary)}{_levels(meta)}
"""


def _scores(trainer: Trainer, summary: Summary | None) -> str:
    if summary is None:
        return "None: no page was held out."
    first, coco = summary.boxes.at[0], summary.coco
    rows = "\n".join(
        f"| {_cell(name)} | {one.truths:,} | {_number(one.precision)} | {_number(one.recall)} | {_number(one.f1)} |"
        for name, one in summary.table.per_class(first.iou, first.threshold).items()
    )
    means = ", ".join(f"F1 at IoU {scores.iou:g} {_number(scores.f1)}" for scores in summary.boxes.at)
    best = f"the best epoch of the run ({trainer.best_epoch})" if trainer.best_score > 0 else "the last weights"
    known = trained_on(trainer.data)
    pages = "pages held out" if not known else f"validation pages, of which {known:,} were trained on"
    return f"""On {len(summary.pairs):,} {pages}, {best}: {means}
(means over sources, each at its best threshold); COCO AP {_number(coco.ap)}, AP50 {_number(coco.ap50)}
(at most {coco.max_dets:,} boxes of a class a page).

At IoU {first.iou:g} and threshold {first.threshold:.3f}:

| class | boxes | precision | recall | F1 |
| --- | ---: | ---: | ---: | ---: |
{rows}"""


def _levels(meta: ModelMeta) -> str:
    """Return which scores of classes were moved."""
    levels = meta.facts.get(FACT)
    if not isinstance(levels, dict):
        return ""
    each = ", ".join(f"{label} {threshold:.3f}" for label, threshold in levels.items())
    return f"""

One threshold suits all classes because the scores of some were moved: by the thresholds that were best for them on
the validation pages, and that are the common one now ({each})."""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
