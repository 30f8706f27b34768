"""One step of training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.losses.dead_heatmap import EXPLANATION, centre_term
from centernet_cli.losses.total import total_loss
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.training.batch import draw_targets, normalise

if TYPE_CHECKING:
    from torch import Tensor, nn

    from centernet_cli.training.batch import Batch
    from centernet_cli.training.trainer import Trainer


def training_step(trainer: Trainer, batch: Batch, factor: float) -> dict[str, float] | None:
    """Do one step at `factor` times the recipe's learning rates.

    Returns:
        The losses; None if they or the gradient weren't finite, which leaves the network as it was.

    Raises:
        MissingRequirementError: Not enough memory.
    """
    kept = [buffer.clone() for buffer in trainer.network.buffers()]
    try:
        losses = _step(trainer, batch, factor)
    except (torch.OutOfMemoryError, RuntimeError) as error:
        # The CPU's allocator has no exception of its own.
        if not isinstance(error, torch.OutOfMemoryError) and "DefaultCPUAllocator" not in str(error):
            raise
        count, _, height, width = batch.images.shape
        raise MissingRequirementError(
            "E705",
            f"out of memory with {count} samples of {width}x{height} pixels on {trainer.device}",
            hint="a smaller train.batch_size or train.input, or train.precision=bf16",
        ) from error
    if losses is None:
        _restore(trainer.network, kept)
    return losses


@torch.no_grad()
def _restore(network: nn.Module, kept: list[Tensor]) -> None:
    """Put back what normalisation layers have learnt: one batch with a NaN would spoil their averages for good."""
    for buffer, old in zip(network.buffers(), kept, strict=True):
        buffer.copy_(old)


def _step(trainer: Trainer, batch: Batch, factor: float) -> dict[str, float] | None:
    recipe, network, optimizer, scaler = trainer.recipe, trainer.network, trainer.optimizer, trainer.scaler
    network.train()
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"] * factor
    mean, std, bgr = pixel_statistics(recipe.model.pixels)
    images = normalise(batch.images.to(trainer.device, non_blocking=True), mean, std, bgr=bgr)
    if recipe.train.channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast(trainer.device.type, dtype=trainer.dtype, enabled=trainer.dtype is not torch.float32):
        outputs = network.every_stack(images)
    targets = draw_targets(batch, recipe, trainer.device)
    loss, terms = total_loss(outputs, targets, recipe.loss)
    optimizer.zero_grad(set_to_none=True)
    if not math.isfinite(loss.item()):
        return None
    if trainer.dead_heatmap.observe(centre_term(outputs[-1]["heatmap"], targets).item()):
        trainer.notices.append(EXPLANATION)
    scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    scaler.unscale_(optimizer)
    limit = recipe.optim.clip_norm if recipe.optim.clip_norm is not None else math.inf
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    finite = math.isfinite(torch.nn.utils.clip_grad_norm_(trained, limit).item())
    if finite or scaler.is_enabled():
        # With a scale too large for half precision this skips the step and halves the scale: nothing to worry about.
        scaler.step(optimizer)
        scaler.update()
    if finite and trainer.ema is not None:
        trainer.ema.update(network, trainer.step)
    if not finite and scaler.get_scale() <= 1:
        return None
    return {"loss": loss.item(), **{name: term.item() for name, term in terms.items()}}
