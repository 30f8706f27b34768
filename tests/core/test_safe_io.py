"""Files are written whole or not at all; names in data never lead out of their folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from centernet_cli.core.errors import ExitCode, InputError, OutputError
from centernet_cli.core.safe_io import (
    atomic_folder,
    atomic_path,
    atomic_write_bytes,
    atomic_write_text,
    dump_json,
    lexical_inside,
    read_json,
    resolve_inside,
    sha256_file,
)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_good_block_replaces_the_file(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "out.bin"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        temporary.write_bytes(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["out.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_block_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as temporary:  # noqa: PT012 (the block is what is tested)
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_disk_is_an_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="O801 cannot be written: no space left") as caught:
        atomic_write_text(target, "new")
    assert caught.value.exit_code == ExitCode.OUTPUT
    assert target.read_text() == "old"
    assert names(tmp_path) == ["out.txt"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a directory"):
        atomic_write_text(tmp_path, "x")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_fails_and_stays_a_device() -> None:
    with pytest.raises(OutputError, match="O801"):
        atomic_write_text(Path("/dev/full"), "x")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    atomic_write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    atomic_write_bytes(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_json_round_trip_with_odd_names(tmp_path: Path) -> None:
    value = {"pages": [{"name": "na\u00efve\ud800\n"}, {"name": "\N{PILE OF POO}"}], "none": [], "list": [1, 2.5]}
    dump_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert (tmp_path / "a.json").read_bytes().endswith(b"}\n")


def test_nan_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump_json(tmp_path / "a.json", {"score": float("nan")})
    assert names(tmp_path) == []


def test_unreadable_json(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, reason in [("missing", "no such file"), (".", "a directory"), ("fifo", "not a regular file")]:
        with pytest.raises(InputError, match=f"J401 .*{reason}"):
            read_json(tmp_path / name)
    with pytest.raises(InputError, match="J401"):
        read_json(Path("nul\0name"))
    (tmp_path / "big.json").write_text("[1, 2, 3]")
    with pytest.raises(InputError, match="J402"):
        read_json(tmp_path / "big.json", max_bytes=8)


@pytest.mark.parametrize(
    "name",
    [
        "../x.png",
        "a/../../x.png",
        "..\\x.png",
        "/etc/passwd",
        "\\\\server\\share\\x.png",
        "//server/x.png",
        "C:\\x.png",
        "c:x.png",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "http://example.org/x.png",
        "data:image/png;base64,AA",
        "x.png\0.jpg",
        "",
        ".",
        "a/..",
        "../" * 2000,
    ],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="X310") as caught:
        resolve_inside(tmp_path, name)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x.png", "x.png"),
        ("img\\x.jpg", "img/x.jpg"),
        ("./a//b/../x y.png", "a/x y.png"),
        ("12:30.png", "12:30.png"),
        ("scan:2.png", "scan:2.png"),
        ("..x/...png", "..x/...png"),
    ],
)
def test_names_inside_are_normalised(tmp_path: Path, name: str, expected: str) -> None:
    assert lexical_inside(name) == expected
    assert resolve_inside(tmp_path, name) == tmp_path / expected


def test_links_may_stay_inside_but_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    (root / "real.png").write_bytes(b"")
    (root / "good.png").symlink_to("real.png")
    (root / "bad.png").symlink_to("../secret.png")
    (root / "folder").symlink_to("..")
    (root / "loop").symlink_to("loop")
    assert resolve_inside(root, "good.png") == root / "good.png"
    for name in ["bad.png", "folder/secret.png"]:
        with pytest.raises(InputError, match=r"X310 .*a link"):
            resolve_inside(root, name)
    resolve_inside(root, "loop/x.png")  # stays inside; opening it fails later, as for a missing file


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert sha256_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")
    with pytest.raises(InputError, match="J401"):
        sha256_file(tmp_path / "missing")


def test_a_folder_is_filled_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    with atomic_folder(folder) as stage:
        (stage / "sub").mkdir()
        (stage / "sub" / "a.txt").write_text("a")
        (stage / "b.txt").write_text("b")
        assert names(folder) == [stage.name]
    assert names(folder) == ["b.txt", "sub"]
    with atomic_folder(folder) as stage:
        (stage / "sub").mkdir()
        (stage / "sub" / "c.txt").write_text("c")
        (stage / "b.txt").write_text("new")
    assert names(folder / "sub") == ["a.txt", "c.txt"]
    assert (folder / "b.txt").read_text() == "new"


def test_a_failed_folder_is_left_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "new" / "out") as stage:  # noqa: PT012
        (stage / "a.txt").write_text("a")
        raise KeyboardInterrupt
    assert names(tmp_path) == []
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError, match="O801"), atomic_folder(tmp_path) as stage:  # noqa: PT012
        (stage / "a").mkdir()
        (stage / "a" / "x").write_text("x")
        (stage / "b").write_text("in the way of a folder")
    assert names(tmp_path) == ["b"]
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="O801"), atomic_folder(tmp_path / "file"):
        pass
