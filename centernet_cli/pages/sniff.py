"""What a file is, told by its first bytes; its name may lie."""

from __future__ import annotations

from centernet_cli.core.errors import InputError, printable

HEAD_BYTES = 1024
"""Bytes of a file's beginning that `sniff_image` and `not_an_image` want to see."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".bmp", ".gif"})

_FOREIGN = (
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"AT&TFORM", "DjVu"),
    (b"PK\x03\x04", "ZIP"),
)
_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})


def sniff_image(head: bytes) -> str | None:
    """Return Pillow's name of the image format that a file beginning with `head` has, None for any other file."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return "TIFF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    # "BM" alone begins many a text.
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    return None


def not_an_image(head: bytes, path: object) -> InputError:
    """Return the I102 for a file that begins with `head`."""
    if not head:
        return InputError("I102", "is empty", path=path)
    known = next((name for magic, name in _FOREIGN if head.startswith(magic)), None)
    if head[4:8] == b"ftyp":
        known = "HEIC, AVIF or video"
    if known:
        return InputError("I102", f"{known} files are not read", path=path, hint="convert it to PNG, JPEG, TIFF or PDF")
    start = head.lstrip()[:16].split(b"\n")[0].rstrip().decode("ascii", "backslashreplace")
    return InputError("I102", f"not an image (starts with '{printable(start)}')", path=path)


def is_pdf(head: bytes) -> bool:
    """Return whether a file beginning with `head` is a PDF; readers accept its mark anywhere in the first kilobyte."""
    return b"%PDF-" in head[:HEAD_BYTES]


def webp_size(head: bytes) -> tuple[int, int]:
    """Return the width and height of the canvas in a WEBP header, (0, 0) when it is too damaged to say."""
    kind, body = head[12:16], head[20:30]
    if len(body) < 10:
        return 0, 0
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
