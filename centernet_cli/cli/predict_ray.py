"""`centernet predict --engine ray`: what Ray is asked to do, and what is told of it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centernet_cli.cli import console
from centernet_cli.cli.predict_parts import part_of
from centernet_cli.core.errors import ExitCode, InputError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.cli.predict_job import PredictJob
    from centernet_cli.pages.options import PageOptions


def predict_ray(
    job: PredictJob,
    inputs: Sequence[str],
    options: PageOptions,
    *,
    out: str | None,
    output_format: str,
    shard: str | None,
    address: str | None,
    summary: bool,
    unusable: dict[str, object],
) -> int:
    """Run `job` on Ray and return the exit code.

    Args:
        job: As for the local engine; `workers` is the number of actors.
        inputs: As typed; also addresses.
        options: How files are read.
        out: Folder or address of the parts.
        output_format: `auto` is jsonl.
        shard: As for the local engine.
        address: Of the cluster.
        summary: Whether to print counts as JSON.
        unusable: Options that this engine doesn't have, by name, with what they are set to.

    Raises:
        CenterNetError: As of `predict_on_ray`; U704, U707 for options that this engine doesn't have.
    """
    kind, out = _target(output_format, out, unusable)
    from centernet_cli.inference.fs_paths import find_files, is_remote
    from centernet_cli.inference.ledger import options_key
    from centernet_cli.inference.output import check_folder
    from centernet_cli.inference.pipeline import PipelineOptions
    from centernet_cli.inference.ray_engine import RayJob, predict_on_ray, remaining, require_ray

    require_ray()
    if not is_remote(out):
        if Path(out).exists() and not Path(out).is_dir():
            raise UsageError("U704", "is a file; --engine ray writes a folder of parts", path=out)
        check_folder(Path(out))
        out = str(Path(out).absolute())
    files = find_files(inputs, sys.stdin)
    chosen = set(part_of([Path(str(index)) for index in range(len(files))], shard))
    files = [file for index, file in enumerate(files) if Path(str(index)) in chosen]
    models = tuple(str(Path(name).absolute()) if Path(name).exists() else name for name in job.models())
    ray_job = RayJob(
        models=models,
        runtime=job.runtime,
        overrides=job.overrides,
        threshold=job.threshold,
        pipeline=PipelineOptions(
            threshold=job.threshold, size=job.overrides.size, batch_size=job.batch_size, tile=job.tile
        ),
        pages=job._reading(options, drawn=False),
        out=out,
        kind=kind,
        key=options_key(job.key() | {"pages": job.options["pages"], "kind": kind}),
        options=job.options,
    )
    left = remaining(files, ray_job)
    if len(left) < len(files):
        console.say(f"{len(files) - len(left):,} of {len(files):,} files are done already")
    start = time.monotonic()
    pages = failed = 0
    boxes: Counter[str] = Counter()
    with console.progress("predict", len(left), "files") as task:
        for done in predict_on_ray(left, ray_job, address=address, actors=job.workers or None):
            for _ in range(done.files):
                task.advance()
            pages += done.pages
            boxes.update(done.boxes)
            failed += len(done.failures)
            for failure in done.failures:
                name = failure.source if failure.page is None else f"{failure.source}#{failure.page}"
                console.problem(InputError(failure.code, failure.message, path=name))
    what = ", ".join(f"{count:,} {printable(label)}" for label, count in boxes.most_common()) or "no boxes"
    more = f", {failed:,} failed" if failed else ""
    took = console.duration(time.monotonic() - start)
    console.say(f"{pages:,} page{'s' * (pages != 1)}{more}: {what} in {took} -> {printable(out)}")
    if summary:
        console.write_json({"pages": pages, "failed": failed, "boxes": dict(boxes)})
    if left and not pages:
        return ExitCode.INPUT
    return ExitCode.PARTIAL if failed else ExitCode.OK


def _target(
    output_format: str, out: str | None, unusable: dict[str, object]
) -> tuple[Literal["jsonl", "parquet"], str]:
    """Return format and folder of the parts, if this engine can do what was asked for."""
    for name, value in unusable.items():
        if value:
            raise UsageError("U707", "doesn't go together with --engine ray", path=name)
    if output_format not in {"auto", "jsonl", "parquet"}:
        raise UsageError("U707", "--engine ray writes jsonl or parquet", path="--format")
    if out is None or out == "-":
        raise UsageError("U704", "--engine ray writes a folder of parts", path="--engine", hint="name it with --out")
    return "parquet" if output_format == "parquet" else "jsonl", out
