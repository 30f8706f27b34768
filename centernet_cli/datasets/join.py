"""Several datasets joined into one: classes by name, file names relative to the folder that holds all of them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import UsageError
from centernet_cli.core.records import Dataset
from centernet_cli.datasets.formats.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import PageRecord


def join_datasets(parts: Sequence[tuple[Path, Dataset]], *, join_same: bool = False) -> Dataset:
    """Return the pages of several datasets as one, in their order.

    Files of the same name in different folders stay apart, as names become relative to the folder above both: `a/1.jpg`
    and `b/1.jpg`. Classes are those of the first dataset, then those that the others add.

    Args:
        parts: What each dataset was read from, and the dataset. A single one is returned as it is.

        join_same: Let an image be in several of them; its pages are not joined here.

    Raises:
        UsageError: U305, predictions on files anywhere together with datasets, or folders on different drives.
        InputError: D018, an image is in two of them.
    """
    if len(parts) == 1:
        return parts[0][1]
    root = _common_root(parts)
    seen: dict[tuple[str, int | None], Path] = {}
    problems = Problems(parts[0][0])
    pages: list[PageRecord] = []
    for path, dataset in parts:
        way = "" if root is None or dataset.root is None else os.path.relpath(dataset.root.absolute(), root)
        prefix = "" if way in {"", "."} else f"{Path(way).as_posix()}/"
        found: dict[tuple[str, int | None], Path] = {}
        for page in dataset.pages:
            name = f"{prefix}{page.info.source}"
            key = (name, page.info.page)
            if key in seen and key not in found and not join_same:
                problems.add("D018", f"image {name!r:.100} is also in {seen[key]}", path=path)
            found[key] = path
            pages.append(replace(page, info=replace(page.info, source=name)) if prefix else page)
        seen |= found
    problems.raise_if_any()
    classes = dict.fromkeys(name for _, dataset in parts for name in dataset.classes)
    failures = tuple(failure for _, dataset in parts for failure in dataset.failures)
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=root, failures=failures)


def _common_root(parts: Sequence[tuple[Path, Dataset]]) -> Path | None:
    """Return the folder that holds the data folders of all datasets; None if they are predictions."""
    roots = [dataset.root for _, dataset in parts]
    known = [root.absolute() for root in roots if root is not None]
    if not known:
        return None
    if len(known) < len(roots):
        message = "predictions on files anywhere and datasets cannot be joined"
        raise UsageError("U305", message, path="SRC", hint="convert them one by one")
    try:
        return Path(os.path.commonpath(known))
    except ValueError as error:  # different drives of Windows
        raise UsageError("U305", f"the sources have no folder in common: {error}", path="SRC") from error
