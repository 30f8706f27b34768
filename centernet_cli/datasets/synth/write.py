"""Write made pages as two COCO datasets, lines and regions, over the same images."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from centernet_cli.core.errors import OutputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats.coco import write_coco
from centernet_cli.datasets.synth.generate import make_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LINE_CLASSES = ("text_line",)
REGION_CLASSES = ("text", "title", "list", "table", "figure", "caption", "header", "footer", "other")
_SAVE_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One page to make and where its picture goes."""

    kind: str
    seed: str
    profile: str | None
    long_side: int
    path: Path
    quality: int
    languages: tuple[str, ...] = ()
    loose: bool = False


def _make(job: Job) -> tuple[PageRecord, PageRecord]:
    """Make a page, save its picture and return its lines and its regions."""
    page = make_page(
        job.kind,
        job.seed,
        long_side=job.long_side,
        profile=job.profile,
        languages=job.languages,
        loose=job.loose,
    )
    Image.fromarray(page.pixels).save(job.path, quality=job.quality)
    height, width = page.pixels.shape[:2]
    info = PageInfo(source=f"images/{job.path.name}", width=width, height=height)
    lines = tuple(Annotation(label=LINE_CLASSES[0], box=box, polygon=outline) for box, outline in page.lines)
    regions = tuple(Annotation(label=label, box=box, polygon=outline) for label, box, outline in page.regions)
    group = job.path.stem
    return PageRecord(info=info, annotations=lines, group=group), PageRecord(
        info=info, annotations=regions, group=group
    )


def _single_thread() -> None:
    import cv2

    cv2.setNumThreads(1)


def _results(jobs: Sequence[Job], workers: int) -> Iterator[tuple[PageRecord, PageRecord]]:
    if workers <= 1:
        _single_thread()
        yield from map(_make, jobs)
        return
    with ProcessPoolExecutor(workers, initializer=_single_thread) as pool:
        yield from pool.map(_make, jobs)


def write_pages(
    out: Path,
    kinds: Sequence[str],
    count: int,
    seed: int,
    *,
    profile: str | None = None,
    scan: bool | None = None,
    long_side: int = 1280,
    quality: int = 80,
    workers: int = 1,
    languages: Sequence[str] = (),
    loose: bool = False,
    progress: Callable[[], object] = lambda: None,
) -> tuple[int, int]:
    """Make `count` pages and write `out/lines` and `out/regions`, each a COCO dataset with `images/`.

    Page `i` depends on kind, seed and `i` alone, so a larger count keeps the pages of a smaller one.

    Args:
        out: Folder, made if missing.
        kinds: Taken in turn; a kind named twice is made twice as often.
        count: Pages.
        seed: Chance.
        profile: Degradation of all pages; None: as each kind is usually met.
        scan: True: no clean pages; False: clean pages only; None: both.
        long_side: Pixels.
        quality: JPEG quality.
        workers: Processes.
        languages: Of the pages, one for each by chance; none: any that the fonts allow.
        loose: Lines of scanned pages with a little paper around them.
        progress: Called after every page.

    Returns:
        The number of lines and of regions.

    Raises:
        OutputError: O801 when the folder can't be written.
    """
    images = out / "lines" / "images"
    shared = out / "regions" / "images"
    try:
        images.mkdir(parents=True, exist_ok=True)
        shared.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError("O801", f"cannot make the folder: {error.strerror}", path=out) from error
    chosen = "clean" if scan is False else "scanned" if scan else profile
    jobs = [
        Job(
            kind=(kind := kinds[at % len(kinds)]),
            seed=f"{seed}/{at}",
            profile=chosen,
            long_side=long_side,
            # The number first: at the end it would look like that of a page, and all of a kind like one document.
            path=images / f"{at:05}-{kind}-{seed}.jpg",
            quality=quality,
            languages=tuple(languages),
            loose=loose,
        )
        for at in range(count)
    ]
    lines: list[PageRecord] = []
    regions: list[PageRecord] = []
    boxes = "lines of scanned pages with some paper around them, all other boxes exact" if loose else "boxes exact"
    for record, region_record in _results(jobs, workers):
        lines.append(record)
        regions.append(region_record)
        _link(images / record.info.source.partition("/")[2], shared)
        if len(lines) % _SAVE_EVERY == 0:
            _save(out, lines, regions, boxes)
        progress()
    _save(out, lines, regions, boxes)
    return sum(len(page.annotations) for page in lines), sum(len(page.annotations) for page in regions)


def _link(path: Path, folder: Path) -> None:
    """Show the same picture in a second folder, without taking space where the disk can."""
    target = folder / path.name
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _save(out: Path, lines: Sequence[PageRecord], regions: Sequence[PageRecord], boxes: str) -> None:
    info: dict[str, object] = {
        "description": "Made pages (centernet data synth)",
        "contents": f"words by chance; {boxes}",
    }
    for name, classes, pages in (("lines", LINE_CLASSES, lines), ("regions", REGION_CLASSES, regions)):
        write_coco(
            Dataset(classes=classes, pages=tuple(pages), root=out / name, info=info), out / name / "annotations.json"
        )
