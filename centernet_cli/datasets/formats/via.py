"""VIA, the VGG Image Annotator, versions 1 and 2: one JSON file, in which images have no size."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.geometry import points_box, xywh_to_xyxy, xyxy_to_xywh
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.core.safe_io import dump_json, read_json, resolve_inside
from centernet_cli.datasets.formats.fields import NameChecker, are_numbers, is_number
from centernet_cli.datasets.formats.fit import box_of_polygon, fit_annotations, fit_classes, fit_pages
from centernet_cli.datasets.formats.fit_masks import one_polygon
from centernet_cli.datasets.formats.image_header import image_size
from centernet_cli.datasets.formats.outlines import ellipse_box
from centernet_cli.datasets.formats.peek import peek_json
from centernet_cli.datasets.formats.places import image_folder, only_file, page_names, split_page
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import NO_AREA, TO_BOX, ShapeError, keep_shape, text_score
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.via_csv import looks_like_via_csv, read_via_csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Box, Polygon

_VERSION = "2.0.10"
_USUAL_NAMES = ("label", "class", "name", "type", "category", "object")
_OURS = ("score", "crowd")
_NO_CLASS = "region"
"""Label of regions that say nothing about their class."""
_DIGITS = 4
_MOST_FOLDERS = 20
# VIA replaces its own settings by those of the project, so all that it asks for must be there.
_SETTINGS: dict[str, object] = {
    "ui": {
        "annotation_editor_height": 25,
        "annotation_editor_fontsize": 0.8,
        "leftsidebar_width": 18,
        "image_grid": {
            "img_height": 80,
            "rshape_fill": "none",
            "rshape_fill_opacity": 0.3,
            "rshape_stroke": "yellow",
            "rshape_stroke_width": 2,
            "show_region_shape": True,
            "show_image_policy": "all",
        },
        "image": {
            "region_label": "label",
            "region_color": "label",
            "region_label_font": "10px Sans",
            "on_image_annotation_editor_placement": "NEAR_REGION",
        },
    },
    "core": {"buffer_size": 18, "filepath": {}, "default_filepath": ""},
}


def looks_like_via(value: object) -> bool:
    """Tell whether a parsed JSON value is meant as a VIA project or its annotations."""
    if not isinstance(value, dict) or not value:
        return False
    if "_via_img_metadata" in value:
        return True
    first = next(iter(value.values()))
    return isinstance(first, dict) and "filename" in first and "regions" in first


def sniff_via(path: Path) -> bool:
    """Tell whether a file is, or a folder holds just one file of, VIA."""
    try:
        file = _file(path)
        return looks_like_via_csv(file) or (file.suffix.lower() == ".json" and looks_like_via(peek_json(file)))
    except (InputError, OSError):
        return False


def _file(path: Path) -> Path:
    """Return the file that `path` means: itself, or in a folder the only JSON file, else the only CSV file.

    Raises:
        InputError: D001, a folder without any or with several.
    """
    suffix, what = (".json", "JSON")
    if path.is_dir() and not any(path.glob("*.json")) and any(map(looks_like_via_csv, path.glob("*.csv"))):
        suffix, what = (".csv", "CSV")
    return only_file(path, (suffix,), "via_project.json", what)


def read_via(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read a VIA project, or annotations exported as JSON or CSV, of version 1 or 2.

    Rectangles are boxes, polygons are kept, circles and ellipses are reduced to their boxes; points and polylines,
    which enclose nothing, are dropped. The class is the region attribute that most regions have. Page sizes come from
    the images, unless file attributes `width` and `height` say them; images without regions that cannot be read are
    left out. Pages come in the project's order, classes by name.

    Args:
        path: The file, or a folder with just one JSON file, or one such CSV file.
        tally: Counts what became of each region.

    Raises:
        InputError: D001 not VIA, J4xx, D002-D013 for regions, X310 for images out of the folder; all in one error.
    """
    tally = Tally() if tally is None else tally
    path = _file(path)
    data = read_via_csv(path) if looks_like_via_csv(path) else read_json(path)
    if not isinstance(data, dict) or not looks_like_via(data):
        is_third = isinstance(data, dict) and {"project", "metadata", "view"} <= data.keys()
        hint = "version 3 is not read" if is_third else None
        raise InputError("D001", "not a VIA project of version 1 or 2", path=path, hint=hint)
    problems = Problems(path)
    entries = list(_entries(data, problems))
    attribute = _class_attribute(entries, tally)
    places = ("images", *_image_folders(data, path.parent))
    root = image_folder(path.parent, (entry.name for entry in entries), places)
    checker = NameChecker(root)
    pages = []
    for entry in entries:
        try:
            page = _page(entry, attribute, checker, tally, problems)
        except InputError as error:
            problems.add(error.code, error.message, at=entry.at)
        else:
            if page is not None:
                pages.append(page)
    tally.files.append(path)
    problems.raise_if_any()
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=root)


