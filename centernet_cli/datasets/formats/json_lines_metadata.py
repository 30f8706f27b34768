"""`metadata.jsonl` of the image folders of Hugging Face's datasets: `objects` with lists of boxes and of categories."""

from __future__ import annotations

from typing import Any

from centernet_cli.datasets.formats.shapes import ShapeError

_CATEGORIES = ("categories", "category", "labels", "label", "category_id", "id")


def is_metadata(value: dict[str, Any]) -> bool:
    """Tell whether a line has boxes in that way."""
    objects = value.get("objects")
    return isinstance(objects, dict) and isinstance(objects.get("bbox"), list)


def metadata_items(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the annotations of a line, with `label` and `bbox` (x, y, width, height); numbers of classes are names.

    Raises:
        ShapeError: D002, the lists are of different lengths; D013, no categories.
    """
    objects = value["objects"]
    boxes = objects["bbox"]
    labels = next((objects[key] for key in _CATEGORIES if isinstance(objects.get(key), list)), None)
    if labels is None:
        if boxes:
            raise ShapeError("D013", "/objects: no list of `categories`")
        labels = []
    if len(labels) != len(boxes):
        raise ShapeError("D002", f"/objects: {len(boxes)} boxes and {len(labels)} categories")
    return [
        {"label": str(label) if type(label) is int else label, "bbox": box}
        for label, box in zip(labels, boxes, strict=True)
    ]
