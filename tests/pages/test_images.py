from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from centernet_cli.core.errors import ExitCode, InputError
from centernet_cli.core.records import Failure, Page
from centernet_cli.pages.images import iter_frames, open_image
from centernet_cli.pages.options import parse_page_ranges

FORMATS = ["PNG", "JPEG", "TIFF", "WEBP", "BMP"]


def picture(width=40, height=24):
    """Four quarters of different colours, so that every flip and turn shows."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (250, 10, 10)
    pixels[: height // 2, width // 2 :] = (10, 250, 10)
    pixels[height // 2 :, : width // 2] = (10, 10, 250)
    pixels[height // 2 :, width // 2 :] = (250, 250, 250)
    return Image.fromarray(pixels)


def encoded(image, kind, **options):
    if kind == "JPEG":
        options = {"subsampling": 0, "quality": 95} | options
    if kind == "WEBP":
        options.setdefault("lossless", True)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def frames_of(source, **options) -> list[Any]:
    return list(iter_frames(source, **options))


def noise(width=300, height=200):
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


def png_header(width, height):
    chunk = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    header = b"IHDR" + chunk
    data = b"IDAT" + zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in (header, data, b"IEND")
    )


def webp_header(width, height):
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_header(width, height):
    entries = [(256, 4, width), (257, 4, height), (258, 3, 1), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 4, height)]
    entries.append((279, 4, 100))
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack("<HHII", tag, kind, 1, value)
    return b"II*\0" + struct.pack("<I", 8) + directory + b"\0\0\0\0"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("suffix", [".png", ".jpg", "", ".txt"])
def test_formats_are_told_by_content(kind, suffix, tmp_path):
    path = tmp_path / f"page{suffix}"
    path.write_bytes(encoded(picture(), kind))
    page = open_image(path)
    assert page.pixels.shape == (24, 40, 3)
    assert page.pixels.dtype == np.uint8
    assert page.pixels.flags.c_contiguous
    assert page.pixels.flags.writeable
    assert (page.info.width, page.info.height, page.info.page, page.info.source) == (40, 24, None, str(path))
    np.testing.assert_allclose(page.pixels, np.asarray(picture()), atol=12 if kind == "JPEG" else 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind, orientation):
    upright = picture()
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = open_image(io.BytesIO(encoded(stored, kind, exif=exif)))
    assert page.info.orientation == orientation
    assert page.pixels.shape == (page.info.height, page.info.width, 3) == (24, 40, 3)
    # Colours are compared away from the borders of the quarters, which JPEG blurs.
    for row, column in ((4, 8), (4, 30), (20, 8), (20, 30)):
        np.testing.assert_allclose(page.pixels[row, column], np.asarray(upright)[row, column], atol=16)


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_absurd_orientation_is_ignored(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = open_image(io.BytesIO(encoded(picture(), "PNG", exif=exif)))
    assert page.info.orientation == 1
    assert page.pixels.shape == (24, 40, 3)


def test_resolution_is_kept_when_it_says_something():
    assert open_image(io.BytesIO(encoded(picture(), "TIFF", dpi=(300, 300)))).info.dpi == pytest.approx(300)
    assert open_image(io.BytesIO(encoded(picture(), "PNG", dpi=(300, 300)))).info.dpi == pytest.approx(300, abs=0.1)
    assert open_image(io.BytesIO(encoded(picture(), "PNG"))).info.dpi is None
    assert open_image(io.BytesIO(encoded(picture(), "JPEG", dpi=(72, 72)))).info.dpi is None
    assert open_image(io.BytesIO(encoded(picture(), "TIFF", dpi=(300, 100)))).info.dpi is None


def test_every_frame_of_a_tiff_is_a_page(tmp_path):
    path = tmp_path / "fax.tif"
    frames = [Image.new("1", (30 + 10 * i, 20), i % 2) for i in range(4)]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="group4")
    pages = frames_of(path)
    assert [page.info.page for page in pages] == [1, 2, 3, 4]
    assert [page.info.width for page in pages] == [30, 40, 50, 60]
    assert [int(page.pixels.mean()) for page in pages] == [0, 255, 0, 255]
    assert pages[1].info.name == f"{path}#2"
    assert open_image(path, frame=3).info.width == 50
    assert open_image(path).info.page is None
    with pytest.raises(InputError, match="P204 no page 5"):
        open_image(path, frame=5)
    chosen = frames_of(path, pages=parse_page_ranges("2-3,4-9"))
    assert [page.page if isinstance(page, Failure) else page.info.page for page in chosen] == [2, 3, 4, None]
    assert (chosen[-1].code, chosen[-1].message) == ("P204", "no page 5-9: the file has 4")


def test_a_single_picture_is_read_whatever_pages_are_asked_for():
    for kind in FORMATS:
        (page,) = iter_frames(io.BytesIO(encoded(picture(), kind)), pages=((7, 7),))
        assert isinstance(page, Page)
        assert page.info.page is None


def test_one_damaged_frame_leaves_the_others():
    frames = [noise() for _ in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw")
    data = bytearray(stream.getvalue())
    with TiffImagePlugin.TiffImageFile(io.BytesIO(bytes(data))) as image:
        image.seek(1)
        offset, count = image.tag_v2[273][0], image.tag_v2[279][0]
    data[offset : offset + count] = b"\xaa" * count
    results = frames_of(io.BytesIO(bytes(data)))
    assert [type(result) for result in results] == [Page, Failure, Page]
    assert (results[1].code, results[1].page) == ("I101", 2)


def test_a_tiff_cut_in_its_last_frame_gives_the_frames_before():
    frames = [noise() for _ in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, "TIFF", save_all=True, append_images=frames[1:])
    results = frames_of(io.BytesIO(stream.getvalue()[:-1000]))
    assert [type(result) for result in results] == [Page, Page, Failure]
    assert results[-1].code == "I101"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_truncated_images_are_errors_never_grey(kind, part):
    data = encoded(noise(), kind)
    with pytest.raises(InputError) as caught:
        open_image(io.BytesIO(data[: int(len(data) * part)]))
    assert caught.value.code == "I101"
    assert caught.value.exit_code == ExitCode.INPUT
    assert "\n" not in str(caught.value)


def test_truncated_progressive_and_compressed_images_are_errors():
    for data in (
        encoded(noise(), "JPEG", progressive=True, quality=50),
        encoded(noise(), "TIFF", compression="tiff_lzw"),
        encoded(noise(), "TIFF", compression="jpeg"),
        encoded(noise().convert("1"), "TIFF", compression="group4"),
    ):
        with pytest.raises(InputError, match="I101"):
            open_image(io.BytesIO(data[: len(data) // 2]))


def test_of_an_animated_gif_the_first_picture_is_read():
    first = picture().convert("P")
    data = encoded(first, "GIF", save_all=True, append_images=[picture().rotate(90)])
    pages = list(iter_frames(io.BytesIO(data)))
    assert len(pages) == 1
    assert isinstance(pages[0], Page)
    assert pages[0].info.page is None
    assert pages[0].info.animated
    assert np.abs(pages[0].pixels.astype(int) - np.asarray(first.convert("RGB"), int)).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("several", [False, True])
def test_animations_are_told_from_pictures(kind: str, several: bool):
    more = {"save_all": True, "append_images": [picture().rotate(90)]} if several else {}
    assert open_image(io.BytesIO(encoded(picture(), kind, **more))).info.animated == several


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_what_holds_several_pictures_and_is_no_animation(kind: str):
    """Previews in JPEGs are of the same picture, and the frames of a TIFF are all read."""
    data = encoded(picture(), "MPO" if kind == "JPEG" else kind, save_all=True, append_images=[picture()])
    pages = list(iter_frames(io.BytesIO(data)))
    assert len(pages) == (1 if kind == "JPEG" else 2)
    assert not any(page.info.animated for page in pages if isinstance(page, Page))


def test_an_animation_damaged_behind_its_first_picture_is_one_still():
    data = encoded(picture().convert("P"), "GIF", save_all=True, append_images=[noise().convert("P")])
    page = open_image(io.BytesIO(data[:-500]))
    assert page.info.animated


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"<html><body>Not found</body></html>", r"not an image \(starts with '<html><body>Not'\)"),
        (b"\n\n  <!DOCTYPE html>\n<p>", "starts with '<!DOCTYPE html>'"),
        (b"BMW is a maker of cars", "starts with 'BMW is a maker o'"),
        (b"8BPS\0\1", "Photoshop"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"%PDF-1.7", "PDF files are not read"),
        (b"\0\xff\x1b[31m", "starts with"),
    ],
)
def test_what_is_no_image_is_named(data, message):
    with pytest.raises(InputError, match=f"I102.*{message}") as caught:
        open_image(io.BytesIO(data))
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "megapixels"),
    [
        (png_header(60_000, 60_000), "3,600"),
        (webp_header(16_383, 16_383), "268"),
        (tiff_header(60_000, 60_000), "3,600"),
        (
            encoded(Image.new("1", (1, 1)), "BMP").replace(
                struct.pack("<ii", 1, 1), struct.pack("<ii", 60_000, 60_000)
            ),
            "3,600",
        ),
    ],
)
def test_too_large_is_refused_from_the_header(data, megapixels):
    with pytest.raises(InputError) as caught:
        open_image(io.BytesIO(data))
    assert str(caught.value) == f"<stream>: I103 {megapixels} Mpx exceeds --max-megapixels 250"


def test_budget_is_the_users():
    data = encoded(picture(), "PNG")
    assert open_image(io.BytesIO(data), max_megapixels=40 * 24 / 1e6).info.width == 40
    with pytest.raises(InputError, match="I103"):
        open_image(io.BytesIO(data), max_megapixels=40 * 24 / 1e6 * 0.999)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("limit", [700, 100])
def test_pillows_own_limit_neither_warns_nor_refuses(kind, limit, monkeypatch, capfd):
    # 960 pixels: above the first limit, where Pillow warns, and above twice the second, where it refuses.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    data = encoded(picture(), kind)
    before = list(warnings.filters)
    assert isinstance(next(iter_frames(io.BytesIO(data))), Page)
    assert limit == Image.MAX_IMAGE_PIXELS
    assert warnings.filters == before
    assert capfd.readouterr() == ("", "")


def test_threads_do_not_undo_each_others_settings(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    data = encoded(noise(), "TIFF")
    failed: list[object] = []

    def work():
        for _ in range(20):
            failed.extend(page for page in iter_frames(io.BytesIO(data)) if isinstance(page, Failure))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_damaged_header_is_told_without_the_stream_it_was_read_from():
    with pytest.raises(InputError) as caught:
        open_image(io.BytesIO(b"\x89PNG\r\n\x1a\nxx"))
    assert (caught.value.code, caught.value.message) == ("I101", "image is damaged: its header cannot be read")


def test_damaged_metadata_of_a_sound_picture_is_ignored(capfd):
    data = encoded(picture(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 30, icc_profile=b"nonsense")
    assert open_image(io.BytesIO(data)).info.orientation == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [(1, 1), (3, 20_000), (20_000, 3)])
def test_odd_sizes_are_pages(size):
    page = open_image(io.BytesIO(encoded(Image.new("L", size, 255), "PNG")))
    assert (page.info.width, page.info.height) == size
    assert page.pixels.min() == 255


def test_animated_images_give_their_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind in ("WEBP", "PNG"):
        (page,) = iter_frames(io.BytesIO(encoded(frames[0], kind, save_all=True, append_images=frames[1:])))
        assert isinstance(page, Page)
        assert page.pixels[0, 0, 0] > 200


VALID = [encoded(noise(20, 12), kind) for kind in FORMATS]
VALID.append(encoded(noise(20, 12), "TIFF", compression="tiff_lzw", save_all=True, append_images=[noise(9, 9)]))
MAGICS = [data[:20] for data in VALID] + [b"", b"II+\0", b"MM\0*"]


@st.composite
def damaged(draw):
    data = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data) - 1) | st.integers(0, min(200, len(data) - 1)))
        data[at] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)) | st.just(len(data)))])


@settings(max_examples=200, deadline=None)
@given(st.builds(bytes.__add__, st.sampled_from(MAGICS), st.binary(max_size=200)) | damaged())
def test_any_bytes_are_pages_or_failures(data):
    for result in iter_frames(io.BytesIO(data), max_megapixels=1):
        if isinstance(result, Failure):
            assert result.code in {"I101", "I102", "I103"}
        else:
            assert result.pixels.shape == (result.info.height, result.info.width, 3)


def test_streams_and_paths_give_the_same(tmp_path: Path):
    path = tmp_path / "page.png"
    path.write_bytes(encoded(noise(), "PNG"))
    with path.open("rb") as stream:
        assert np.array_equal(open_image(stream).pixels, open_image(path).pixels)
