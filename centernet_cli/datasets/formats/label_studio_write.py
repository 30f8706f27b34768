"""Writing Label Studio: tasks to import, with annotations, or with predictions where there are scores."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from centernet_cli.core.records import RunLengths
from centernet_cli.core.safe_io import atomic_write_text
from centernet_cli.core.strict_json import encode_json
from centernet_cli.datasets.formats.fit import Losses, box_of_polygon, fit_annotations, fit_classes, fit_pages
from centernet_cli.datasets.formats.fit_masks import one_polygon, parts_or_pixels
from centernet_cli.datasets.formats.places import page_names
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord

_LOCAL = "/data/local-files/?d="
_DIGITS = 6
"""Of hundredths: a ten-thousandth of a pixel on a page of 10,000."""


def fit_label_studio(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_label_studio` gives, and count what is lost."""
    dataset = fit_classes(fit_pages(dataset, tally), tally)

    def change(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation:
        # Nothing says of two polygons that they are one thing; and brushes count the values of a page in 32 bits.
        if isinstance(annotation.mask, tuple) or info.width * info.height * 4 >= 1 << 32:
            annotation = one_polygon(annotation, losses)
        return box_of_polygon(parts_or_pixels(annotation, info, losses), tally)

    return fit_annotations(dataset, tally, change)


def write_label_studio(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write tasks whose images are in local storage, `/data/local-files/?d=…`, under their names in the dataset.

    The labelling needs a `RectangleLabels`, a `PolygonLabels` and, where there are masks, a `BrushLabels`, named
    `label`, `polygon` and `brush`, and an `Image` named `image` of value `$image`. A page with any score becomes a
    prediction. Crowds are kept as `meta`.

    Raises:
        OutputError: O801.
    """
    dataset = fit_label_studio(dataset, Tally() if tally is None else tally)
    tasks = [
        _task(page, name, number, predicted=dataset.root is None)
        for number, (name, page) in enumerate(zip(page_names(dataset), dataset.pages, strict=True), start=1)
    ]
    lines = ",\n".join(encode_json(task).strip() for task in tasks)
    atomic_write_text(path, f"[\n{lines}\n]\n")


def _task(page: PageRecord, name: str, number: int, *, predicted: bool) -> dict[str, object]:
    info = page.info
    result = [_item(annotation, f"r{index}", info) for index, annotation in enumerate(page.annotations, start=1)]
    kind = "annotations"
    version: dict[str, object] = {"result": result}
    if predicted or any(annotation.score is not None for annotation in page.annotations):
        kind = "predictions"
        version = {"model_version": "centernet", **version}
    address = _LOCAL + quote(name, safe="/", errors="surrogatepass")
    return {
        "id": number,
        "data": {"image": address, "width": info.width, "height": info.height},
        kind: [version],
    }


def _item(annotation: Annotation, identity: str, info: PageInfo) -> dict[str, object]:
    across, down = 100 / info.width, 100 / info.height
    value: dict[str, object]
    if isinstance(annotation.mask, RunLengths):
        from centernet_cli.datasets.formats.label_studio_brush import brush_rle  # with numpy

        value = {"format": "rle", "rle": brush_rle(annotation.mask), "brushlabels": [annotation.label]}
        kind, control = "brushlabels", "brush"
    elif annotation.polygon is None:
        x0, y0, x1, y1 = annotation.box
        numbers = {"x": x0 * across, "y": y0 * down, "width": (x1 - x0) * across, "height": (y1 - y0) * down}
        value = {key: round(number, _DIGITS) for key, number in numbers.items()}
        value |= {"rotation": 0, "rectanglelabels": [annotation.label]}
        kind, control = "rectanglelabels", "label"
    else:
        points = [[round(x * across, _DIGITS), round(y * down, _DIGITS)] for x, y in annotation.polygon]
        value = {"points": points, "closed": True, "polygonlabels": [annotation.label]}
        kind, control = "polygonlabels", "polygon"
    item: dict[str, object] = {
        "id": identity,
        "type": kind,
        "from_name": control,
        "to_name": "image",
        "original_width": info.width,
        "original_height": info.height,
        "image_rotation": 0,
        "value": value,
    }
    if annotation.score is not None:
        item["score"] = round(float(annotation.score), 6)
    if annotation.crowd:
        item["meta"] = {"crowd": True}
    return item
