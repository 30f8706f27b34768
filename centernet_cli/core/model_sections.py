"""What a trained model says of itself in the words of recipes: architecture, decoding, how it is shown pages.

Apart from the rest of the recipe because `predict` needs no more, and pydantic takes its time to build each section.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from centernet_cli.core.architectures import ARCHITECTURES, ArchName

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Side = Annotated[int, Field(ge=32, multiple_of=32)]


class Section(BaseModel):
    """Base of all sections: unknown keys, wrong types, NaN and infinity are errors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class ModelSection(Section):
    """Backbone, neck and heads."""

    arch: ArchName | None = None
    """A published architecture by its original name, such as `dla_34`: sets those keys that aren't given."""
    backbone: Literal[
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "resnet152",
        "mobilenet_v2",
        "mobilenet_v2_lean",
        "mobilenet_v3_small",
        "mobilenet_v3_large",
        "dla34",
        "hourglass104",
    ] = "mobilenet_v2"
    pretrained: str | None = None
    """Weights of the backbone: None (random), `imagenet` (torchvision's download) or a file."""
    init: str | None = None
    """A trained model to start from (name, folder or file); heads of other classes start afresh."""
    frozen_stages: Annotated[int, Field(ge=0, le=4)] = 0
    """Backbone stages that are not trained, from the image on: 1 freezes all up to stride 4."""
    neck: Literal["fpn", "deconv", "dla_up", "none"] = "fpn"
    """`none` for hourglass104, which needs no other; `dla_up` is DLA's own, and takes any other backbone as well."""
    deformable: bool = False
    """Deformable convolutions (v2) in the necks `deconv` and `dla_up`."""
    stacks: Annotated[int, Field(ge=1, le=4)] = 2
    """Hourglasses behind one another, each trained (hourglass104 only)."""
    neck_channels: Positive = 64
    context_blocks: Annotated[int, Field(ge=0)] = 2
    """Strip convolutions at stride 32 that let the centre of a line see both its ends (FPN only)."""
    box: Literal["size_offset", "size", "ltrb"] = "ltrb"
    """Box heads: size and offset at the centre cell (the paper), size alone, or distances to the four sides."""
    class_sizes: bool = False
    """A size of its own for each class (not with `ltrb`)."""
    head_channels: Positive = 64
    shared_head: bool = True
    """One hidden convolution for all heads instead of one each."""
    light_head: bool = True
    """Depthwise-separable hidden convolutions instead of a full 3x3."""
    head_norm: bool = True
    """Normalise the hidden convolutions; the original's have a bias instead (only without `light_head`)."""
    pixels: Literal["imagenet", "coco_bgr", "voc_bgr"] = "imagenet"
    """Order and statistics of the input's channels: the original reads BGR (for VOC with ImageNet's RGB figures)."""
    stride: Literal[4] = 4

    @model_validator(mode="before")
    @classmethod
    def _expand_arch(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("arch") in ARCHITECTURES:
            return {**ARCHITECTURES[value["arch"]], **value}
        return value

    @model_validator(mode="after")
    def _check_parts(self) -> ModelSection:
        if (self.backbone == "hourglass104") != (self.neck == "none"):
            msg = "hourglass104 goes with neck none, and nothing else does"
            raise ValueError(msg)
        if self.deformable and self.neck not in {"deconv", "dla_up"}:
            msg = "deformable is for the necks deconv and dla_up"
            raise ValueError(msg)
        if self.class_sizes and self.box == "ltrb":
            msg = "class_sizes goes with size heads, not with ltrb"
            raise ValueError(msg)
        if self.light_head and not self.head_norm:
            msg = "light heads are always normalised: head_norm false needs light_head false"
            raise ValueError(msg)
        return self


class DecodeSection(Section):
    """How maps become boxes; used by validation, `evaluate` and `predict`."""

    top_k: Positive = 2000
    peak_window: tuple[Positive, Positive] = (3, 3)
    """Width and height in cells, both odd."""
    nms_iou: Annotated[float, Field(gt=0.0, le=1.0)] | None = 0.5
    """Boxes of one class that overlap a better one more are dropped; None: peaks alone, as in the paper."""
    soft_nms: bool = False
    """Lower the scores of overlapping boxes instead of dropping them (Gaussian, sigma 0.5) by `nms_iou`."""
    rivals: Share = 0.0
    """Where a better box of another class is in nearly the same place, a score s becomes s (1 - rivals * its score)."""
    min_score: Share = 0.05

    @field_validator("peak_window")
    @classmethod
    def _odd_window(cls, value: tuple[int, int]) -> tuple[int, int]:
        if any(side % 2 == 0 for side in value):
            msg = "both sides must be odd"
            raise ValueError(msg)
        return value


class TestSection(Section):
    """How pages are shown to the trained network; kept in the model."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    resize: Literal["page", "keep", "fixed"] = "page"
    """`page`: long side to `train.page_size`, paper right and below. `keep`: pixels as they are, black all round up to
    the next multiple, as the original does. `fixed`: fitted into `size`, black all round."""
    size: tuple[Side, Side] = (512, 512)
    """Width and height for `fixed`."""
    flip: bool = False
    """Average with the mirrored page: heatmap and size, not offset; `ltrb` with left and right exchanged."""
    scales: Annotated[tuple[Annotated[float, Field(gt=0.0, le=4.0)], ...], Field(min_length=1)] = (1.0,)
    """Look at each size and merge by soft suppression, as the original does."""
    second_look: bool = False
    """For text lines: look again, larger, at pages whose lines are small (`page` alone)."""
    ink: Literal["off", "lines", "regions"] = "off"
    """On clean pages move box sides to the ink: of text lines to their letters, of regions to their content."""
