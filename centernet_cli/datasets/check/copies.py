"""The same image more than once: in one split, or, which spoils every score, in two."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import sha256_file
from centernet_cli.datasets.check.fingerprint import alike, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.check.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class Use:
    """A page that uses an image.

    Attributes:
        source: Number of its source.
        page: Number of the page in it.
        path: The image.
        frame: Page or frame of a file with several.
        split: What the page is for.
    """

    source: int
    page: int
    path: Path
    frame: int | None
    split: str


def same_content(uses: Sequence[Use], each: Callable[[Sequence[Path]], Iterable[Path]]) -> list[list[Use]]:
    """Return groups of pages whose images have the same bytes (and are the same frame).

    Only files of the same length are read.

    Args:
        uses: All pages with images.
        each: Yields files, and shows how many are done.
    """
    lengths: dict[int, dict[str, list[Use]]] = defaultdict(lambda: defaultdict(list))
    for use in uses:
        try:
            length = use.path.stat().st_size
        except OSError:
            continue
        lengths[length][str(use.path.resolve())].append(use)
    several = [files for files in lengths.values() if len(files) > 1]
    digests: dict[str, str] = {}
    for path in each([Path(name) for files in several for name in files]):
        try:
            digests[str(path)] = sha256_file(path)
        except InputError:
            continue
    groups: dict[tuple[str, int | None], list[Use]] = defaultdict(list)
    for files in lengths.values():
        for name, users in files.items():
            for use in users:
                groups[digests.get(name, name), use.frame].append(use)
    return [group for group in groups.values() if len(group) > 1]


def copies_of_pages(dataset: Dataset, each: Callable[[Sequence[Path]], Iterable[Path]]) -> list[list[int]]:
    """Return groups of pages, by number, whose images have the same bytes.

    Empty pages are left out: blank ones are often the same, and tell nothing of each other.
    """
    root = dataset.root
    if root is None:
        return []
    uses = [
        Use(0, number, root / page.info.source, page.info.page, "")
        for number, page in enumerate(dataset.pages)
        if page.annotations
    ]
    return [[use.page for use in group] for group in same_content(uses, each)]


def same_look(
    uses: Sequence[Use],
    each: Callable[[Sequence[Path]], Iterable[Path]],
    damaged: Callable[[Use, InputError], None],
    workers: int = 1,
) -> list[tuple[Use, Use]]:
    """Return pairs of pages whose images look the same, whatever their size and quality; each file counts once.

    Args:
        uses: All pages with images; of files with several frames, none are looked at.
        each: Yields files, and shows how many are done.
        damaged: Is told of images that cannot be decoded.
        workers: Threads that decode.
    """
    files: dict[Path, Use] = {}
    for use in uses:
        if use.frame is None:
            files.setdefault(use.path.resolve(), use)
    kept: list[Use] = []
    prints: list[Fingerprint] = []
    for path, found in _in_parallel(list(files), each, workers):
        if isinstance(found, InputError):
            damaged(files[path], found)
        else:
            kept.append(files[path])
            prints.append(found)
    return [(kept[one], kept[other]) for one, other in alike(prints)]


def _in_parallel(
    paths: Sequence[Path], each: Callable[[Sequence[Path]], Iterable[Path]], workers: int
) -> Iterator[tuple[Path, Fingerprint | InputError]]:
    """Yield what files look like, in their order."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        # Pillow's decoders let other threads run. All are handed out at once: a path each is little.
        yield from zip(each(paths), pool.map(_look, paths), strict=True)


def _look(path: Path) -> Fingerprint | InputError:
    try:
        return fingerprint(path)
    except InputError as error:
        return error
