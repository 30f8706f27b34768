"""The datasets that the commands of `centernet data` take: files, folders, ZIP files, or those of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from centernet_cli.core.errors import InputError
    from centernet_cli.core.recipe import Recipe
    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.check.sources import Request
    from centernet_cli.datasets.formats.tally import Tally


def check_format(name: str) -> str:
    """Return a format's name as the program has it.

    Raises:
        UsageError: U301.
    """
    from centernet_cli.datasets.formats import FORMATS

    known = name.replace("-", "_")
    if known != "auto" and known not in FORMATS:
        import difflib

        close = difflib.get_close_matches(known, FORMATS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"one of auto, {', '.join(FORMATS)}"
        raise UsageError("U301", f"unknown format '{name}'", path="--format", hint=hint)
    return known


def requests_of(
    sources: Sequence[Path] | None,
    recipe: Recipe | None,
    format_name: str,
    level: str | None,
    stack: ExitStack,
    refused: list[tuple[Path, InputError]] | None = None,
) -> list[Request]:
    """Return what to read: the sources, each a split of its own, or those of a recipe, else the current folder.

    Args:
        sources: As given.
        recipe: Names the sources if none are given.
        format_name: Of the given sources.
        level: Likewise.
        stack: Keeps ZIP files unpacked.
        refused: Gets the ZIP files that cannot be unpacked, which are left out then.

    Raises:
        UsageError: U311, one is given twice.
        InputError: Z601, unless there is a list for it.
    """
    from centernet_cli.datasets.check.sources import Request

    if not sources and recipe is not None:
        pairs = [("train", source) for source in recipe.data.train] + [("val", source) for source in recipe.data.val]
        return [
            Request(Path(source.path), place, split, source.format, source.level, source.annotates)
            for split, source in pairs
            if (place := _place(Path(source.path), stack, refused)) is not None
        ]
    paths = list(sources or [Path()])
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise UsageError("U311", "the same dataset is given twice", path=path)
        seen.add(path.resolve())
    named = [(path, place) for path in paths if (place := _place(path, stack, refused)) is not None]
    return [
        Request(own, place, str(own), format_name, level, is_level_shared=level is not None)
        for path, whole in named
        for own, place in _splits(path, whole, format_name)
    ]


def _splits(path: Path, place: Path, format_name: str) -> list[tuple[Path, Path]]:
    """Return the datasets that a source means, as the user would name them, and where they are."""
    from centernet_cli.datasets.formats.split_folders import split_folders

    return [(path / each.relative_to(place), each) for each in split_folders(place, format_name)]


def _place(path: Path, stack: ExitStack, refused: list[tuple[Path, InputError]] | None) -> Path | None:
    """Return where a source is; None if it is a ZIP file that goes to the refused ones."""
    from centernet_cli.core.errors import InputError

    try:
        return unzipped(path, stack)
    except InputError as error:
        if refused is None:
            raise
        refused.append((path, error))
        return None


def unzipped(path: Path, stack: ExitStack) -> Path:
    """Return where a source is: unpacked, if it is a ZIP file."""
    from centernet_cli.cli.watch import watch
    from centernet_cli.datasets.formats.tally import Tally
    from centernet_cli.datasets.unzip import is_zip, unpacked

    return stack.enter_context(unpacked(path, Tally(watch=watch))) if is_zip(path) else path


def read_joined(
    sources: Sequence[Path] | None,
    format_name: str,
    level: str | None,
    tally: Tally,
    stack: ExitStack,
    *,
    join_same: bool = False,
) -> tuple[Dataset, list[tuple[Path, str, Dataset]]]:
    """Read sources strictly, and join them.

    Returns:
        Their pages as one dataset; and of each source its place, format and dataset.

    Raises:
        InputError: A source cannot be read, or D030, there are no pages.
        UsageError: U301, U305, U311.
    """
    from centernet_cli.core.errors import InputError
    from centernet_cli.datasets.formats import detect_format, level_of_each, read_dataset
    from centernet_cli.datasets.join import join_datasets

    requests = requests_of(sources, None, check_format(format_name), level, stack)
    names = [detect_format(each.place) if each.format == "auto" else each.format for each in requests]
    parts = [
        (request.place, name, read_dataset(request.place, name, tally=tally, level=own))
        for request, name, own in zip(requests, names, level_of_each(names, level), strict=True)
    ]
    joined = join_datasets([(place, dataset) for place, _, dataset in parts], join_same=join_same)
    if not joined.pages:
        raise InputError("D030", "the dataset has no pages", path=", ".join(map(str, sources or [Path()])))
    return joined, parts
