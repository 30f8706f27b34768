"""The sum that is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.losses.focal import focal_loss
from centernet_cli.losses.regression import centre_loss, giou_loss

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.codec.encode import Targets
    from centernet_cli.core.recipe import LossSection


def total_loss(outputs: dict[str, Tensor], targets: Targets, section: LossSection) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the weighted sum and its unweighted terms, detached, by name.

    Args:
        outputs: Of `CenterNet.forward`.
        targets: Of a batch.
        section: Weights.
    """
    terms = {"heatmap": focal_loss(outputs["heatmap"], targets.heatmap, targets.mask)}
    if "ltrb" in outputs:
        terms["giou"] = giou_loss(outputs["ltrb"], targets.ltrb, targets.ltrb_weight)
    if "size" in outputs:
        terms["size"] = centre_loss(outputs["size"], targets.index, targets.size, section.size_loss)
    if "offset" in outputs:
        terms["offset"] = centre_loss(outputs["offset"], targets.index, targets.offset)
    weights = section.model_dump(include=set(terms))
    loss = sum((weights[name] * term for name, term in terms.items()), start=terms["heatmap"].new_zeros(()))
    return loss, {name: term.detach() for name, term in terms.items()}
