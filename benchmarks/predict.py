"""Speed of `centernet predict` beside the network alone, RapidOCR and tesserocr: same pages, same processors, same run.

    pip install uv && uv venv /tmp/peers && uv pip install --python /tmp/peers rapidocr==3.10.0 onnxruntime tesserocr
    python benchmarks/predict.py PAGES --peers /tmp/peers/bin/python --tessdata /usr/share/tesseract-ocr/5/tessdata

PAGES is a folder of images and PDFs; peers read the images among them. Everything runs in turn, `--rounds` times, and
the best round counts: a busy machine makes all of them slower, so compare them with each other rather than with other
runs. Peers only detect: RapidOCR without recognition, tesserocr's layout analysis in a process for each processor.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

FORWARD = """
import json, sys, time
import numpy as np
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.runtime import RuntimeOptions
shapes = json.loads(sys.argv[1])
runtime = open_runtime(sys.argv[2], RuntimeOptions())
batches = [np.random.default_rng(0).integers(0, 256, (1, *shape, 3), dtype=np.uint8) for shape in shapes]
for batch in batches:
    runtime.predict(batch)
start, cpu = time.perf_counter(), time.process_time()
for batch in batches * 3:
    runtime.predict(batch)
print(json.dumps([(time.perf_counter() - start) / 3, (time.process_time() - cpu) / 3]))
"""
END_TO_END = """
import json, os, sys, time
from pathlib import Path
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.runtime import RuntimeOptions
from centernet_cli.inference.output import Target, describe, open_sink
from centernet_cli.inference.pipeline import PipelineOptions
from centernet_cli.inference.sinks.sink import Header
from centernet_cli.inference.stream import predict_files
from centernet_cli.pages.options import PageOptions
from centernet_cli.pages.source import expand_inputs
runtime = open_runtime(sys.argv[2], RuntimeOptions())
paths = list(expand_inputs([sys.argv[1]]))
options = PageOptions(enough=round(1.6 * runtime.meta.page_size), least_dpi=110)
sink = open_sink(Target("coco", Path(sys.argv[3])))
sink.start(Header(classes=runtime.meta.classes, info=describe([runtime], 0.3, {})))
pages, marks, count = int(sys.argv[4]), [], 0
def cpu_time():
    total = time.process_time()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total
