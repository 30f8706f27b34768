"""The one set of records that formats are read into, models are trained on and predictions are written from.

Coordinates: pixels of the page image after EXIF orientation, origin top left, x right, y down, continuous
(the centre of the first pixel is 0.5, 0.5), boxes half-open `(x0, y0, x1, y1)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as record
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
else:

    def record(*, frozen: bool, **options: Any) -> Any:
        """Make a dataclass that is frozen to the type checker only: at run time that triples the time to make one."""
        return dataclass(frozen=False, unsafe_hash=frozen, **options)


Box = tuple[float, float, float, float]
Point = tuple[float, float]
Polygon = tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """Where a page comes from and how its pixels relate to paper.

    Attributes:
        source: Path as the user gave it (file in a dataset: relative to the dataset's root, `/` separators).
        width: Pixels, after orientation.
        height: Pixels, after orientation.
        page: Page or frame number from 1; None for single images.
        dpi: Pixels per inch of the rendering, if known.
        width_pt: Width of the shown page in points (1/72 inch), after rotation; PDF only.
        height_pt: Height of the shown page in points; PDF only.
        rotation: The PDF page's /Rotate, in degrees clockwise: 0, 90, 180 or 270.
        orientation: The image's EXIF orientation that was applied, 1 to 8.
        animated: Whether the file is an animation, of which this is the first picture and the only one that is read.
    """

    source: str
    width: int
    height: int
    page: int | None = None
    dpi: float | None = None
    width_pt: float | None = None
    height_pt: float | None = None
    rotation: int = 0
    orientation: int = 1
    animated: bool = False

    @property
    def name(self) -> str:
        """Display name: `file.pdf#3` for page 3, else the source."""
        return self.source if self.page is None else f"{self.source}#{self.page}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A decoded page: `pixels` is RGB uint8 `(H, W, 3)`, oriented as `info` says."""

    info: PageInfo
    pixels: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLengths:
    """A mask of a page, as COCO has it: lengths of runs outside and inside in turn, down the columns from the left.

    Attributes:
        width: Of the page in pixels.
        height: Of the page in pixels.
        counts: The runs, compressed to a text as pycocotools does it.
        as_numbers: Whether they were numbers where they were read, and are to be so again.
    """

    width: int
    height: int
    counts: str
    as_numbers: bool = field(default=False, compare=False)


@record(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One labelled box in page pixels.

    Attributes:
        label: Class.
        box: Of the whole thing.
        polygon: Its outline, if that is known and one.
        score: 0 to 1 of predictions, None for truth.
        crowd: Whether the box stands for many things.
        mask: What is more than one polygon (which is None then): several, or pixels.
    """

    label: str
    box: Box
    polygon: Polygon | None = None
    score: float | None = None
    crowd: bool = False
    mask: tuple[Polygon, ...] | RunLengths | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """A page with its annotations. `group` names the document it belongs to, for leak-free splits."""

    info: PageInfo
    annotations: tuple[Annotation, ...] = ()
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An input that could not be read: `code` and `message` as in `docs/errors.md`."""

    source: str
    code: str
    message: str
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Pages with annotations.

    Attributes:
        classes: Class names; category id i+1 in COCO files is `classes[i]`.
        pages: The pages, in a deterministic order.
        root: Folder that `PageInfo.source` is relative to; None for predictions on files anywhere.
        failures: Inputs that could not be read (predictions only).
        info: Free-form facts about the file (schema version, model, options), JSON-serialisable.
    """

    classes: tuple[str, ...]
    pages: tuple[PageRecord, ...]
    root: Path | None = None
    failures: tuple[Failure, ...] = ()
    info: dict[str, object] = field(default_factory=dict)