def _image_folders(data: dict[str, Any], folder: Path) -> list[str]:
    """Return the folders where a project of VIA 2 looks for its images, as far as they are there, below its own.

    They may be those of another computer (`C:/Users/me/pics/`), so the longest end that is there counts.
    """
    settings = data.get("_via_settings")
    core = settings.get("core") if isinstance(settings, dict) else None
    if not isinstance(core, dict):
        return []
    others = core.get("filepath")
    named = [core.get("default_filepath"), *(others if isinstance(others, dict) else ())]
    found = []
    for text in named[:_MOST_FOLDERS]:
        parts = [part for part in text.replace("\\", "/").split("/") if part] if isinstance(text, str) else []
        for start in range(min(len(parts), _MOST_FOLDERS)):
            try:
                place = resolve_inside(folder, "/".join(parts[start:]))
                if place.is_dir():
                    found.append(place.relative_to(folder).as_posix())
                    break
            except (InputError, OSError, ValueError):
                continue  # not below, or no name of a folder
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """An image of a project: where it stands in the file, its name, its regions with their place, its attributes."""

    at: str
    name: str
    regions: list[tuple[str, dict[str, Any], dict[str, Any]]]
    attributes: dict[str, Any]


def _entries(data: dict[str, Any], problems: Problems) -> Iterator[_Entry]:
    images: object = data
    start = ""
    if "_via_img_metadata" in data:
        images, start = data["_via_img_metadata"], "/_via_img_metadata"
    if not isinstance(images, dict):
        problems.add("D002", "not an object", at=start)
        return
    listed = data.get("_via_image_id_list")
    order = {str(key): index for index, key in enumerate(listed)} if isinstance(listed, list) and start else {}
    for key in sorted(images, key=lambda key: order.get(key, len(order))):
        value, at = images[key], f"{start}/{key}"
        if not start and key.startswith("_via"):
            continue
        if not isinstance(value, dict) or not isinstance(value.get("filename"), str) or not value["filename"]:
            problems.add("D002", "no object with a `filename`", at=at)
            continue
        regions = value.get("regions")
        # Version 1 numbers regions by keys, version 2 has a list.
        items = (
            regions.items() if isinstance(regions, dict) else enumerate(regions) if isinstance(regions, list) else ()
        )
        found = []
        for index, region in items:
            shape = region.get("shape_attributes") if isinstance(region, dict) else None
            attributes = region.get("region_attributes") if isinstance(region, dict) else None
            if not isinstance(shape, dict):
                problems.add("D002", "no object with `shape_attributes`", at=f"{at}/regions/{index}")
                continue
            found.append((f"{at}/regions/{index}", shape, attributes if isinstance(attributes, dict) else {}))
        extras = value.get("file_attributes")
        yield _Entry(at, value["filename"], found, extras if isinstance(extras, dict) else {})


def _class_attribute(entries: list[_Entry], tally: Tally) -> str:
    """Return the name of the attribute that holds the class: the one that most regions have filled in."""
    counts = Counter(
        name
        for entry in entries
        for _, _, attributes in entry.regions
        for name, value in attributes.items()
        if name not in _OURS and value not in ("", None)
    )
    order = {name: index for index, name in enumerate(_USUAL_NAMES)}
    names = sorted(counts, key=lambda name: (-counts[name], order.get(name.lower(), len(order)), name))
    if len(names) > 1:
        tally.note(f"classes taken from the attribute `{names[0]}`; other attributes ignored")
    return names[0] if names else ""


def _page(entry: _Entry, attribute: str, checker: NameChecker, tally: Tally, problems: Problems) -> PageRecord | None:
    name, number = split_page(entry.name, checker.root)
    source = checker.inside(name)
    size = _stated_size(entry.attributes) or image_size(checker.root / source)
    if size is None:
        if not entry.regions:
            tally.note("images without regions that cannot be read left out")
            return None
        hint = "VIA says no page sizes: put the images next to the file"
        raise InputError("D007", f"the image {source!r:.100} cannot be read, and only it says its size", hint=hint)
    info = PageInfo(source=source, width=size[0], height=size[1], page=number)
    annotations = []
    for at, shape, attributes in entry.regions:
        try:
            annotation = _annotation(shape, attributes, attribute, info, tally)
        except ShapeError as error:
            problems.add(error.code, str(error), at=at)
        else:
            if annotation is not None:
                annotations.append(annotation)
    return PageRecord(info=info, annotations=tuple(annotations))


def _stated_size(attributes: dict[str, Any]) -> tuple[int, int] | None:
    texts = [str(attributes.get(key, "")) for key in ("width", "height")]
    if all(text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 for text in texts):
        return int(texts[0]), int(texts[1])
    return None


