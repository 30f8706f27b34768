"""Where training gets its decoded pages from: files, by way of a cache in memory or on disk."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from centernet_cli.core.cache import cache_folder
from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Failure
from centernet_cli.datasets.disk_cache import DiskCache
from centernet_cli.pages.images import iter_frames, open_image

if TYPE_CHECKING:
    from centernet_cli.core.recipe import DataSection
    from centernet_cli.core.records import Page
    from centernet_cli.datasets.resize import Pixels
    from centernet_cli.datasets.samples import LabelledPage


class PageReader(Protocol):
    """Reads pages; the pixels may be read-only, and others may hold them too."""

    def read(self, page: LabelledPage) -> Pixels:
        """Return the page's pixels, RGB uint8 `(H, W, 3)`.

        Raises:
            InputError: It cannot be read, or has another size than its annotations say.
        """


def page_reader(section: DataSection) -> PageReader:
    """Return what the recipe asks for.

    Raises:
        OutputError: O801, the folder of the cache cannot be written to.
    """
    if section.cache == "memory":
        return PageCache(section.cache_mb)
    folder = Path(section.cache_dir).expanduser() if section.cache_dir else cache_folder() / "images"
    return PagesOnDisk(DiskCache(folder, section.cache_disk_mb))


def read_frame(path: Path, number: int | None) -> Page:
    """Read a dataset's page image.

    Args:
        path: Image file.
        number: Frame from 1 of a file with several. Files with a single one are often pages of a document that
            were saved one by one and keep their number there: it says nothing then.

    Raises:
        InputError: It cannot be read, or has fewer frames.
    """
    if number is None:
        return open_image(path)
    found = next(iter_frames(path, pages=((number, number),)))
    if isinstance(found, Failure):
        raise InputError(found.code, found.message, path=path)
    return found


def decode(page: LabelledPage) -> Pixels:
    """Return the pixels of a page's file.

    Raises:
        InputError: It cannot be read, or has another size than its annotations say.
    """
    pixels = read_frame(page.path, page.frame).pixels
    if pixels.shape[:2] != (page.height, page.width):
        raise InputError(
            "D014",
            f"image is {pixels.shape[1]}x{pixels.shape[0]}, its annotations say {page.width}x{page.height}",
            path=page.path,
            hint="sizes count after EXIF orientation",
        )
    return pixels


class PageCache:
    """Decoded pages in memory, least recently used first out, bounded in bytes."""

    def __init__(self, megabytes: int) -> None:
        self._limit = megabytes * 2**20
        self._pages: OrderedDict[tuple[Path, int | None], Pixels] = OrderedDict()
        self._bytes = 0

    def read(self, page: LabelledPage) -> Pixels:
        key = (page.path, page.frame)
        if key in self._pages:
            self._pages.move_to_end(key)
            return self._pages[key]
        pixels = decode(page)
        self._pages[key] = pixels
        self._bytes += pixels.nbytes
        while self._bytes > self._limit and self._pages:
            _, old = self._pages.popitem(last=False)
            self._bytes -= old.nbytes
        return pixels


class PagesOnDisk:
    """Decoded pages in a cache on disk."""

    def __init__(self, cache: DiskCache) -> None:
        self._cache = cache

    def read(self, page: LabelledPage) -> Pixels:
        found = self._cache.get(page.path, page.frame, (page.height, page.width, 3))
        if found is None:
            found = decode(page)
            self._cache.put(page.path, page.frame, found)
        return found
