"""Speed of every published architecture: forward and decoding of one picture, and training, beside the paper's figures.

    python benchmarks/architectures.py --device cuda
    python benchmarks/architectures.py --arch res_18 --arch dla_34 --modes fp32

One random picture of 512 x 512 pixels, network and decoding (no reading, no resizing), as the original's table counts
it; training steps (forward, losses, backward, Adam) of `--batch` pictures with targets drawn beforehand. `half` is
float16 on CUDA and bfloat16 on a CPU; `compiled` is `half` through torch.compile. Medians of `--repeats` after two
that don't count; published milliseconds are those of a Titan Xp with PyTorch 0.4.1.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import torch

from centernet_cli.codec.decode import decode
from centernet_cli.codec.encode import encode_batch
from centernet_cli.codec.targets import Objects
from centernet_cli.core.recipe import DecodeSection, LossSection, ModelSection, TargetsSection
from centernet_cli.losses.total import total_loss
from centernet_cli.models.centernet import CenterNet

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLISHED = {
    "res_18": None,
    "res_34": None,
    "res_50": None,
    "res_101": None,
    "res_152": None,
    "resdcn_18": 7,
    "resdcn_34": None,
    "resdcn_50": None,
    "resdcn_101": 22,
    "resdcn_152": None,
    "dla_34": 19,
    "dlav0_34": None,
    "hourglass_104": 71,
}
"""Milliseconds an image without test-time augmentation."""
MODES = ("fp32", "half", "compiled")
CLASSES, SIDE, OBJECTS = 80, 512, 10


def median_seconds(work: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Return the median time of `work` after two times that don't count."""
    times = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:])


def predicting(network: CenterNet, device: torch.device, mode: str) -> Callable[[], object]:
    """Return forward and decoding of one picture."""
    network.eval()
    pixels = torch.rand(1, 3, SIDE, SIDE, device=device).contiguous(memory_format=torch.channels_last)
    section = DecodeSection(top_k=100)
    dtype = torch.float16 if device.type == "cuda" else torch.bfloat16
    forward = torch.compile(network) if mode == "compiled" else network

    @torch.inference_mode()
    def work() -> object:
        with torch.autocast(device.type, dtype=dtype, enabled=mode != "fp32"):
            maps = forward(pixels)
        return decode({name: value.float() for name, value in maps.items()}, section)

    return work


def training(network: CenterNet, device: torch.device, batch: int, *, half: bool) -> Callable[[], object]:
    """Return one training step on `batch` pictures."""
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(batch, 3, SIDE, SIDE, device=device).contiguous(memory_format=torch.channels_last)
    corners = torch.rand(batch * OBJECTS, 2, generator=generator) * (SIDE / 2)
    objects = Objects(
        torch.cat([corners, corners + 40 + torch.rand(batch * OBJECTS, 2, generator=generator) * 160], 1),
        torch.randint(0, CLASSES, (batch * OBJECTS,), generator=generator),
        torch.arange(batch).repeat_interleave(OBJECTS),
        torch.zeros(0, 4),
        torch.zeros(0, dtype=torch.long),
        torch.ones(batch, CLASSES, dtype=torch.bool),
    ).to(device)
    section = TargetsSection(gaussian="original")
    targets = encode_batch(objects, shape=(SIDE, SIDE), section=section, ltrb=False)
    dtype = torch.float16 if device.type == "cuda" else torch.bfloat16
    scaler = torch.amp.GradScaler(device.type, enabled=half and device.type == "cuda")

    def work() -> object:
        with torch.autocast(device.type, dtype=dtype, enabled=half):
            outputs = network.every_stack(pixels)
        loss, _ = total_loss(outputs, targets, LossSection())
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()
        return None

    return work


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--arch", action="append", choices=list(PUBLISHED), help="may be repeated; all by default")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--batch", type=int, default=8, help="pictures of a training step; 0: no training")
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    device = torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"torch {torch.__version__}, {device}, {name}; {SIDE} x {SIDE}, {CLASSES} classes\n")
    heads = [f"{mode} ms" for mode in options.modes] + (["training images/s"] if options.batch else [])
    print(f"| arch | {' | '.join(heads)} | published ms |")
    print("|" + " --- |" * (len(heads) + 2))
    for arch in options.arch or PUBLISHED:
        torch.manual_seed(0)
        network = CenterNet(ModelSection.model_validate({"arch": arch}), CLASSES).to(device)
        network = network.to(memory_format=torch.channels_last)
        cells = []
        for mode in options.modes:
            took = median_seconds(predicting(network, device, mode), device, options.repeats)
            cells.append(f"{1000 * took:.1f}")
        if options.batch:
            step = training(network, device, options.batch, half="half" in options.modes)
            cells.append(f"{options.batch / median_seconds(step, device, max(1, options.repeats // 4)):.1f}")
        print(f"| `{arch}` | {' | '.join(cells)} | {PUBLISHED[arch] or ''} |", flush=True)


if __name__ == "__main__":
    main()
