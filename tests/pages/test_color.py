from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from centernet_cli.pages.color import to_rgb
from centernet_cli.pages.images import open_image


def through(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    stream.seek(0)
    return open_image(stream).pixels


RAMP16 = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
RAMP8 = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(kind):
    pixels = through(Image.fromarray(RAMP16), kind)
    assert pixels.mean() == 127.5
    assert np.array_equal(pixels, np.repeat(RAMP8[:, :, None], 3, axis=2))


def test_16_bit_values_between_steps_are_rounded():
    values = np.array([[0, 128, 129, 385, 386, 65535]], np.uint16)
    assert to_rgb(Image.fromarray(values))[0, :, 0].tolist() == [0, 0, 1, 1, 2, 255]


def test_16_bit_grey_tiff_with_white_as_zero():
    image = Image.fromarray(RAMP16)
    stream = io.BytesIO()
    image.save(stream, "TIFF")
    data = stream.getvalue()
    # PhotometricInterpretation (262, SHORT, one value) from 1 to 0.
    entry = (262).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    assert entry + b"\1" in data
    assert np.array_equal(
        open_image(io.BytesIO(data.replace(entry + b"\1", entry + b"\0"))).pixels[:, :, 0], 255 - RAMP8
    )


@pytest.mark.parametrize("top", [255, 65535, 2**31 - 1])
def test_32_bit_grey_is_scaled_by_its_range(top):
    values = np.array([[0, top // 2, top]], np.int32)
    assert to_rgb(Image.fromarray(values))[0, :, 0].tolist() == pytest.approx([0, 127, 255], abs=1)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_float_grey_is_scaled_by_its_range(top):
    values = np.array([[0, top / 2, top, np.nan, -np.inf]], np.float32)
    assert through(Image.fromarray(values), "TIFF")[0, :, 0].tolist() == pytest.approx([0, 127, 255, 0, 0], abs=1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_one_bit(kind):
    image = Image.new("1", (9, 5), 1)
    image.putpixel((3, 2), 0)
    pixels = through(image, kind)
    assert pixels[2, 3].tolist() == [0, 0, 0]
    assert pixels.sum() == 255 * 3 * (9 * 5 - 1)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_over_white(kind):
    image = Image.new("RGBA", (4, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))
    image.putpixel((2, 0), (0, 0, 0, 128))
    pixels = through(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert pixels[0, :, 0].tolist() == [255, 0, 127, 255]


def test_grey_with_alpha():
    image = Image.new("LA", (2, 1), (0, 0))
    image.putpixel((1, 0), (60, 255))
    assert through(image, "PNG")[0].tolist() == [[255, 255, 255], [60, 60, 60]]


def test_palette_with_transparency():
    image = Image.new("P", (3, 1))
    image.putpalette([0, 0, 0, 200, 10, 20, 0, 0, 255])
    for x in range(3):
        image.putpixel((x, 0), x)
    assert through(image, "PNG")[0].tolist() == [[0, 0, 0], [200, 10, 20], [0, 0, 255]]
    assert through(image, "PNG", transparency=0)[0].tolist() == [[255, 255, 255], [200, 10, 20], [0, 0, 255]]
    halves = through(image, "PNG", transparency=bytes([0, 255, 128]))[0].tolist()
    assert halves == [[255, 255, 255], [200, 10, 20], [127, 127, 255]]


def test_transparent_grey_value_of_16_bits():
    assert through(Image.fromarray(RAMP16), "PNG", transparency=0)[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_profile(kind):
    image = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (8, 0, 16, 16))
    pixels = through(image, kind)
    assert pixels[4, 2].min() > 245
    assert pixels[4, 13].max() < 10


def test_wide_gamut_profiles_are_converted():
    # An RGB profile made here, from the LAB one would not do: XYZ has no tone curve, so greys become lighter.
    xyz = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    image = Image.new("RGB", (4, 4), (90, 120, 200))
    assert through(image, "PNG", icc_profile=srgb.tobytes())[0, 0].tolist() == [90, 120, 200]
    # Profiles of another colour space than the picture's, and broken ones, are left out.
    assert through(image, "PNG", icc_profile=xyz.tobytes())[0, 0].tolist() == [90, 120, 200]
    assert through(image, "PNG", icc_profile=srgb.tobytes()[:90])[0, 0].tolist() == [90, 120, 200]


def test_lab():
    image = Image.new("LAB", (4, 4), (255, 128, 128))
    assert to_rgb(image).min() > 250
    assert through(image, "TIFF").min() > 250


def test_large_images_are_converted_in_bands_without_seams():
    values = np.random.default_rng(0).integers(0, 256, (1300, 7, 4), dtype=np.uint8)
    image = Image.fromarray(values)
    alpha = values[:, :, 3:].astype(float) / 255
    expected = values[:, :, :3] * alpha + 255 * (1 - alpha)
    np.testing.assert_allclose(to_rgb(image), expected, atol=1.01)
