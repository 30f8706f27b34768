"""Pictures of a page, made where its pixels are: the overlay, the small one of the report, or one to draw on later."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from centernet_cli.core.records import Page
from centernet_cli.rendering.overlay import MAX_SIDE
from centernet_cli.rendering.report_sheet import small_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Annotation, PageInfo
    from centernet_cli.rendering.overlay_folder import OverlayWork

QUALITY = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What was made of a page.

    Attributes:
        small: For the report, as a `data:` address.
        plain: The page as a JPEG, to draw an overlay on.
        whole: The page as a JPEG with all its pixels, for outputs that need pictures of pages of documents.
    """

    small: str | None = None
    plain: bytes | None = None
    whole: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWork:
    """Makes pictures of a page; another process may do it.

    Attributes:
        overlay: Draws the boxes; None: there are no overlays, or not all boxes are known yet.
        small: Whether the report wants a picture.
        plain: Whether to keep the page for an overlay that is drawn when the boxes of all models are known.
        whole: Whether to keep all its pixels.
    """

    overlay: OverlayWork | None = None
    small: bool = False
    plain: bool = False
    whole: bool = False

    def __call__(self, page: Page, annotations: Sequence[Annotation]) -> Pictures:
        """Make them.

        Raises:
            OutputError: The overlay cannot be written.
        """
        if self.overlay is not None:
            self.overlay(page, annotations)
        return Pictures(
            small=small_picture(page) if self.small else None,
            plain=_jpeg(page, MAX_SIDE) if self.plain else None,
            whole=_jpeg(page) if self.whole else None,
        )


def page_of(info: PageInfo, jpeg: bytes) -> Page:
    """Return a page with the pixels of a JPEG, which may be fewer than `info` says."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        return Page(info=info, pixels=np.asarray(picture.convert("RGB")))


def _jpeg(page: Page, max_side: int | None = None) -> bytes:
    picture = Image.fromarray(page.pixels)
    factor = 1.0 if max_side is None else max_side / max(picture.size)
    if factor < 1:
        size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
        picture = picture.resize(size, Image.Resampling.BOX if factor < 1 / 2 else Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=QUALITY, subsampling=0)
    return stream.getvalue()
