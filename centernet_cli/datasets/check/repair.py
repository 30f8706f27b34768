"""Writing what a check mended: new datasets in the formats of the old ones, which stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.datasets.check.sources import Request
from centernet_cli.datasets.conversion import Conversion, Images, Target, target_path
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from centernet_cli.datasets.check.checking import Checked


@dataclass(frozen=True, slots=True)
class Written:
    """A mended dataset.

    Attributes:
        path: Where it is.
        request: To check it.
        pages: How many pages it has.
    """

    path: Path
    request: Request
    pages: int


def write_mended(checked: Checked, out: Path, images: Images, tally: Tally) -> list[Written]:
    """Write the datasets that a check mended, all of them or none.

    Args:
        checked: What was found.
        out: New or empty folder; with several sources, each gets a folder in it. For one source in a format of a
            single file, it may be that.
        images: Copy or link them there, or leave them alone; those of predictions are left alone.
        tally: Its `watch` shows progress.

    Raises:
        InputError: D030, no page is left.
        OutputError: O801 cannot be written, O802 it is an input, O803 it exists.
    """
    names = folder_names([source.path for source in checked.sources])
    jobs = []
    for source, dataset, name in zip(checked.sources, checked.mended, names, strict=True):
        if not dataset.pages:
            raise InputError("D030", "no page is left after mending, so nothing was written", path=source.path)
        path = target_path(source.format, out if len(names) == 1 else out / name)
        # All that a source consists of is an input, also what was skipped.
        account = Tally(files=list(source.read), watch=tally.watch)
        target = Target(format=source.format, path=path, images="none" if dataset.root is None else images)
        try:
            conversion = Conversion(dataset, [source.request.place], target, account)
        except OutputError as error:  # its hints name options that `check` doesn't have
            raise OutputError(error.code, error.message, path=error.path, hint="name another folder") from error
        jobs.append((source, conversion, path))
    written = []
    for source, conversion, path in jobs:
        conversion.run()
        old = source.request
        request = Request(path, path, old.split if len(jobs) == 1 else str(path), source.format, old.level)
        written.append(Written(path, request, len(conversion.dataset.pages)))
    return written


def folder_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for each source's folder, no two alike: the source's own, or its folder's."""
    plain = []
    for path in paths:
        name = path.resolve().stem if path.is_file() else path.resolve().name
        is_usual = name in {"annotations", "data", "dataset", "_annotations.coco", "via_project", "tasks", "boxes"}
        plain.append(path.resolve().parent.name if path.is_file() and is_usual else name)
    taken: dict[str, int] = {}
    names = []
    for name in plain:
        key = name or "data"
        taken[key] = taken.get(key, 0) + 1
        names.append(key if taken[key] == 1 else f"{key}-{taken[key]}")
    return names
