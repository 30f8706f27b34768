"""COCO's evaluation by pycocotools, the reference."""

from __future__ import annotations

import contextlib
import io
from importlib.metadata import version
from typing import TYPE_CHECKING

from pycocotools.coco import COCO

from centernet_cli.evaluation.coco_matching import SparseCOCOeval

if TYPE_CHECKING:
    from centernet_cli.evaluation.coco_boxes import BoxTable, CocoBoxes, Floats


def run(boxes: CocoBoxes, max_dets: int) -> tuple[Floats, Floats]:
    """Return precision `(10 IoUs, 101 recalls, classes)` and recall `(10, classes)`, -1 where undefined."""
    images = [{"id": number} for number in range(1, boxes.pages + 1)]
    categories = [{"id": number, "name": name} for number, name in enumerate(boxes.classes, 1)]
    # pycocotools prints its progress; stdout is ours.
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for table in (boxes.truth, boxes.found):
            side = COCO()
            annotations = _entries(table)
            side.dataset = {"info": {}, "images": images, "categories": categories, "annotations": annotations}
            side.createIndex()
            sides.append(side)
        evaluation = SparseCOCOeval(*sides, "bbox")
        # The summary of pycocotools looks for exactly 100 and gives -1 otherwise, so it's read from the arrays.
        evaluation.params.maxDets = [max_dets]
        evaluation.params.areaRng = [[0.0, float("inf")]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, :, 0, 0], evaluation.eval["recall"][:, :, 0, 0]


def name() -> str:
    """Return the library's name and version."""
    return f"pycocotools {version('pycocotools')}"


def _entries(table: BoxTable) -> list[dict[str, object]]:
    area = table.xywh[:, 2] * table.xywh[:, 3]
    columns = (table.page, table.category, table.xywh, area, table.crowd, table.score)
    return [
        {
            "id": number,  # pycocotools takes id 0 for "not matched"
            "image_id": page,
            "category_id": category,
            "bbox": xywh,
            "area": size,
            "iscrowd": int(crowd),
            "score": score,
        }
        for number, (page, category, xywh, size, crowd, score) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True), 1
        )
    ]
