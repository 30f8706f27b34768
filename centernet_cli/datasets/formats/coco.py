"""Reading COCO: object detection with boxes, polygons and run-length masks; `write_coco` lives next door."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.leniency import hearer
from centernet_cli.core.records import Dataset, Failure, PageInfo, PageRecord
from centernet_cli.core.safe_io import lexical_inside, read_bytes, resolve_inside
from centernet_cli.core.strict_json import parse_json
from centernet_cli.datasets.formats.coco_annotations import AnnotationReader
from centernet_cli.datasets.formats.coco_typed import parse_typed
from centernet_cli.datasets.formats.coco_write import dataset_to_coco, write_coco
from centernet_cli.datasets.formats.fields import MOVED, UNKNOWN_SIDE, NameChecker, as_pixels, is_id, read_page_extras
from centernet_cli.datasets.formats.image_header import image_size
from centernet_cli.datasets.formats.peek import peek_json
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.records import Annotation

__all__ = [
    "dataset_to_coco",
    "find_coco",
    "is_coco_results",
    "looks_like_coco",
    "read_coco",
    "read_coco_results",
    "sniff_coco",
    "write_coco",
]

_TOP_KEYS = {"info", "images", "categories", "annotations", "failures", "licenses", "type"}
_RESULTS_HINT = (
    "`evaluate` takes it with the COCO file it belongs to; else put the list under `annotations`, next to the truth's "
    "`images` and `categories`"
)
_X310_HINT = "file names must be relative and stay below the folder of the JSON file, or end with one that is there"


def looks_like_coco(value: object) -> bool:
    """Tell whether a parsed JSON value is meant as a COCO dataset."""
    if not isinstance(value, dict):
        return False
    # Where one of the three lists is missing, the reader says so.
    lists = sum(isinstance(value.get(key), list) for key in ("images", "annotations", "categories"))
    return lists > 1 or {"images", "annotations"} <= value.keys()


def sniff_coco(path: Path) -> bool:
    """Tell whether a file or folder is, or holds, a COCO dataset."""
    try:
        return looks_like_coco(peek_json(find_coco(path)))
    except InputError:
        return False


def find_coco(path: Path) -> Path:
    """Return the COCO file that `path` means: itself, or in a folder `annotations.json` or the only JSON file there.

    Raises:
        InputError: D001, a folder without any or with several.
    """
    if not path.is_dir():
        return path
    for folder in (path, path / "annotations"):
        if (folder / "annotations.json").is_file():
            return folder / "annotations.json"
        candidates = sorted(entry for entry in folder.glob("*.json") if entry.is_file())
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            names = ", ".join(entry.name for entry in candidates[:5])
            raise InputError("D001", f"several JSON files: {names}", path=folder, hint="name the one to read")
    below = sorted(entry.relative_to(path).as_posix() for entry in path.glob("*/*coco*.json"))
    hint = f"name the files or folders to read: {', '.join(below[:5])}" if below else None
    raise InputError("D001", "no COCO file (annotations.json) in this folder", path=path, hint=hint)


def read_coco(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read a COCO file.

    Boxes come from `bbox`; polygons, also in several parts, and run-length masks are kept beside them. Classes are
    ordered by category id, pages as in the file. A file that `predict` wrote gives a dataset without a root and with
    `failures`.

    Args:
        path: The file, or its folder (see `find_coco`).
        tally: Counts what became of each annotation.

    Raises:
        InputError: J4xx for the file, D001-D013 for its content, X310 for image names that lead out of the folder;
            all problems of the content in one error.
    """
    path = find_coco(path)
    content = read_bytes(path)
    typed = None if hearer() else parse_typed(content)
    data = typed or _top(parse_json(content, path=path), path)
    del content
    return _dataset(path, data, path, tally, typed=typed is not None)


def read_coco_results(path: Path, truth: Path) -> Dataset:
    """Read a COCO results list, the boxes of other detectors, whose pages and classes stand in the truth's file.

    Args:
        path: The list: objects with `image_id`, `category_id`, `bbox` and `score`.
        truth: COCO file, or its folder.

    Raises:
        InputError: As for `read_coco`, of either file.
    """
    truth = find_coco(truth)
    found, known = parse_json(read_bytes(path), path=path), _top(parse_json(read_bytes(truth), path=truth), truth)
    if not isinstance(found, list):
        raise InputError("D001", "not a COCO results list", path=path)
    numbered = [
        {**item, "id": item.get("id", i)} if isinstance(item, dict) else item for i, item in enumerate(found, 1)
    ]
    data = {"images": known["images"], "categories": known["categories"], "annotations": numbered}
    return _dataset(path, data, truth, None, typed=False)


