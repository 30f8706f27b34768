"""The training loop: one plain function from a recipe to a run folder."""

from __future__ import annotations

import math
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.utils.data import DataLoader

from centernet_cli.core.errors import DivergedError
from centernet_cli.core.recipe_file import recipe_to_yaml
from centernet_cli.datasets.samples import Samples
from centernet_cli.inference.runtimes.devices import DTYPES, limit_threads, pick_precision
from centernet_cli.losses.total import total_loss
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import IMAGENET_MEAN, IMAGENET_STD, ModelMeta
from centernet_cli.models.shelf import RUN_WEIGHTS
from centernet_cli.models.zoo import load_model, save_model
from centernet_cli.training.batch import Collate, normalise
from centernet_cli.training.checkpoint import VERSION, State, load_checkpoint, save_checkpoint
from centernet_cli.training.data import load_data, plan_epoch
from centernet_cli.training.ema import Ema
from centernet_cli.training.optim import build_optimizer, rate_factor
from centernet_cli.training.validate import Validation, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.training.data import TrainingData
    from centernet_cli.training.progress import Progress
    from centernet_cli.training.run_dir import RunDir

LOG_EVERY = 10


class Stopped(BaseException):
    """A signal asked for the end; everything is saved."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signum)


@dataclass(slots=True)
class Trainer:
    """What a training consists of; `train` moves it forward."""

    recipe: Recipe
    run: RunDir
    device: torch.device
    data: TrainingData
    network: CenterNet
    ema: Ema | None
    optimizer: torch.optim.Optimizer
    dtype: torch.dtype
    scaler: torch.amp.GradScaler
    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    best_score: float = -1.0
    best_epoch: int = -1

    @property
    def averaged(self) -> CenterNet:
        """The network that is judged and kept."""
        return self.ema.model if self.ema is not None else self.network  # type: ignore[return-value]

    def save(self) -> None:
        """Write the resume state."""
        state = State(
            version=VERSION,
            recipe=recipe_to_yaml(self.recipe),
            model=dict(self.network.state_dict()),
            ema=self.ema.state_dict() if self.ema is not None else None,
            optimizer=self.optimizer.state_dict(),
            scaler=self.scaler.state_dict(),
            rng=torch.get_rng_state(),
            step=self.step,
            epoch=self.epoch,
            batch=self.batch,
            seconds=self.seconds,
            best_score=self.best_score,
            best_epoch=self.best_epoch,
        )
        save_checkpoint(state, self.run.last)

    def restore(self) -> None:
        """Go back to the resume state.

        Raises:
            ModelError: There is none, or it doesn't fit.
        """
        state = load_checkpoint(self.run.last)
        self.network.load_state_dict(state["model"])
        if self.ema is not None and state["ema"] is not None:
            self.ema.model.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["rng"])
        self.step, self.epoch, self.batch = state["step"], state["epoch"], state["batch"]
        self.seconds = state["seconds"]
        self.best_score, self.best_epoch = state["best_score"], state["best_epoch"]


def prepare(recipe: Recipe, run: RunDir, device: torch.device) -> Trainer:
    """Read the data and build network and optimiser.

    Raises:
        CenterNetError: Data, weights or device cannot be used.
    """
    torch.manual_seed(recipe.train.seed)
    data = load_data(recipe)
    network = CenterNet(recipe.model, len(recipe.data.classes), pretrained=recipe.model.pretrained)
    if recipe.model.init is not None:
        start_from(network, recipe)
    network.to(device)
    if recipe.train.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if device.type == "cpu":
        limit_threads()
    dtype = DTYPES[pick_precision(recipe.train.precision, device)]
    return Trainer(
        recipe,
        run,
        device,
        data,
        network,
        Ema(network, recipe.optim.ema) if recipe.optim.ema else None,
        build_optimizer(network, recipe.optim),
        dtype,
        torch.amp.GradScaler(device.type, enabled=dtype is torch.float16),
    )


def start_from(network: CenterNet, recipe: Recipe) -> list[str]:
    """Take over the tensors of `model.init` that fit; return the names of those that start afresh.

    The heatmap's channels are matched by class name, never by position.
    """
    loaded = load_model(str(recipe.model.init))
    state, old = network.state_dict(), loaded.network.state_dict()
    fresh = []
    for name, value in state.items():
        if name.startswith("heads.final.heatmap."):
            for i, label in enumerate(recipe.data.classes):
                if label in loaded.meta.classes and value.shape[1:] == old[name].shape[1:]:
                    value[i] = old[name][loaded.meta.classes.index(label)]
                else:
                    fresh.append(f"{name}[{label}]")
        elif name in old and old[name].shape == value.shape:
            value.copy_(old[name])
        else:
            fresh.append(name)
    network.load_state_dict(state)
    return fresh


def train(trainer: Trainer, progress: Progress) -> Validation | None:
    """Train to the end of the recipe; return the last validation.

    Raises:
        DivergedError: Too many steps in a row had a NaN or infinite loss.
        Stopped: SIGINT or SIGTERM came; the state is saved.
        CenterNetError: A page cannot be read, an output cannot be written.
    """
    recipe, pages = trainer.recipe, trainer.data.train
    samples = Samples(pages, recipe.augment, recipe.train.input, recipe.train.page_size, recipe.data.cache_mb)
    last_validation = None
    started = time.monotonic() - trainer.seconds
    saved = time.monotonic()
    with caught_signals() as caught:
        while trainer.epoch < recipe.train.epochs:
            batches = plan_epoch(pages, epoch=trainer.epoch, recipe=recipe)
            total = recipe.train.epochs * len(batches)
            progress.epoch(trainer.epoch, recipe.train.epochs, len(batches), trainer.batch)
            loader = DataLoader(
                samples,
                batch_sampler=batches[trainer.batch :],
                collate_fn=Collate(recipe),
                num_workers=recipe.data.workers,
            )
            bad = 0
            for batch in loader:
                share = trainer.step / total
                if recipe.train.hours is not None:
                    share = max(share, trainer.seconds / (recipe.train.hours * 3600))
                if share >= 1:
                    break
                factor = rate_factor(recipe.optim, trainer.step, share, trainer.epoch)
                terms = training_step(trainer, batch, factor)
                bad = 0 if terms is not None else bad + 1
                if bad > recipe.train.max_bad_steps:
                    raise DivergedError(
                        "T901",
                        f"the loss is not finite for {bad} steps in a row at step {trainer.step}",
                        path=trainer.run.root,
                        hint="a lower optim.lr, or --precision fp32; the last checkpoint is still good",
                    )
                trainer.step += 1
                trainer.batch += 1
                trainer.seconds = time.monotonic() - started
                if terms is not None:
                    progress.step(terms, share)
                    if trainer.step % LOG_EVERY == 0:
                        rate = trainer.optimizer.param_groups[0]["lr"]
                        line = {"step": trainer.step, "epoch": trainer.epoch, "lr": rate, **terms}
                        trainer.run.append_metrics({**line, "seconds": round(trainer.seconds, 1)})
                if caught or time.monotonic() - saved > 60 * recipe.train.checkpoint_minutes:
                    trainer.save()
                    saved = time.monotonic()
                if caught:
                    raise Stopped(caught[0])
            spent = recipe.train.hours is not None and trainer.seconds >= recipe.train.hours * 3600
            trainer.epoch += 1
            trainer.batch = 0
            final = spent or trainer.epoch == recipe.train.epochs
            if final or trainer.epoch % recipe.train.val_every == 0:
                last_validation = validate_epoch(trainer, progress)
            if spent:
                trainer.epoch = recipe.train.epochs
            trainer.seconds = time.monotonic() - started
            trainer.save()
            saved = time.monotonic()
            if caught:
                raise Stopped(caught[0])
    finish(trainer, last_validation)
    return last_validation


def training_step(trainer: Trainer, batch: object, factor: float) -> dict[str, float] | None:
    """Do one step at `factor` times the recipe's learning rates; return the losses, or None if it was skipped."""
    recipe, network, optimizer = trainer.recipe, trainer.network, trainer.optimizer
    batch = batch.to(trainer.device)  # type: ignore[attr-defined]
    network.train()
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"] * factor
    images = normalise(batch.images, IMAGENET_MEAN, IMAGENET_STD)
    if recipe.train.channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast(trainer.device.type, dtype=trainer.dtype, enabled=trainer.dtype is not torch.float32):
        outputs = network(images)
    loss, terms = total_loss(outputs, batch.targets, recipe.loss)
    optimizer.zero_grad(set_to_none=True)
    if not math.isfinite(loss.item()):
        return None
    trainer.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    trainer.scaler.unscale_(optimizer)
    limit = recipe.optim.clip_norm if recipe.optim.clip_norm is not None else math.inf
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    norm = torch.nn.utils.clip_grad_norm_(trained, limit).item()
    if not math.isfinite(norm) and not trainer.scaler.is_enabled():
        return None
    trainer.scaler.step(optimizer)
    trainer.scaler.update()
    if trainer.ema is not None:
        trainer.ema.update(network, trainer.step)
    return {"loss": loss.item(), **{name: term.item() for name, term in terms.items()}}


