"""Pictures and pages about datasets (`data stats`, `data preview`): where they may be written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from centernet_cli.core.records import Dataset


def check_reports(places: Sequence[Path], *, force: bool) -> None:
    """Find out whether files can and may be written: those of this program may be replaced, others with `--force`.

    Args:
        places: HTML and PNG files to write.
        force: Replace whatever is there.

    Raises:
        OutputError: O801 they cannot be written, O803 somebody else's file is there.
    """
    from centernet_cli.inference.output import check_folder
    from centernet_cli.rendering.own_files import is_picture, is_report

    for path in places:
        if path.is_dir():
            raise OutputError("O801", "cannot be written: is a directory", path=path, hint="name a file in it")
        if path.parent.exists() and not path.parent.is_dir():
            raise OutputError("O801", "cannot be written: not a folder", path=path.parent)
        check_folder(path.absolute().parent)
        if force or not path.is_file() or not path.stat().st_size:
            continue
        ours = is_picture if path.suffix.lower() == ".png" else is_report
        try:
            replaceable = ours(path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError("O801", f"cannot be written: {reason}", path=path) from error
        if not replaceable:
            raise OutputError("O803", "exists, and is no report of this program", path=path, hint="--force replaces it")


def check_no_input(places: Sequence[Path], files: Iterable[Path], datasets: Iterable[Dataset]) -> None:
    """Refuse to replace an input, whatever was asked for.

    Args:
        places: Files to write.
        files: Files of annotations.
        datasets: Whose images are inputs too.

    Raises:
        OutputError: O802.
    """
    real = {os.path.realpath(path): path for path in places if os.path.lexists(path)}
    if not real:
        return
    names = {path.name for path in places} | {Path(path).name for path in real}
    inputs = {os.path.realpath(path) for path in files}
    for dataset in datasets:
        for page in dataset.pages:
            source = page.info.source
            if os.path.basename(source) in names:  # noqa: PTH119 (of a text)
                inputs.add(os.path.realpath(source if dataset.root is None else dataset.root / source))
    for path, shown in real.items():
        if path in inputs:
            raise OutputError("O802", "the output is one of the inputs", path=shown, hint="choose another name")