def is_coco_results(path: Path) -> bool:
    """Tell whether a JSON file holds a list, as results do, and not an object, as datasets do."""
    try:
        with path.open("rb") as file:
            return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    except OSError:
        return False


def _dataset(path: Path, data: dict[str, Any], home: Path, tally: Tally | None, *, typed: bool) -> Dataset:
    """Build a dataset from parsed JSON; problems are of `path`, image names count from the folder of `home`."""
    problems = Problems(path)
    classes, labels = _categories(data["categories"], problems)
    predicted = any(isinstance(image, dict) and "status" in image for image in data["images"])
    root = None if predicted else _image_root(home, data["images"])
    tally = Tally() if tally is None else tally
    tally.files.append(path)
    ids, infos, groups = _images(data["images"], root, problems, tally)
    reader = AnnotationReader(problems, tally, labels, dict(zip(ids, infos, strict=True)))
    found: dict[object, list[Annotation]] = {image_id: [] for image_id in ids}
    (reader.read_typed if typed else reader.read)(data["annotations"], found)
    failures = _failures(data.get("failures", []), problems)
    for key in data.keys() - _TOP_KEYS:
        tally.note(f"top-level key `{key}` ignored")
    problems.raise_if_any()
    info = data.get("info")
    return Dataset(
        classes=classes,
        pages=tuple(
            PageRecord(info=info, annotations=tuple(found[image_id]), group=group)
            for image_id, info, group in zip(ids, infos, groups, strict=True)
        ),
        root=root,
        failures=failures,
        info=dict(info) if isinstance(info, dict) else {},
    )


def _top(value: object, path: Path) -> dict[str, Any]:
    """Check the outermost object; its three lists are there and are lists."""
    if isinstance(value, list):
        if not value or (isinstance(value[0], dict) and "image_id" in value[0]):
            message = "a COCO results list, which names neither pages nor classes"
            raise InputError("D001", message, path=path, hint=_RESULTS_HINT)
        raise InputError("D001", "not a COCO dataset: the file holds a list", path=path)
    if not isinstance(value, dict):
        raise InputError("D001", "not a COCO dataset: the file holds no object", path=path)
    missing = [key for key in ("images", "annotations", "categories") if key not in value]
    if missing:
        hint = "this looks like a labelme file: read its folder as labelme" if "shapes" in value else None
        raise InputError("D001", f"not a COCO dataset: no `{'`, `'.join(missing)}`", path=path, hint=hint)
    for key in ("images", "annotations", "categories", "failures"):
        if not isinstance(value.get(key, []), list):
            raise InputError("D002", f"/{key}: not a list", path=path)
    return value


def _categories(items: list[object], problems: Problems) -> tuple[tuple[str, ...], dict[object, str]]:
    """Return class names by ascending id (numbers before texts), and the name of each id."""
    labels: dict[object, str] = {}
    for index, item in enumerate(items):
        at = f"/categories/{index}"
        if not isinstance(item, dict) or not is_id(item.get("id")):
            problems.add("D002", "no object with an `id` that is a number or text", at=at)
        elif (name := _class_name(item.get("name"))) is None:
            problems.add("D013", "`name` is not a text", at=at)
        elif item["id"] in labels:
            problems.add("D003", f"category id {item['id']!r} is used twice", at=at)
        else:
            labels[item["id"]] = name
    ordered = sorted(labels, key=lambda key: (isinstance(key, str), key))
    # Two ids of the same name are one class to us.
    return tuple(dict.fromkeys(labels[key] for key in ordered)), labels


