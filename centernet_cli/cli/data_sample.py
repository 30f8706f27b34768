"""`centernet data sample`: some pages of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from centernet_cli.cli.collector import collector_paused
from centernet_cli.cli.data_options import (
    DatasetOption,
    ForceOption,
    FormatOption,
    ImagesOption,
    LevelOption,
    SourcesArgument,
    ToOption,
)
from centernet_cli.cli.data_output import Output, output_format, say_losses, say_written
from centernet_cli.cli.data_sources import read_joined
from centernet_cli.core.errors import ExitCode, UsageError


def sample(
    src: SourcesArgument = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Pages to take, if there are as many.")] = 100,
    out: DatasetOption = Path("sample"),
    each_class: Annotated[
        bool, typer.Option("--each-class", help="Take pages of each class in turn, the rarest first.")
    ] = False,
    only: Annotated[
        str, typer.Option("--only", metavar="CLASS,...", help="Only pages that have one of these classes.")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", help="Another one gives other pages.")] = 0,
    to: ToOption = None,
    images: ImagesOption = "link",
    format_name: FormatOption = "auto",
    level: LevelOption = None,
    force: ForceOption = False,
) -> int:
    """Take some pages of datasets.

    Examples:
        centernet data sample scans/ --count 50 --out sample
        centernet data sample annotations.json -n 20 --each-class --only table,figure --out tables

    Which pages depends on their names and the seed: a larger count keeps the pages of a smaller one.
    """
    from contextlib import ExitStack
    from dataclasses import replace

    from centernet_cli.cli.watch import watch
    from centernet_cli.datasets.conversion import target_path
    from centernet_cli.datasets.formats.tally import Tally
    from centernet_cli.datasets.sampling import sample_pages

    wanted = frozenset(name.strip() for name in only.split(",") if name.strip())
    tally = Tally(watch=watch)
    with ExitStack() as stack:
        stack.enter_context(collector_paused())
        dataset, parts = read_joined(src, format_name, level, tally, stack)
        unknown = wanted - {annotation.label for page in dataset.pages for annotation in page.annotations}
        if unknown:
            hint = f"classes: {', '.join(dataset.classes)}"
            raise UsageError("U312", f"no page has {', '.join(sorted(unknown))}", path="--only", hint=hint)
        numbers = sample_pages(dataset.pages, count, seed=seed, each_class=each_class, only=wanted)
        target = output_format(to, [name for _, name, _ in parts])
        output = Output(target, images, force, [place for place, _, _ in parts])
        chosen = replace(dataset, pages=tuple(dataset.pages[number] for number in numbers))
        job = output.prepare(chosen, target_path(target, out), tally)
        job.run()
    say_losses(job)
    say_written(job)
    return ExitCode.OK
