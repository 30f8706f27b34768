"""Where things lie: the one file of a format in a folder, the folder that image names are relative to, page numbers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import lexical_inside
from centernet_cli.datasets.formats.fields import NameChecker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from centernet_cli.core.records import Dataset

_PAGE_OF = re.compile(r"(.+\.(?:pdf|tiff?))#([1-9][0-9]{0,8})", re.IGNORECASE | re.DOTALL)
_TRIED = 20


def only_file(path: Path, suffixes: Sequence[str], usual: str, what: str) -> Path:
    """Return the file that `path` means: itself, or in a folder the usual one or the only one with such a suffix.

    Raises:
        InputError: D001, a folder without any or with several.
    """
    if not path.is_dir():
        return path
    if (path / usual).is_file():
        return path / usual
    found = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in suffixes and entry.is_file())
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(entry.name for entry in found[:5])
        raise InputError("D001", f"several {what} files: {names}", path=path, hint="name the one to read")
    raise InputError("D001", f"no {what} file in this folder", path=path)


def files_below(path: Path, suffix: str) -> Iterator[Path]:
    """Yield the files of a suffix below a folder, sorted, or a file itself; links to folders are not followed.

    Hidden folders and the `._` files that macOS leaves in archives are left out.
    """
    if not path.is_dir():
        yield path
        return
    for folder, subfolders, names in os.walk(path):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(suffix) and not name.startswith("._"):
                yield Path(folder, name)


def image_folder(folder: Path, names: Iterable[str], others: Sequence[str] = ("images",)) -> Path:
    """Return the folder that image names are relative to: `folder`, or one of `others` in it that has one of them."""
    places = [folder, *(folder / other for other in others)]
    for _, name in zip(range(_TRIED), names, strict=False):
        try:
            clean = lexical_inside(name)
            for place in places:
                if (place / clean).is_file():
                    return place
        except InputError:
            for place in places:
                if NameChecker(place).moved(name) is not None:
                    return place
        except (OSError, ValueError):
            continue  # reported with the image
    return folder


def page_names(dataset: Dataset) -> list[str]:
    """Return a name for each page, no two alike: `a/b.png`, or `c.pdf#3`.

    Predictions on files anywhere (no root) have just the last part of their path.
    """
    taken: dict[str, int] = {}
    names = []
    for page in dataset.pages:
        source = page.info.source if dataset.root else Path(page.info.source).name
        name = source if page.info.page is None else f"{source}#{page.info.page}"
        while name in taken and (dataset.root is None or page.info.page is not None):
            taken[name] += 1
            name = f"{name}~{taken[name]}"
        taken.setdefault(name, 1)
        names.append(name)
    return names


def split_page(name: str, root: Path) -> tuple[str, int | None]:
    """Take a name such as `c.pdf#3` apart; other names, and those of files in `root`, have no page number."""
    match = _PAGE_OF.fullmatch(name)
    if match is None:
        return name, None
    try:
        if (root / name).exists():
            return name, None
    except (OSError, ValueError):
        pass
    return match.group(1), int(match.group(2))
