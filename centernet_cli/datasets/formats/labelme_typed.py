"""The usual labelme file, parsed into objects of known fields: much faster than dictionaries are made and checked.

A file that isn't like that, because something is wrong with it or it has keys of other programs, is read the general
way.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from centernet_cli.core.records import Annotation
from centernet_cli.core.strict_json import parse_as, parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from centernet_cli.core.records import PageInfo
    from centernet_cli.datasets.formats.tally import Tally


class TypedShape(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A shape as labelme 3 and 4 write it."""

    label: str
    points: list[tuple[float, float]]
    group_id: int | None
    shape_type: str
    flags: dict[str, bool]


class _Described(TypedShape, forbid_unknown_fields=True, gc=False):
    """As labelme 5.0 writes it."""

    description: str | None


class _Masked(_Described, forbid_unknown_fields=True, gc=False):
    """As labelme 5.3 writes it."""

    mask: str | None


Shape = TypeVar("Shape", bound=TypedShape)


class _File(msgspec.Struct, Generic[Shape], rename="camel", forbid_unknown_fields=True, gc=False):
    version: str
    flags: dict[str, bool]
    shapes: list[Shape]
    image_path: str
    image_data: str | None
    image_height: int
    image_width: int


_decoders: tuple[msgspec.json.Decoder[Any], ...] = tuple(
    map(msgspec.json.Decoder, (_File[_Masked], _File[_Described], _File[TypedShape]))
)
_description, _flags = attrgetter("description"), attrgetter("flags")


class LabelmeParser:
    """Parses many files, which mostly are alike."""

    def __init__(self) -> None:
        self._decoders = list(_decoders)

    def parse(self, data: bytes, path: Path) -> object:
        """Parse a file strictly; of one of the usual kind, `shapes` has objects instead of dictionaries.

        Raises:
            InputError: As `parse_json`.
        """
        for decoder in self._decoders:
            file = parse_as(data, decoder, _count_keys)
            if file is not None:
                if decoder is not self._decoders[0]:
                    self._decoders.remove(decoder)
                    self._decoders.insert(0, decoder)
                names = zip(file.__struct_encode_fields__, file.__struct_fields__, strict=True)
                return {key: getattr(file, name) for key, name in names}
        return parse_json(data, path=path)


def as_dict(shape: TypedShape) -> dict[str, Any]:
    """Return a shape as the JSON object that it was, but for whole numbers among its coordinates."""
    return {name: getattr(shape, name) for name in shape.__struct_fields__}


def read_rectangles(shapes: Sequence[TypedShape], info: PageInfo, tally: Tally) -> list[Annotation] | None:
    """Read the shapes of a page, if all are rectangles on it with nothing unusual about them, as most are.

    Returns:
        None if one of them isn't: then each has to be looked at.
    """
    width, height = info.width, info.height
    found: list[Annotation] = []
    for shape in shapes:
        points = shape.points
        if shape.shape_type != "rectangle" or len(points) != 2 or shape.flags or shape.group_id is not None:
            return None
        (x0, y0), (x1, y1) = points
        if x1 < x0:
            x0, x1 = x1, x0
        if y1 < y0:
            y0, y1 = y1, y0
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            return None
        found.append(Annotation(label=shape.label, box=(x0, y0, x1, y1)))
    if shapes and isinstance(shapes[0], _Described) and any(map(_description, shapes)):
        return None
    tally.converted_all("rectangle", Counter(annotation.label for annotation in found))
    return found


def _count_keys(file: _File[TypedShape]) -> int:
    """Return how many keys all objects of a file have together."""
    shapes = file.shapes
    keys = len(file.__struct_fields__) + len(file.flags) + sum(map(len, map(_flags, shapes)))
    return keys + len(shapes) * len(shapes[0].__struct_fields__) if shapes else keys