def validate_epoch(trainer: Trainer, progress: Progress) -> Validation | None:
    """Validate, record, and keep the weights if they are the best so far."""
    if not trainer.data.val:
        return None
    progress.validation(len(trainer.data.val))
    network = trainer.averaged.eval()
    meta = model_meta(trainer, None)
    result = validate(network, meta, trainer.data.val, trainer.recipe, trainer.device, progress.validated)
    trainer.run.append_metrics({"epoch": trainer.epoch, "step": trainer.step, **result.metrics()})
    if result.score > trainer.best_score:
        trainer.best_score, trainer.best_epoch = result.score, trainer.epoch
        save_model(network.state_dict(), model_meta(trainer, result), trainer.run.best)
    progress.scores(trainer.epoch, result, best=trainer.best_epoch == trainer.epoch)
    return result


def model_meta(trainer: Trainer, result: Validation | None) -> ModelMeta:
    """Describe the weights of now."""
    recipe = trainer.recipe
    facts: dict[str, object] = {"steps": trainer.step, "train_pages": len(trainer.data.train)}
    if result is not None:
        facts |= {"validation": result.metrics(), "validation_pages": len(trainer.data.val)}
    return ModelMeta(
        name=recipe.name,
        classes=recipe.data.classes,
        page_size=recipe.train.page_size,
        model=recipe.model.model_copy(update={"pretrained": None, "init": None}),
        decode=recipe.decode,
        threshold=max(result.lines.threshold, recipe.decode.min_score) if result is not None else 0.3,
        facts=facts,
    )


def finish(trainer: Trainer, result: Validation | None) -> None:
    """Make the best weights (the last ones without validation) the run's result."""
    target = trainer.run.root / RUN_WEIGHTS
    if trainer.run.best.is_file():
        best = load_model(str(trainer.run.best))
        save_model(best.network.state_dict(), best.meta, target)
    else:
        save_model(trainer.averaged.state_dict(), model_meta(trainer, result), target)


@contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Collect the first SIGINT or SIGTERM instead of stopping at once; a second one acts immediately."""
    caught: list[int] = []
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}

    def handle(signum: int, _frame: object) -> None:
        caught.append(signum)
        for known, handler in before.items():
            signal.signal(known, handler)

    for signum in before:
        signal.signal(signum, handle)
    try:
        yield caught
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
