"""Masks in labelme files: pictures of their pixels."""

from __future__ import annotations

import base64
import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.datasets.formats.mask_pixels import MOST_PIXELS, mask_of, pixels_of

if TYPE_CHECKING:
    from centernet_cli.core.records import Box, PageInfo, RunLengths


def read_mask(text: object, box: Box, info: PageInfo) -> RunLengths | None:
    """Return the mask that a shape holds as a PNG in base64; None if that isn't one of the box's size."""
    if not isinstance(text, str) or not text:
        return None
    from PIL import Image

    x0, y0, x1, y1 = map(round, box)
    try:
        data = io.BytesIO(base64.b64decode(text))
        with warnings.catch_warnings(action="ignore"), Image.open(data, formats=("PNG",)) as picture:
            # A PNG is never as much smaller than its pixels as runs can be.
            if picture.size != (x1 - x0, y1 - y0) or (x1 - x0) * (y1 - y0) > MOST_PIXELS:
                return None
            pixels = np.asarray(picture.convert("L") if picture.mode not in {"1", "L"} else picture) > 0
    except Exception:  # noqa: BLE001 (of a picture that nothing can read, the box is left)
        return None
    return mask_of(pixels, x0, y0, (info.width, info.height))


def mask_shape(mask: RunLengths) -> tuple[list[tuple[float, float]], str]:
    """Return `points` and `mask` of a shape: its first and its last pixel, and a PNG in base64."""
    from PIL import Image

    pixels, left, top = pixels_of(mask)
    height, width = pixels.shape
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels).astype(np.uint8)).save(stream, format="PNG")
    points = [(float(left), float(top)), (float(left + width - 1), float(top + height - 1))]
    return points, base64.b64encode(stream.getvalue()).decode("ascii")
