"""Writing labelme: a JSON file for each page, which labelme, X-AnyLabeling and others open."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from centernet_cli.core.records import RunLengths
from centernet_cli.core.strict_json import encode_json
from centernet_cli.datasets.formats.fields import DEFAULT_EXTRAS, page_extras
from centernet_cli.datasets.formats.file_names import page_files, way_to, write_files
from centernet_cli.datasets.formats.fit import Losses, box_of_polygon, fit_annotations, fit_classes
from centernet_cli.datasets.formats.fit_masks import parts_or_pixels
from centernet_cli.datasets.formats.parts import PART
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord, Point, Polygon

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
    dataset = fit_labelme(dataset, tally)
    write_files(folder, labelme_files(dataset), _texts(dataset, folder), tally)
    if dataset.failures:
        tally.note("failures of the prediction not written", len(dataset.failures))


def _texts(dataset: Dataset, folder: Path) -> Iterator[str]:
    for page in dataset.pages:
        image = PurePosixPath(page.info.source).name if dataset.root else way_to(page.info.source, folder)
        yield labelme_text(page, image)


def labelme_files(dataset: Dataset) -> list[str]:
    """Return the names, relative to the folder, of the files that `write_labelme` writes, in the order of the pages."""
    return page_files(dataset, ".json")


def labelme_text(page: PageRecord, image: str) -> str:
    """Return what is in the file of a page whose picture is at `image`, seen from that file's folder."""
    return encode_json(_file(page, image))


def _file(page: PageRecord, image: str) -> dict[str, object]:
    shapes: list[dict[str, object]] = []
    for number, annotation in enumerate(page.annotations, start=1):
        shape = _shape(annotation)
        shapes += [shape] if annotation.mask is None else _parts(shape, annotation.mask, number)
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


def _parts(shape: dict[str, object], mask: tuple[Polygon, ...] | RunLengths, group: int) -> list[dict[str, object]]:
    """Return the shapes of a thing in parts, which have a `group_id`, or of a mask, which is one."""
    if isinstance(mask, RunLengths):
        from centernet_cli.datasets.formats.labelme_masks import mask_shape  # with numpy, which takes time to load

        points, picture = mask_shape(mask)
        return [{**shape, "points": _rounded(points), "shape_type": "mask", "mask": picture}]
    flags = {**cast("dict[str, bool]", shape["flags"]), PART: True}
    same = {**shape, "shape_type": "polygon", "group_id": group, "flags": flags}
    return [{**same, "points": _rounded(part)} for part in mask]


def _rounded(points: Iterable[Point]) -> list[list[float]]:
    return [[round(float(x), _DIGITS), round(float(y), _DIGITS)] for x, y in points]


def fit_labelme(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_labelme` gives but for the pages' order; count what is lost."""

    def change(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation:
        return box_of_polygon(parts_or_pixels(annotation, info, losses), tally)

    return fit_annotations(fit_classes(dataset, tally), tally, change, _has_only_boxes)


def _has_only_boxes(page: PageRecord) -> bool:
    return all(annotation.polygon is None and annotation.mask is None for annotation in page.annotations)


def _shape(annotation: Annotation) -> dict[str, object]:
    x0, y0, x1, y1 = annotation.box
    points = ((x0, y0), (x1, y1)) if annotation.polygon is None else annotation.polygon
    shape: dict[str, object] = {
        "label": annotation.label,
        "points": _rounded(points),
        "group_id": None,
        "description": "",
        "shape_type": "rectangle" if annotation.polygon is None else "polygon",
        "flags": {"crowd": True} if annotation.crowd else {},
        "mask": None,
    }
    if annotation.score is not None:
        shape["score"] = round(float(annotation.score), 6)
    return shape
