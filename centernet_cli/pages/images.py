"""Image files to pages: PNG, JPEG, TIFF (every frame), WEBP, BMP and GIF, by their content. Pillow is the only decoder.

OpenCV is not used: it fills a truncated file with grey and says nothing, and it orients differently.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

# The plugins register themselves; imported here, Pillow needs not load all its others to find them.
from PIL import (
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from centernet_cli.core.errors import InputError, printable
from centernet_cli.core.records import Failure, Page, PageInfo
from centernet_cli.pages.color import to_rgb
from centernet_cli.pages.failure import failure_of
from centernet_cli.pages.files import open_regular
from centernet_cli.pages.options import PageRanges, pages_beyond
from centernet_cli.pages.sniff import HEAD_BYTES, not_an_image, sniff_image, webp_size

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_ORIENTATION = 0x0112
_ANIMATED = frozenset({"GIF", "PNG", "WEBP"})


def open_image(source: Path | BinaryIO, *, max_megapixels: float = 250.0, frame: int | None = None) -> Page:
    """Decode one image, oriented and in RGB.

    Args:
        source: A file, or a seekable binary stream.
        max_megapixels: Budget in millions of pixels; compared with the header, before anything is decoded.
        frame: Frame from 1 of a multi-frame TIFF; None takes the first and leaves `info.page` None.

    Returns:
        The page; pixels `(H, W, 3)` uint8 after EXIF orientation.

    Raises:
        InputError: I101 truncated or damaged, I102 not an image, I103 over the budget, I110 cannot be opened,
            P204 no such frame.
    """
    with _stream(source) as (stream, name), _quiet_pillow():
        image = _open(stream, name, max_megapixels)
        if frame is not None:
            try:
                image.seek(frame - 1)
            except EOFError as error:
                raise InputError("P204", f"no page {frame} in the file", path=name) from error
            except Exception as error:
                raise _damaged(error, name) from error
            _check_budget(image.size, max_megapixels, name)
        return _decode(image, name, frame)


def iter_frames(
    source: Path | BinaryIO,
    *,
    max_megapixels: float = 250.0,
    pages: PageRanges | None = None,
    enough: int | None = None,
) -> Iterator[Page | Failure]:
    """Yield every frame of a TIFF, or the one picture of any other image; what cannot be read is a `Failure`.

    Args:
        source: A file, or a seekable binary stream.
        max_megapixels: Budget per frame in millions of pixels.
        pages: Frames wanted; None wants all. A file that holds a single picture is always read.
        enough: Pixels of the longer side that suffice, for pictures that can be decoded at reduced scale.

    Yields:
        Pages in the order of the file; `info.page` counts from 1 in a file with several frames, else it is None.
    """
    label = _name(source)
    try:
        with _stream(source) as (stream, name):
            yield from _frames(stream, name, max_megapixels, pages, enough)
    except InputError as error:
        yield failure_of(error, label)


def _frames(
    stream: BinaryIO, name: str, max_megapixels: float, pages: PageRanges | None, enough: int | None
) -> Iterator[Page | Failure]:
    with _quiet_pillow():
        image = _open(stream, name, max_megapixels)
        several = image.format == "TIFF" and _has_frame(image, 1)
        only = None if several else _decode(image, name, None, enough)
    if only is not None:
        yield only
        return
    count = 0
    while True:
        number = count + 1
        page: Page | Failure | None = None
        with _quiet_pillow():
            try:
                image.seek(count)
                if _is_chosen(pages, number):
                    _check_budget(image.size, max_megapixels, name)
                    page = _decode(image, name, number)
            except EOFError:
                break
            except InputError as error:
                page = failure_of(error, name, number)
            except Exception as error:  # noqa: BLE001 - any fault of the chain of frames, which ends here
                yield failure_of(_damaged(error, name), name, number)
                return
        if page is not None:
            yield page
        count = number
    beyond = pages_beyond(pages, count)
    if beyond:
        yield failure_of(InputError("P204", f"no page {beyond}: the file has {count}"), name)


def _has_frame(image: Image.Image, index: int) -> bool:
    try:
        image.seek(index)
    except EOFError:
        return False
    except Exception:  # noqa: BLE001 - there is one, but it is damaged: told when it is read
        return True
    finally:
        try:
            image.seek(0)
        except Exception as error:
            raise _damaged(error, _name(image)) from error
    return True


def _is_chosen(pages: PageRanges | None, number: int) -> bool:
    return pages is None or any(first <= number and (last is None or number <= last) for first, last in pages)


def _name(source: object) -> str:
    return str(source) if isinstance(source, Path) else str(getattr(source, "name", "<stream>"))


@contextmanager
def _stream(source: Path | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    opened: AbstractContextManager[BinaryIO] = open_regular(source) if isinstance(source, Path) else nullcontext(source)
    with opened as stream:
        yield stream, _name(source)


def _open(stream: BinaryIO, name: str, max_megapixels: float) -> Image.Image:
    """Read the header and check it against the budget; nothing is decoded yet."""
    try:
        start = stream.tell()
        head = stream.read(HEAD_BYTES)
        stream.seek(start)
    except (OSError, ValueError) as error:
        raise InputError("I110", f"cannot be read: {error}", path=name) from error
    kind = sniff_image(head)
    if kind is None:
        raise not_an_image(head, name)
    if kind == "WEBP":
        # Pillow's decoder takes memory for the whole picture as soon as it is opened.
        _check_budget(webp_size(head), max_megapixels, name)
    try:
        image = Image.open(stream, formats=[kind])
    except Exception as error:
        raise _damaged(error, name) from error
    _check_budget(image.size, max_megapixels, name)
    return image


def _decode(image: Image.Image, name: str, page: int | None, enough: int | None = None) -> Page:
    width, height = image.size
    try:
        reduced = enough is not None and _reduce(image, enough)
        # Pillow turns TIFFs itself while it loads them and forgets the tag; for the others that is left to us.
        turned = image.format == "TIFF"
        orientation = _orientation(image) if turned else 1
        image.load()
        if not turned:
            orientation = _orientation(image)
        pixels = to_rgb(image)
    except MemoryError as error:
        raise InputError("I101", f"not enough memory for {width}×{height} pixels", path=name) from error
    except Exception as error:
        raise _damaged(error, name) from error
    if not turned:
        pixels = _oriented(pixels, orientation)
    if not reduced:
        height, width = pixels.shape[:2]
    elif orientation >= 5:
        width, height = height, width
    info = PageInfo(
        source=name,
        width=width,
        height=height,
        page=page,
        dpi=_resolution(image),
        orientation=orientation,
        animated=_is_animated(image),
    )
    return Page(info=info, pixels=pixels)


def _reduce(image: Image.Image, enough: int) -> bool:
    """Have a JPEG decoded at 1/2, 1/4 or 1/8, with no less than `enough` pixels on its longer side, if it is so large.

    Returns:
        Whether it will be.
    """
    size = image.size
    # Of a very long page more is needed than of others of the same length: see `inference.views.FirstLook`.
    needed = enough * max(1.0, max(size) / min(size) / 2) ** 0.5
    divisor = next((divisor for divisor in (8, 4, 2) if max(size) // divisor >= needed), None)
    if image.format != "JPEG" or divisor is None:
        return False
    image.draft(None, (max(1, size[0] // divisor), max(1, size[1] // divisor)))
    return image.size != size


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged metadata of a sound picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _oriented(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    import numpy as np

    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    # What is left to do after the transposition of 5 to 8 is a flip across, down, or both.
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _is_animated(image: Image.Image) -> bool:
    """Say whether pictures follow that aren't read; those in a JPEG are previews and depth maps of the same picture."""
    try:
        return image.format in _ANIMATED and bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001 - there is something behind a sound picture, but it is damaged
        return True


