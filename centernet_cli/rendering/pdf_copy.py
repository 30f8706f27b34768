"""A copy of a PDF with boxes as annotations: rectangles over the pages, which stay as they are."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import atomic_path
from centernet_cli.rendering.overlay import INNER, UNKNOWN, class_colours
from centernet_cli.rendering.pdf_geometry import ShownPage, visible_box

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Box, PageRecord
    from centernet_cli.rendering.overlay import Colour

LETTER = (0.0, 0.0, 612.0, 792.0)
"""The MediaBox of pages without one, as PDFium has it."""
AUTHOR = "centernet"
_PRINT = 4
"""Flag of annotations that appear on paper too."""
_TINT = 0.12


def annotate_pdf(
    source: Path, target: Path, pages: Mapping[int, PageRecord], classes: Sequence[str], password: str | None = None
) -> None:
    """Write a copy of a PDF with the boxes found on its pages, completely or not at all.

    Contents, other annotations and encryption stay as they are. Each class is a layer that viewers can hide. A click on
    a box tells its class and score.

    Args:
        source: The PDF.
        target: The copy; what is there is replaced.
        pages: What was found, by page number from 1.
        classes: All classes, which fixes the colours.
        password: Opens the PDF if it is encrypted.

    Raises:
        InputError: P208, the PDF cannot be copied.
        OutputError: O801.
    """
    import pikepdf

    with atomic_path(target) as temporary, _Patient(temporary) as file:
        try:
            with _open(source, password) as pdf:
                layers = _Layers(pdf, classes)
                for number, record in sorted(pages.items()):
                    _annotate(pdf, pdf.pages[number - 1], record, layers)
                layers.finish()
                if pdf.is_encrypted:  # which needs random numbers, and streams made anew
                    pdf.save(file, encryption=True, fix_metadata_version=False)
                else:
                    level = pikepdf.StreamDecodeLevel.none
                    pdf.save(file, deterministic_id=True, fix_metadata_version=False, stream_decode_level=level)
        except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, IndexError, RuntimeError) as error:
            message = f"the PDF cannot be copied: {next(iter(str(error).splitlines()), type(error).__name__)}"
            raise InputError("P208", message, path=source, hint="try qpdf --check") from error


def _open(source: Path, password: str | None) -> Any:
    """Open a PDF; a password that isn't needed would make pikepdf print a warning."""
    import pikepdf

    try:
        return pikepdf.open(source)
    except pikepdf.PasswordError:
        if not password:
            raise
    return pikepdf.open(source, password=password)


