"""Milliseconds a page of every runtime that works here, by turns in one run: `python benchmarks/runtimes.py`.

    python benchmarks/runtimes.py --model regions --rounds 10 --threads 2
    python benchmarks/runtimes.py --device cuda

One page of noise of the size that the model sees, network and decoding; reading and scaling come on top, and are the
same for all. Every round runs each runtime once, so that a busy machine slows all of them; medians are compared with
the first row's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import numpy as np

from centernet_cli.core.errors import CenterNetError
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.runtime import Runtime, RuntimeName, RuntimeOptions

CPU: tuple[tuple[RuntimeName, str, bool], ...] = (
    ("torch", "fp32", False),
    ("torch", "bf16", False),
    ("torch", "fp32", True),
    ("torch", "bf16", True),
    ("onnx", "fp32", False),
    ("openvino", "fp32", False),
    ("openvino", "bf16", False),
)
GPU: tuple[tuple[RuntimeName, str, bool], ...] = (
    ("torch", "fp32", False),
    ("torch", "fp16", False),
    ("torch", "fp16", True),
)


def opened(model: str, device: str) -> dict[str, Runtime]:
    """Open what can be opened, and say what cannot."""
    found = {}
    for name, precision, compiled in CPU if device == "cpu" else GPU:
        label = f"{name}{', compiled' if compiled else ''}, {precision}"
        options = RuntimeOptions(runtime=name, device=device, precision=precision, compiled=compiled)
        try:
            found[label] = open_runtime(model, options)
        except CenterNetError as error:
            print(f"left out: {label}: {error}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="lines")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--batch", type=int, default=1, help="pages at a time")
    parser.add_argument("--threads", type=int, help="of all runtimes; default: as many as the process may use")
    options = parser.parse_args()
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    runtimes = opened(options.model, options.device)
    times: dict[str, list[float]] = {}
    for label, runtime in list(runtimes.items()):
        long_side = runtime.meta.page_size
        shape = (options.batch, long_side, round(long_side * 0.75 / 32) * 32, 3)
        pages = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        try:
            runtime.predict(pages)
        except CenterNetError as error:
            print(f"left out: {label}: {error}")
            del runtimes[label]
    for _ in range(options.rounds):
        for label, runtime in runtimes.items():
            start = time.perf_counter()
            runtime.predict(pages)
            times.setdefault(label, []).append(1000 * (time.perf_counter() - start) / options.batch)
    first = statistics.median(next(iter(times.values())))
    print(f"{options.model}, {shape[2]} x {shape[1]} pixels, {options.batch} at a time")
    for label, taken in times.items():
        middle = statistics.median(taken)
        print(f"{label:24} {middle:8.1f} ms a page  {first / middle:5.2f} x the first")


if __name__ == "__main__":
    main()
