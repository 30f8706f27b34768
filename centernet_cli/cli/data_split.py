"""`centernet data split`: documents to train on, to judge by and to test with."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from centernet_cli.cli import console
from centernet_cli.cli.collector import collector_paused
from centernet_cli.cli.data_options import (
    ForceOption,
    FormatOption,
    ImagesOption,
    JsonOption,
    LevelOption,
    SourcesArgument,
    ToOption,
)
from centernet_cli.cli.data_output import Output, output_format, say_losses, say_written
from centernet_cli.cli.data_sources import read_joined
from centernet_cli.core.errors import ExitCode, InputError, OutputError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from centernet_cli.core.records import PageRecord
    from centernet_cli.datasets.conversion import Conversion

SCHEMA_VERSION = 1
_NAMES = {1: ("train",), 2: ("train", "val"), 3: ("train", "val", "test")}


def split(
    src: SourcesArgument = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the splits.")] = Path("split"),
    ratios: Annotated[
        str,
        typer.Option(
            "--ratios", metavar="R,R,...", help="Shares of train, val and test, or named: `train=0.9,dev=0.1`."
        ),
    ] = "0.8,0.1,0.1",
    by: Annotated[
        Literal["document", "page"], typer.Option("--by", help="What stays together: pages of a document, or nothing.")
    ] = "document",
    spread: Annotated[
        bool, typer.Option("--stratify/--no-stratify", help="Spread each class over the splits as well.")
    ] = True,
    seed: Annotated[int, typer.Option("--seed", help="Another one gives another split.")] = 0,
    to: ToOption = None,
    images: ImagesOption = "link",
    format_name: FormatOption = "auto",
    level: LevelOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how it would be split; write nothing.")] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> int:
    """Split datasets by documents, with classes spread evenly.

    Examples:
        centernet data split scans/ --out split
        centernet data split annotations.json --ratios 0.9,0.1 --seed 7 --dry-run
        centernet data split a.json b.json --out . --images none

    A document is a page's `group`, else its name without the page number. Which split it goes to depends on its name
    and the seed: the same input gives the same split, and more pages move few others. Each split is a dataset in a
    folder of its own; with --images none, formats of one file are written as train.json, val.json and test.json.
    """
    from contextlib import ExitStack
    from dataclasses import replace

    from centernet_cli.cli.watch import watch
    from centernet_cli.datasets.check.copies import copies_of_pages
    from centernet_cli.datasets.formats.tally import Tally
    from centernet_cli.datasets.split import split_pages

    shares = read_ratios(ratios)
    tally = Tally(watch=watch)
    with ExitStack() as stack:
        stack.enter_context(collector_paused())
        dataset, parts = read_joined(src, format_name, level, tally, stack)
        target = output_format(to, [name for _, name, _ in parts])
        copies = copies_of_pages(dataset, lambda paths: tally.each("comparing", paths))
        found = split_pages(dataset.pages, shares, seed=seed, by=by, spread=spread, copies=copies)
        splits = {name: [dataset.pages[number] for number in numbers] for name, numbers in found.items()}
        empty = [name for name, pages in splits.items() if not pages]
        if empty:
            hint = "--by page splits documents" if by == "document" else "other --ratios"
            raise InputError("D030", f"nothing is left for {', '.join(empty)}", path="--ratios", hint=hint)
        output = Output(target, images, force, [place for place, _, _ in parts])
        jobs = {
            name: output.prepare(replace(dataset, pages=tuple(pages)), output.path_of(out, name), tally)
            for name, pages in splits.items()
            if not dry_run
        }
        refuse_leftovers(jobs)
        for job in jobs.values():
            job.run()
    for name, job in jobs.items():
        say_losses(job)
        say_written(job, printable(name))
    if as_json:
        console.write_json(_as_json(splits, {name: str(job.target.path) for name, job in jobs.items()}, by, seed))
    else:
        _write_table(splits)
    return ExitCode.OK


def refuse_leftovers(jobs: Mapping[str, Conversion]) -> None:
    """Refuse folders with pages that an earlier split left there and that another one of the splits has now.

    Raises:
        OutputError: O803.
    """
    for name, job in jobs.items():
        if not job.target.is_folder or not job.target.folder.exists():
            continue  # one file lists its pages; what else lies there doesn't count
        own = set(job.names())
        for other in jobs.keys() - {name}:
            for file in jobs[other].names():
                path = job.target.folder / file
                if file not in own and os.path.lexists(path):
                    message = f"is left from another split: {name} would have it, and so would {other}"
                    raise OutputError("O803", message, path=path, hint="remove that folder, or choose another --out")


def read_ratios(text: str) -> dict[str, float]:
    """Read shares such as `0.8,0.1,0.1`, `8,1,1` or `train=0.9,dev=0.1`; they are made to sum up to 1.

    Raises:
        UsageError: U111, they are no positive numbers, or unnamed and not one to three.
    """
    hint = "such as 0.8,0.1,0.1 or train=0.9,dev=0.1"
    parts = [part.strip() for part in text.split(",")]
    named = [part.partition("=") for part in parts]
    if any(equals for _, equals, _ in named):
        names, values = [name.strip() for name, _, _ in named], [value for _, _, value in named]
    else:
        names, values = list(_NAMES.get(len(parts), ())), parts
    # Names become those of folders.
    well_named = len(set(names)) == len(values) and all(
        name.replace("-", "").replace("_", "").isalnum() for name in names
    )
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = []
    total = sum(numbers)
    if not well_named or not numbers or not 0 < total < float("inf") or min(numbers) < 0:
        raise UsageError("U111", f"'{text}' isn't a list of shares", path="--ratios", hint=hint)
    if not min(numbers):
        message, hint = "a split of no pages at all", "leave out what has a share of 0: train=0.8,val=0.2"
        raise UsageError("U111", message, path="--ratios", hint=hint)
    if min(numbers) < 1 and max(numbers) < 1 and abs(total - 1) > 0.001:  # a slip, where 8,1,1 is none
        raise UsageError("U111", f"the shares sum up to {total:g}", path="--ratios", hint="they should sum up to 1")
    return {name: number / total for name, number in zip(names, numbers, strict=True)}


def _counts(pages: Sequence[PageRecord]) -> Counter[str]:
    return Counter(annotation.label for page in pages for annotation in page.annotations)


def _documents(pages: Sequence[PageRecord]) -> int:
    from centernet_cli.datasets.documents import document_of

    return len({(page.group is None and page.info.source.rpartition("/")[0], document_of(page)) for page in pages})


def _write_table(splits: Mapping[str, Sequence[PageRecord]]) -> None:
    """Write pages, documents and boxes of each class, with the splits' shares."""
    counts = {name: _counts(pages) for name, pages in splits.items()}
    labels = sorted(set().union(*counts.values()))
    rows: list[tuple[str, list[int]]] = [
        ("pages", [len(pages) for pages in splits.values()]),
        ("documents", [_documents(pages) for pages in splits.values()]),
        *((printable(label), [found[label] for found in counts.values()]) for label in labels),
    ]
    table = [["", *splits]]
    for name, values in rows:
        whole = sum(values) or 1
        table.append([name, *(f"{value:,} ({value / whole:.1%})" for value in values)])
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        first, *others = row
        cells = (f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True))
        console.write("  ".join([f"{first:<{widths[0]}}", *cells]).rstrip())


def _as_json(
    splits: Mapping[str, Sequence[PageRecord]], paths: Mapping[str, str], by: str, seed: int
) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "by": by,
        "seed": seed,
        "splits": {
            name: {
                "path": paths.get(name),
                "pages": len(pages),
                "documents": _documents(pages),
                "boxes": dict(sorted(_counts(pages).items())),
                "names": [page.info.name for page in pages],
            }
            for name, pages in splits.items()
        },
    }
