"""Run a model over the pages of datasets, for `evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Dataset, Failure, PageRecord
from centernet_cli.core.safe_io import resolve_inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Page
    from centernet_cli.inference.runtime import Runtime


def predict_dataset(runtime: Runtime, truths: Sequence[Dataset], size: int | None = None) -> Dataset:
    """Return what a model finds on all pages of some datasets, down to the least score it can give.

    Args:
        runtime: Runs the model, and drops no box for its score.
        truths: Whose pages to show it.
        size: Long side in network pixels; None: the model's.

    Raises:
        InputError: D063, no page could be read.
    """
    from centernet_cli.inference.pipeline import PipelineOptions, predict_pages

    # A threshold would hide the part of the curve that AP and the best F1 need.
    options = PipelineOptions(threshold=0.0, size=size)
    found: list[PageRecord] = []
    failures: list[Failure] = []
    total = sum(len(truth.pages) for truth in truths)
    with console.progress("predicting", total) as progress:
        for item in predict_pages(_pages(truths, size), runtime, options):
            if isinstance(item, Failure):
                failures.append(item)
            else:
                found.append(item)
            progress.advance()
    if failures and not found:
        first = failures[0]
        message = f"none of the {total} pages could be read; the first: {first.code} {first.message}"
        raise InputError("D063", message, path=first.source)
    return Dataset(classes=runtime.meta.classes, pages=tuple(found), failures=tuple(failures))


def _pages(truths: Sequence[Dataset], size: int | None) -> Iterator[Page | Failure]:
    """Read each file once and yield its annotated pages."""
    for truth in truths:
        wanted: dict[str, set[int]] = {}
        for record in truth.pages:
            wanted.setdefault(record.info.source, set()).add(record.info.page or 1)
        for source, numbers in wanted.items():
            yield from _file_pages(truth.root, source, numbers, size)


def _file_pages(root: Path | None, source: str, numbers: set[int], size: int | None) -> Iterator[Page | Failure]:
    from centernet_cli.pages.options import PageOptions
    from centernet_cli.pages.source import read_pages

    if root is None:
        yield Failure(source=source, code="D063", message="the dataset doesn't say where its pages are")
        return
    try:
        path = resolve_inside(root, source)
    except InputError as error:
        yield Failure(source=source, code=error.code, message=error.message)
        return
    options = PageOptions(
        pages=tuple((number, number) for number in sorted(numbers)),
        target_long_side=max(size or 0, PageOptions().target_long_side),
    )
    yield from read_pages(path, options)
