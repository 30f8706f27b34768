"""What a format of annotations is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally


class Reader(Protocol):
    """Reads a dataset from a file or folder."""

    def __call__(self, path: Path, /, *, tally: Tally | None = None) -> Dataset: ...


class LevelReader(Protocol):
    """Reads a dataset from a file or folder of a format that annotates on several levels, such as line and word."""

    def __call__(self, path: Path, /, *, tally: Tally | None = None, level: str | None = None) -> Dataset: ...


class Writer(Protocol):
    """Writes a dataset to a file or folder."""

    def __call__(self, dataset: Dataset, path: Path, /, *, tally: Tally | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One annotation format.

    Attributes:
        read: Reader; takes what `sniff` accepts. A `LevelReader` if there are `levels`.
        write: Writer. What the format has no place for, it leaves out as `fit` does, and counts.
        sniff: Tells from the content whether a file or folder is of this format; never raises.
        description: What it is, in a few words.
        output: Name of what is written when the user names nothing.
        files: Names of the files that `write` makes, relative to the folder it is given; None if it writes one file.
        images: Name of each page's image, relative to the folder or the file's folder, where `write` says or programs
            of this format expect it; None if that is the page's source as it is.
        fit: Returns the dataset that reading what was written gives, and counts what got lost on the way. Doing it
            twice does no more than doing it once. None if nothing gets lost that the account would count.
        write_fitted: Writes what `fit` returned, without the time it takes to fit it once more; None if only `write`
            does.
        levels: What the reader's `level` can be, the default first; empty if it has none.
    """

    read: Reader | LevelReader
    write: Writer
    sniff: Callable[[Path], bool]
    description: str
    output: str
    files: Callable[[Dataset], list[str]] | None = None
    images: Callable[[Dataset], list[str]] | None = None
    fit: Callable[[Dataset, Tally], Dataset] | None = None
    write_fitted: Writer | None = None
    levels: tuple[str, ...] = ()
