"""Writing labelme: a JSON file for each page, which labelme, X-AnyLabeling and others open."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from centernet_cli.core.geometry import points_box
from centernet_cli.core.safe_io import atomic_folder, dump_json
from centernet_cli.datasets.formats.fields import DEFAULT_EXTRAS, page_extras
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from centernet_cli.core.records import Annotation, Dataset, PageRecord

_VERSION = "5.5.0"
"""The labelme whose files ours are like."""
_DIGITS = 4
_NAME_BYTES = 200
"""Leaves room for a suffix within the 255 bytes of a file name."""


def write_labelme(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write one JSON file for each page, all of them or none.

    The file of page `a/b.png` is `a/b.json` in `folder`, and names the image `b.png`, as if that were next to it:
    write to `dataset.root`, or put the images there. Predictions on files anywhere (no root) are written side by
    side, and name the image by its way from `folder`.

    What labelme has no place for: scores, kept under X-AnyLabeling's key; crowds, kept as a flag; the page's origin
    and group, kept under keys of ours; the order of the classes, and boxes that differ from their polygon's, lost.

    Args:
        dataset: Pages to write.
        folder: Made if missing; files of the same names are replaced.
        tally: Notes what is lost.

    Raises:
        OutputError: O801.
    """
    tally = Tally() if tally is None else tally
    with atomic_folder(folder) as stage:
        for name, page in zip(labelme_names(dataset), dataset.pages, strict=True):
            target = stage / name
            target.parent.mkdir(parents=True, exist_ok=True)
            image = PurePosixPath(page.info.source).name if dataset.root else _way(folder, page.info.source)
            dump_json(target, _file(page, image, tally))
    if dataset.failures:
        tally.note("failures of the prediction not written", len(dataset.failures))


def labelme_names(dataset: Dataset) -> list[str]:
    """Return the names, relative to the folder, of the files that `write_labelme` writes, in the order of the pages."""
    taken: set[str] = set()
    return [
        _name(page.info.source if dataset.root else Path(page.info.source).name, page.info.page, taken)
        for page in dataset.pages
    ]


def _name(source: str, page: int | None, taken: set[str]) -> str:
    path = PurePosixPath(source)
    # `a.pdf` page 3 is `a.pdf_p0003.json`; a second image `b.jpg` next to `b.png` is `b.jpg.json`.
    stems = [path.stem, path.name] if page is None else [f"{path.name}_p{page:04d}"]
    stems += [f"{stems[-1]}~{number}" for number in range(2, len(taken) + 3)]
    for stem in stems:
        name = (path.parent / f"{_writable(stem)}.json").as_posix()
        if name not in taken:
            taken.add(name)
            return name
    raise AssertionError("more names than pages")


def _writable(stem: str) -> str:
    """Shorten a name to what file systems take, and replace what they cannot encode."""
    try:
        raw = os.fsencode(stem)
    except UnicodeEncodeError:
        raw = stem.encode("utf-8", "replace")
    if len(raw) <= _NAME_BYTES:
        return os.fsdecode(raw)
    return raw[:_NAME_BYTES].decode("utf-8", "ignore")


def _way(folder: Path, source: str) -> str:
    """Return the way from `folder` to an image given relative to the current folder."""
    try:
        return Path(os.path.relpath(source, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return Path(source).absolute().as_posix()


def _file(page: PageRecord, image: str, tally: Tally) -> dict[str, object]:
    shapes = [_shape(annotation, tally) for annotation in page.annotations]
    data: dict[str, object] = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": image,
        "imageData": None,
        "imageHeight": page.info.height,
        "imageWidth": page.info.width,
    }
    if page.group is not None:
        data["group"] = page.group
    extras = page_extras(page.info)
    if extras != DEFAULT_EXTRAS:
        data["page_info"] = extras
    return data


def _shape(annotation: Annotation, tally: Tally) -> dict[str, object]:
    x0, y0, x1, y1 = annotation.box
    points: Iterable[tuple[float, float]] = ((x0, y0), (x1, y1))
    if annotation.polygon is not None:
        points = annotation.polygon
        drawn = points_box(annotation.polygon)
        if any(abs(a - b) > 0.5 for a, b in zip(drawn, annotation.box, strict=True)):
            tally.note("boxes that differ from their polygon's replaced by it")
    shape: dict[str, object] = {
        "label": annotation.label,
        "points": [[round(float(x), _DIGITS), round(float(y), _DIGITS)] for x, y in points],
        "group_id": None,
        "description": "",
        "shape_type": "rectangle" if annotation.polygon is None else "polygon",
        "flags": {"crowd": True} if annotation.crowd else {},
        "mask": None,
    }
    if annotation.score is not None:
        shape["score"] = round(float(annotation.score), 6)
    return shape