class _Patient(io.FileIO):
    """A file whose disk may be full: qpdf ends the whole process if it hears of that, so we do when all is written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w")
        self._error: OSError | None = None

    def write(self, data: Any, /) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while self._error is None and len(rest):
            try:
                rest = rest[super().write(rest) :]  # a full disk takes a part
            except OSError as error:
                self._error = error
        return size

    def __exit__(self, *_: object) -> None:
        """Close it.

        Raises:
            OSError: Something could not be written.
        """
        self.close()
        if self._error is not None:
            raise self._error


class _Layers:
    """The classes as optional contents of a document, which viewers list as layers."""

    def __init__(self, pdf: Any, classes: Sequence[str]) -> None:
        import pikepdf

        self._pdf = pdf
        self._colours = class_colours(classes)
        self._groups: dict[str, Any] = {}
        self.tint = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.ExtGState, ca=_TINT))

    def colour(self, label: str) -> Colour:
        return self._colours.get(label, UNKNOWN)

    def group(self, label: str) -> Any:
        """Return the layer of a class."""
        if label not in self._groups:
            import pikepdf

            name = pikepdf.String(f"centernet: {label}")
            self._groups[label] = self._pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=name))
        return self._groups[label]

    def finish(self) -> None:
        """Add the layers to those that the document has."""
        import pikepdf

        if not self._groups:
            return
        root = self._pdf.Root
        properties = _child(root, "/OCProperties", pikepdf.Dictionary)
        default = _child(properties, "/D", pikepdf.Dictionary)
        lists = [_child(properties, "/OCGs", pikepdf.Array), _child(default, "/Order", pikepdf.Array)]
        lists.append(_child(default, "/ON", pikepdf.Array))  # where layers are hidden unless listed here
        for group in self._groups.values():
            for one in lists:
                one.append(group)


def _annotate(pdf: Any, page: Any, record: PageRecord, layers: _Layers) -> None:
    import pikepdf

    info = record.info
    shown = ShownPage(visible=_visible(page), rotation=info.rotation, width=info.width, height=info.height)
    unit = float(_inherited(page.obj, "/UserUnit") or 1)
    annotations = _child(page.obj, "/Annots", pikepdf.Array)
    # Large ones first, so that small ones lie on top and can be clicked on.
    for found in sorted(record.annotations, key=lambda one: -_area(one.box)):
        rectangle = shown.rectangle(found.box)
        height = rectangle[3] - rectangle[1]
        # Lines among regions are thin and have no tint, so that regions stay visible.
        inner = layers.colour(found.label) == INNER
        width = min((0.4 if inner else 1.0) / unit, height / 8) or 0.1
        annotations.append(pdf.make_indirect(_square(pdf, page, found, rectangle, width, layers)))


def _square(pdf: Any, page: Any, found: Annotation, rectangle: Box, width: float, layers: _Layers) -> Any:
    import pikepdf

    colour = [round(part / 255, 4) for part in layers.colour(found.label)]
    # The line is around the box: what the box holds stays legible.
    x0, y0, x1, y1 = (
        round(side + shift, 3) for side, shift in zip(rectangle, (-width, -width, width, width), strict=True)
    )
    across, up, inset = round(x1 - x0, 3), round(y1 - y0, 3), round(width / 2, 3)
    rgb = " ".join(map(str, colour))
    place = f"{inset} {inset} {round(across - width, 3)} {round(up - width, 3)} re"
    tint = "" if layers.colour(found.label) == INNER else f"q /T gs {rgb} rg {place} f Q "
    drawing = f"{tint}{rgb} RG {round(width, 3)} w {place} S"
    appearance = pdf.make_stream(drawing.encode())
    appearance.Type, appearance.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    appearance.BBox = pikepdf.Array([0, 0, across, up])
    appearance.Resources = pikepdf.Dictionary(ExtGState=pikepdf.Dictionary(T=layers.tint))
    score = "" if found.score is None else f" {found.score:.2f}"
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Square,
        Rect=pikepdf.Array([x0, y0, x1, y1]),
        C=pikepdf.Array(colour),
        BS=pikepdf.Dictionary(W=round(width, 3)),
        T=pikepdf.String(AUTHOR),
        Contents=pikepdf.String(f"{found.label}{score}"),
        F=_PRINT,
        P=page.obj,
        OC=layers.group(found.label),
        AP=pikepdf.Dictionary(N=appearance),
    )


def _visible(page: Any) -> Box:
    media, crop = _inherited(page.obj, "/MediaBox"), _inherited(page.obj, "/CropBox")
    return visible_box(_box(media) or LETTER, _box(crop))


def _box(value: Any) -> Box | None:
    sides = [] if value is None else [float(side) for side in value]
    return (sides[0], sides[1], sides[2], sides[3]) if len(sides) == 4 else None


def _inherited(node: Any, key: str) -> Any:
    """Return an attribute of a page, or of the nearest node above it that has one."""
    for _ in range(100):  # a damaged tree may be a ring
        if node is None:
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


def _child(parent: Any, key: str, kind: Any) -> Any:
    """Return a dictionary or list of an object, which is made if it isn't there."""
    if not isinstance(parent.get(key), kind):
        parent[key] = kind()
    return parent[key]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