# The first pages also start workers and compile the network for their shapes, and the last ones have the processors
# to themselves: five times the pages count after the first 200 (a run is long by then, and every worker runs the
# network itself), with as many on their way before as after.
lead = -(-200 // pages)
for done in predict_files(paths * (lead + 6), options, lambda: runtime, PipelineOptions()):
    sink.add(done.result)
    count += 1
    if count in {lead * pages, (lead + 5) * pages}:
        marks.append((time.perf_counter(), cpu_time()))
sink.finish()
print(json.dumps([(after - before) / 5 for before, after in zip(*marks)]))
"""
LOOKS = """
import json, sys
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.runtime import RuntimeOptions
from centernet_cli.inference.pipeline import PipelineOptions
from centernet_cli.inference.stream import StreamOptions, predict_files
from centernet_cli.pages.options import PageOptions
from centernet_cli.pages.source import expand_inputs
runtime = open_runtime(sys.argv[2], RuntimeOptions())
shapes, predict = [], runtime.predict
class Watched:
    def __getattr__(self, name):
        return getattr(runtime, name)
    def predict(self, batch):
        shapes.extend([list(batch.shape[1:3])] * len(batch))
        return predict(batch)
paths, here = list(expand_inputs([sys.argv[1]])), StreamOptions(workers=0)
done = list(predict_files(paths, PageOptions(least_dpi=110), Watched, PipelineOptions(), here))
print(json.dumps([shapes, len(done)]))
"""
RAPIDOCR = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
from rapidocr import RapidOCR
engine = RapidOCR()
paths = json.loads(sys.argv[1])
engine(paths[0], use_det=True, use_cls=False, use_rec=False)
start, cpu = time.perf_counter(), time.process_time()
for path in paths:
    engine(path, use_det=True, use_cls=False, use_rec=False)
print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))
"""
TESSEROCR = """
import json, sys, time
from tesserocr import PSM, RIL, PyTessBaseAPI
from PIL import Image
paths = json.loads(sys.argv[1])
with PyTessBaseAPI(path=sys.argv[2], psm=PSM.AUTO_ONLY) as engine:
    start, cpu = time.perf_counter(), time.process_time()
    for path in paths:
        engine.SetImage(Image.open(path).convert("RGB"))
        engine.GetComponentImages(RIL.TEXTLINE, True)
    print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))
"""


def run(python: str, program: str, *arguments: str, environ: dict[str, str] | None = None) -> list[Any]:
    """Run a program and return the JSON on the last line it prints."""
    command = [python, "-c", program, *arguments]
    result = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **(environ or {})})
    if result.returncode:
        sys.exit(f"{python}: {result.stderr.strip().splitlines()[-1:]}")
    found: list[Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def together(python: str, program: str, parts: list[list[str]], *arguments: str) -> tuple[float, float]:
    """Run a program on several lists of files at once; return the seconds of the slowest, and the CPU time of all."""
    found: list[list[float]] = [[]] * len(parts)

    def one(index: int) -> None:
        environ = {"OMP_THREAD_LIMIT": "1"}
        found[index] = run(python, program, json.dumps(parts[index]), *arguments, environ=environ)

    threads = [threading.Thread(target=one, args=(index,)) for index in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(seconds for seconds, _ in found), sum(cpu for _, cpu in found)


def resident(root: int) -> int:
    """Return the memory in bytes of a process and its children; what they share counts once for each (Linux)."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if root in {int(fields["Pid"]), int(fields["PPid"])} and "VmRSS" in fields:
            total += int(fields["VmRSS"].split()[0]) * 1024
    return total


def first_result(page: Path, model: str) -> tuple[float, int]:
    """Return the seconds from the start of the program to the boxes of a PDF's first page, and the peak memory."""
    command = [sys.executable, "-m", "centernet_cli", "-q", "predict", str(page), "--pages", "1", "--format", "jsonl"]
    start = time.perf_counter()
    with subprocess.Popen([*command, "--model", model], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        peak, seconds = 0, 0.0
        reader = threading.Thread(target=process.stdout.readline)
        reader.start()
        while reader.is_alive():
            peak = max(peak, resident(process.pid))
            reader.join(0.01)
        seconds = time.perf_counter() - start
    return seconds, peak


def peak_memory(files: list[str], model: str) -> int:
    """Return the most memory that a long run takes, workers included."""
    with tempfile.TemporaryDirectory() as folder:
        many = Path(folder) / "pages"
        many.mkdir()
        for number in range(-(-200 // len(files))):
            for path in files:
                (many / f"{number}-{Path(path).name}").symlink_to(Path(path).resolve())
        command = [sys.executable, "-m", "centernet_cli", "-q", "predict", str(many), "--out", f"{folder}/x.json"]
        process = subprocess.Popen([*command, "--model", model], stderr=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.02)
    return peak


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages")
    parser.add_argument("--model", default="lines")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", help="Python that has rapidocr and tesserocr")
    parser.add_argument("--tessdata", help="folder of eng.traineddata")
    options = parser.parse_args()
    files = sorted(str(path) for path in Path(options.pages).rglob("*") if path.is_file())
    images = [path for path in files if Path(path).suffix.lower() in {".png", ".jpg", ".jpeg", ".tif", ".webp"}]
    looks, pages = run(sys.executable, LOOKS, options.pages, options.model)
    shapes = json.dumps(looks)
    best: dict[str, tuple[float, float]] = {}
    for _ in range(options.rounds):
        now: dict[str, tuple[float, float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            arguments = (options.pages, options.model, f"{folder}/x.json", str(pages))
            seconds, cpu = run(sys.executable, END_TO_END, *arguments)
        now["end to end"] = seconds / pages, cpu / pages
        seconds, cpu = run(sys.executable, FORWARD, shapes, options.model)
        now["forward only"] = seconds / pages, cpu / pages
        if options.peers and images:
            seconds, cpu = run(options.peers, RAPIDOCR, json.dumps(images))
            now["RapidOCR"] = seconds / len(images), cpu / len(images)
        if options.peers and options.tessdata and images:
            count = len(os.sched_getaffinity(0))
            parts = [images[start::count] for start in range(count) if images[start::count]]
            seconds, cpu = together(options.peers, TESSEROCR, parts, options.tessdata)
            now[f"tesserocr x {count}"] = seconds / len(images), cpu / len(images)
        for name, costs in now.items():
            before = best.get(name, costs)
            best[name] = min(before[0], costs[0]), min(before[1], costs[1])
    ours = best["end to end"]
    print("                 pages/s  end to end is   CPU s/page  end to end takes")
    for name, (seconds, cpu) in best.items():
        print(f"{name:16} {1 / seconds:7.2f} {seconds / ours[0]:9.2f} x fast {cpu:9.3f} {ours[1] / cpu:13.2f} x")
    pdfs = [path for path in files if path.endswith(".pdf")]
    if pdfs:
        times = [first_result(Path(pdfs[0]), options.model) for _ in range(options.rounds)]
        print(f"first result of a PDF after {min(times)[0]:.2f} s")
    print(f"peak memory with workers {peak_memory(files, options.model) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