def _resolution(image: Image.Image) -> float | None:
    """Return the resolution the file names, None where it is absent, absurd or different across and down."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    # JFIF files without a resolution say 1 or 72; no scan is below that.
    if not (math.isfinite(across) and 72 < across <= 10_000 and math.isclose(across, down, rel_tol=0.01)):
        return None
    return across


def _check_budget(size: tuple[int, int], max_megapixels: float, name: str) -> None:
    megapixels = size[0] * size[1] / 1e6
    if megapixels > max_megapixels:
        raise InputError("I103", f"{megapixels:,.0f} Mpx exceeds --max-megapixels {max_megapixels:g}", path=name)


def _damaged(error: Exception, name: str) -> InputError:
    if isinstance(error, InputError):
        return error
    reason = printable(str(error)) or type(error).__name__
    if reason.startswith("cannot identify image file"):  # Pillow goes on with how Python shows the stream
        reason = "its header cannot be read"
    truncated = "truncated" in reason or isinstance(error, EOFError)
    message = "image is truncated" if truncated else f"image is damaged: {reason[:200]}"
    return InputError("I101", message, path=name)


class _Quiet:
    """State of `_quiet_pillow`: how many threads are inside, and what to restore when the last one leaves."""

    lock = threading.Lock()
    inside = 0
    limit: int | None = None
    caught: AbstractContextManager[object] = nullcontext()


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Lift Pillow's own pixel limit, for which ours stands in, and keep its warnings off stderr, for the block.

    Both are global in Pillow and in `warnings`; they are set for the first thread that enters and restored by the
    last one that leaves, so threads that read images side by side do not undo each other's.
    """
    with _Quiet.lock:
        if _Quiet.inside == 0:
            _Quiet.limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            _Quiet.caught = warnings.catch_warnings()
            _Quiet.caught.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        _Quiet.inside += 1
    try:
        yield
    finally:
        with _Quiet.lock:
            _Quiet.inside -= 1
            if _Quiet.inside == 0:
                Image.MAX_IMAGE_PIXELS = _Quiet.limit
                _Quiet.caught.__exit__(None, None, None)
