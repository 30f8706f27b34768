"""The sum that is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.losses.focal import focal_loss
from centernet_cli.losses.regression import cell_loss, giou_loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from centernet_cli.codec.targets import Targets
    from centernet_cli.core.recipe import LossSection


def total_loss(
    outputs: Sequence[dict[str, Tensor]], targets: Targets, section: LossSection
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the weighted sum and its unweighted terms, detached, by name.

    Args:
        outputs: Of `CenterNet.every_stack`: each hourglass learns the same, and each term is the mean over them
            (intermediate supervision, arXiv 1603.06937); other networks have one.
        targets: Of a batch.
        section: Kinds and weights.
    """
    each = [_terms(stack, targets, section) for stack in outputs]
    terms = {name: sum((stack[name] for stack in each[1:]), start=each[0][name]) / len(each) for name in each[0]}
    weights = section.model_dump(include=set(terms))
    loss = sum((weights[name] * term for name, term in terms.items()), start=terms["heatmap"].new_zeros(()))
    return loss, {name: term.detach() for name, term in terms.items()}


def _terms(outputs: dict[str, Tensor], targets: Targets, section: LossSection) -> dict[str, Tensor]:
    terms = {"heatmap": focal_loss(outputs["heatmap"], targets.heatmap, targets.mask)}
    if "ltrb" in outputs:
        if targets.ltrb is None:
            raise ValueError("the network predicts distances, but they were not asked for when boxes were encoded")
        terms["giou"] = giou_loss(outputs["ltrb"], targets.ltrb)
    if "size" in outputs:
        terms["size"] = cell_loss(outputs["size"], targets.sizes, section.size_loss)
    if "offset" in outputs:
        terms["offset"] = cell_loss(outputs["offset"], targets.offsets, section.offset_loss)
    return terms
