"""How large PDF pages are, on paper and in pixels: the same for every backend."""

from __future__ import annotations

from dataclasses import dataclass

from centernet_cli.pages.options import PageOptions


@dataclass(frozen=True, slots=True)
class PdfPageSize:
    """The shown part of a page, which is its CropBox within its MediaBox, as it appears after rotation.

    Attributes:
        width_pt: Width in points (1/72 inch), after rotation.
        height_pt: Height in points, after rotation.
        rotation: /Rotate in degrees clockwise: 0, 90, 180 or 270.
    """

    width_pt: float
    height_pt: float
    rotation: int


@dataclass(frozen=True, slots=True)
class Raster:
    """Pixels a page is drawn on: the whole of what is shown of it covers them exactly."""

    width: int
    height: int
    dpi: float


def raster_of(size: PdfPageSize, options: PageOptions) -> Raster:
    """Return the pixels for a page of this size.

    A side of `s` points has `round(s * dpi / 72)` pixels, at least 1. Without `options.dpi` the dpi is what gives the
    longer side `options.target_long_side` pixels, or `options.least_dpi` if that is more.
    """
    dpi = options.dpi
    if dpi is None:
        dpi = 72.0 * options.target_long_side / max(size.width_pt, size.height_pt)
        # A little less than allowed: sides are rounded.
        most = 71.9 * (options.max_megapixels * 1e6 / (size.width_pt * size.height_pt)) ** 0.5
        dpi = max(dpi, min(options.least_dpi, most))
    width, height = (max(1, round(side * dpi / 72.0)) for side in (size.width_pt, size.height_pt))
    return Raster(width, height, dpi)
