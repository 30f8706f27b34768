"""A training step of `lines` beside one of YOLO11n: `python benchmarks/train_step.py --against OTHER/bin/python`.

OTHER is a virtual environment of its own with ultralytics and the same torch (AGPL: measured there, never imported
here or in the program). Both learn from the same images and boxes, samples of `--pages` as the recipe makes them,
with the same threads, theirs in fp32 as it trains on CPUs, ours in `--precision`; by turns, a step of one, a step of
the other, so that a busy machine hinders both alike.
A step is targets or their assignment, forward, losses, backward, clipping, AdamW and the moving average. Measured are
wall time and, on the CPU, the processor time of the process; multiply-adds of the forward pass are counted by torch's
counter in both. The ratio asked for is that of images a second times multiply-adds an image, ours over theirs.

`--kind mmdet` has mmdetection's CenterNet with ResNet-18 instead (`mmdet_step.py` says what it needs), and `--arch
res_18` that network of ours instead of that of `lines`, or `--model backbone=resnet18 --model context_blocks=0` that of
`modern_resnet_18`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from centernet_cli.core.model_sections import ModelSection
from centernet_cli.core.recipe import Recipe
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.training.data import plan_epoch
from centernet_cli.training.feed import Feed
from centernet_cli.training.loop import Trainer, prepare, training_step
from centernet_cli.training.run_dir import RunDir

ROOT = Path(__file__).resolve().parents[1]
OTHER = """
import copy, json, sys, time
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode
from ultralytics import __version__
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.torch_utils import ModelEMA

found, device, threads, config = np.load(sys.argv[2]), torch.device(sys.argv[3]), int(sys.argv[4]), sys.argv[1]
torch.set_num_threads(threads)
torch.manual_seed(0)
model = DetectionModel(config, ch=3, nc=1, verbose=False).to(device).train()
model.args = get_cfg()
ema = ModelEMA(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
images = torch.from_numpy(found["images"])
batch = {name: torch.from_numpy(found[name]).to(device) for name in ("cls", "bboxes", "batch_idx")}

def step():
    batch["img"] = images.to(device).float() / 255
    optimizer.zero_grad()
    loss, _ = model(batch)
    loss.sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=10.0)
    optimizer.step()
    ema.update(model)
    if device.type == "cuda":
        torch.cuda.synchronize()

with torch.no_grad(), FlopCounterMode(display=False) as counter:
    copy.deepcopy(model).eval()(images[:1].to(device).float() / 255)
