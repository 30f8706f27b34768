from __future__ import annotations

import io
import os
import socket
import struct
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from centernet_cli.core.records import Failure, Page
from centernet_cli.pages.source import PageOptions, read_pages

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs pipes, sockets and symlinks")


def read(path, **options) -> list[Any]:
    return list(read_pages(path, PageOptions(**options)))


@pytest.fixture
def image_file(tmp_path):
    def write(name="page.png", size=(30, 20)):
        path = tmp_path / name
        stream = io.BytesIO()
        Image.new("RGB", size, "white").save(stream, "PNG")
        path.write_bytes(stream.getvalue())
        return path

    return write


def check_not_accessible(path, message):
    (failure,) = read(path)
    assert (failure.source, failure.code, failure.message) == (str(path), "I110", message)


def test_missing_files_and_folders(tmp_path):
    check_not_accessible(tmp_path / "nothing.png", "cannot be opened: no such file or directory")
    (tmp_path / "x.png").mkdir()
    check_not_accessible(tmp_path / "x.png", "is a folder, not a page")


@posix_only
def test_links_that_lead_nowhere(tmp_path):
    (tmp_path / "dangling.png").symlink_to(tmp_path / "gone.png")
    check_not_accessible(tmp_path / "dangling.png", "cannot be opened: no such file or directory")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (failure,) = read(tmp_path / "loop.png")
    assert failure.code == "I110"
    assert "symbolic links" in failure.message


@posix_only
def test_pipes_sockets_and_devices_are_refused_without_blocking(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.png")
    check_not_accessible(tmp_path / "pipe.png", "is a named pipe, not a file")
    check_not_accessible(Path(os.devnull), "is a device, not a file")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.png")
        check_not_accessible(Path("s.png"), "is a socket, not a file")


@posix_only
def test_a_file_replaced_by_a_pipe_after_the_look_does_not_block(tmp_path, image_file, monkeypatch):
    path = image_file()
    looked_at = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda *_args, **_options: looked_at)
    check_not_accessible(path, "is a named pipe, not a file")


def test_permission_denied(image_file, monkeypatch):
    path = image_file()

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    check_not_accessible(path, "cannot be opened: permission denied")


def test_nul_in_a_name():
    (failure,) = read(Path("a\0b.png"))
    assert failure.code == "I110"


@pytest.mark.parametrize(
    "name",
    ["-x.png", "a b.png", "é😀.png", "new\nline.png", "~a.png", "@a.png", "*.png", "a" * 251 + ".png", "bad\udcff.png"],
)
def test_odd_names(name, image_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        image_file(name)
    except OSError:
        pytest.skip("the file system does not take such names")
    (page,) = read(Path(name))
    assert isinstance(page, Page)
    assert page.info.source == name


def test_content_decides_what_a_file_is(image_file, pdf_file, page_spec):
    assert isinstance(read(image_file("really an image.pdf"))[0], Page)
    (page,) = read(pdf_file([page_spec()], name="really a document.png"), target_long_side=20)
    assert page.info.page == 1


def test_a_pdf_may_begin_late(pdf_bytes, page_spec, tmp_path):
    path = tmp_path / "mail.pdf"
    path.write_bytes(b"Content-Type: application/pdf\n\n" + pdf_bytes([page_spec()]))
    (page,) = read(path, target_long_side=20)
    assert page.info.page == 1


def test_a_file_that_disappears_is_a_failure(image_file):
    path = image_file()
    pages = read_pages(path)
    path.unlink()
    assert isinstance(next(pages), Failure)


def test_an_unreadable_disk_is_a_failure(image_file, monkeypatch):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("centernet_cli.pages.source.open_regular", lambda _: Broken())
    check_not_accessible(image_file(), "cannot be opened: input/output error")


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(
        [b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"RIFF\0\0\0\0WEBP", b"BM"]
    ),
    rest=st.binary(max_size=300),
    suffix=st.sampled_from(["", ".pdf", ".png"]),
)
def test_any_bytes_are_pages_or_failures(start, rest, suffix, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"any-source{suffix}"
    path.write_bytes(start + rest)
    results = read(path, max_megapixels=1)
    assert results
    assert all(isinstance(result, Failure | Page) for result in results)


def png_bomb():
    """A PNG of 60,000 × 60,000 one-bit pixels in 10 kB."""
    parts = (
        b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0),
        b"IDAT" + zlib.compress(b"\0" * 10_000_000),
        b"IEND",
    )
    chunks = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@posix_only
def test_bombs_are_refused_in_little_memory(tmp_path, pdf_file, page_spec):
    (tmp_path / "bomb.png").write_bytes(png_bomb())
    assert (tmp_path / "bomb.png").stat().st_size < 12_000
    canvas = (16_382).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    (tmp_path / "bomb.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    pdf_file([page_spec(b"", b"/MediaBox [0 0 14400 14400]")], name="bomb.pdf")
    code = """
        import resource, sys
        from pathlib import Path
        import centernet_cli.pages.pdfium
        from centernet_cli.pages.source import PageOptions, read_pages
        pages = int(open("/proc/self/statm").read().split()[0]) if sys.platform == "linux" else 0
        limit = pages * resource.getpagesize() + 100_000_000
        if pages:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for name in sys.argv[1:]:
            for result in read_pages(Path(name), PageOptions(dpi=300)):
                print(result.code, result.message)
        # Of this process alone: what getrusage says also covers the one that started it.
        status = open("/proc/self/status").read() if pages else "VmHWM: 0"
        print(status.split("VmHWM:")[1].split()[0])
    """
    names = [str(tmp_path / name) for name in ("bomb.png", "bomb.webp", "bomb.pdf")]
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code), *names], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    *lines, peak = run.stdout.splitlines()
    assert lines == [
        "I103 3,600 Mpx exceeds --max-megapixels 250",
        "I103 268 Mpx exceeds --max-megapixels 250",
        "P205 3,600 Mpx at 300 dpi exceeds --max-megapixels 250 (use a lower --dpi)",
    ]
    assert run.stderr == ""
    assert int(peak) * 1024 < 300e6


def test_heavy_libraries_stay_away():
    code = """
        import sys
        import centernet_cli.pages.source
        heavy = {"torch", "torchvision", "cv2", "pycocotools", "pypdfium2", "pdf2image", "typer"}
        print(sorted(heavy & set(sys.modules)))
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
