"""The annotations of a COCO file: checked one by one and turned into records."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from centernet_cli.core.geometry import box_leaves_page, box_touches_page, polygon_area
from centernet_cli.core.leniency import hearer
from centernet_cli.core.records import Annotation, RunLengths
from centernet_cli.datasets.formats.coco_masks import mask_area
from centernet_cli.datasets.formats.coco_segmentation import NO_PIXELS, Segmentation, as_polygon, read_segmentation
from centernet_cli.datasets.formats.coco_typed import TypedAnnotation, as_dict
from centernet_cli.datasets.formats.fields import MAX_COORDINATE, are_numbers, is_id, is_number
from centernet_cli.datasets.formats.tally import LOT

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from centernet_cli.core.records import Box, PageInfo
    from centernet_cli.datasets.formats.problems import Problems
    from centernet_cli.datasets.formats.tally import Tally


KEYS = frozenset(TypedAnnotation.__struct_fields__)


_AREA_SHARE, _AREA_PIXELS = 0.1, 2.0
"""By how much areas may differ: they are counted in pixels, or between their middles."""
_AREA_LEAST = 0.05
"""Share of their box that masks seldom have less than: skis, from corner to corner."""
_MOST_DIGITS = 18
"""Of a text that is taken for the number it writes."""

MASK_OF_BOX = "run-length mask that is not read, its `bbox` is"
"""What is told of annotations that are kept, in lenient reading alone."""


class _FaultError(ValueError):
    """What is wrong with one annotation."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _number(identity: object) -> int | None:
    """Return the number that a text writes as JSON would; None for other texts and for numbers."""
    if (
        not isinstance(identity, str)
        or not identity.isascii()
        or not identity.isdigit()
        or len(identity) > _MOST_DIGITS
    ):
        return None
    return int(identity) if identity == "0" or not identity.startswith("0") else None


