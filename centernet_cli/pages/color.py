"""Decoded Pillow images of any mode to RGB bytes."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

_BAND = 512
"""Rows converted at once: what is between the decoder's image and the result stays small."""

_log = logging.getLogger(__name__)


def to_rgb(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Convert a loaded image to RGB.

    16-bit greys are scaled (0..65535 to 0..255), 32-bit and float ones by the range their values suggest; transparency
    is composited on white; CMYK, LAB and wide-gamut RGB go through their ICC profile where there is a usable one.

    Args:
        image: A loaded image of any Pillow mode.

    Returns:
        Array `(H, W, 3)` uint8, C-contiguous, writable, its own memory.
    """
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _grey_to_rgb(image)
    image = _through_profile(image)
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _BAND):
        bottom = min(height, top + _BAND)
        pixels[top:bottom] = np.asarray(_opaque(image.crop((0, top, width, bottom))))
    return pixels


def _opaque(band: Image.Image) -> Image.Image:
    """Return `band` as RGB, over white where it is transparent."""
    from PIL import Image

    if not band.has_transparency_data:
        return band if band.mode == "RGB" else band.convert("RGB")
    band = band.convert("RGBA")
    white = Image.new("RGB", band.size, (255, 255, 255))
    white.paste(band, mask=band.getchannel("A"))
    return white


def _grey_to_rgb(image: Image.Image) -> npt.NDArray[np.uint8]:
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        grey = _scaled_16(values)
    elif image.mode == "I":
        # 32-bit containers mostly hold 16-bit scans; only larger values make it a real 32-bit image.
        top = int(values.max(initial=0))
        grey = _scaled(values, 255 if top < 256 else 65535 if top < 65536 else 2**31 - 1)
    else:
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        top_value = float(values.max(initial=0.0))
        grey = _scaled(values, 1.0 if top_value <= 1 else 255.0 if top_value <= 255 else 65535.0)
    # Pillow leaves "0 is white" TIFFs of 16 bits as they are, though it inverts those of 8.
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16") and tags.get(262) == 0:
        np.subtract(255, grey, out=grey)
    clear = image.info.get("transparency")
    if image.mode.startswith("I;16") and isinstance(clear, int):
        grey[values == clear] = 255
    return np.repeat(grey[:, :, None], 3, axis=2)


def _scaled_16(values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    # The nearest of 256 steps for 0..65535 in integers: 257 = 65535 / 255.
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _scaled(values: npt.NDArray[np.generic], top: float) -> npt.NDArray[np.uint8]:
    return np.rint(np.clip(values.astype(np.float64) / top, 0.0, 1.0) * 255).astype(np.uint8)


def _through_profile(image: Image.Image) -> Image.Image:
    """Return `image` in sRGB when its mode needs a profile for that, or carries one that differs from sRGB."""
    profile = image.info.get("icc_profile")
    if image.mode != "LAB" and not (isinstance(profile, bytes) and image.mode in {"RGB", "CMYK"}):
        return image
    from PIL import ImageCms

    try:
        if image.mode == "LAB" or not isinstance(profile, bytes):
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() != image.mode:
                return image
            # Most profiles say sRGB: pixels stay as they are and the page costs nothing more.
            if "srgb" in (source.profile.profile_description or "").lower():
                return image
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        # A broken profile is no reason to lose a page: its plain colours are near enough to find lines.
        _log.debug("ICC profile ignored: %s", error)
        return image if image.mode != "LAB" else image.getchannel("L")
    return image if converted is None else converted
