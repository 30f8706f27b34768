"""The sum that is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.losses.focal import centres, focal_loss
from centernet_cli.losses.regression import cell_count, cell_loss, giou_loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from centernet_cli.codec.targets import Targets
    from centernet_cli.core.recipe import LossSection


def total_loss(
    outputs: Sequence[dict[str, Tensor]],
    targets: Targets,
    section: LossSection,
    counts: Mapping[str, Tensor] | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the weighted sum and its unweighted terms, detached, by name.

    Args:
        outputs: Of `CenterNet.every_stack`: each hourglass learns the same, and each term is the mean over them
            (intermediate supervision, arXiv 1603.06937); other networks have one.
        targets: Of a batch.
        section: Kinds and weights.
        counts: What each term is divided by, if the batch is part of a larger one: the sums of its parts'
            `loss_counts`, with which the parts' losses and gradients add up to those of the whole. None: its own.
    """
    each = [_terms(stack, targets, section, counts or {}) for stack in outputs]
    terms = {name: sum((stack[name] for stack in each[1:]), start=each[0][name]) / len(each) for name in each[0]}
    weights = section.model_dump(include=set(terms))
    loss = sum((weights[name] * term for name, term in terms.items()), start=terms["heatmap"].new_zeros(()))
    return loss, {name: term.detach() for name, term in terms.items()}


def loss_counts(targets: Targets, section: LossSection) -> dict[str, Tensor]:
    """Return what each term is divided by: numbers of centres, values or objects, sums of weights."""
    counts = {
        "heatmap": centres(targets.heatmap, targets.mask).sum(),
        "size": cell_count(targets.sizes, section.size_loss),
        "offset": cell_count(targets.offsets, section.offset_loss),
    }
    if targets.ltrb is not None:
        counts["giou"] = targets.ltrb.weight.sum()
    return counts


def _terms(
    outputs: dict[str, Tensor], targets: Targets, section: LossSection, counts: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    terms = {"heatmap": focal_loss(outputs["heatmap"], targets.heatmap, targets.mask, counts.get("heatmap"))}
    if "ltrb" in outputs:
        if targets.ltrb is None:
            raise ValueError("the network predicts distances, but they were not asked for when boxes were encoded")
        terms["giou"] = giou_loss(outputs["ltrb"], targets.ltrb, counts.get("giou"))
    if "size" in outputs:
        terms["size"] = cell_loss(outputs["size"], targets.sizes, section.size_loss, counts.get("size"))
    if "offset" in outputs:
        terms["offset"] = cell_loss(outputs["offset"], targets.offsets, section.offset_loss, counts.get("offset"))
    return terms
