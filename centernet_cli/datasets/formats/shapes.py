"""What readers do with a shape once its box is known: keep it, or drop it with a reason; every one is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.geometry import box_leaves_page, box_touches_page
from centernet_cli.core.leniency import hearer
from centernet_cli.core.records import Annotation
from centernet_cli.datasets.formats.fields import MAX_COORDINATE, is_number

if TYPE_CHECKING:
    from centernet_cli.core.records import Box, PageInfo, Polygon, RunLengths
    from centernet_cli.datasets.formats.tally import Tally

TO_BOX = "to its box"
NO_AREA = "encloses no area"
DELETED = "is marked as deleted"
LEFT_PICTURE = "has left the picture"
NOT_CHOSEN = "in another annotation of the same task"
BESIDE_ANNOTATIONS = "a prediction of a task that has annotations"
INTENDED = frozenset({DELETED, LEFT_PICTURE, NOT_CHOSEN, BESIDE_ANNOTATIONS})
"""Why shapes are dropped as whoever made them wants it."""


class ShapeError(ValueError):
    """A shape is malformed: code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def keep_shape(
    kind: str,
    label: str,
    box: Box,
    info: PageInfo,
    tally: Tally,
    *,
    polygon: Polygon | None = None,
    mask: tuple[Polygon, ...] | RunLengths | None = None,
    reduced: str = "",
    score: float | None = None,
    crowd: bool = False,
) -> Annotation | None:
    """Return a shape as an annotation, or None if it has no extent or lies off its page; count it in any case.

    Lenient reading keeps those as well.

    Args:
        kind: The format's name for such shapes.
        label: Class.
        box: In pixels of the page.
        info: The page.
        tally: The account.
        polygon: The shape itself, if it is one.
        mask: The shape itself, if it is several or pixels.
        reduced: In what way the box is less than the shape.
        score: 0 to 1.
        crowd: Whether the box stands for many things.

    Raises:
        ShapeError: D008, the box is endless.
    """
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= info.width and 0 <= y0 < y1 <= info.height):  # most shapes need no closer look
        if not max(abs(x0), abs(y0), abs(x1), abs(y1)) < MAX_COORDINATE:  # also of NaN
            raise ShapeError("D008", f"reaches beyond {MAX_COORDINATE:.0e} pixels")
        if hearer() is not None:
            pass  # whoever reads leniently wants to see such boxes
        elif not (x0 < x1 and y0 < y1):
            tally.dropped(kind, label, "has no extent")
            return None
        elif not box_touches_page(box, info.width, info.height):
            tally.dropped(kind, label, "lies outside its page")
            return None
        elif box_leaves_page(box, info.width, info.height):
            tally.note("boxes reach outside their page, kept as they are")
    outline = polygon is not None or mask is not None
    if reduced:
        tally.reduced(kind, label, reduced, outline=outline)
    else:
        tally.converted(kind, label, outline=outline)
    return Annotation(label=label, box=box, polygon=polygon, score=score, crowd=crowd, mask=mask)


def as_score(value: object) -> float | None:
    """Return a score of a JSON file; None where there is none.

    Raises:
        ShapeError: D012.
    """
    if value is None:
        return None
    if not (is_number(value) and 0 <= value <= 1):
        raise ShapeError("D012", f"`score` {value!r:.40} is not a number from 0 to 1")
    return float(value)


def text_score(text: str | None) -> float | None:
    """Return a score written as text; None where there is none.

    Raises:
        ShapeError: D012.
    """
    if text is None or not text.strip():
        return None
    value = parse_number(text)
    if value is None or not 0 <= value <= 1:
        raise ShapeError("D012", f"score {text!r:.40} is not a number from 0 to 1")
    return value


def parse_number(text: str) -> float | None:
    """Return the finite number that a text of a file means, else None."""
    try:
        value = float(text)
    except ValueError:
        return None
    # `1_0` is a number to Python only.
    return value if abs(value) < float("inf") and "_" not in text else None


def numbers(texts: list[str]) -> list[float]:
    """Return the finite numbers that texts mean.

    Raises:
        ShapeError: D008, one means none.
    """
    try:
        values = list(map(float, texts))
    except ValueError:
        values = []
    # A sum is finite only if all are (or so large that they are no coordinates); `1_0` is a number to Python only.
    if len(values) == len(texts) and abs(sum(values)) < float("inf") and not any("_" in text for text in texts):
        return values
    bad = next((text for text in texts if parse_number(text) is None), None)
    if bad is None:
        raise ShapeError("D008", "a coordinate is too large")
    raise ShapeError("D008", f"{bad!r:.40} is not a number" if bad.strip() else "a number is missing")
