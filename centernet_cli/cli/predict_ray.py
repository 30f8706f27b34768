"""`centernet predict --engine ray`: what Ray is asked to do, and what is told of it."""

from __future__ import annotations

import sys
import time
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
    resume: bool,
    force: bool,
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
        resume: Whether to go on with what is in the folder.
        force: Whether to begin anew if that isn't possible, or wasn't asked for.
        unusable: Options that this engine doesn't have, by name, with what they are set to.

    Raises:
        CenterNetError: As of `predict_on_ray`; U704, U707 for options that this engine doesn't have.
    """
    kind, out = _target(output_format, out, unusable)
    from centernet_cli.inference.fs_paths import find_files
    from centernet_cli.inference.ledger import options_key
    from centernet_cli.inference.part_worker import PartJob
    from centernet_cli.inference.pipeline import PipelineOptions
    from centernet_cli.inference.ray_engine import predict_on_ray, require_ray
    from centernet_cli.inference.run_folder import ledger_of, prepare_folder
    from centernet_cli.inference.run_lock import RunLock

    require_ray()
    out = _folder(out)
    files = find_files(inputs, sys.stdin)
    chosen = set(part_of([Path(str(index)) for index in range(len(files))], shard))
    files = [file for index, file in enumerate(files) if Path(str(index)) in chosen]
    models = tuple(str(Path(name).absolute()) if Path(name).exists() else name for name in job.models())
    options_now = job.key() | {"pages": job.options["pages"], "format": kind}
    start = time.monotonic()
    with RunLock(ledger_of(out)) as lock:
        left = prepare_folder(files, out, options_now, resume=resume, force=force)
        if left.done:
            console.say(f"{left.done:,} of {len(files):,} files are done already")
        if left.failed:
            console.warn(f"{left.failed:,} pages or files failed in earlier runs; {printable(out)} tells which")
        part_job = PartJob(
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
            key=options_key(options_now),
            run=lock.id,
            options=job.options,
        )
        pages, failed, boxes = left.pages, left.failed, left.boxes
        with console.progress("predict", len(left.files), "files") as task:
            for done in predict_on_ray(left.files, part_job, address=address, actors=job.workers or None):
                lock.check()
                task.advance(done.files)
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
    if files and not pages:
        return ExitCode.INPUT
    return ExitCode.PARTIAL if failed else ExitCode.OK


def _folder(out: str) -> str:
    """Return the folder or address of the parts in full, if every actor may write there.

    Raises:
        OutputError: O801.
        UsageError: U704, it is a file; U719, other processes don't see it.
    """
    from centernet_cli.inference.fs_paths import is_remote
    from centernet_cli.inference.output import check_folder

    if out.startswith("memory:"):
        raise UsageError("U719", "is the memory of one process, and actors are others", path=out)
    if is_remote(out):
        return out
    if Path(out).exists() and not Path(out).is_dir():
        raise UsageError("U704", "is a file; --engine ray writes a folder of parts", path=out)
    check_folder(Path(out))
    return str(Path(out).absolute())


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
