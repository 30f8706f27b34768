"""Reading Label Studio: tasks exported as JSON, with boxes and polygons in hundredths of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.core.safe_io import read_json
from centernet_cli.datasets.formats.fields import as_pixels
from centernet_cli.datasets.formats.image_header import image_size
from centernet_cli.datasets.formats.label_studio_images import ImageFinder
from centernet_cli.datasets.formats.label_studio_min import as_tasks, looks_like_min
from centernet_cli.datasets.formats.label_studio_results import Region, gather_regions, read_region
from centernet_cli.datasets.formats.label_studio_table import SUFFIXES as TABLES
from centernet_cli.datasets.formats.label_studio_table import looks_like_label_studio_table, read_label_studio_table
from centernet_cli.datasets.formats.peek import peek_json
from centernet_cli.datasets.formats.places import only_file, split_page
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import BESIDE_ANNOTATIONS, NOT_CHOSEN, ShapeError
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_USUAL = "tasks.json"


def looks_like_label_studio(value: object) -> bool:
    """Tell whether a parsed JSON value is meant as a list of Label Studio's tasks, of JSON or JSON-MIN."""
    first = value[0] if isinstance(value, list) and value else None
    if not isinstance(first, dict) or not isinstance(first.get("data"), dict):
        return looks_like_min(value)
    return any(isinstance(first.get(key), list) for key in ("annotations", "predictions", "completions"))


def sniff_label_studio(path: Path) -> bool:
    """Tell whether a file holds, or a folder just one file of, Label Studio's tasks."""
    try:
        file = _file(path)
        if file.suffix.lower() == ".json":
            return looks_like_label_studio(peek_json(file))
        return looks_like_label_studio_table(file)
    except (InputError, OSError):
        return False


def _file(path: Path) -> Path:
    """Return the file that a path means: itself, or the only JSON file of a folder, else its only table.

    Raises:
        InputError: D001, there are several, or none.
    """
    try:
        return only_file(path, (".json",), _USUAL, "JSON")
    except InputError:
        if path.is_dir() and any(map(looks_like_label_studio_table, path.iterdir())):
            return only_file(path, TABLES, "", "CSV")
        raise


