"""Entries of ZIP files are counted as the library that opens them would find them."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.datasets.zip_directory import has_more_entries


def archive(path: Path, count: int, *, comment: bytes = b"", prefix: bytes = b"") -> Path:
    path.write_bytes(prefix)
    with zipfile.ZipFile(path, "a") as target:
        target.comment = comment
        for number in range(count):
            entry = zipfile.ZipInfo(f"{number}é")
            entry.comment, entry.extra = b"c" * (number % 3), struct.pack("<HH3s", 0x7777, 3, b"abc")
            target.writestr(entry, b"x")
    return path


@given(count=st.integers(1, 20), comment=st.binary(max_size=40).filter(lambda text: b"PK" not in text))
def test_entries_are_counted(tmp_path_factory: pytest.TempPathFactory, count: int, comment: bytes) -> None:
    path = archive(tmp_path_factory.mktemp("zip") / "a.zip", count, comment=comment)
    assert not has_more_entries(path, count)
    assert has_more_entries(path, count - 1)


def test_what_stands_before_the_archive_does_not_matter(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", 5, prefix=b"#!/bin/sh\n" * 100)
    assert has_more_entries(path, 4)
    assert not has_more_entries(path, 5)


def test_directories_of_64_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    path = archive(tmp_path / "a.zip", 8)
    assert b"PK\6\6" in path.read_bytes()
    assert has_more_entries(path, 7)
    assert not has_more_entries(path, 8)


def test_the_number_beside_the_entries_is_not_believed(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", 9)
    data = bytearray(path.read_bytes())
    data[-14:-10] = struct.pack("<HH", 1, 1)
    path.write_bytes(data)
    assert has_more_entries(path, 8)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_have_an_answer(tmp_path_factory: pytest.TempPathFactory, data: bytes, ends: bool) -> None:
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    path.write_bytes(data + (b"PK\5\6" + data[:18] if ends else b""))
    assert has_more_entries(path, 3) in {True, False}
