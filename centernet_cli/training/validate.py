"""Scores on pages held out, with the averaged weights, at the size that prediction uses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Failure
from centernet_cli.datasets.documents import document_of, names_document
from centernet_cli.datasets.page_cache import read_frame
from centernet_cli.evaluation.coco_ap import CocoScores, coco_scores
from centernet_cli.evaluation.line_metrics import LineReport, line_scores
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.inference.pipeline import PipelineOptions, predict_pages
from centernet_cli.inference.runtimes.torch import TorchRuntime
from centernet_cli.models.zoo import LoadedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    import torch

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.models.centernet import CenterNet
    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.training.data import ValidationPage
    from centernet_cli.training.distributed import Group


@dataclass(frozen=True, slots=True)
class Validation:
    """Scores of one validation: `score` is the one the recipe chooses by, `pairs` are the pages they are made of."""

    score: float
    lines: LineReport
    coco: CocoScores
    pairs: tuple[PagePair, ...] = ()

    def metrics(self) -> dict[str, object]:
        """Return what goes into metrics.jsonl."""
        return {
            "score": self.score,
            "f1_50": self.lines.f1_50,
            "f1_75": self.lines.f1_75,
            "threshold": self.lines.threshold,
            "ap": self.coco.ap,
            "ap50": self.coco.ap50,
            "per_class": self.coco.per_class,
            "per_source": {name: scores.f1 for name, scores in self.lines.per_source.items()},
            "max_dets": self.coco.max_dets,
        }


def validate(
    network: CenterNet,
    meta: ModelMeta,
    pages: Sequence[ValidationPage],
    recipe: Recipe,
    device: torch.device,
    tick: Callable[[], None] = lambda: None,
    group: Group | None = None,
) -> Validation:
    """Predict every page as `predict` would and compare with its truth.

    Processes of a group share the pages; the first one counts, once, and tells the others the scores (not the pairs).

    Args:
        network: To judge.
        meta: Its description.
        pages: Held-out pages.
        recipe: The scores that matter.
        device: Where `network` is.
        tick: Called after each page.
        group: Of the processes that do this together.

    Raises:
        InputError: A page cannot be read.
    """
    if group is None or group.world == 1:
        return _score(_predict(network, meta, pages, recipe, device, tick), recipe)
    pairs = group.collect(_predict(network, meta, group.share(pages), recipe, device, tick))
    result = _score(pairs, recipe) if group.leads else None
    told = group.tell(None if result is None else replace(result, pairs=()))
    return told if result is None else result


def _predict(
    network: CenterNet,
    meta: ModelMeta,
    pages: Sequence[ValidationPage],
    recipe: Recipe,
    device: torch.device,
    tick: Callable[[], None],
) -> list[PagePair]:
    runtime = TorchRuntime(LoadedModel(network, meta), str(device), "fp32" if device.type == "cpu" else "auto")
    options = PipelineOptions(threshold=recipe.decode.min_score, size=recipe.train.page_size)
    found = predict_pages((read_frame(page.path, page.record.info.page) for page in pages), runtime, options)
    pairs = []
    for page, record in zip(pages, found, strict=True):
        if isinstance(record, Failure):
            raise InputError(record.code, record.message, path=page.path)
        pairs.append(
            PagePair(
                source=page.source,
                truth=page.truth,
                predictions=record.annotations,
                width=record.info.width,
                height=record.info.height,
                annotates=page.annotates,
                name=page.record.info.name,
                document=document_of(page.record) if names_document(page.record) else "",
            )
        )
        tick()
    return pairs


def _score(pairs: Sequence[PagePair], recipe: Recipe) -> Validation:
    weights = source_weights(pairs, recipe.eval.weigh)
    lines = line_scores(pairs, weights=weights)
    coco = coco_scores(pairs, recipe.data.classes, recipe.eval.max_dets)
    score = coco.ap if recipe.eval.score == "ap" else lines.at_iou(0.5).weighted_f1(weights)
    return Validation(score or 0.0, lines, coco, tuple(pairs))


def source_weights(pairs: Sequence[PagePair], weigh: Literal["sources", "balanced", "pages"]) -> dict[str, float]:
    """Return what each source counts in the mean F1 that chooses weights and threshold."""
    power = {"sources": 0.0, "balanced": 0.5, "pages": 1.0}[weigh]
    return {name: pages**power for name, pages in Counter(pair.source for pair in pairs).items()}