def read_label_studio(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read Label Studio's tasks, exported as JSON, JSON-MIN, CSV or TSV.

    Of each task the annotation marked as ground truth is taken, else the first that isn't cancelled, else the last
    prediction; the shapes of others are counted as dropped. Rectangles, also turned ones, and polygons are kept,
    ellipses reduced to their boxes, key points and brush strokes dropped; texts and choices ignored. Images are looked
    for under what is left of their addresses (see `ImageFinder`). Page sizes are those of the results, else of the
    images; tasks without either are left out. Classes come by name.

    Args:
        path: The file, or a folder with just one JSON file or table.
        tally: Counts what became of each shape.

    Raises:
        InputError: D001 no tasks, J4xx, D002-D013 for tasks, X310 for images out of the folder; all in one error.
    """
    tally = Tally() if tally is None else tally
    path = _file(path)
    data = read_label_studio_table(path) if path.suffix.lower() in TABLES else read_json(path)
    if not isinstance(data, list) or not looks_like_label_studio(data):
        raise InputError("D001", "no list of Label Studio tasks", path=path, hint="export the project as JSON")
    problems = Problems(path)
    tasks = list(_tasks(as_tasks(data) if looks_like_min(data) else data, tally, problems))
    finder = ImageFinder(path.parent, [address for task in tasks for address in task.images])
    pages = []
    for task in tasks:
        for index, address in enumerate(task.images):
            try:
                page = _page(task, index, finder.find(address), finder.root, tally, problems)
            except (InputError, ShapeError) as error:
                message = error.message if isinstance(error, InputError) else str(error)
                problems.add(error.code, message, at=task.at)
            else:
                if page is not None:
                    pages.append(page)
    tally.files.append(path)
    problems.raise_if_any()
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=finder.root)


@dataclass(frozen=True, slots=True)
class _Task:
    """A task: where it stands in the file, the addresses of its images, its regions, its data."""

    at: str
    images: list[str]
    regions: list[Region]
    data: dict[str, Any]
    score: object


def _tasks(items: list[Any], tally: Tally, problems: Problems) -> Iterator[_Task]:
    for index, item in enumerate(items):
        at = f"/{index}"
        data = item.get("data") if isinstance(item, dict) else None
        if not isinstance(data, dict):
            problems.add("D002", "no object with `data`", at=at)
            continue
        images = _addresses(data)
        if not images:
            problems.add("D002", "no address of an image", at=f"{at}/data")
            continue
        where, version = _chosen(item, at, tally)
        try:
            regions = gather_regions(version.get("result"), where, tally)
        except ShapeError as error:
            problems.add(error.code, str(error), at=where)
            continue
        yield _Task(at, images, regions, data, version.get("score"))


def _addresses(data: dict[str, Any]) -> list[str]:
    """Return the addresses of a task's images: of the usual keys, or the only ones that look like one."""
    keys = sorted(data, key=lambda key: (key not in {"image", "img", "ocr", "images", "pages"}, key))
    for key in keys:
        value = data[key]
        values = value if isinstance(value, list) else [value]
        texts = [text for text in values if isinstance(text, str) and text]
        if (
            texts
            and len(texts) == len(values)
            and (key in {"image", "img", "ocr"} or all("." in text for text in texts))
        ):
            return texts
    return []


def _chosen(item: dict[str, Any], at: str, tally: Tally) -> tuple[str, dict[str, Any]]:
    """Return the place and the content of the version to read; count the shapes of the others."""
    versions: list[tuple[str, dict[str, Any]]] = []
    for key in ("annotations", "completions", "predictions"):
        found = item.get(key)
        for index, version in enumerate(found if isinstance(found, list) else []):
            if isinstance(version, dict):
                versions.append((f"{at}/{key}/{index}", version))
    made = [(where, version) for where, version in versions if "/predictions/" not in where]
    live = [(where, version) for where, version in made if not version.get("was_cancelled")]
    truths = [(where, version) for where, version in live if version.get("ground_truth")]
    chosen = truths[:1] or live[:1]
    why = BESIDE_ANNOTATIONS
    if not chosen:
        chosen = [(where, version) for where, version in versions if "/predictions/" in where][-1:]
        why = NOT_CHOSEN
    for where, version in versions:
        if chosen and where == chosen[0][0]:
            continue
        try:
            regions = gather_regions(version.get("result"), where, Tally())
        except ShapeError:
            continue
        for region in regions:
            tally.dropped(region.kind, region.label or "", why if "/predictions/" in where else NOT_CHOSEN)
    return chosen[0] if chosen else (at, {})


def _page(task: _Task, index: int, name: str, root: Path, tally: Tally, problems: Problems) -> PageRecord | None:
    regions = [region for region in task.regions if region.page == index]
    for region in task.regions:
        if index == 0 and region.page >= len(task.images):
            raise ShapeError("D004", f"a result of image {region.page}, and there are {len(task.images)}")
    source, number = split_page(name, root)
    sizes = {region.size for region in regions if region.size is not None}
    if len(sizes) > 1:
        raise ShapeError("D007", "results give different `original_width` and `original_height`")
    size = next(iter(sizes), None) or _stated_size(task.data) or image_size(root / source)
    if size is None:
        if not regions:
            tally.note("tasks without results whose image cannot be read left out")
            return None
        raise ShapeError("D007", "no `original_width` and `original_height`, and the image cannot be read")
    info = PageInfo(source=source, width=size[0], height=size[1], page=number)
    annotations = []
    for region in regions:
        try:
            annotation = read_region(region, task.score, info, tally)
        except ShapeError as error:
            problems.add(error.code, str(error), at=region.at)
        else:
            if annotation is not None:
                annotations.append(annotation)
    return PageRecord(info=info, annotations=tuple(annotations))


def _stated_size(data: dict[str, Any]) -> tuple[int, int] | None:
    width, height = as_pixels(data.get("width")), as_pixels(data.get("height"))
    return None if width is None or height is None else (width, height)
