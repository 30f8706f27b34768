"""What a weights file says about itself; readable without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from centernet_cli.core.errors import ModelError
from centernet_cli.core.model_sections import DecodeSection, ModelSection, TestSection
from centernet_cli.core.safe_io import sha256_file
from centernet_cli.models.graph_meta import WEIGHTS_KEY, is_graph, read_graph_metadata
from centernet_cli.models.pixels import IMAGENET_MEAN, IMAGENET_STD, pixel_statistics

if TYPE_CHECKING:
    from pathlib import Path

MULTIPLE, HOURGLASS_MULTIPLE = 32, 128
KEY = "centernet"
"""The one metadata key of our safetensors files; its value is JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMeta:
    """Everything but the tensors.

    Attributes:
        name: Of the model.
        classes: In the order of the heatmap's channels.
        page_size: Long side in pixels that pages are scaled to.
        model: Architecture.
        decode: How its maps become boxes.
        threshold: Default score threshold, the best on validation.
        mean: Of pixels in [0, 1], in the order of the channels that the network sees (`bgr`).
        std: Likewise.
        test: How pages are shown to it.
        sha256: Of the file; empty before it is written.
        facts: Data, licence, scores and anything else worth telling; JSON values.
    """

    name: str
    classes: tuple[str, ...]
    page_size: int
    model: ModelSection
    decode: DecodeSection
    threshold: float = 0.3
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    test: TestSection = field(default_factory=TestSection)
    sha256: str = ""
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def stride(self) -> int:
        """Pixels per cell."""
        return self.model.stride

    @property
    def bgr(self) -> bool:
        """Whether the network sees blue, green, red instead of red, green, blue."""
        return pixel_statistics(self.model.pixels).bgr

    @property
    def multiple(self) -> int:
        """Both sides of what the network sees are multiples of this many pixels: its coarsest stride."""
        return HOURGLASS_MULTIPLE if self.model.backbone == "hourglass104" else MULTIPLE

    @property
    def joins_looks(self) -> bool:
        """Whether overlapping boxes are dealt with when all looks at a page are joined, not by the runtime."""
        return self.decode.soft_nms or len(self.test.scales) > 1

    def to_metadata(self) -> dict[str, str]:
        """Return safetensors metadata."""
        value = {
            "name": self.name,
            "classes": self.classes,
            "page_size": self.page_size,
            "model": self.model.model_dump(exclude={"pretrained", "init"}),
            "decode": self.decode.model_dump(),
            "threshold": self.threshold,
            "mean": self.mean,
            "std": self.std,
            "test": self.test.model_dump(),
            "facts": self.facts,
        }
        return {KEY: json.dumps(value, allow_nan=False)}


def read_meta(path: Path) -> ModelMeta:
    """Read the metadata of one of our safetensors files, or of a graph exported from one.

    The sha256 is always that of the safetensors file: boxes are the same, whichever file they were found with.

    Raises:
        ModelError: Missing, damaged or somebody else's file.
    """
    if not path.is_file():
        raise ModelError("M503", "no such file", path=path)
    if is_graph(path):
        metadata, kind = read_graph_metadata(path), "a graph"
    else:
        metadata, kind = _safetensors_metadata(path), "a safetensors file"
    if KEY not in metadata:
        raise ModelError("M506", f"{kind}, but not of a centernet model", path=path)
    try:
        return _parse(metadata[KEY], metadata.get(WEIGHTS_KEY, "") if is_graph(path) else sha256_file(path))
    except (ValueError, KeyError, TypeError, ValidationError, RecursionError) as error:
        raise ModelError(
            "M507", f"metadata of another version: {type(error).__name__} {error}".splitlines()[0], path=path
        ) from error


def _safetensors_metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise ModelError("M505", f"not a readable safetensors file: {error}", path=path) from error


def _parse(text: str, sha256: str) -> ModelMeta:
    value = json.loads(text)
    return ModelMeta(
        name=str(value["name"]),
        classes=tuple(str(name) for name in value["classes"]),
        page_size=int(value["page_size"]),
        model=ModelSection.model_validate_json(json.dumps(value["model"])),
        decode=DecodeSection.model_validate_json(json.dumps(value["decode"])),
        threshold=float(value["threshold"]),
        mean=_triple(value["mean"]),
        std=_triple(value["std"]),
        # Files of version 1 have none.
        test=TestSection.model_validate_json(json.dumps(value.get("test", {}))),
        sha256=sha256,
        facts=dict(value["facts"]),
    )


def _triple(values: list[float]) -> tuple[float, float, float]:
    a, b, c = values
    return float(a), float(b), float(c)
