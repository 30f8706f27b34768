"""Import of the original CenterNet's checkpoints: every tensor by name, or none at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from centernet_cli.core.architectures import ARCHITECTURES
from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.core.safe_io import sha256_file
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.checkpoint_file import read_tensors
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.original_names import DROPPED, original_names
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.models.zoo import save_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from centernet_cli.models.original_classes import ClassNames

DECODE = DecodeSection(top_k=100, peak_window=(3, 3), nms_iou=None, min_score=0.001)
"""As the original decodes: its hundred best peaks, and no suppression."""
PAGE_SIZE = 512
"""Sides it was trained on; at test it keeps the image's own."""
COUNTER = "num_batches_tracked"

# Blocks in the third layer of a ResNet, and whether they have a third convolution, tell its depth.
_DEPTHS = {(2, False): 18, (6, False): 34, (6, True): 50, (23, True): 101, (36, True): 152}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint of the original whose tensors all fit an architecture.

    Attributes:
        path: Of the file.
        section: Architecture, its heads as the tensors say.
        num_classes: Channels of the heatmap.
        state: Tensors by our names, float32.
    """

    path: Path
    section: ModelSection
    num_classes: int
    state: dict[str, Tensor]


def read_checkpoint(path: Path, arch: str | None = None) -> Checkpoint:
    """Read a checkpoint of the original.

    Args:
        path: The `.pth` file: `epoch`, `state_dict` and `optimizer`, or a bare state dict.
        arch: One of `ARCHITECTURES`; None: the tensors' names tell it.

    Raises:
        ModelError: Not such a file, or a tensor is missing, unknown, of another shape or not finite.
    """
    tensors = {name: value for name, value in read_tensors(path).items() if name not in DROPPED}
    guess = guess_arch(tensors)
    if arch is None:
        arch = guess
    if arch is None:
        raise ModelError(
            "M514", "no known architecture by its tensors' names", path=path, hint="--arch says which one it is"
        )
    section, num_classes = _section(tensors, arch, path)
    with torch.device("meta"):
        expected = CenterNet(section, num_classes).state_dict()
    names = original_names(expected, section)
    hint = f"by its tensors it is {guess}" if guess not in {None, arch} else None
    _check_fit(tensors, {names[name]: value for name, value in expected.items()}, arch, path, hint)
    state = {name: tensors[names[name]].float() for name in expected if not name.endswith(COUNTER)}
    for name, value in state.items():
        if not bool(torch.isfinite(value).all()):
            raise ModelError("M513", f"{names[name]} holds NaN or infinite values", path=path)
    return Checkpoint(path, section, num_classes, state)


def save_checkpoint_as_model(checkpoint: Checkpoint, classes: ClassNames, name: str, out: Path) -> ModelMeta:
    """Write a checkpoint as one of our weights files; return its metadata.

    Raises:
        OutputError: The file cannot be written.
    """
    section = checkpoint.section
    if classes.kind == "voc":
        section = section.model_copy(update={"pixels": "voc_bgr"})
    mean, std, _ = pixel_statistics(section.pixels)
    meta = ModelMeta(
        name=name,
        classes=classes.names,
        page_size=PAGE_SIZE,
        model=section,
        decode=DECODE,
        mean=mean,
        std=std,
        test=TestSection(resize="keep"),
        facts={"imported_from": checkpoint.path.name, "imported_sha256": sha256_file(checkpoint.path)},
    )
    return save_model(checkpoint.state, meta, out)


def guess_arch(tensors: Mapping[str, Tensor]) -> str | None:
    """Return the architecture that a checkpoint's tensor names belong to, None if there is none."""
    if "pre.0.conv.weight" in tensors:
        return "hourglass_104"
    if "base.base_layer.0.weight" in tensors:
        return "dla_34" if any(name.startswith("ida_up.") for name in tensors) else "dlav0_34"
    blocks = {name.split(".")[1] for name in tensors if name.startswith("layer3.")}
    depth = _DEPTHS.get((len(blocks), "layer3.0.conv3.weight" in tensors))
    if depth is None:
        return None
    return f"resdcn_{depth}" if "deconv_layers.0.conv_offset_mask.weight" in tensors else f"res_{depth}"


def _section(tensors: Mapping[str, Tensor], arch: str, path: Path) -> tuple[ModelSection, int]:
    """Read from the tensors what a checkpoint's options were: classes, boxes, widths, stacks."""
    hourglass = arch == "hourglass_104"
    first, last = ("0.0.conv", "0.1") if hourglass else ("0", "2")
    shapes = {}
    for name in (f"hm.{first}.weight", f"hm.{last}.weight", f"wh.{last}.weight"):
        if name not in tensors or tensors[name].ndim != 4 or 0 in tensors[name].shape:
            raise ModelError("M513", f"does not fit {arch}: {name} is missing or no convolution", path=path)
        shapes[name] = tensors[name].shape[0]
    hidden, num_classes, sizes = shapes.values()
    values: dict[str, object] = {
        "arch": arch,
        "head_channels": hidden,
        "class_sizes": sizes == 2 * num_classes and num_classes > 1,
        "box": "size_offset" if any(name.startswith("reg.") for name in tensors) else "size",
    }
    if hourglass:
        stacks = {name.split(".")[1] for name in tensors if name.startswith("kps.")}
        values["stacks"] = min(max(1, len(stacks)), 4)
    return ModelSection.model_validate({**ARCHITECTURES[arch], **values}), num_classes


def _check_fit(
    tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], arch: str, path: Path, hint: str | None
) -> None:
    # Files of torch before 0.4 have no counters; nothing needs them after training.
    missing = [name for name in expected if name not in tensors and not name.endswith(COUNTER)]
    unknown = [name for name in tensors if name not in expected]
    wrong = [
        name
        for name, value in tensors.items()
        if name in expected
        and (value.shape != expected[name].shape or value.is_floating_point() != expected[name].is_floating_point())
    ]
    if not (missing or unknown or wrong):
        return
    name = (missing + unknown + wrong)[0]
    if missing:
        first = f"{name} is missing"
    elif unknown:
        first = f"{name} is unknown"
    else:
        found, wanted = tensors[name], expected[name]
        first = f"{name} is {found.dtype} {list(found.shape)} instead of {list(wanted.shape)}".replace("torch.", "")
    raise ModelError(
        "M513",
        f"does not fit {arch}: {len(missing)} missing, {len(unknown)} unknown, {len(wrong)} of another shape "
        f"(first: {first})",
        path=path,
        hint=hint,
    )
