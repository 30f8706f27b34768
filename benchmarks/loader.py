"""Whether loading keeps up with learning: `python benchmarks/loader.py PAGES/lines --workers 0,1,2`.

PAGES is what `centernet data synth --out PAGES` makes. Measured one after the other in one run: images a second of
the training step alone (targets drawn, forward, losses, backward, optimiser, on samples that are there already), then
of the loader alone for each cache and number of workers, from its second epoch on: the first one fills the caches and
is told apart. The ratio says how many times faster than the step the loader is: below 1 the step waits for samples.
On a CPU, workers and step share the processors, so that together they are slower than either alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import torch

from centernet_cli.core.recipe import Recipe
from centernet_cli.training.batch import Batch
from centernet_cli.training.data import plan_epoch
from centernet_cli.training.feed import Feed
from centernet_cli.training.loop import Trainer, prepare, training_step
from centernet_cli.training.run_dir import RunDir

CACHES = {"none": {"cache_mb": 0}, "memory": {"cache": "memory"}, "disk": {"cache": "disk"}}


def recipe_for(options: argparse.Namespace, data: dict[str, object]) -> Recipe:
    """Return the recipe to measure: the defaults, so the document variant, at the given size."""
    source = {"path": str(options.pages.resolve())}
    values = {
        "data": {"classes": options.classes.split(","), "train": [source], "holdout": 0.0, **data},
        "model": {"arch": options.arch} if options.arch else {},
        "train": {
            "batch_size": options.batch_size,
            "input": options.input,
            "page_size": options.page_size,
            "precision": "auto",
        },
    }
    return Recipe.model_validate(values, strict=False)


def settle(device: torch.device) -> float:
    """Return the time when the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def step_rate(trainer: Trainer, batch: Batch, steps: int) -> float:
    """Return images a second of the step, after one that doesn't count."""
    training_step(trainer, [batch], 1.0)
    start = settle(trainer.device)
    for _ in range(steps):
        training_step(trainer, [batch], 1.0)
    return steps * len(batch.images) / (settle(trainer.device) - start)


def loader_rates(recipe: Recipe, trainer: Trainer, epochs: int) -> tuple[float, float]:
    """Return images a second of the first epoch, which also starts the workers, and of `epochs` later ones."""
    feed = Feed(trainer.data.train, recipe, pin=trainer.device.type == "cuda")
    rates = []
    for first, last in ((0, 1), (1, 1 + epochs)):
        images, start = 0, time.perf_counter()
        for epoch in range(first, last):
            plan = plan_epoch(trainer.data.train, epoch=epoch, recipe=recipe)
            images += sum(len(batch.images) for batch in feed.batches(plan))
        rates.append(images / (time.perf_counter() - start))
    return rates[0], rates[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pages", type=Path, help="dataset, such as PAGES/lines")
    parser.add_argument("--classes", default="text_line")
    parser.add_argument("--workers", default="0,1,2", help="numbers of workers")
    parser.add_argument("--caches", default="none,memory,disk")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--arch", help="a published architecture instead of the document variant, such as res_18")
    parser.add_argument("--input", type=int, nargs=2, default=[512, 512], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--page-size", type=int, default=1280, help="long side that pages are scaled to")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    device = torch.device(options.device)
    with tempfile.TemporaryDirectory() as folder:
        recipe = recipe_for(options, {})
        trainer = prepare(recipe, RunDir(Path(folder) / "run"), device)
        trainer.connect()
        plan = plan_epoch(trainer.data.train, epoch=0, recipe=recipe)
        batch = next(iter(Feed(trainer.data.train, recipe).batches(plan[:1])))
        step = step_rate(trainer, batch, options.steps)
        count, processors = len(trainer.data.train), os.cpu_count()
        print(f"{count} pages, {processors} processors, torch {torch.__version__}, {torch.get_num_threads()} threads")
        print(f"step on {device}: {step:.1f} images/s in batches of {len(batch.images)}")
        best: tuple[float, str] = (0.0, "")
        for cache in options.caches.split(","):
            for workers in map(int, options.workers.split(",")):
                # A folder of its own for each, so that each begins with an empty one.
                cold = {"cache_dir": str(Path(folder) / f"{cache}{workers}")} if cache == "disk" else {}
                measured = recipe_for(options, {"workers": workers, **CACHES[cache], **cold})
                first, later = loader_rates(measured, trainer, options.epochs)
                name = f"cache {cache}, {workers} workers"
                print(f"{name}: first epoch {first:.1f}, then {later:.1f} images/s, {later / step:.2f} x the step")
                best = max(best, (later / step, name))
    verdict = "the loader keeps up" if best[0] >= 1 else "THE STEP WAITS FOR THE LOADER"
    print(f"verdict: {verdict}; at best {best[0]:.2f} x the step ({best[1]})")


if __name__ == "__main__":
    main()