class AnnotationReader:
    """Turns annotation objects into records: checks them one by one."""

    def __init__(
        self, problems: Problems, tally: Tally, labels: dict[object, str], infos: dict[object, PageInfo]
    ) -> None:
        self.problems = problems
        self.tally = tally
        self.labels = labels
        self.infos = infos
        self.ids: set[object] = set()
        self.hearer = hearer()

    def read(self, items: Sequence[object], found: dict[object, list[Annotation]]) -> None:
        """Read the annotations of a file and append each to its image's list in `found`."""
        for index, item in enumerate(self.tally.each("reading", items)):
            self._read_one(index, item, found)

    def read_typed(self, items: list[Any], found: dict[object, list[Annotation]]) -> None:
        """Read the annotations of a file of the usual kind, `TypedAnnotation`s, and take them out of their list.

        Nearly all are boxes on their pages with nothing unusual about them, and there may be millions: so these are
        looked at here and not elsewhere.
        """
        labels = self.labels
        pages = {image_id: (info.width, info.height, found[image_id].append) for image_id, info in self.infos.items()}
        counts: Counter[str] = Counter()
        # If an id is there twice, or isn't there, all are looked at closely.
        ids = set(map(attrgetter("id"), items))
        are_unique = len(ids) == len(items) and UNSET not in ids
        for start in self.tally.lots("reading", len(items)):
            plain: list[str] = []
            for index, item in enumerate(items[start : start + LOT], start):
                page, label, bbox, score = pages.get(item.image_id), labels.get(item.category_id), item.bbox, item.score
                if are_unique and page and label is not None and bbox and not item.segmentation and not item.iscrowd:
                    x0, y0, x1, y1 = bbox
                    x1, y1 = x0 + x1, y0 + y1
                    width, height, append = page
                    if 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height:
                        plain.append(label)
                        box = (x0, y0, x1, y1)
                        append(Annotation(label=label, box=box, score=None if score is UNSET else score))
                        continue
                self._read_one(index, as_dict(item), found)
            counts.update(plain)
            # Nobody needs them any more, and the memory serves the next ones.
            items[start : start + LOT] = [None] * len(items[start : start + LOT])
        self.tally.converted_all("box", counts)

    def _read_one(self, index: int, item: object, found: dict[object, list[Annotation]]) -> None:
        """Read annotation number `index`."""
        try:
            image_id, annotation = self._checked(index, item)
        except _FaultError as fault:
            self.problems.add(fault.code, str(fault), at=f"/annotations/{index}")
        else:
            found[image_id].append(annotation)
            if self.hearer is not None:
                self.hearer.shape(image_id, item.get("id", "none"))  # type: ignore[attr-defined]  # checked

    def _checked(self, index: int, item: object) -> tuple[object, Annotation]:
        if not isinstance(item, dict):
            raise _FaultError("D002", "not an object")
        image_id, label = self._references(index, item)
        info = self.infos[image_id]
        crowd, score, segmentation = item.get("iscrowd"), item.get("score"), item.get("segmentation")
        if crowd not in (None, 0, 1):  # a tuple, since the value may not be hashable
            raise _FaultError("D002", "`iscrowd` is neither 0 nor 1")
        if score is not None and not (is_number(score) and 0 <= score <= 1):
            raise _FaultError("D012", f"`score` {score!r:.40} is not a number from 0 to 1")
        try:
            drawn = read_segmentation(segmentation, info)
        except ValueError as error:
            raise _FaultError("D011", str(error)) from error
        box = _box(item.get("bbox") or None, drawn)
        x0, y0, x1, y1 = box
        if x0 < 0 or y0 < 0 or x1 > info.width or y1 > info.height:
            self._look_closer(box, info)
        if self.hearer is not None:
            self._look_at_area(index, item.get("area"), box, drawn)
            points = min((len(ring) // 2 for ring in drawn.rings), default=3)
            if points < 3:
                self.problems.add("D025", f"polygon of {points} points", at=f"/annotations/{index}")
            if drawn.fault and item.get("bbox"):
                self.problems.add("D011", f"{MASK_OF_BOX}: {drawn.fault}", at=f"/annotations/{index}")
        self._count(item, label, drawn)
        return image_id, Annotation(
            label=label,
            box=box,
            polygon=drawn.polygon,
            score=None if score is None else float(score),
            crowd=bool(crowd),
            mask=drawn.mask,
        )

    def _look_closer(self, box: Box, info: PageInfo) -> None:
        """Refuse boxes off their page; note those that reach over its edge."""
        if self.hearer is None and not box_touches_page(box, info.width, info.height):
            raise _FaultError("D010", f"`bbox` lies outside the page of {info.width} x {info.height} pixels")
        if box_leaves_page(box, info.width, info.height):
            self.tally.note("boxes reach outside their page, kept as they are")

    def _look_at_area(self, index: int, area: object, box: Box, found: Segmentation) -> None:
        """Tell of an area that is neither the box's nor the polygon's or mask's."""
        if not is_number(area):
            return
        around = (box[2] - box[0]) * (box[3] - box[1])
        drawn = sum(polygon_area(as_polygon(ring)) for ring in found.rings if len(ring) >= 6)
        if isinstance(found.mask, RunLengths):
            drawn = mask_area(found.mask.counts)
        fits = any(abs(area - known) <= max(_AREA_SHARE * known, _AREA_PIXELS) for known in (around, drawn or around))
        # What has no polygon may have been one, or a mask, which fills less than its box, but seldom next to nothing.
        if not fits and (drawn or area > around or area < _AREA_LEAST * around):
            self.problems.add("D028", f"`area` is {area:g}, the box's {around:g}", at=f"/annotations/{index}")

    def _references(self, index: int, item: dict[str, object]) -> tuple[object, str]:
        """Return the image id and the label."""
        identity, image_id, category_id = item.get("id", index), item.get("image_id"), item.get("category_id")
        # Written out for the usual kind of ids, of which there are millions.
        if not (type(identity) is type(image_id) is type(category_id) is int) and not (
            is_id(identity) and is_id(image_id) and is_id(category_id)
        ):
            raise _FaultError("D002", "`id`, `image_id` and `category_id` must be whole numbers or texts")
        if "id" in item:
            if identity in self.ids:
                message = f"annotation id {identity!r:.80} is used twice"
                if self.hearer is None:
                    raise _FaultError("D003", message)
                self.problems.add("D003", message, at=f"/annotations/{index}")
            self.ids.add(identity)
        if image_id not in self.infos:
            image_id = self._other_spelling(image_id, self.infos)
            if image_id is None:
                raise _FaultError("D004", f"no image has id {item['image_id']!r:.80}")
        label = self.labels.get(category_id)
        if label is None:
            label = self.labels.get(self._other_spelling(category_id, self.labels))
            if label is None:
                raise _FaultError("D005", f"no category has id {category_id!r:.80}")
        return image_id, label

    def _other_spelling(self, identity: object, known: Container[object]) -> object:
        """Return the known id that is the same number written as a text, or the other way round; None if none is.

        VIA 2 writes the ids of images as numbers, but as texts where annotations refer to them.
        """
        for other in (_number(identity), str(identity)):
            if other is not None and other in known:
                self.tally.note("ids found as number or text, where the annotation has the other")
                return other
        return None

    def _count(self, item: dict[str, object], label: str, drawn: Segmentation) -> None:
        tally = self.tally
        if drawn.reduced:
            tally.reduced(drawn.kind, label, drawn.reduced, outline=drawn.is_outline)
        else:
            tally.converted(drawn.kind, label, outline=drawn.is_outline)
        if not item.keys() <= KEYS:
            for key in item.keys() - KEYS:
                tally.note(f"annotation key `{key}` ignored")


def _box(bbox: object, drawn: Segmentation) -> Box:
    if bbox is None and drawn.around is not None:
        box = drawn.around
    elif bbox is None and drawn.fault == NO_PIXELS:
        raise _FaultError("D009", "the run-length mask is empty, and there is no `bbox`")
    elif bbox is None and drawn.fault:
        raise _FaultError("D011", f"the run-length mask cannot be read: {drawn.fault}")
    elif isinstance(bbox, list) and len(bbox) == 4 and are_numbers(bbox):
        x, y, width, height = map(float, bbox)
        box = (x, y, x + width, y + height)
    else:
        raise _FaultError("D008", "`bbox` is not a list of four numbers")
    # Asked of the result: a width of 1e-300 has no extent at x = 1000 either.
    x0, y0, x1, y1 = box
    if not (-MAX_COORDINATE < x0 < x1 < MAX_COORDINATE and -MAX_COORDINATE < y0 < y1 < MAX_COORDINATE):
        if hearer() is not None and max(map(abs, box)) < MAX_COORDINATE:
            return box
        numbers = ", ".join(f"{value:g}" for value in bbox or box)
        raise _FaultError("D009", f"`bbox` has no extent or is endless: [{numbers:.80}]")
    return box