parameters = sum(parameter.numel() for parameter in model.parameters())
facts = {"name": f"ultralytics {__version__} {config}", "torch": torch.__version__}
print(json.dumps({**facts, "parameters": parameters, "multiply_adds": counter.get_total_flops() // 2}), flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]), flush=True)
"""


class Times(NamedTuple):
    """Seconds of a step: on the clock, and of the process's processors."""

    wall: float
    cpu: float


class Theirs:
    """The step of the other program, in its own process."""

    def __init__(self, python: Path, program: list[str], samples: Path, device: torch.device, threads: int) -> None:
        command = [str(python), *program, str(samples), str(device), str(threads)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts: dict[str, Any] = json.loads(self._line())

    def step(self) -> Times:
        """Do one."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Times(*json.loads(self._line()))

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        # Their library may say something of its own first.
        line = next((line for line in self._process.stdout if line.startswith(("{", "["))), "")
        if not line:
            raise SystemExit("the other program ended; see above")
        return line


def our_step(trainer: Trainer, batch: Any) -> Times:
    """Do a step of ours."""
    wall, cpu = time.perf_counter(), time.process_time()
    training_step(trainer, [batch], 1.0)
    if trainer.device.type == "cuda":
        torch.cuda.synchronize()
    return Times(time.perf_counter() - wall, time.process_time() - cpu)


def recipe_of(options: argparse.Namespace) -> Recipe:
    """Return the recipe of `lines`, or of an architecture, at the size asked for, from random weights, all trained."""
    width, height = options.input
    changes = {
        "data.train": f"[{{path: {options.pages.resolve()}}}]",
        "data.holdout": "0.0",
        "model.pretrained": "null",
        "model.frozen_stages": "0",
        "train.input": f"[{width}, {height}]",
        "train.page_size": str(options.page_size),
        "train.batch_size": str(options.batch_size),
        "train.samples_per_epoch": str(options.batch_size),
        "train.precision": options.precision,
    }
    if options.arch is not None:
        # What an architecture sets gives way to the recipe, so it is written in full.
        section = ModelSection.model_validate({"arch": options.arch}).model_dump(mode="json", exclude={"arch"})
        changes |= {f"model.{name}": json.dumps(value) for name, value in section.items()}
    changes |= {f"model.{key}": value for key, value in (item.split("=", 1) for item in options.model)}
    return load_recipe(ROOT / "recipes" / "lines.yaml", [f"{key}={value}" for key, value in changes.items()])


def write_samples(batch: Any, path: Path) -> None:
    """Write a batch as the other program takes it: boxes as centre and size over the image's."""
    _, _, height, width = batch.images.shape
    boxes = batch.objects.boxes.numpy() / np.array([width, height, width, height], np.float32)
    centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    np.savez(
        path,
        images=batch.images.numpy(),
        cls=np.zeros((len(boxes), 1), np.float32),
        bboxes=np.concatenate([centres, sizes], axis=1),
        batch_idx=batch.objects.page.numpy().astype(np.float32),
    )


def report(name: str, times: list[Times], images: int, multiply_adds: float, *, cpu: bool) -> float:
    """Print what a program does in a second; return its multiply-adds a second."""
    wall, used = (statistics.median(each) for each in zip(*times, strict=True))
    seconds = used if cpu else wall
    rate = images / seconds * multiply_adds
    print(
        f"{name}: {wall:.2f} s a step on the clock, {used:.2f} s of processors (medians of {len(times)}); "
        f"{multiply_adds / 1e9:.2f} G multiply-adds an image, {rate / 1e9:.2f} G a second"
    )
    return rate


def parsed() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--against", type=Path, metavar="PYTHON", help="interpreter that has the other program")
    parser.add_argument("--kind", choices=("yolo", "mmdet"), default="yolo", help="which it is")
    parser.add_argument("--arch", help="an architecture of ours instead of that of `lines`")
    parser.add_argument("--model", action="append", default=[], metavar="KEY=VALUE", help="what else it is made of")
    parser.add_argument("--config", default="yolo11n.yaml", help="which of the networks of YOLO")
    parser.add_argument("--pages", type=Path, default=ROOT / "sample_docs" / ".truth" / "lines.json")
    parser.add_argument("--input", type=int, nargs=2, default=[640, 640], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--page-size", type=int, default=1024)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = parsed()
    device, (width, height) = torch.device(options.device), options.input
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        recipe = recipe_of(options)
        trainer = prepare(recipe, RunDir(Path(folder) / "run"), device)
        torch.set_num_threads(options.threads)
        trainer.connect()
        plan = plan_epoch(trainer.data.train, epoch=0, recipe=recipe)
        batch = next(iter(Feed(trainer.data.train, recipe).batches(plan[:1])))
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            trainer.averaged(torch.zeros(1, 3, height, width, device=device))
        theirs = None
        if options.against is not None:
            samples = Path(folder) / "samples.npz"
            write_samples(batch, samples)
            yolo = ["-c", OTHER, options.config]
            program = yolo if options.kind == "yolo" else [str(Path(__file__).with_name("mmdet_step.py"))]
            theirs = Theirs(options.against, program, samples, device, options.threads)
        ours_times: list[Times] = []
        their_times: list[Times] = []
        for turn in range(options.steps + 1):
            mine = our_step(trainer, batch)
            other = theirs.step() if theirs is not None else None
            if turn:  # the first step also pays for what is only done once
                ours_times.append(mine)
                their_times += [other] if other is not None else []
    count = len(batch.images)
    print(f"{count} images of {width}x{height} with {len(batch.objects.boxes)} boxes, {device}, {options.precision}")
    print(f"torch {torch.__version__}, {options.threads} threads")
    on_cpu = device.type == "cpu"
    ours = report(
        " ".join(["centernet", options.arch or "lines", *options.model]),
        ours_times,
        count,
        counter.get_total_flops() / 2,
        cpu=on_cpu,
    )
    if theirs is not None:
        theirs.close()
        facts = theirs.facts
        print(f"{facts['name']}, torch {facts['torch']}, {facts['parameters'] / 1e6:.2f} M parameters")
        rate = report(options.kind, their_times, count, facts["multiply_adds"], cpu=on_cpu)
        images = ours / (counter.get_total_flops() / 2) / (rate / facts["multiply_adds"])
        print(f"ours over theirs: multiply-adds a second {ours / rate:.2f}, images a second {images:.2f}")


if __name__ == "__main__":
    main()
