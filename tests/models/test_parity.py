"""Our networks give what the original's code gives with the same weights.

`original_outputs.json` holds values of the original's own outputs, computed once with its code, with weights made by
`weight` below from the names and shapes of its tensors.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from centernet_cli.core.recipe import ModelSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.original_names import HEADS, original_names

SIDE = 128
CELLS = ((3, 5), (17, 20), (30, 1))
RECORDED = json.loads(Path(__file__).with_name("original_outputs.json").read_text(encoding="utf-8"))


def noise(count: int, seed: int) -> np.ndarray:
    """Uniform numbers of unit variance, the same everywhere: raw bits are what numpy promises never to change."""
    bits = np.random.PCG64(seed).random_raw(count)
    return ((bits >> np.uint64(11)) * 2.0**-53 - 0.5) * 12**0.5


POOL = noise(1_000_003, 0).astype(np.float32)


def weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Make up a tensor of the original: sizes kept in bounds, no statistic trivial, deformable offsets about a cell."""
    count = int(np.prod(shape))
    values = np.resize(np.roll(POOL, zlib.crc32(name.encode())), count).reshape(shape)
    last = name.rsplit(".", 1)[1]
    if last == "running_var":
        values = 1 + 0.25 * values
    elif last == "weight" and len(shape) == 1:
        values = 0.75 + 0.15 * values
    elif name.endswith("conv_offset_mask.bias"):
        pass
    elif last != "weight":
        values = 0.2 * values
    else:
        transposed = ("deconv" in name and shape[2] == 4) or "up_" in name
        fan = 4 * shape[0] if "deconv" in name and transposed else 4 if transposed else int(np.prod(shape[1:]))
        values = values * (2 / fan) ** 0.5 * (0.5 if "conv_offset_mask" in name else 1.0)
    return torch.from_numpy(values.astype(np.float32))


def image() -> torch.Tensor:
    return torch.from_numpy(noise(3 * SIDE * SIDE, 1).astype(np.float32).reshape(1, 3, SIDE, SIDE))


def summary(maps: torch.Tensor) -> list[float]:
    """Mean, standard deviation, and the first and last channel at some cells."""
    values = [maps.mean(), maps.std()]
    values += [maps[0, channel, y, x] for channel in (0, -1) for y, x in CELLS]
    return [float(value) for value in values]


@pytest.mark.parametrize("arch", list(RECORDED))
def test_outputs_are_the_originals(arch):
    section = ModelSection.model_validate({"arch": arch})
    with torch.device("meta"):
        network = CenterNet(section, 80).eval()
    state = network.state_dict()
    names = original_names(state, section)
    made = {
        name: torch.zeros((), dtype=torch.int64) if value.ndim == 0 else weight(names[name], tuple(value.shape))
        for name, value in state.items()
    }
    network.load_state_dict(made, assign=True)
    with torch.no_grad():
        outputs = network.every_stack(image())
        last = network(image())
    assert len(outputs) == len(RECORDED[arch])
    for out, recorded in zip(outputs, RECORDED[arch], strict=True):
        for ours, theirs in HEADS.items():
            largest = max(1.0, *(abs(value) for value in recorded[theirs]))
            assert summary(out[ours]) == pytest.approx(recorded[theirs], abs=1e-4 * largest)
    assert all(torch.equal(last[name], maps) for name, maps in outputs[-1].items())
