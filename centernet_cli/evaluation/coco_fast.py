"""COCO's evaluation by hotcoco, in Rust: the numbers of pycocotools in a seventh of its time.

The extra `fast-eval` installs it. A test compares both number by number.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from centernet_cli.core.errors import MissingRequirementError

if TYPE_CHECKING:
    from centernet_cli.evaluation.coco_boxes import BoxTable, CocoBoxes, Floats


def run(boxes: CocoBoxes, max_dets: int) -> tuple[Floats, Floats]:
    """Return precision `(10 IoUs, 101 recalls, classes)` and recall `(10, classes)`, -1 where undefined.

    Raises:
        MissingRequirementError: E712, hotcoco isn't there.
    """
    hotcoco = _library()
    truth = hotcoco.COCO(
        {
            "info": {},
            "images": [{"id": number} for number in range(1, boxes.pages + 1)],
            "categories": [{"id": number, "name": name} for number, name in enumerate(boxes.classes, 1)],
            "annotations": _entries(boxes.truth),
        }
    )
    table = boxes.found
    found = truth.load_res(
        np.column_stack([table.page, table.xywh, table.score, table.category]).astype(np.float64)
        if len(table.page)
        else []
    )
    evaluation = hotcoco.COCOeval(truth, found, "bbox")
    parameters = evaluation.params
    parameters.max_dets = [max_dets]
    parameters.area_rng = [[0.0, 1e30]]
    parameters.area_rng_lbl = ["all"]
    parameters.img_ids = list(range(1, boxes.pages + 1))
    parameters.cat_ids = list(range(1, len(boxes.classes) + 1))
    evaluation.evaluate()
    evaluation.accumulate()
    outcome = evaluation.eval
    precision, recall = np.asarray(outcome["precision"]), np.asarray(outcome["recall"])
    return precision[:, :, :, 0, 0].astype(np.float64), recall[:, :, 0, 0].astype(np.float64)


def name() -> str:
    """Return the library's name and version.

    Raises:
        MissingRequirementError: E712, hotcoco isn't there.
    """
    _library()
    return f"hotcoco {version('hotcoco')}"


def _library() -> Any:
    try:
        return importlib.import_module("hotcoco")
    except ImportError as error:
        hint = "pip install 'centernet-cli[fast-eval]', or leave --evaluator out"
        raise MissingRequirementError(
            "E712", "the fast evaluator needs hotcoco", path="--evaluator", hint=hint
        ) from error


def _entries(table: BoxTable) -> list[dict[str, object]]:
    area = table.xywh[:, 2] * table.xywh[:, 3]
    columns = (table.page, table.category, table.xywh, area, table.crowd)
    return [
        {"id": number, "image_id": page, "category_id": category, "bbox": xywh, "area": size, "iscrowd": int(crowd)}
        for number, (page, category, xywh, size, crowd) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True), 1
        )
    ]
