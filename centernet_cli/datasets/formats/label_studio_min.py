"""Label Studio's JSON-MIN: an object for each annotation, its regions under the names of their controls."""

from __future__ import annotations

from collections import Counter
from typing import Any

_LABELLED = ("rectanglelabels", "polygonlabels", "ellipselabels", "keypointlabels", "brushlabels")
"""Keys that are also the type of the region; others have the type that their geometry says."""
_GEOMETRY = {"radiusX": "ellipse", "points": "polygon", "height": "rectangle", "rle": "brush", "x": "keypoint"}
_PLACE = ("x", "y", "width", "height", "rotation", "points", "radiusX", "radiusY", "rle")
_STATED = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}
"""What an export says of the annotation; its other keys are data of the task, and controls."""


def looks_like_min(value: object) -> bool:
    """Tell whether a parsed JSON value is meant as an export as JSON-MIN: one of the first has regions."""
    if not isinstance(value, list) or not value:
        return False
    return any(
        isinstance(item, dict) and "data" not in item and any(_regions(found) for found in item.values())
        for item in value[:100]
    )


def as_tasks(items: list[Any]) -> list[Any]:
    """Return the tasks of an export as JSON-MIN, as the export as JSON has them; what is no object stays as it is."""
    tasks: list[Any] = []
    known: dict[object, dict[str, Any]] = {}
    for item in items:
        if not isinstance(item, dict):
            tasks.append(item)
            continue
        identity = item.get("id")
        task = known.get(identity) if isinstance(identity, int | str) else None
        if task is None:
            task = {"data": {}, "annotations": []}
            tasks.append(task)
            if isinstance(identity, int | str):
                known[identity] = task
        controls: dict[str, list[dict[str, Any]]] = {}
        for key, value in item.items():
            regions = _regions(value)
            if regions:
                controls[key] = regions
            elif key not in _STATED:
                task["data"][key] = value
        task["annotations"].append({"result": _results(controls)})
    return tasks


def _results(controls: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the regions of all controls, with equal ids where they are the same region: its shape, class or text."""
    result: list[dict[str, Any]] = []
    ids: dict[str, list[str]] = {}
    for control, regions in controls.items():
        met: Counter[str] = Counter()
        for number, region in enumerate(regions):
            # The places are all that says so; two of a control at one place are two.
            place = repr([region.get(key) for key in _PLACE])
            known = ids.setdefault(place, [])
            if met[place] == len(known):
                known.append(f"{control}/{number}")
            result.append(_result(region, known[met[place]]))
            met[place] += 1
    return result


def _regions(value: object) -> list[dict[str, Any]]:
    """Return the regions of a control; none if the value is something else."""
    if not isinstance(value, list) or not value:
        return []
    return value if all(isinstance(region, dict) and _kind(region) is not None for region in value) else []


def _kind(region: dict[str, Any]) -> str | None:
    labelled = next((key for key in _LABELLED if key in region), None)
    return labelled or next((kind for key, kind in _GEOMETRY.items() if key in region), None)


def _result(region: dict[str, Any], identity: str) -> dict[str, Any]:
    sizes: dict[str, Any] = {key: region[key] for key in ("original_width", "original_height") if key in region}
    return {"id": identity, "type": _kind(region), "value": region, **sizes}
