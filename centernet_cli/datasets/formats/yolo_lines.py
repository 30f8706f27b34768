"""Lines of a YOLO label file: a class number, then a box, a polygon or an oriented box, in shares of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.geometry import is_upright_rectangle, points_box
from centernet_cli.datasets.formats.shapes import ShapeError, keep_shape, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from centernet_cli.core.records import Annotation, Box, PageInfo, Polygon
    from centernet_cli.datasets.formats.tally import Tally


_ROUGH = 0.01
"""Share of the page by which detected boxes reach over its edge."""


def read_line(
    words: list[str], keypoints: int, name_of: Callable[[int], str], info: PageInfo, tally: Tally
) -> Annotation | None:
    """Turn one line into an annotation and count what became of it.

    By the number of columns: 5 are a box (class, centre, size); an odd number from 7 is a polygon, of which 9 is also
    an oriented box; one more is the confidence of a prediction.

    Args:
        words: The columns.
        keypoints: Numbers for keypoints behind each box, which are ignored.
        name_of: Gives the name of a class; raises ShapeError D005.
        info: The page.
        tally: The account.

    Raises:
        ShapeError: D005, D008, D012 or D017.
    """
    values = numbers(words)
    label = name_of(_class_number(values[0]))
    if keypoints and len(values) in {5 + keypoints, 6 + keypoints}:
        tally.note("keypoints ignored")
        del values[5 : 5 + keypoints]
    count = len(values)
    score = None
    if count == 6 or (count >= 8 and count % 2 == 0):
        score = values.pop()
        if not 0 <= score <= 1:
            raise ShapeError("D012", f"confidence {score:g} is not from 0 to 1")
    elif count < 5:
        raise ShapeError("D017", f"{count} columns are neither a box nor a polygon")
    box, polygon = _geometry(values, info.width, info.height)
    kind = "box" if len(values) == 5 else "polygon of 4 points" if len(values) == 9 else "polygon"
    return keep_shape(kind, label, box, info, tally, polygon=polygon, score=score)


def tracked_columns(rows: list[list[str]]) -> set[int]:
    """Return which numbers of columns have the number of a track behind, in all lines of a file.

    Trackers write it behind a box, or behind its confidence, where it could be the last point of a triangle: of a box
    it is a whole number without a point, and the first numbers are a box on its page.
    """
    found = set()
    boxes = [_track(words[5]) for words in rows if len(words) == 6]
    if None not in boxes and any(number != 1 for number in boxes):
        found.add(6)
    scored = [words for words in rows if len(words) == 7]
    if scored and all(_track(words[6]) is not None and _is_scored_box(words) for words in scored):
        found.add(7)
    return found


def _track(word: str) -> int | None:
    """Return the number of a track, from 1, that a text is."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 and word.strip("0") else None


def _is_scored_box(words: list[str]) -> bool:
    """Tell whether the numbers behind the first are a box on its page and a confidence."""
    try:
        x, y, w, h, score = numbers(words[1:6])
    except ShapeError:
        return False
    on_page = all(
        size > 0 and at - size / 2 >= -_ROUGH and at + size / 2 <= 1 + _ROUGH for at, size in ((x, w), (y, h))
    )
    return on_page and 0 <= score <= 1


def _class_number(value: float) -> int:
    if value != int(value) or value < 0:
        raise ShapeError("D005", f"class {value:g} is not a whole number from 0")
    return int(value)


def _geometry(values: list[float], width: int, height: int) -> tuple[Box, Polygon | None]:
    if len(values) == 5:
        _, x, y, w, h = values
        return ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height), None
    polygon = tuple((x * width, y * height) for x, y in zip(values[1::2], values[2::2], strict=True))
    # Segmentation has no boxes: they are written as their corners, and read back as what they were.
    return points_box(polygon), None if is_upright_rectangle(polygon) else polygon
