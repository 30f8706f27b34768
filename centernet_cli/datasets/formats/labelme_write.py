"""Writing labelme: a JSON file for each page, which labelme, X-AnyLabeling and others open."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from centernet_cli.core.geometry import points_box
from centernet_cli.core.strict_json import encode_json
from centernet_cli.datasets.formats.fields import DEFAULT_EXTRAS, page_extras
from centernet_cli.datasets.formats.file_names import page_files, way_to, write_files
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Dataset, PageRecord

_VERSION = "5.5.0"
"""The labelme whose files ours are like."""
_DIGITS = 4


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
    write_files(folder, labelme_files(dataset), _texts(dataset, folder, tally), tally)
    if dataset.failures:
        tally.note("failures of the prediction not written", len(dataset.failures))


def _texts(dataset: Dataset, folder: Path, tally: Tally) -> Iterator[str]:
    for page in dataset.pages:
        image = PurePosixPath(page.info.source).name if dataset.root else way_to(page.info.source, folder)
        yield labelme_text(page, image, tally)


def labelme_files(dataset: Dataset) -> list[str]:
    """Return the names, relative to the folder, of the files that `write_labelme` writes, in the order of the pages."""
    return page_files(dataset, ".json")


def labelme_text(page: PageRecord, image: str, tally: Tally) -> str:
    """Return what is in the file of a page whose picture is at `image`, seen from that file's folder."""
    return encode_json(_file(page, image, tally))


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
