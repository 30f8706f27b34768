"""A page as a display list in points, with the boxes of its lines and regions.

Layout functions add items and annotations; `raster.draw` and `pdf.write` draw the same list: boxes are right in both.
Points: 1/72 inch, origin top left, y down. Colours are RGB 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Box, Point
    from centernet_cli.datasets.synth.fonts import Face
    from centernet_cli.datasets.synth.scripts import ScriptFace

Colour = tuple[int, int, int]
Picture = "npt.NDArray[np.uint8]"
BLACK: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one font on one baseline; `words` pairs each with its offset from `x` in points."""

    x: float
    y: float
    face: Face
    size: float
    words: tuple[tuple[float, str], ...]
    colour: Colour = BLACK


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon, open or closed: stroked when `width` > 0, filled when `fill` is given. Dashes in points."""

    points: tuple[Point, ...]
    width: float = 0.0
    colour: Colour = BLACK
    fill: Colour | None = None
    closed: bool = False
    dash: float = 0.0


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An upright ellipse inside `box`."""

    box: Box
    width: float = 0.0
    colour: Colour = BLACK
    fill: Colour | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """Ink given as a mask `(h, w)` uint8 stretched over `box`: handwriting, turned text, stamps."""

    box: Box
    mask: npt.NDArray[np.uint8]
    colour: Colour = BLACK


@dataclass(frozen=True, slots=True)
class Image:
    """A picture `(h, w, 3)` uint8 stretched over `box`."""

    box: Box
    pixels: npt.NDArray[np.uint8]


Item = Run | Shape | Ellipse | Stamp | Image


