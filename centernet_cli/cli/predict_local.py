"""`centernet predict` on this machine: outputs checked, pages predicted, results told."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.cli.predict_extras import ExtraPaths
from centernet_cli.cli.predict_parts import ledger_of, open_ledger, part_of
from centernet_cli.core.errors import ExitCode, UsageError, printable
from centernet_cli.inference.output import check_output, from_right, open_sink, pick_target
from centernet_cli.pages.inputs import expand_inputs
from centernet_cli.rendering.overlay_folder import real_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.cli.predict_job import PredictJob
    from centernet_cli.pages.options import PageOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What is to be written, as the user said; see the options of `centernet predict`."""

    out: str | None
    output_format: str
    right_to_left: bool = False
    overlay: Path | None
    report: Path | None
    annotate_pdf: str | None
    force: bool
    resume: bool
    summary: bool


def predict_local(
    job: PredictJob, inputs: Sequence[str], options: PageOptions, outputs: Outputs, shard: str | None
) -> int:
    """Run a job over inputs and return the exit code.

    Raises:
        CenterNetError: Inputs, outputs or the model cannot be used.
    """
    target = pick_target(outputs.output_format, outputs.out)
    if outputs.right_to_left:
        target = from_right(target)
    if outputs.summary and target.path is None:
        raise UsageError("U705", "the boxes go to stdout already", path="--json", hint="give --out as well")
    ledger_file = ledger_of(target)
    if outputs.resume and ledger_file is None:
        raise UsageError("U716", "needs an output to go on with", path="--resume", hint="name a file with --out")
    paths = part_of(list(expand_inputs(inputs, sys.stdin)), shard)
    if options.pdf_backend == "poppler":
        from centernet_cli.pages.poppler import require_poppler

        require_poppler()
    extra_paths = ExtraPaths(overlay=outputs.overlay, report=outputs.report, copies=outputs.annotate_pdf)
    real_inputs = real_paths(paths)
    force = outputs.force or (outputs.resume and ledger_file is not None and ledger_file.is_file())
    check_output(target, real_inputs, force=force)
    extra_paths.check(target, real_inputs, force=force)
    with open_ledger(job, ledger_file, outputs.overlay, resume=outputs.resume) as ledger:
        extras = extra_paths.open(target, paths, real_inputs, options.password)
        job.run(paths, options, open_sink(target, real_inputs), extras, ledger)
    if not job.pages and paths:
        console.problem("no page could be read; nothing was written")
        return ExitCode.INPUT
    if extras.copies is not None and not extras.copies.seen:
        console.warn("--annotate-pdf: there is no page of a PDF among the inputs")
    written = [*([] if target.path is None else [target.path]), *extra_paths.places()]
    places = [printable(str(place)) for place in written]
    console.say(f"{job.summary()}{' -> ' if places else ''}{', '.join(places)}")
    if outputs.summary:
        console.write_json(job.counts())
    return ExitCode.PARTIAL if job.failed else ExitCode.OK
