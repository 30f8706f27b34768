"""PDFs written by hand, so that every box, rotation and damage is exactly what a test says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


@dataclass(frozen=True)
class PageSpec:
    """A page: its content stream, and entries of its dictionary."""

    content: bytes = b""
    entries: bytes = b"/MediaBox [0 0 612 792]"


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


class _Encryption:
    """The 40-bit standard handler (revision 2): the shortest to write, and every reader knows it."""

    def __init__(self, password: str) -> None:
        padded = (password.encode() + _PAD)[:32]
        owner = _rc4(hashlib.md5(padded, usedforsecurity=False).digest()[:5], padded)
        permissions = (-4).to_bytes(4, "little", signed=True)
        self.file_id = b"0123456789abcdef"
        seed = padded + owner + permissions + self.file_id
        self._key = hashlib.md5(seed, usedforsecurity=False).digest()[:5]
        user = _rc4(self._key, _PAD)
        self.dictionary = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (
            owner.hex().encode(),
            user.hex().encode(),
        )

    def stream(self, number: int, data: bytes) -> bytes:
        seed = self._key + number.to_bytes(3, "little") + b"\0\0"
        return _rc4(hashlib.md5(seed, usedforsecurity=False).digest()[:10], data)


def build_pdf(
    pages: Sequence[PageSpec],
    *,
    extra: Sequence[bytes | tuple[bytes, bytes]] = (),
    catalog: bytes = b"",
    password: str | None = None,
) -> bytes:
    """Return a PDF. `extra` objects (bytes, or dictionary entries and stream data) are numbered from 3."""
    encryption = _Encryption(password) if password is not None else None
    first_page = 3 + len(extra)
    kids = b" ".join(b"%d 0 R" % (first_page + 2 * i) for i in range(len(pages)))
    objects: list[bytes | tuple[bytes, bytes]] = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids),
        *extra,
    ]
    for i, page in enumerate(pages):
        contents = first_page + 2 * i + 1
        objects.append(b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R %s >>" % (contents, page.entries))
        objects.append((b"", page.content))
    if encryption is not None:
        objects.append(encryption.dictionary)
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, item in enumerate(objects, 1):
        offsets.append(len(out))
        if isinstance(item, tuple):
            entries, data = item
            data = encryption.stream(number, data) if encryption is not None else data
            item = b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)  # noqa: PLW2901
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"/Size %d /Root 1 0 R" % (len(objects) + 1)
    if encryption is not None:
        file_id = encryption.file_id.hex().encode()
        trailer += b" /Encrypt %d 0 R /ID [<%s> <%s>]" % (len(objects), file_id, file_id)
    out += b"trailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)
    return bytes(out)


@pytest.fixture
def page_spec() -> type[PageSpec]:
    return PageSpec


@pytest.fixture
def pdf_bytes() -> Callable[..., bytes]:
    return build_pdf


@pytest.fixture
def pdf_file(tmp_path: Path) -> Callable[..., Path]:
    def write(pages: Sequence[PageSpec], *, name: str = "document.pdf", **options: object) -> Path:
        path = tmp_path / name
        path.write_bytes(build_pdf(pages, **options))  # type: ignore[arg-type]
        return path

    return write