def _annotation(
    shape: dict[str, Any], attributes: dict[str, Any], attribute: str, info: PageInfo, tally: Tally
) -> Annotation | None:
    label = _label(attributes.get(attribute), tally)
    kind = shape.get("name")
    if not isinstance(kind, str):
        raise ShapeError("D002", "`name` of the shape is not a text")
    if kind in {"point", "polyline", "line"}:
        tally.dropped(kind, label, NO_AREA)
        return None
    box, polygon = _geometry(kind, shape)
    if box is None:
        tally.dropped(kind, label, "is of an unknown type")
        return None
    reduced = TO_BOX if kind in {"circle", "ellipse"} else ""
    score = attributes.get("score")
    # Somebody else's attribute of that name may hold anything.
    known = text_score(score) if isinstance(score, str) and _is_share(score) else None
    crowd = attributes.get("crowd") == "1"
    return keep_shape(kind, label, box, info, tally, polygon=polygon, reduced=reduced, score=known, crowd=crowd)


def _is_share(text: str) -> bool:
    try:
        return text_score(text) is not None
    except ShapeError:
        return False


def _label(value: object, tally: Tally) -> str:
    """Return what a text, a choice or ticked boxes say."""
    if isinstance(value, dict):
        ticked = sorted(str(name) for name, on in value.items() if on)
        if len(ticked) > 1:
            tally.note("several options of a class ticked, the first by name taken")
        value = ticked[0] if ticked else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, str) and value:
        return value
    tally.note(f"regions without a class named `{_NO_CLASS}`")
    return _NO_CLASS


def _geometry(kind: str, shape: dict[str, Any]) -> tuple[Box | None, Polygon | None]:
    if kind in {"rect", "rectangle"}:
        x, y, width, height = _values(shape, "x", "y", "width", "height")
        return xywh_to_xyxy(x, y, width, height), None
    if kind == "circle":
        cx, cy, r = _values(shape, "cx", "cy", "r")
        return ellipse_box((cx, cy), (r, r)), None
    if kind == "ellipse":
        cx, cy, rx, ry = _values(shape, "cx", "cy", "rx", "ry")
        theta = shape.get("theta", 0)
        return ellipse_box((cx, cy), (rx, ry), math.degrees(theta) if is_number(theta) else 0.0), None
    if kind == "polygon":
        xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
        if not are_numbers(xs) or not are_numbers(ys) or len(xs) != len(ys) or len(xs) < 3:
            raise ShapeError("D008", "`all_points_x` and `all_points_y` are not lists of at least 3 numbers each")
        polygon = tuple((float(x), float(y)) for x, y in zip(xs, ys, strict=True))
        return points_box(polygon), polygon
    return None, None


def _values(shape: dict[str, Any], *keys: str) -> list[float]:
    found = []
    for key in keys:
        value = shape.get(key)
        if not is_number(value):
            raise ShapeError("D008", f"`{key}` is not a number")
        found.append(float(value))
    return found


def fit_via(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_via` gives, and count what is lost."""
    dataset = fit_classes(fit_pages(dataset, tally), tally)
    return fit_annotations(
        dataset, tally, lambda annotation, _info, losses: box_of_polygon(one_polygon(annotation, losses), tally)
    )


def write_via(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write a project of VIA 2 whose region attribute `label` is the class.

    Page sizes are kept as file attributes, scores and crowds as region attributes.

    Raises:
        OutputError: O801.
    """
    dataset = fit_via(dataset, Tally() if tally is None else tally)
    images: dict[str, object] = {}
    for name, page in zip(page_names(dataset), dataset.pages, strict=True):
        # VIA's keys end with the size of the file in bytes, -1 where it doesn't know it.
        key = f"{name}-1"
        while key in images:  # the same image on several pages
            key += "~"
        images[key] = {
            "filename": name,
            "size": -1,
            "regions": [_region(annotation) for annotation in page.annotations],
            "file_attributes": {"width": str(page.info.width), "height": str(page.info.height)},
        }
    regions: dict[str, object] = {
        "label": {
            "type": "dropdown",
            "description": "",
            "options": dict.fromkeys(dataset.classes, ""),
            "default_options": {},
        }
    }
    plain = {"type": "text", "description": "", "default_value": ""}
    regions |= dict.fromkeys(_OURS, plain)
    project = {
        "_via_settings": {**_SETTINGS, "project": {"name": path.stem}},
        "_via_img_metadata": images,
        "_via_attributes": {"region": regions, "file": dict.fromkeys(("width", "height"), plain)},
        "_via_data_format_version": _VERSION,
        "_via_image_id_list": list(images),
    }
    dump_json(path, project)


def _region(annotation: Annotation) -> dict[str, object]:
    attributes = {"label": annotation.label}
    if annotation.score is not None:
        attributes["score"] = f"{annotation.score:.6g}"
    if annotation.crowd:
        attributes["crowd"] = "1"
    shape: dict[str, object]
    if annotation.polygon is None:
        x, y, width, height = (round(float(value), _DIGITS) for value in xyxy_to_xywh(annotation.box))
        smallest = 10.0**-_DIGITS
        shape = {"name": "rect", "x": x, "y": y, "width": max(width, smallest), "height": max(height, smallest)}
    else:
        shape = {
            "name": "polygon",
            "all_points_x": [round(float(x), _DIGITS) for x, _ in annotation.polygon],
            "all_points_y": [round(float(y), _DIGITS) for _, y in annotation.polygon],
        }
    return {"shape_attributes": shape, "region_attributes": attributes}
