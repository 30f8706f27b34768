"""ZIP files: honest ones are unpacked and gone afterwards, others are refused whole."""

from __future__ import annotations

import contextlib
import io
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.core.errors import InputError
from centernet_cli.datasets import unzip
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.unzip import is_zip, unpacked


def packed(path: Path, files: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


def test_content_is_there_for_a_while(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.txt": b"1", "x/": b"", "x/b.txt": b"2"})
    assert is_zip(path)
    with unpacked(path) as folder:
        assert (folder / "a.txt").read_bytes() == b"1"
        assert (folder / "x" / "b.txt").read_bytes() == b"2"
    assert not folder.exists()


def test_progress_is_shown(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    @contextlib.contextmanager
    def watch(what: str, total: int) -> Iterator[Callable[[int], None]]:
        seen.append((what, total))
        yield lambda count: seen.append(("done", count))

    path = packed(tmp_path / "a.zip", {"a.txt": b"1", "x/": b"", "x/b.txt": b"2"})
    with unpacked(path, Tally(watch=watch)):
        assert seen == [("unpacking", 2), ("done", 1), ("done", 1)]


def test_a_single_folder_is_the_dataset(tmp_path: Path) -> None:
    with unpacked(packed(tmp_path / "a.zip", {"data/a.txt": b"1", "data/b.txt": b"2"})) as folder:
        assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("name", ["../a", "x/../../a", "/etc/passwd", "C:\\a", "\\\\server\\a", "x/./a", "x//a"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "a.zip", {"good.txt": b"1", name: b"2"})
    with pytest.raises(InputError, match="Z601"), unpacked(path):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_no_honest_dataset_has(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"zeros": bytes(30_000_000)})
    link = packed(tmp_path / "link.zip", {"a": b"/etc/passwd"}, stat.S_IFLNK | 0o777)
    clash = packed(tmp_path / "clash.zip", {"a": b"1", "a/b": b"2"})
    double = tmp_path / "double.zip"
    with zipfile.ZipFile(double, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    secret = tmp_path / "secret.zip"
    secret.write_bytes(
        packed(tmp_path / "plain.zip", {"a": b"1"})
        .read_bytes()
        .replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\x01\0")
    )
    for path, why in [
        (bomb, "grow more than 200 times"),
        (link, "link or device"),
        (clash, "a file and a folder"),
        (double, "there twice"),
        (secret, "encrypted"),
    ]:
        with pytest.raises(InputError, match=f"Z601 .*{why}"), unpacked(path):
            pass


def test_sizes_that_lie(tmp_path: Path) -> None:
    data = bytearray(packed(tmp_path / "a.zip", {"a": b"x" * 5000}).read_bytes())
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 24, 10)
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(InputError, match="Z601"), unpacked(tmp_path / "a.zip"):
        pass


@given(st.binary(max_size=40), st.integers(0, 200), st.integers(0, 20))
@settings(deadline=None, max_examples=80)
def test_damaged_files_are_refused_or_read(piece: bytes, start: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = packed(Path(place, "a.zip"), {"a.txt": b"some text", "x/b.txt": b"more text"})
        content = path.read_bytes()
        path.write_bytes(content[:start] + piece + content[start + count :])
        with contextlib.suppress(InputError), unpacked(path) as folder:
            assert folder.is_dir()


def test_no_zip(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(io.BytesIO(b"no zip").read())
    with pytest.raises(InputError, match="Z601"), unpacked(tmp_path / "a.zip"):
        pass
    assert not is_zip(tmp_path)


def test_too_many_entries_are_not_even_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "a.zip", {f"{number}.txt": b"" for number in range(6)})
    monkeypatch.setattr(unzip, "MAX_FILES", 5)
    monkeypatch.setattr(zipfile.ZipFile, "infolist", None)
    with pytest.raises(InputError, match="more than 5 entries"), unpacked(path):
        pass


def test_the_same_bytes_as_many_files_are_refused(tmp_path: Path) -> None:
    """Each entry grows little, but all name one place (Fifield, "A better zip bomb", 2019)."""
    content = bytes(range(256)) * 4000 + bytes(2_000_000)
    path = packed(tmp_path / "a.zip", {f"{number:04d}": content if not number else b"" for number in range(2000)})
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\1\2")
    first = data[at + 16 : at + 28]
    offset = data[at + 42 : at + 46]
    while data[at : at + 4] == b"PK\1\2":
        data[at + 16 : at + 28], data[at + 42 : at + 46] = first, offset
        at += 46 + sum(struct.unpack("<HHH", data[at + 28 : at + 34]))
    path.write_bytes(data)
    with pytest.raises(InputError, match="would grow more than 200 times"), unpacked(path):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]
