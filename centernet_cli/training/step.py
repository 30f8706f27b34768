"""One step of training."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.losses.dead_heatmap import centre_term
from centernet_cli.losses.total import loss_counts, total_loss
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.training.batch import draw_targets, normalise
from centernet_cli.training.distributed import without_exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from centernet_cli.codec.targets import Targets
    from centernet_cli.training.batch import Batch
    from centernet_cli.training.trainer import Trainer


def training_step(trainer: Trainer, batches: Sequence[Batch], factor: float) -> dict[str, float] | None:
    """Do one step at `factor` times the recipe's learning rates, with the gradient of all `batches` as one.

    With other processes: with the gradient of all their batches.

    Returns:
        The losses; None if they or the gradient weren't finite, which leaves the network as it was.

    Raises:
        MissingRequirementError: Not enough memory.
    """
    kept = [buffer.clone() for buffer in trainer.network.buffers()]
    try:
        losses = _step(trainer, batches, factor)
    except (torch.OutOfMemoryError, RuntimeError) as error:
        # The CPU's allocator has no exception of its own.
        if not isinstance(error, torch.OutOfMemoryError) and "DefaultCPUAllocator" not in str(error):
            raise
        count, _, height, width = batches[0].images.shape
        raise MissingRequirementError(
            "E705",
            f"out of memory with {count} samples of {width}x{height} pixels on {trainer.device}",
            hint="a smaller train.batch_size (with train.accumulate) or train.input, or train.precision=bf16",
        ) from error
    if losses is None:
        _restore(trainer.network, kept)
    return losses


@torch.no_grad()
def _restore(network: nn.Module, kept: list[Tensor]) -> None:
    """Put back what normalisation layers have learnt: one batch with a NaN would spoil their averages for good."""
    for buffer, old in zip(network.buffers(), kept, strict=True):
        buffer.copy_(old)


def _step(trainer: Trainer, batches: Sequence[Batch], factor: float) -> dict[str, float] | None:
    recipe, network, optimizer, scaler = trainer.recipe, trainer.network, trainer.optimizer, trainer.scaler
    network.train()
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"] * factor
    optimizer.zero_grad(set_to_none=True)
    terms = _gradients(trainer, batches)
    if terms is None:
        return None
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
    return terms


def _gradients(trainer: Trainer, batches: Sequence[Batch]) -> dict[str, float] | None:
    """Compute gradients; return the losses, summed over batches and processes, or None if one isn't finite."""
    targets = [draw_targets(batch, trainer.recipe, trainer.device) for batch in batches]
    counts = _counts(trainer, batches, targets)
    rows: list[Tensor] = []
    names: list[str] = []
    for i, (batch, target) in enumerate(zip(batches, targets, strict=True)):
        # Processes exchange gradients with the last batch, when those of the others have been added.
        with nullcontext() if i + 1 == len(batches) else without_exchange(trainer.parallel):
            outputs = _forward(trainer, batch)
            loss, terms = total_loss(outputs, target, trainer.recipe.loss, counts)
            if not batch.counts:
                loss, terms = loss * 0, {name: term * 0 for name, term in terms.items()}
            names = ["loss", *terms]
            rows.append(torch.stack([loss.detach(), *terms.values()]))
            # The mean over processes is what torch makes of their gradients; their sum is wanted.
            trainer.scaler.scale(loss * trainer.group.world if trainer.group.world > 1 else loss).backward()  # type: ignore[no-untyped-call]
    # Numbers are fetched once, when all work has been given out: each time, a GPU stands still.
    centre = centre_term(outputs[-1]["heatmap"], target)
    *found, centre_loss = torch.cat([trainer.group.total(torch.stack(rows)).flatten(), centre.view(1)]).tolist()
    sums = {name: sum(found[place :: len(names)]) for place, name in enumerate(names)}
    if not math.isfinite(sums["loss"]):
        return None
    if trainer.dead_heatmap.observe(centre_loss):
        trainer.notices.append(trainer.dead_heatmap.explanation)
    return sums


def _forward(trainer: Trainer, batch: Batch) -> list[dict[str, Tensor]]:
    recipe = trainer.recipe
    mean, std, bgr = pixel_statistics(recipe.model.pixels)
    images = normalise(batch.images.to(trainer.device, non_blocking=True), mean, std, bgr=bgr)
    if recipe.train.channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast(trainer.device.type, dtype=trainer.dtype, enabled=trainer.dtype is not torch.float32):
        outputs: list[dict[str, Tensor]] = trainer.parallel(images)
    return outputs


def _counts(trainer: Trainer, batches: Sequence[Batch], targets: Sequence[Targets]) -> dict[str, Tensor] | None:
    """Return what the loss terms of all batches of all processes together are divided by; None: of one batch alone."""
    if len(batches) == 1 and trainer.group.world == 1:
        return None
    every = [loss_counts(target, trainer.recipe.loss) for target in targets]
    names = list(every[0])
    table = torch.stack([torch.stack([counts[name].float() for name in names]) for counts in every])
    counted = torch.tensor([float(batch.counts) for batch in batches], device=table.device)
    return dict(zip(names, trainer.group.total(counted @ table), strict=True))
