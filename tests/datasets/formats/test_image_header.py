"""Sizes from headers agree with Pillow's, for every kind of file, and cost no decoding."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageOps, PngImagePlugin

from centernet_cli.datasets.formats.image_header import image_size


def encoded(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "white").save(file, kind, **options)
    return file.getvalue()


def oriented(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("orientation", [None, 1, 3, 6, 8])
def test_orientation_counts(kind: str, orientation: int | None) -> None:
    options = {} if orientation is None or kind == "BMP" else {"exif": oriented(orientation)}
    data = encoded(kind, **options)
    with Image.open(io.BytesIO(data)) as image:
        assert image_size(io.BytesIO(data)) == ImageOps.exif_transpose(image).size


def test_png_texts(tmp_path: object) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("a", "b" * 50)
    texts.add_itxt("Comment", "é", zip=True)
    assert image_size(io.BytesIO(encoded("PNG", pnginfo=texts))) == (30, 20)
    # As ImageMagick wrote EXIF before PNG had a place for it.
    raw = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    texts.add_text("Raw profile type exif", f"\nexif\n{len(raw):8}\n{raw.hex()}\n", zip=True)
    assert image_size(io.BytesIO(encoded("PNG", pnginfo=texts))) == (20, 30)


def test_a_giant_png_is_not_decoded() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 50_000, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"no pixels") + chunk(b"IEND", b"")
    assert image_size(io.BytesIO(data)) == (60_000, 50_000)


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"\x89PNG\r\n\x1a\n", encoded("PNG")[:60], b"\xff\xd8\xff", b"GIF89a"]
)
def test_what_is_no_image_has_no_size(data: bytes) -> None:
    assert image_size(io.BytesIO(data)) is None
