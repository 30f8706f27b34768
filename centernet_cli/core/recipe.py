"""What a recipe may say: frozen, strict pydantic models; every default of the program is written here once.

Lengths are pixels unless a name says cells (one cell = `model.stride` pixels).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from centernet_cli.core.model_sections import DecodeSection, ModelSection, Positive, Section, Share, Side, TestSection

__all__ = [
    "AugmentSection",
    "DataSection",
    "DecodeSection",
    "EvalSection",
    "LossSection",
    "ModelSection",
    "OptimSection",
    "Precision",
    "Recipe",
    "Section",
    "Side",
    "Source",
    "TargetsSection",
    "TestSection",
    "TrackerName",
    "TrainSection",
]

Weight = Annotated[float, Field(ge=0.0)]
Precision = Literal["auto", "fp32", "bf16", "fp16"]
TrackerName = Literal["tensorboard", "wandb"]
FormatName = Literal[
    "auto", "coco", "labelme", "yolo", "yolo_segment", "yolo_obb", "voc", "voc_from_0", "voc_from_1", "cvat",
    "label_studio", "via", "csv", "jsonl", "parquet", "page", "alto", "hocr",
]  # fmt: skip
"""What `datasets.formats.FORMATS` has, and a test says so: this room knows nothing of the others."""


class Source(Section):
    """One dataset: a file or folder in any format that `convert` reads."""

    path: str
    weight: Weight = 1.0
    """Share of the samples drawn from this source, relative to the others; 1 means once a page."""
    annotates: tuple[str, ...] | None = None
    """Classes this source labels wherever they appear; others take no negative loss. None: all."""
    format: FormatName = "auto"
    """Of the annotations; `auto`: whichever it is."""
    level: Literal["auto", "line", "region", "word", "all"] | None = None
    """What to read of PAGE XML, ALTO and hOCR; None or `auto`: lines, or regions if no file has lines."""


class DataSection(Section):
    """Which pages to learn from, and which to judge by."""

    classes: tuple[str, ...] = Field(min_length=1)
    train: tuple[Source, ...] = Field(min_length=1)
    val: tuple[Source, ...] = ()
    holdout: Share = 0.1
    """Share of documents held out of `train` for validation when `val` is empty; whole documents, by hash."""
    class_map: dict[str, str] = Field(default_factory=dict)
    """Renames labels of the sources; a label mapped to an empty string is dropped."""
    cache_mb: Annotated[int, Field(ge=0)] = 2000
    """Memory for decoded pages, in each data worker (`cache: memory`)."""
    cache: Literal["memory", "disk"] = "memory"
    """Where decoded pages are kept: in each worker's own memory, or on a disk that all workers and runs share."""
    cache_dir: str | None = None
    """Folder of `cache: disk`; None: `images` in the user's cache folder."""
    cache_disk_mb: Annotated[int, Field(ge=0)] = 20000
    """Bound of that folder; what nobody used for longest goes first."""
    workers: Annotated[int, Field(ge=0)] = 0


class TargetsSection(Section):
    """How boxes become target maps."""

    gaussian: Literal["original", "corrected", "ellipse"] = "ellipse"
    """`original`: round, with the radius the original code computes; `corrected`: with the radius it meant."""
    min_overlap: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.7
    """Round Gaussians: IoU that a box shifted by the radius keeps."""
    merge: Literal["max", "min"] = "max"
    """Where Gaussians of one class meet, the larger value stays; `min` is an article's slip, kept for comparison."""
    dense_size: bool = False
    """Train sizes at every cell under the Gaussian instead of the centre cell alone."""
    alpha: Annotated[float, Field(gt=0.0, le=1.0)] = 0.54
    """Ellipse: its half axes as a share of the box's."""
    max_radius_cells: Annotated[float, Field(gt=0.0)] = 30.0
    """Ellipse: no half axis is longer."""


class LossSection(Section):
    """Weights of the loss terms."""

    heatmap: Weight = 1.0
    size: Weight = 0.1
    offset: Weight = 1.0
    giou: Weight = 5.0
    size_loss: Literal["l1", "smooth_l1", "norm_l1"] = "l1"
    """`norm_l1`: relative to the true size."""
    offset_loss: Literal["l1", "smooth_l1"] = "l1"