def _class_name(value: object) -> str | None:
    """Return the name of a class; one that is a number is its digits, as in YOLO's files."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _image_root(path: Path, images: list[object]) -> Path:
    """Return the folder that image names are relative to: of the usual places, the first that has the first image."""
    folder = path.parent
    places = [folder, folder / "images"]
    if folder.name == "annotations":
        # COCO's own: annotations/instances_train2017.json and train2017/, by others kept in images/train2017/.
        above, split = folder.parent, path.stem.rpartition("_")[2]
        places += [above, above / "images", above / split, above / "images" / split]
    first = images[0] if images else None
    name = first.get("file_name") if isinstance(first, dict) else None
    if isinstance(name, str):
        try:
            clean = lexical_inside(name)
            # Path.is_file raises on long names.
            return next((place for place in places if os.path.isfile(place / clean)), folder)  # noqa: PTH113
        except InputError:
            return next((place for place in places if NameChecker(place).moved(name) is not None), folder)
        except (OSError, ValueError):
            pass  # reported with the image
    return folder


def _images(
    items: list[object], root: Path | None, problems: Problems, tally: Tally
) -> tuple[list[object], list[PageInfo], list[str | None]]:
    """Return ids, pages and groups of the images that are right."""
    ids: dict[object, None] = {}
    infos: list[PageInfo] = []
    groups: list[str | None] = []
    names: set[str] = set()
    checker = None if root is None else NameChecker(root)
    hears = hearer()
    for index, item in enumerate(items):
        at = f"/images/{index}"
        if not isinstance(item, dict) or not is_id(item.get("id")):
            problems.add("D002", "no object with an `id` that is a number or text", at=at)
            continue
        if item["id"] in ids:
            problems.add("D003", f"image id {item['id']!r} is used twice", at=at)
            continue
        ids[item["id"]] = None
        if hears is not None:
            hears.page(item["id"])
        info = _page_info(item, at, checker, problems, tally)
        infos.append(info)
        group = item.get("group")
        groups.append(str(group) if is_id(group) else None)
        if info.name in names:
            tally.note("image listed more than once, kept as pages of their own")
        names.add(info.name)
    return list(ids), infos, groups


def _page_info(
    item: dict[str, object], at: str, checker: NameChecker | None, problems: Problems, tally: Tally
) -> PageInfo:
    """Read one image; after a problem the values are stand-ins that nobody sees."""
    # Keys such as `page` are common in others' files and mean other things there; ours come with `source`.
    key = "source" if "source" in item and ("status" in item or "orientation" in item) else "file_name"
    name = item.get(key)
    extras = read_page_extras({})
    if not isinstance(name, str) or not name:
        problems.add("D002", f"`{key}` is not a text", at=at)
        name = f"?{at}"
    else:
        try:
            name = name if checker is None else _place(name, checker, tally)
        except InputError as error:
            problems.add(error.code, error.message, at=at, hint=_X310_HINT)
        if key == "source":
            try:
                extras = read_page_extras(item)
            except ValueError as error:
                problems.add("D002", str(error), at=at)
    width, height = as_pixels(item.get("width")), as_pixels(item.get("height"))
    if width is None or height is None:
        says_nothing = item.get("width") is None and item.get("height") is None
        size = _image_size(checker.root, name) if says_nothing and checker is not None else None
        if size is None:
            problems.add("D007", "`width` and `height` are not whole numbers from 1", at=at)
            size = (UNKNOWN_SIDE, UNKNOWN_SIDE)
        else:
            tally.note("size of the page taken from its image")
        width, height = size
    return PageInfo(source=name, width=width, height=height, **extras)


def _place(name: str, checker: NameChecker, tally: Tally) -> str:
    """Return the name of an image relative to the root; a path of another computer counts by its end that is there.

    Raises:
        InputError: X310.
    """
    try:
        return checker.inside(name)
    except InputError:
        moved = checker.moved(name)
        if moved is None:
            raise
        tally.note(MOVED)
        return moved


def _image_size(root: Path, name: str) -> tuple[int, int] | None:
    try:
        return image_size(resolve_inside(root, name))
    except InputError:
        return None  # reported with the image


def _failures(items: list[object], problems: Problems) -> tuple[Failure, ...]:
    failures = []
    for index, item in enumerate(items):
        fields = item if isinstance(item, dict) else {}
        source, code, message, page = (fields.get(key) for key in ("source", "code", "message", "page"))
        if (
            isinstance(source, str)
            and isinstance(code, str)
            and isinstance(message, str)
            and (page is None or type(page) is int)
        ):
            failures.append(Failure(source=source, code=code, message=message, page=page))
        else:
            problems.add("D002", "not an object with `source`, `code` and `message`", at=f"/failures/{index}")
    return tuple(failures)
