"""Write sheets as a PDF with real text: the same display list as `raster.draw`, the same boxes.

Needs reportlab, which is no dependency of the program: it makes sample documents and tests.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PilImage

from centernet_cli.core.errors import MissingRequirementError, OutputError
from centernet_cli.core.safe_io import atomic_write_bytes
from centernet_cli.datasets.synth.display import Ellipse, Image, Run, Shape, Sheet, Stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.display import Colour

_JPEG_QUALITY = 80


def write(sheets: Sequence[Sheet], path: Path, *, title: str = "", author: str = "") -> None:
    """Write one PDF page for each sheet; the same sheets give the same bytes.

    Raises:
        MissingRequirementError: E712, reportlab isn't installed.
        OutputError: O801, the file can't be written, or a font isn't TrueType, which reportlab needs.
    """
    try:
        from reportlab.pdfgen.canvas import Canvas
    except ImportError as error:
        raise MissingRequirementError("E712", "writing PDFs needs reportlab", hint="pip install reportlab") from error
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    for sheet in sheets:
        canvas.setPageSize((sheet.width, sheet.height))
        if sheet.paper != (255, 255, 255):
            _fill(canvas, sheet.paper)
            canvas.rect(0, 0, sheet.width, sheet.height, stroke=0, fill=1)
        for item in sheet.items:
            _draw(canvas, sheet.height, item)
        canvas.showPage()
    canvas.save()
    atomic_write_bytes(path, buffer.getvalue())


def write_pictures(
    pictures: Sequence[tuple[npt.NDArray[np.uint8], float, float]], path: Path, *, title: str = "", quality: int = 60
) -> None:
    """Write a PDF of page pictures alone, as scanners do.

    Args:
        pictures: Pixels `(H, W, 3)` with the page's width and height in points. Those in black and
            white are kept without loss.
        path: The file.
        title: Of the document.
        quality: JPEG quality.

    Raises:
        MissingRequirementError: E712.
        OutputError: O801.
    """
    try:
        from reportlab.lib.utils import ImageReader
        from reportlab.pdfgen.canvas import Canvas
    except ImportError as error:
        raise MissingRequirementError("E712", "writing PDFs needs reportlab", hint="pip install reportlab") from error
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    for pixels, width, height in pictures:
        canvas.setPageSize((width, height))
        picture = PilImage.fromarray(pixels)
        encoded = BytesIO()
        if set(np.unique(pixels)) <= {0, 255}:
            picture.convert("1").save(encoded, "PNG", optimize=True)
        else:
            picture.save(encoded, "JPEG", quality=quality)
        encoded.seek(0)
        canvas.drawImage(ImageReader(encoded), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    atomic_write_bytes(path, buffer.getvalue())


def _fill(canvas: Any, colour: Colour) -> None:
    canvas.setFillColorRGB(*(channel / 255 for channel in colour))


def _stroke(canvas: Any, colour: Colour, width: float) -> None:
    canvas.setStrokeColorRGB(*(channel / 255 for channel in colour))
    canvas.setLineWidth(width)


def _draw(canvas: Any, height: float, item: Run | Shape | Ellipse | Stamp | Image) -> None:
    match item:
        case Run():
            _run(canvas, height, item)
        case Shape():
            _shape(canvas, height, item)
        case Ellipse():
            x0, y0, x1, y1 = item.box
            if item.fill is not None:
                _fill(canvas, item.fill)
            _stroke(canvas, item.colour, item.width)
            canvas.ellipse(
                x0, height - y1, x1, height - y0, stroke=int(item.width > 0), fill=int(item.fill is not None)
            )
        case Stamp():
            ink = np.empty((*item.mask.shape, 4), np.uint8)
            ink[..., :3] = item.colour
            ink[..., 3] = item.mask
            _picture(canvas, height, item.box, PilImage.fromarray(ink), "PNG")
        case Image():
            _picture(canvas, height, item.box, PilImage.fromarray(item.pixels), "JPEG")


def _picture(canvas: Any, height: float, box: Box, picture: PilImage.Image, encoding: str) -> None:
    from reportlab.lib.utils import ImageReader

    encoded = BytesIO()
    picture.save(encoded, encoding, quality=_JPEG_QUALITY)
    encoded.seek(0)
    x0, y0, x1, y1 = box
    canvas.drawImage(
        ImageReader(encoded), x0, height - y1, x1 - x0, y1 - y0, mask="auto" if encoding == "PNG" else None
    )


def _font(path: str) -> str:
    """Register a font file once and return its name in the PDF."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    if path not in pdfmetrics.getRegisteredFontNames():
        try:
            pdfmetrics.registerFont(TTFont(path, path))
        except TTFError as error:
            raise OutputError("O801", f"the font cannot be embedded: {error}", path=path) from error
    return path


def _run(canvas: Any, height: float, run: Run) -> None:
    """Set each word at its place, stretched by a hair where the two back ends measure it differently."""
    name = _font(run.face.path)
    _fill(canvas, run.colour)
    for dx, word in run.words:
        wanted = run.face.width(word) * run.size
        given = canvas.stringWidth(word, name, run.size)
        text = canvas.beginText(run.x + dx, height - run.y)
        text.setFont(name, run.size)
        if given > 0 and abs(wanted / given - 1) > 1e-4:
            text.setHorizScale(100 * wanted / given)
        text.textOut(word)
        canvas.drawText(text)


def _shape(canvas: Any, height: float, shape: Shape) -> None:
    path = canvas.beginPath()
    (x, y), *others = shape.points
    path.moveTo(x, height - y)
    for px, py in others:
        path.lineTo(px, height - py)
    if shape.closed:
        path.close()
    if shape.fill is not None:
        _fill(canvas, shape.fill)
    _stroke(canvas, shape.colour, shape.width)
    if shape.dash > 0:
        canvas.setDash(shape.dash, shape.dash)
    canvas.drawPath(path, stroke=int(shape.width > 0), fill=int(shape.fill is not None))
    if shape.dash > 0:
        canvas.setDash()
