"""Our tensors are the original's, by another name: none missing, none added, equal shapes, the same order.

`original_tensors/*.txt` lists those of the original's checkpoints with 80 classes, in order: `name shape`, or
`name norm channels` for the five tensors of a normalisation.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from centernet_cli.core.architectures import ARCHITECTURES
from centernet_cli.core.recipe import ModelSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.original_names import DROPPED, original_names

FOLDER = Path(__file__).with_name("original_tensors")
NORM = ("weight", "bias", "running_mean", "running_var")


def original_tensors(arch: str) -> list[str]:
    lines = []
    for line in (FOLDER / f"{arch}.txt").read_text(encoding="utf-8").splitlines():
        name, *shape = line.split()
        if shape and shape[0] == "norm":
            lines += [f"{name}.{part} {shape[1]}" for part in NORM]
            lines.append(f"{name}.num_batches_tracked ")
        else:
            lines.append(f"{name} {'x'.join(shape)}")
    return lines


def ours(section: ModelSection, classes: int = 80) -> tuple[dict[str, str], list[str]]:
    """Return our names with theirs, and `name shape` by their names."""
    with torch.device("meta"):
        state = CenterNet(section, classes).state_dict()
    names = original_names(state, section)
    return names, [f"{names[name]} {'x'.join(map(str, value.shape))}" for name, value in state.items()]


@pytest.mark.parametrize("arch", [path.stem for path in sorted(FOLDER.glob("*.txt"))])
def test_names_shapes_and_order_are_the_originals(arch):
    names, lines = ours(ModelSection.model_validate({"arch": arch}))
    assert len(set(names.values())) == len(names)
    assert lines == [line for line in original_tensors(arch) if line.split()[0] not in DROPPED]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_names_of_every_architecture_are_told_apart(arch):
    names, _ = ours(ModelSection.model_validate({"arch": arch}), classes=3)
    assert len(set(names.values())) == len(names)
    assert {name.split(".")[0] for name in names} == {"backbone", "neck", "heads"} - (
        {"neck"} if arch == "hourglass_104" else set()
    )


def test_fewer_heads_and_wider_sizes():
    section = ModelSection.model_validate({"arch": "res_18", "box": "size", "class_sizes": True, "head_channels": 32})
    _, lines = ours(section, classes=5)
    assert [line for line in lines if line.startswith(("hm", "wh", "reg"))] == [
        "hm.0.weight 32x256x3x3",
        "hm.0.bias 32",
        "hm.2.weight 5x32x1x1",
        "hm.2.bias 5",
        "wh.0.weight 32x256x3x3",
        "wh.0.bias 32",
        "wh.2.weight 10x32x1x1",
        "wh.2.bias 10",
    ]


def test_a_tensor_the_original_does_not_have():
    with pytest.raises(ValueError, match=r"no tensor neck\.lateral"):
        original_names(["neck.lateral.0.weight"], ModelSection.model_validate({"arch": "dla_34"}))
