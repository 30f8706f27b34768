"""`centernet data merge`: several datasets as one, with the boxes of an image on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from centernet_cli.cli import console
from centernet_cli.cli.collector import collector_paused
from centernet_cli.cli.data_options import DatasetOption, ForceOption, FormatOption, ImagesOption, LevelOption, ToOption
from centernet_cli.cli.data_output import Output, output_format, say_losses, say_written
from centernet_cli.cli.data_sources import read_joined
from centernet_cli.core.errors import ExitCode


def merge(
    src: Annotated[list[Path], typer.Argument(metavar="SRC...", help="Files, folders or ZIP files to read.")],
    out: DatasetOption = Path("merged"),
    to: ToOption = None,
    images: ImagesOption = "link",
    format_name: FormatOption = "auto",
    level: LevelOption = None,
    force: ForceOption = False,
) -> int:
    """Make one dataset of several.

    Examples:
        centernet data merge first/ second/ --out all
        centernet data merge lines.json regions.json --out both.json --images none

    Classes are joined by name. An image that is in several sources, or the same bytes, becomes one page with the boxes
    of all of them; boxes that are there twice are kept once. (`convert` joins sources too, but refuses the same image
    in two of them.)
    """
    from contextlib import ExitStack

    from centernet_cli.cli.watch import watch
    from centernet_cli.datasets.conversion import target_path
    from centernet_cli.datasets.formats.fit import join_same_pages
    from centernet_cli.datasets.formats.tally import Tally
    from centernet_cli.datasets.merging import with_one_name_each, without_doubles

    tally = Tally(watch=watch)
    with ExitStack() as stack:
        stack.enter_context(collector_paused())
        dataset, parts = read_joined(src, format_name, level, tally, stack, join_same=True)
        counts = [len(part.pages) for _, _, part in parts]
        dataset = with_one_name_each(dataset, counts, lambda paths: tally.each("comparing", paths))
        before = len(dataset.pages)
        dataset = join_same_pages(dataset, tally)
        joined = before - len(dataset.pages)
        dataset, doubles = without_doubles(dataset)
        target = output_format(to, [name for _, name, _ in parts])
        output = Output(target, images, force, [place for place, _, _ in parts])
        job = output.prepare(dataset, target_path(target, out), tally)
        job.run()
    say_losses(job)
    if joined:
        console.say(
            f"{joined:,} pages joined with others of the same image, {doubles:,} boxes that were there twice left out"
        )
    say_written(job)
    return ExitCode.OK
