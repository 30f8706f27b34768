"""Things in several parts, in formats whose shapes are of one part each: shapes that say they belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.geometry import points_box
from centernet_cli.datasets.formats.shapes import keep_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from centernet_cli.core.records import Annotation, PageInfo
    from centernet_cli.datasets.formats.tally import Tally

PART = "part"
"""What says of shapes that they are one thing with others of the same class and group.

A group alone is used for much else, such as the lines of a paragraph.
"""
_KIND = "polygon in parts"


def parts_of_one(keys: Sequence[Hashable | None]) -> dict[int, list[int]]:
    """Return the numbers of the shapes that are one thing, by the number of the first of them.

    Args:
        keys: What each shape has in common with the other parts; None for shapes that are no parts.
    """
    firsts: dict[Hashable, int] = {}
    found: dict[int, list[int]] = {}
    for number, key in enumerate(keys):
        if key is not None:
            found.setdefault(firsts.setdefault(key, number), []).append(number)
    return {first: numbers for first, numbers in found.items() if len(numbers) > 1}


def read_parts(
    read: Callable[[int], Annotation | None], numbers: Sequence[int], label: str, info: PageInfo, tally: Tally
) -> Annotation | None:
    """Turn the parts of one thing into an annotation and count it.

    Args:
        read: Returns the annotation that a shape is by itself, None if it is none.
        numbers: The shapes.
        label: Their class.
        info: The page.
        tally: The account.

    Raises:
        ShapeError: As `read` does.
    """
    kept = [part for part in map(read, numbers) if part is not None]
    polygons = tuple(part.polygon for part in kept if part.polygon is not None)
    if not polygons:
        tally.dropped(_KIND, label, "lies outside its page")
        return None
    return keep_shape(
        _KIND,
        label,
        points_box([point for polygon in polygons for point in polygon]),
        info,
        tally,
        polygon=polygons[0] if len(polygons) == 1 else None,
        mask=polygons if len(polygons) > 1 else None,
        reduced="to its parts on the page" if len(polygons) < len(numbers) else "",
        score=kept[0].score,
        crowd=kept[0].crowd,
    )