class AugmentSection(Section):
    """What happens to a page before the network sees it; boxes follow."""

    mode: Literal["crop", "page", "original"] = "crop"
    """`crop`: windows of `input` out of the scaled page. `page`: the whole page fitted into `input`. `original`: as
    CenterNet did for photographs, a scale from `scale` in steps of 0.1 about a random centre, black beyond."""
    scale: tuple[float, float] = (0.65, 1.4)
    """Range of the random factor on the page's size (log-uniform)."""
    rotate_degrees: Annotated[float, Field(ge=0.0, le=45.0)] = 0.6
    """Standard deviation of a small random rotation."""
    flip: Share = 0.0
    """Share of samples mirrored left to right: text isn't symmetric, so none by default."""
    min_visible: Share = 0.35
    """A box cut by the window is kept above this share of its area, else its place is ignored."""
    photometric: Share = 0.8
    colour: Literal["page", "original"] = "page"
    """Which photometric changes: those of paper, or CenterNet's brightness, contrast, saturation and PCA lighting."""
    degrade: Share = 0.5
    """Share of samples with blur, noise, JPEG artefacts, uneven light or lost resolution."""

    @field_validator("scale")
    @classmethod
    def _scale_range(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 < value[0] <= value[1]:
            msg = "two factors above 0, the smaller one first"
            raise ValueError(msg)
        return value


class OptimSection(Section):
    """Optimiser and schedule."""

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    lr: Annotated[float, Field(gt=0.0)] = 1e-3
    backbone_lr_factor: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    layer_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Factor on the rate for each step from the neck towards the image: the backbone's last stage has it once, its
    first four times. 1: all alike."""
    weight_decay: Weight | None = None
    """None: 0.0001, with `adam` 0 as in the original."""
    momentum: Share = 0.9
    warmup_steps: Annotated[int, Field(ge=0)] = 100
    schedule: Literal["cosine", "steps", "constant"] = "cosine"
    drop_epochs: tuple[int, ...] = ()
    """`steps`: epochs after which the rate falls to a tenth."""
    clip_norm: Annotated[float, Field(gt=0.0)] | None = 10.0
    ema: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.998
    """Decay of the weights' moving average, which is what is validated and kept; 0 switches it off."""


class TrainSection(Section):
    """The loop."""

    epochs: Positive = 20
    samples_per_epoch: Positive | None = None
    """Samples drawn in an epoch; None: as many as there are pages."""
    batch_size: Positive = 4
    """Samples that go through the network together; several processes (torchrun) share them."""
    accumulate: Positive = 1
    """Batches a step: their gradients are those of one batch as large as all of them, in the memory of one."""
    input: tuple[Side, Side] = (768, 512)
    """Width and height of what the network sees while training, multiples of 32; turned for landscape pages in
    `page` mode."""
    page_size: Positive = 1024
    """Long side that pages are scaled to, before `augment.scale`; also the size at prediction."""
    precision: Precision = "auto"
    channels_last: bool = True
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    hours: Annotated[float, Field(gt=0.0)] | None = None
    """Time budget: the schedule is shortened so that it ends then, over all resumed parts together."""
    val_every: Positive = 1
    patience: Positive | None = None
    """End after so many epochs without a better score; None: never."""
    unfreeze_after: Positive | None = None
    """Epochs after which `model.frozen_stages` are trained as well; None: never."""
    trackers: tuple[TrackerName, ...] = ()
    """Where else metrics go, beside metrics.jsonl; each needs the extra of its name."""
    sync_bn: bool = False
    """Normalise over the batches of all processes instead of each its own (GPUs only)."""
    checkpoint_minutes: Annotated[float, Field(gt=0.0)] = 5.0
    max_bad_steps: Annotated[int, Field(ge=0)] = 5
    """Steps in a row with a NaN or infinite loss that are skipped before training stops (exit 9)."""


class EvalSection(Section):
    """What validation reports."""

    max_dets: Positive = 2000
    score: Literal["ap", "f1"] = "f1"
    """The score that chooses the best checkpoint: COCO AP (all pages), or F1 at IoU 0.5 averaged over sources."""
    weigh: Literal["sources", "balanced", "pages"] = "balanced"
    """What a source counts in that average of F1, and for the threshold kept in the model: `sources`: all alike;
    `pages`: as much as it has validation pages; `balanced`: the square root of that."""
    level_classes: bool = True
    """Put the scores of classes on one scale at the end, so that one threshold suits them all: where the validation
    pages have boxes enough to tell."""


class Recipe(Section):
    """A whole recipe."""

    name: str = "model"
    data: DataSection
    model: ModelSection = ModelSection()
    targets: TargetsSection = TargetsSection()
    loss: LossSection = LossSection()
    augment: AugmentSection = AugmentSection()
    optim: OptimSection = OptimSection()
    train: TrainSection = TrainSection()
    decode: DecodeSection = DecodeSection()
    test: TestSection = TestSection()
    eval: EvalSection = EvalSection()
