"""`centernet data stats`: what is in datasets, in numbers and plots, and what that means for a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from centernet_cli.cli import console
from centernet_cli.cli.collector import collector_paused
from centernet_cli.cli.data_options import FormatOption, JsonOption, LevelOption, ReplaceOption, SourcesArgument
from centernet_cli.cli.data_reports import check_no_input, check_reports
from centernet_cli.cli.data_sources import check_format, requests_of
from centernet_cli.core.errors import ExitCode, InputError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.advice import Advice
    from centernet_cli.datasets.stats import Group, Histogram, Spread, Table

SCHEMA_VERSION = 1


def stats(
    src: SourcesArgument = None,
    format_name: FormatOption = "auto",
    level: LevelOption = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write tables and plots as one HTML page.")
    ] = None,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="DIR", help="Write the plots as PNG files to this folder.")
    ] = None,
    force: ReplaceOption = False,
    as_json: JsonOption = False,
) -> int:
    """Count pages and boxes, measure them, and say what that means for a recipe.

    Examples:
        centernet data stats my_labelme_folder
        centernet data stats train.json val.json --report stats.html --plots plots
        centernet data stats dataset.zip --json > stats.json

    Spreads are given as least, tenth, middle, ninetieth percent and largest. What is suggested for a recipe comes with
    its reason; copy what you agree with.
    """
    from contextlib import ExitStack

    from centernet_cli.cli.watch import watch
    from centernet_cli.datasets.advice import advise
    from centernet_cli.datasets.formats import detect_format, level_of_each, read_dataset
    from centernet_cli.datasets.formats.tally import Tally
    from centernet_cli.datasets.stats import by_class, by_source, class_counts, histograms, summarise, tabulate

    places = _places(report, plots)
    check_reports(places, force=force)
    tally = Tally(watch=watch)
    parts: list[tuple[str, Dataset]] = []
    with ExitStack() as stack:
        stack.enter_context(collector_paused())
        requests = requests_of(src, None, check_format(format_name), level, stack)
        names = [detect_format(each.place) if each.format == "auto" else each.format for each in requests]
        for request, name, own in zip(requests, names, level_of_each(names, level), strict=True):
            dataset = read_dataset(request.place, name, tally=tally, level=own)
            parts.append((str(request.path), dataset))
    if not any(dataset.pages for _, dataset in parts):
        raise InputError("D030", "the dataset has no pages", path=", ".join(name for name, _ in parts))
    check_no_input(places, tally.files, [dataset for _, dataset in parts])
    table = tabulate(parts)
    advice = advise(table)
    if plots is not None:
        _write_plots(plots, histograms(table))
    if report is not None:
        from centernet_cli.core.safe_io import atomic_write_text
        from centernet_cli.rendering.stats_report import stats_report

        whole, sources, classes = summarise(table), by_source(table), by_class(table)
        page = stats_report(whole, sources, classes, class_counts(table), histograms(table), advice)
        atomic_write_text(report, page)
        console.say(f"report: {printable(str(report))}")
    if as_json:
        console.write_json(_as_json(table, advice))
    else:
        _write_text(table, advice)
    return ExitCode.OK


def _places(report: Path | None, plots: Path | None) -> list[Path]:
    """Return the files to write."""
    from centernet_cli.datasets.stats import PLOTS

    places = [] if report is None else [report]
    return places if plots is None else [*places, *(plots / _file_name(name) for name in PLOTS)]


def _file_name(plot: str) -> str:
    return f"{plot.replace(' ', '_')}.png"


def _write_plots(folder: Path, plots: Sequence[Histogram]) -> None:
    """Write plots as PNG files, all or none."""
    from centernet_cli.core.safe_io import atomic_folder
    from centernet_cli.rendering.plot_png import histogram_png

    with atomic_folder(folder) as stage:
        for each in plots:
            series = list(each.counts.items())
            histogram_png(
                stage / _file_name(each.name), each.edges, series, title=each.name, x_label=each.unit, log_x=each.log
            )
    console.say(f"plots: {printable(str(folder))}, {len(plots)} files")


def _write_text(table: Table, advice: Sequence[Advice]) -> None:
    from centernet_cli.datasets.stats import by_class, by_source, summarise

    whole = summarise(table)
    console.write(
        f"{whole.pages:,} pages ({whole.empty:,} without boxes) of {whole.documents:,} documents, "
        f"{whole.boxes:,} boxes ({whole.polygons:,} with an outline, {whole.crowds:,} crowds)"
    )
    console.write("")
    sources = by_source(table)
    rows = [*(("source", each) for each in sources if len(sources) > 1), *(("class", each) for each in by_class(table))]
    if len(rows) != 1:
        rows.append(("", whole))
    _write_columns([_HEADER, *(_cells(kind, group) for kind, group in rows)])
    console.write("")
    console.write("# For a recipe, if you agree with the reasons:")
    section = ""
    for each in sorted(advice, key=lambda each: each.key.partition(".")[0]):
        name, _, key = each.key.partition(".")
        if name != section:
            console.write(f"{name}:")
            section = name
        console.write(f"  {key}: {each.value}  # {each.why}")


_HEADER = ("", "name", "pages", "boxes", "a page", "width", "height", "w/h", "thickness %")


def _cells(kind: str, group: Group) -> tuple[str, ...]:
    spreads = (group.per_page, group.width, group.height, group.aspect, group.thickness)
    return (kind, printable(group.name)[-40:], f"{group.pages:,}", f"{group.boxes:,}", *map(_spread, spreads))


def _spread(spread: Spread) -> str:
    return f"{spread.p10:.3g} {spread.median:.3g} {spread.p90:.3g}"


def _write_columns(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            f"{cell:<{width}}" if at < 2 else f"{cell:>{width}}"
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        console.write("  ".join(cells).strip())
    console.write(
        "(three numbers: tenth, middle, ninetieth percent; thickness: shorter side over the page's longer side)"
    )


def _as_json(table: Table, advice: Sequence[Advice]) -> dict[str, object]:
    from dataclasses import asdict

    from centernet_cli.datasets.stats import by_class, by_source, class_counts, histograms, summarise

    return {
        "schema_version": SCHEMA_VERSION,
        "all": asdict(summarise(table)),
        "sources": [asdict(group) for group in by_source(table)],
        "classes": [asdict(group) for group in by_class(table)],
        "classes_of_sources": class_counts(table),
        "histograms": [asdict(each) for each in histograms(table)],
        "recipe": [asdict(each) for each in advice],
    }