def union(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around `boxes` (at least one)."""
    items = list(boxes)
    return (min(b[0] for b in items), min(b[1] for b in items), max(b[2] for b in items), max(b[3] for b in items))


def run_ink(run: Run) -> Box:
    """Return the tight ink box of a run in points."""
    boxes = []
    for dx, word in run.words:
        x0, y0, x1, y1 = run.face.measure(word)[1]
        left = run.x + dx
        boxes.append((left + x0 * run.size, run.y + y0 * run.size, left + x1 * run.size, run.y + y1 * run.size))
    return union(boxes)


@dataclass(slots=True)
class Sheet:
    """A page being laid out.

    Attributes:
        width: Points.
        height: Points.
        paper: Colour of the background.
        items: What to draw, in order.
        lines: Tight boxes of text lines.
        regions: Labelled boxes of regions.
        facts: What the maker wants to hand on (kind, language, fonts).
        stretch: Width of the picture against that of the layout: squeezed and broad letters. Pictures only, not PDF.
    """

    width: float
    height: float
    paper: Colour = (255, 255, 255)
    items: list[Item] = field(default_factory=list)
    lines: list[Box] = field(default_factory=list)
    regions: list[tuple[str, Box]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    stretch: float = 1.0

    def text(
        self,
        x: float,
        y: float,
        text: str,
        face: Face,
        size: float,
        *,
        colour: Colour = BLACK,
        align: str = "left",
        line: bool = True,
    ) -> Box:
        """Set `text` with its baseline at `y`, from, centred on or up to `x`; return its ink box.

        Args:
            x: Points.
            y: Points.
            text: No leading or trailing space.
            face: Font.
            size: Points.
            colour: Ink.
            align: `left`, `center` or `right`.
            line: Whether the run is a text line of its own; else the caller adds a joined box with `add_line`.
        """
        width = face.width(text) * size
        left = x - (width if align == "right" else width / 2 if align == "center" else 0.0)
        return self.run(Run(left, y, face, size, ((0.0, text),), colour), line=line)

    def run(self, run: Run, *, line: bool = True) -> Box:
        """Add a run; return its ink box."""
        if run.face.shaped:
            box = self._words(run)
        else:
            self.items.append(run)
            box = run_ink(run)
        if line:
            self.lines.append(box)
        return box

    def _words(self, run: Run) -> Box:
        """Add a run of another script word by word, as masks."""
        boxes = []
        for dx, text in run.words:
            for mask, (x0, y0, x1, y1) in cast("ScriptFace", run.face).pieces(text):
                left, size = run.x + dx, run.size
                boxes.append((left + x0 * size, run.y + y0 * size, left + x1 * size, run.y + y1 * size))
                self.items.append(Stamp(boxes[-1], mask, run.colour))
        return union(boxes) if boxes else run_ink(run)

    def add_sheet(self, other: Sheet, dx: float) -> None:
        """Add all of another sheet, moved to the right by `dx` points."""
        start = len(self.items)
        self.items += other.items
        self.shift_items(start, dx)
        self.lines += [(box[0] + dx, box[1], box[2] + dx, box[3]) for box in other.lines]
        self.regions += [(label, (box[0] + dx, box[1], box[2] + dx, box[3])) for label, box in other.regions]

    def mirror(self) -> None:
        """Swap left and right, but not in letters and pictures: what was laid out left to right reads right to left."""
        for at, item in enumerate(self.items):
            match item:
                case Run():
                    ends = [self.width - item.x - dx - item.face.width(word) * item.size for dx, word in item.words]
                    placed = [(end - ends[0], word) for end, (_, word) in zip(ends, item.words, strict=True)]
                    self.items[at] = replace(item, x=ends[0], words=tuple(placed))
                case Shape():
                    self.items[at] = replace(item, points=tuple((self.width - x, y) for x, y in item.points))
                case _:
                    self.items[at] = replace(item, box=self._mirrored(item.box))
        self.lines = [self._mirrored(box) for box in self.lines]
        self.regions = [(label, self._mirrored(box)) for label, box in self.regions]

    def _mirrored(self, box: Box) -> Box:
        return (self.width - box[2], box[1], self.width - box[0], box[3])

    def add_line(self, boxes: Iterable[Box]) -> Box:
        """Add one text line made of several pieces."""
        box = union(boxes)
        self.lines.append(box)
        return box

    def stamp(self, box: Box, mask: npt.NDArray[np.uint8], colour: Colour = BLACK, *, line: bool = True) -> Box:
        """Add masked ink; `box` must be tight around the mask's ink."""
        self.items.append(Stamp(box, mask, colour))
        if line:
            self.lines.append(box)
        return box

    def rule(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        width: float = 0.5,
        colour: Colour = BLACK,
        dash: float = 0.0,
    ) -> None:
        """Draw a straight line."""
        self.items.append(Shape(((x0, y0), (x1, y1)), width, colour, dash=dash))

    def rect(self, box: Box, *, width: float = 0.5, colour: Colour = BLACK, fill: Colour | None = None) -> None:
        """Draw a rectangle."""
        x0, y0, x1, y1 = box
        self.items.append(Shape(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), width, colour, fill, closed=True))

    def poly(
        self,
        points: Sequence[Point],
        *,
        width: float = 0.5,
        colour: Colour = BLACK,
        fill: Colour | None = None,
        closed: bool = False,
    ) -> None:
        """Draw a polyline or polygon."""
        self.items.append(Shape(tuple(points), width, colour, fill, closed=closed))

    def ellipse(self, box: Box, *, width: float = 0.5, colour: Colour = BLACK, fill: Colour | None = None) -> None:
        """Draw an ellipse."""
        self.items.append(Ellipse(box, width, colour, fill))

    def image(self, box: Box, pixels: npt.NDArray[np.uint8]) -> None:
        """Draw a picture."""
        self.items.append(Image(box, pixels))

    def shift_items(self, start: int, dx: float) -> None:
        """Move what was drawn since item `start` to the right by `dx` points."""
        for at in range(start, len(self.items)):
            item = self.items[at]
            if isinstance(item, Run):
                self.items[at] = replace(item, x=item.x + dx)
            elif isinstance(item, Shape):
                self.items[at] = replace(item, points=tuple((x + dx, y) for x, y in item.points))
            else:
                x0, y0, x1, y1 = item.box
                self.items[at] = replace(item, box=(x0 + dx, y0, x1 + dx, y1))

    def region(self, label: str, boxes: Iterable[Box]) -> None:
        """Label the box around `boxes`; nothing is added for none."""
        items = list(boxes)
        if items:
            self.regions.append((label, union(items)))
