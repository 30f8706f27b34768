"""What a training consists of, built from a recipe, saved and restored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import nn

from centernet_cli import __version__
from centernet_cli.core.errors import MissingRequirementError, ModelError
from centernet_cli.core.recipe_file import recipe_to_yaml
from centernet_cli.inference.runtimes.devices import DTYPES, limit_threads, pick_precision
from centernet_cli.losses.dead_heatmap import DEAD_HEATMAP, DeadHeatmap
from centernet_cli.models.backbones import Backbone
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.models.zoo import load_model
from centernet_cli.training.changes import makes_other_batches, possible_changes
from centernet_cli.training.checkpoint import VERSION, State, load_checkpoint, save_checkpoint
from centernet_cli.training.data import load_data, planned_steps
from centernet_cli.training.distributed import EveryStack, Group
from centernet_cli.training.ema import Ema
from centernet_cli.training.optim import build_optimizer, restore_optimizer

if TYPE_CHECKING:
    from centernet_cli.core.recipe import Recipe
    from centernet_cli.evaluation.pairs import PagePair
    from centernet_cli.training.changes import Change
    from centernet_cli.training.data import TrainingData
    from centernet_cli.training.run_dir import RunDir
    from centernet_cli.training.validate import Validation


DEFAULT_THRESHOLD = 0.3
"""Of a model that was not judged, or of which nothing was right."""


@dataclass(slots=True)
class Trainer:
    """What a training consists of; `train` moves it forward.

    `step` counts all steps, `epoch` whole epochs, `batch` the steps of the one that is under way; `seconds` is the
    time spent in all parts of the run together; `best_epoch` is the number of epochs done at the best score;
    `fresh` names the tensors that `model.init` had nothing for; `notices` waits to be told by the loop; `parallel` is
    the network as the step calls it, in step with those of the other processes of the `group`; `hints` is what was
    said to look wrong; `best_pairs` are the validation pages at the best score, if that was in this part of the run.
    """

    recipe: Recipe
    run: RunDir
    device: torch.device
    data: TrainingData
    network: CenterNet
    ema: Ema[CenterNet] | None
    optimizer: torch.optim.Optimizer
    dtype: torch.dtype
    scaler: torch.amp.GradScaler
    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    best_score: float = -1.0
    best_epoch: int = -1
    fresh: tuple[str, ...] = ()
    dead_heatmap: DeadHeatmap = field(default_factory=DeadHeatmap)
    notices: list[str] = field(default_factory=list)
    group: Group = field(default_factory=Group)
    hints: list[str] = field(default_factory=list)
    best_pairs: tuple[PagePair, ...] = ()
    parallel: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        self.parallel = EveryStack(self.network)

    def connect(self) -> None:
        """Begin to work in step with the other processes; to be called again when other tensors are trained."""
        self.parallel = self.group.wrap(self.network)

    def thaw(self) -> bool:
        """Train the frozen stages from now on, if it is time for that; return whether something changed."""
        after, backbone = self.recipe.train.unfreeze_after, self.network.backbone
        if after is None or self.epoch < after or not isinstance(backbone, Backbone) or not backbone.frozen:
            return False
        backbone.frozen = 0
        backbone.requires_grad_(requires_grad=True)
        self.connect()
        return True

    @property
    def averaged(self) -> CenterNet:
        """The network that is judged and kept."""
        return self.ema.model if self.ema is not None else self.network

    def save(self) -> None:
        """Write the resume state.

        Raises:
            OutputError: It cannot be written; the one before is still there.
        """
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

    def restore(self, state: State | None = None) -> list[Change]:
        """Go back to the resume state; return what the recipe says now that it didn't say then.

        Args:
            state: If it was read already.

        Raises:
            ModelError: There is none, or it doesn't fit.
        """
        state = load_checkpoint(self.run.last) if state is None else state
        changed = possible_changes(state["recipe"], self.recipe, self.run)
        try:
            self.network.load_state_dict(state["model"])
            if self.ema is not None:
                self.ema.model.load_state_dict(state["ema"] or state["model"])
            restore_optimizer(self.optimizer, state["optimizer"])
            if state["scaler"] or not self.scaler.is_enabled():  # else half precision begins here
                self.scaler.load_state_dict(state["scaler"])
            torch.set_rng_state(state["rng"])
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            message = f"does not fit the run's recipe: {first}"
            raise ModelError("M508", message, path=self.run.last, hint="was recipe.resolved.yaml changed?") from error
        self.step, self.epoch, self.batch = state["step"], state["epoch"], state["batch"]
        self.seconds = state["seconds"]
        self.best_score, self.best_epoch = state["best_score"], state["best_epoch"]
        if makes_other_batches(changed):
            self.batch = 0
        said = [line["hint"] for line in self.run.read_metrics() if "hint" in line and line["step"] <= self.step]
        self.hints += said
        self.dead_heatmap.told = any(hint.startswith(DEAD_HEATMAP) for hint in said)
        return changed


def prepare(
    recipe: Recipe, run: RunDir, device: torch.device, *, resume: bool = False, group: Group | None = None
) -> Trainer:
    """Read the data and build network and optimiser.

    Args:
        recipe: What to train.
        run: Where.
        device: On what.
        resume: Whether `restore` will replace all weights: pretrained ones are then not needed.
        group: Of the processes that train together.

    Raises:
        CenterNetError: Data, weights or device cannot be used.
    """
    torch.manual_seed(recipe.train.seed)
    data = load_data(recipe)
    pretrained = None if resume else recipe.model.pretrained
    network = CenterNet(recipe.model, len(recipe.data.classes), pretrained=pretrained)
    fresh = start_from(network, recipe) if recipe.model.init is not None and not resume else []
    if recipe.train.sync_bn:
        if device.type != "cuda":
            raise MissingRequirementError("E715", "needs GPUs", path="train.sync_bn", hint="leave it false on the CPU")
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    network.to(device)
    if recipe.train.channels_last:
        network.to(memory_format=torch.channels_last)
    if device.type == "cpu":
        limit_threads()
    dtype = DTYPES[pick_precision(recipe.train.precision, device, training=True)]
    return Trainer(
        recipe,
        run,
        device,
        data,
        network,
        Ema(network, recipe.optim.ema) if recipe.optim.ema else None,
        build_optimizer(network, recipe.optim, frozen_too=recipe.train.unfreeze_after is not None),
        dtype,
        torch.amp.GradScaler(device.type, enabled=dtype is torch.float16),
        fresh=tuple(fresh),
        dead_heatmap=DeadHeatmap.over(planned_steps(recipe, len(data.train))),
        group=group or Group(),
    )


def start_from(network: CenterNet, recipe: Recipe) -> list[str]:
    """Take over the tensors of `model.init` that fit; return the names of those that start afresh.

    The channels of the heatmap, and of sizes by class, are matched by class name, never by position.

    Raises:
        ModelError: `model.init` cannot be used.
    """
    loaded = load_model(str(recipe.model.init))
    state, old = network.state_dict(), loaded.network.state_dict()
    rows, old_rows = network.class_rows(), loaded.network.class_rows()
    fresh = []
    for name, value in state.items():
        if name in rows:
            fits = old_rows.get(name) == rows[name] and value.shape[1:] == old[name].shape[1:]
            for i, label in enumerate(recipe.data.classes):
                if fits and label in loaded.meta.classes:
                    here, there = (rows[name] * k for k in (i, loaded.meta.classes.index(label)))
                    value[here : here + rows[name]] = old[name][there : there + rows[name]]
                else:
                    fresh.append(f"{name}[{label}]")
        elif name in old and old[name].shape == value.shape:
            value.copy_(old[name])
        else:
            fresh.append(name)
    network.load_state_dict(state)
    return fresh


def usual_threshold(result: Validation, recipe: Recipe) -> float:
    """Return the threshold with which a model is to be used: the best one, if there is one."""
    return max(result.lines.threshold, recipe.decode.min_score) if result.lines.f1_50 else DEFAULT_THRESHOLD


def model_meta(trainer: Trainer, result: Validation | None) -> ModelMeta:
    """Describe the weights of now."""
    recipe = trainer.recipe
    facts: dict[str, object] = {
        "steps": trainer.step,
        "train_pages": len(trainer.data.train),
        "sources": sorted({page.source for page in trainer.data.train}),
        "recipe_sha256": hashlib.sha256(recipe_to_yaml(recipe).encode()).hexdigest(),
        "program": f"centernet {__version__}",
    }
    if result is not None:
        facts |= {"validation": result.metrics(), "validation_pages": len(trainer.data.val)}
    pixels = pixel_statistics(recipe.model.pixels)
    return ModelMeta(
        name=recipe.name,
        classes=recipe.data.classes,
        page_size=recipe.train.page_size,
        model=recipe.model.model_copy(update={"pretrained": None, "init": None}),
        decode=recipe.decode,
        mean=pixels.mean,
        std=pixels.std,
        test=recipe.test,
        threshold=DEFAULT_THRESHOLD if result is None else usual_threshold(result, recipe),
        facts=facts,
    )
