"""Images and the sizes that annotations say: scaled, turned by EXIF, or not there. Only headers are read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.geometry import points_box
from centernet_cli.core.records import Annotation, RunLengths
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE
from centernet_cli.datasets.formats.image_header import FORMATS, image_size
from centernet_cli.datasets.formats.outlines import corners

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from centernet_cli.core.records import PageInfo, PageRecord, Point

_EXIF_ORIENTATION = 0x0112
_SAME_ASPECT = 0.01
_SLACK = 2.0
"""Pixels by which boxes may leave a page before that says something about its orientation."""

Fault = Literal["D007", "D014", "D016", "D053", "I101", "I102"]
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"RIFF")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the image of a page says about its annotations.

    Attributes:
        page: The page, with boxes as they should be; None if nobody can say.
        fault: Code of what is wrong, None if nothing is.
        detail: In words.
        repair: How `page` was mended.
    """

    page: PageRecord | None
    fault: Fault | None = None
    detail: str = ""
    repair: str = ""


def judge(page: PageRecord, path: Path | None) -> Verdict:
    """Compare a page's annotations with its image.

    Args:
        page: The page; its width may be `UNKNOWN_SIDE`.
        path: Its image; None if it isn't to be looked at.
    """
    info = page.info
    unknown = info.width >= UNKNOWN_SIDE or info.height >= UNKNOWN_SIDE
    if path is None:
        return Verdict(None, "D007", "and no image tells it") if unknown else Verdict(page)
    try:
        if not path.is_file():
            return Verdict(None, "D016")
    except (OSError, ValueError):
        return Verdict(None, "D016", "its name is none that a file can have")
    if _is_pdf(path):
        return Verdict(None, "D007", "of a page of a PDF") if unknown else Verdict(page)
    size = _frame_size(path, info)
    if size is None:
        return _unreadable(path)
    if unknown:
        sized = replace(info, width=size[0], height=size[1])
        detail = f"image is {_times(size)}"
        return Verdict(replace(page, info=sized), "D007", detail, "size taken from the image")
    if size != (info.width, info.height):
        return _other_size(page, path, size)
    return _other_frame(page, path)


def orientation_of(path: Path) -> int:
    """Return an image's EXIF orientation, 1 to 8; 1 if it says none."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 (Pillow raises whatever its plugins raise on damaged files)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turned(orientation: int, width: float, height: float) -> Callable[[Point], Point]:
    """Return where a point of a stored image of `width` x `height` pixels comes when it is shown.

    The cases are those of EXIF's tag 0x0112.
    """
    cases: dict[int, Callable[[Point], Point]] = {
        2: lambda p: (width - p[0], p[1]),
        3: lambda p: (width - p[0], height - p[1]),
        4: lambda p: (p[0], height - p[1]),
        5: lambda p: (p[1], p[0]),
        6: lambda p: (height - p[1], p[0]),
        7: lambda p: (height - p[1], width - p[0]),
        8: lambda p: (p[1], width - p[0]),
    }
    return cases.get(orientation, lambda p: p)


def _other_size(page: PageRecord, path: Path, size: tuple[int, int]) -> Verdict:
    """Judge a page whose image has another size than it says."""
    info = page.info
    stated = (info.width, info.height)
    detail = f"annotations say {_times(stated)}, the image is {_times(size)}"
    orientation = orientation_of(path)
    if stated == size[::-1] and orientation >= 5:
        mapped = moved_page(page, turned(orientation, *stated), size)
        detail += f" as its EXIF orientation {orientation} shows it"
        return Verdict(mapped, "D014", detail, f"boxes turned as the image is{without_masks(page)}")
    scale = (size[0] / stated[0], size[1] / stated[1])
    if abs(scale[0] / scale[1] - 1) <= _SAME_ASPECT:
        mapped = moved_page(page, lambda p: (p[0] * scale[0], p[1] * scale[1]), size)
        return Verdict(
            mapped,
            "D014",
            f"{detail}, {scale[0]:.3g} times as large",
            f"boxes scaled to the image{without_masks(page)}",
        )
    if stated == size[::-1]:
        detail += ", which was turned since"
    return Verdict(None, "D014", detail)


def _other_frame(page: PageRecord, path: Path) -> Verdict:
    """Look whether boxes that leave the page would fit the image as it is stored."""
    width, height = page.info.width, page.info.height
    boxes = [annotation.box for annotation in page.annotations]
    if width == height or all(box[2] <= width + _SLACK and box[3] <= height + _SLACK for box in boxes):
        return Verdict(page)
    orientation = orientation_of(path)
    fits = all(box[2] <= height + _SLACK and box[3] <= width + _SLACK and min(box) >= -_SLACK for box in boxes)
    if orientation < 5 or not fits:
        return Verdict(page)
    mapped = moved_page(page, turned(orientation, height, width), (width, height))
    detail = f"boxes fit {height} x {width} pixels, and EXIF orientation {orientation} makes that {width} x {height}"
    return Verdict(mapped, "D053", detail, f"boxes turned as the image is{without_masks(page)}")


def moved_page(page: PageRecord, move: Callable[[Point], Point], size: tuple[int, int]) -> PageRecord:
    """Return a page of another size, with its shapes moved."""

    def moved(annotation: Annotation) -> Annotation:
        polygon = None if annotation.polygon is None else tuple(map(move, annotation.polygon))
        mask = None  # of pixels, which belong to the other size
        if isinstance(annotation.mask, tuple):
            mask = tuple(tuple(map(move, part)) for part in annotation.mask)
        box = points_box(list(map(move, corners(annotation.box))))
        return replace(annotation, box=box, polygon=polygon, mask=mask)

    info = replace(page.info, width=size[0], height=size[1])
    return replace(page, info=info, annotations=tuple(map(moved, page.annotations)))


def without_masks(page: PageRecord) -> str:
    """Say what moving the shapes of a page costs."""
    has_masks = any(isinstance(annotation.mask, RunLengths) for annotation in page.annotations)
    return ", masks reduced to their boxes" if has_masks else ""


def _frame_size(path: Path, info: PageInfo) -> tuple[int, int] | None:
    """Return the size of a page's image, or of its frame in a file with several."""
    if (info.page or 1) > 1 and path.suffix.lower() in {".tif", ".tiff"}:
        from PIL import Image

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(path, formats=("TIFF",)) as image:
                    image.seek((info.page or 1) - 1)
                    return image.size
        except EOFError:
            pass  # a page that was saved on its own keeps its number
        except Exception:  # noqa: BLE001 (as above)
            return None
    return image_size(path)


def _is_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"%PDF-" in file.read(1024)
    except OSError:
        return False


def _unreadable(path: Path) -> Verdict:
    """Say why the header of an image cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        return Verdict(None, "I102", f"cannot be opened: {(error.strerror or str(error)).lower()}")
    if head.startswith(_MAGIC):
        return Verdict(None, "I101", "it ends too early, or its header is wrong")
    return Verdict(None, "I102", f"the file starts with {head!r}" if head else "the file is empty")


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
