"""Every architecture is exported: ONNX and OpenVINO run it and find what torch finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from centernet_cli.core.architectures import ARCHITECTURES
from centernet_cli.core.model_sections import ModelSection
from centernet_cli.inference.export import export_model
from centernet_cli.inference.parity import check_parity
from centernet_cli.models.backbones import BACKBONES
from tests.inference.lively import lively_model

OUTPUTS = ["boxes", "scores", "classes"]
OTHERS: list[dict[str, Any]] = [
    *({"backbone": name} for name in BACKBONES),
    {"backbone": "resnet18", "neck": "dla_up", "deformable": True, "box": "size"},
    {"backbone": "mobilenet_v3_small", "neck": "dla_up", "box": "size", "class_sizes": True},
    {"backbone": "dla34", "neck": "deconv", "deformable": True, "box": "size"},
]


def page() -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    return small.repeat(8, 0).repeat(8, 1)


def check(section: dict[str, Any], folder: Path, *, flip: bool) -> None:
    import onnxruntime

    model = lively_model(ModelSection.model_validate(section), flip=flip)
    graph = folder / "out.onnx"
    assert export_model(model, "onnx", graph, page()).boxes > 50
    session = onnxruntime.InferenceSession(str(graph))

    def run(batch: np.ndarray, mirror: bool) -> list[np.ndarray]:
        found: list[np.ndarray] = session.run(OUTPUTS, {"pixels": batch, "mirror": np.array(int(mirror))})
        return found

    assert check_parity(model, run, page(), graph, either=True).boxes > 50


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_published_architectures(arch: str, tmp_path: Path) -> None:
    check({"arch": arch}, tmp_path, flip=arch == "dla_34")


@pytest.mark.slow
@pytest.mark.parametrize("section", OTHERS, ids=lambda section: "-".join(str(value) for value in section.values()))
def test_other_combinations(section: dict[str, Any], tmp_path: Path) -> None:
    check(section, tmp_path, flip=False)
