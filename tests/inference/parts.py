"""What tests of runs on many machines share."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from centernet_cli.inference.fs_paths import InputFile
from centernet_cli.inference.overrides import Overrides
from centernet_cli.inference.part_worker import PartJob, PartWorker
from centernet_cli.inference.pipeline import PipelineOptions
from centernet_cli.inference.runtime import RuntimeOptions
from centernet_cli.pages.options import PageOptions

SAMPLES = Path(__file__).resolve().parents[2] / "sample_docs"
NAMES = ("note-en.jpg", "form-pl.jpg", "letter-de.pdf", "receipt-es.jpg")


def job(out: str, kind: str = "jsonl", run: str = "", timeout: float = 120.0) -> PartJob:
    return PartJob(
        models=("lines",),
        runtime=RuntimeOptions(device="cpu"),
        overrides=Overrides(),
        threshold=None,
        pipeline=PipelineOptions(),
        pages=PageOptions(timeout=timeout),
        out=out,
        kind="parquet" if kind == "parquet" else "jsonl",
        key="k",
        run=run,
    )


def do_part(worker: PartWorker, files: list[InputFile]) -> dict[str, Any]:
    part = {"files": [json.dumps([[file.name, file.identity] for file in files])]}
    done: dict[str, Any] = json.loads(worker(part)["done"][0])
    return done


def boxes(lines: list[str]) -> dict[tuple[str, int | None], object]:
    rows = [json.loads(line) for line in lines]
    keys = [(Path(row["source"]).name, row["page"]) for row in rows]
    assert len(keys) == len(set(keys)), "nothing is doubled"
    return dict(zip(keys, (row.get("annotations") for row in rows), strict=True))


def lines_of(folder: Path) -> list[str]:
    files = sorted(folder.glob("part-*.jsonl"))
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def by_local_engine(folder: Path, *names: str) -> dict[tuple[str, int | None], object]:
    out = folder / "local.jsonl"
    paths = [str(SAMPLES / name) for name in names or NAMES]
    subprocess.run([sys.executable, "-m", "centernet_cli", "predict", *paths, "--out", str(out)], check=True)
    return boxes(out.read_text(encoding="utf-8").splitlines())
