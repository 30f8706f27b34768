"""What drawing targets costs, beside the training step that needs them: `python benchmarks/encode.py --device cuda`.

Targets are drawn for 64 images of 300 objects at 256 x 256 cells; the step (forward, losses, backward, Adam) is that
of ResNet-18 with deconvolutions (`arch: res_18`) at 1024 x 1024 pixels, measured for `--images` at a time and scaled
to 64. Then one page of 2,000 lines: time and, on CUDA, the most memory that drawing it takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

import torch

from centernet_cli.codec.encode import encode_batch
from centernet_cli.codec.targets import Objects
from centernet_cli.core.recipe import LossSection, ModelSection, TargetsSection
from centernet_cli.losses.total import total_loss
from centernet_cli.models.centernet import CenterNet

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGES, OBJECTS, SIDE = 64, 300, 1024
LINES, PAGE = 2000, 2048
CASES = {
    "lines, ellipse, distances": (TargetsSection(), True),
    "lines, original": (TargetsSection(gaussian="original"), False),
    "lines, original, dense sizes": (TargetsSection(gaussian="original", dense_size=True), False),
    "regions, ellipse, distances": (TargetsSection(), True),
    "regions, original": (TargetsSection(gaussian="original"), False),
}


def objects(images: int, each: int, side: int, device: torch.device, *, regions: bool) -> Objects:
    """Make boxes at random places: lines of 60 to 660 x 10 to 30 pixels, or regions of 40 to 440 x 40 to 440."""
    generator = torch.Generator().manual_seed(0)
    count = images * each
    centres = torch.rand(count, 2, generator=generator) * side
    least, most = ((40.0, 40.0), (440.0, 440.0)) if regions else ((60.0, 10.0), (660.0, 30.0))
    low, high = torch.tensor(least), torch.tensor(most)
    half = (low + torch.rand(count, 2, generator=generator) * (high - low)) / 2
    numbers = torch.arange(images).repeat_interleave(each)
    nothing = torch.zeros(0, dtype=torch.long)
    boxes = torch.cat([centres - half, centres + half], 1)
    labels = torch.zeros(count, dtype=torch.long)
    return Objects(boxes, labels, numbers, torch.zeros(0, 4), nothing, torch.ones(images, 1).bool()).to(device)


def seconds(work: Callable[[], object], device: torch.device, repeats: int = 3) -> float:
    """Return the median time of `work` after a first time that doesn't count."""
    times = []
    for _ in range(repeats + 1):
        if device.type == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def step_of(images: int, device: torch.device) -> Callable[[], None]:
    """Return one training step on `images` images; its targets are drawn beforehand."""
    network = CenterNet(ModelSection(arch="res_18", backbone="resnet18", neck="deconv", box="size_offset"), 1)
    network.to(device).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    pixels = torch.rand(images, 3, SIDE, SIDE, device=device).contiguous(memory_format=torch.channels_last)
    section = TargetsSection(gaussian="original")
    targets = encode_batch(
        objects(images, OBJECTS, SIDE, device, regions=False), shape=(SIDE, SIDE), section=section, ltrb=False
    )

    def step() -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            outputs = network.every_stack(pixels)
        loss, _ = total_loss(outputs, targets, LossSection())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--images", type=int, default=1, help="images of the step that is measured")
    options = parser.parse_args()
    device = torch.device(options.device)
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads")
    measured = seconds(step_of(options.images, device), device, repeats=1 if device.type == "cpu" else 10)
    step = measured * IMAGES / options.images
    print(f"step: {measured:.3f} s for {options.images} images of {SIDE}x{SIDE}; scaled to {IMAGES}: {step:.2f} s")
    for name, (section, ltrb) in CASES.items():
        given = objects(IMAGES, OBJECTS, SIDE, device, regions=name.startswith("regions"))
        work = partial(encode_batch, given, shape=(SIDE, SIDE), section=section, ltrb=ltrb)
        encoding = seconds(work, device)
        print(f"{name}: {encoding:.4f} s for {IMAGES} x {OBJECTS} objects; 1/{step / encoding:.0f} of the step")
    page = objects(1, LINES, PAGE, device, regions=False)
    work = partial(encode_batch, page, shape=(PAGE, PAGE), section=TargetsSection())
    text = f"{LINES} lines on {PAGE}x{PAGE} pixels: {seconds(work, device):.4f} s"
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        text += f", {(torch.cuda.max_memory_allocated() - before) / 2**20:.0f} MB"
    print(text)


if __name__ == "__main__":
    main()
