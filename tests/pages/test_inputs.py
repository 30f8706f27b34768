from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from centernet_cli.core.errors import ExitCode, InputError, UsageError
from centernet_cli.core.records import Failure
from centernet_cli.pages.source import expand_inputs, read_pages


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Files in a folder that is the working folder too."""
    for name in (
        "scans/b.PNG",
        "scans/a.pdf",
        "scans/deep/er/c.tiff",
        "scans/deep/d.jpeg",
        "scans/notes.txt",
        "scans/.hidden.png",
        "scans/.folder/e.png",
        "scans/10.png",
        "scans/9.png",
        "single",
        "odd [1].png",
        "empty/notes.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*inputs, stdin=None):
    return [path.as_posix() for path in expand_inputs(inputs, stdin)]


IN_SCANS = ["scans/10.png", "scans/9.png", "scans/a.pdf", "scans/b.PNG", "scans/deep/d.jpeg", "scans/deep/er/c.tiff"]


def test_folders_are_searched_in_order(tree):
    assert names("scans") == IN_SCANS
    assert names("scans/", "scans") == IN_SCANS


def test_inputs_keep_their_order_and_come_once(tree):
    assert names("single", "scans/b.PNG", "scans") == [
        "single",
        "scans/b.PNG",
        *(n for n in IN_SCANS if n != "scans/b.PNG"),
    ]
    assert names("single", "./single", str(tree / "single"), "scans/../single") == ["single"]


@pytest.mark.skipif(os.name != "posix", reason="needs symlinks")
def test_links_are_files_of_their_own_and_loops_end(tree):
    (tree / "scans/deep/loop").symlink_to(tree / "scans")
    (tree / "scans/z.png").symlink_to(tree / "scans/9.png")
    assert names("scans") == [*IN_SCANS[:4], "scans/z.png", *IN_SCANS[4:]]
    (tree / "link").symlink_to(tree / "scans/deep")
    assert names("link") == [
        "link/d.jpeg",
        "link/er/c.tiff",
        *(f"link/loop/{n.removeprefix('scans/')}" for n in IN_SCANS[:4]),
        "link/loop/z.png",
    ]


def test_patterns_do_what_the_shell_would(tree):
    assert names("scans/*.p*") == ["scans/10.png", "scans/9.png", "scans/a.pdf"]
    assert names("**/*.jpeg") == ["scans/deep/d.jpeg"]
    assert names("scan?") == IN_SCANS
    # A file of exactly that name is meant rather than the pattern.
    assert names("odd [1].png") == ["odd [1].png"]


def test_files_may_be_called_anything_and_need_not_exist(tree):
    assert names("single", "missing.png", "-x.png") == ["single", "missing.png", "-x.png"]
    (failure,) = read_pages(Path("missing.png"))
    assert isinstance(failure, Failure)
    assert failure.code == "I110"


def test_what_matches_nothing_comes_last_and_fails_when_read(tree):
    assert names("*.tif", "empty", "single") == ["single", "*.tif", "empty"]
    for path in (Path("*.tif"), Path("empty")):
        (failure,) = read_pages(path)
        assert isinstance(failure, Failure)
        assert failure.code == "I110"


@pytest.mark.parametrize("inputs", [["*.tif"], ["empty"], ["nothing*", "empty"], []])
def test_nothing_at_all_is_an_error(inputs, tree):
    with pytest.raises(InputError, match=r"I111 no page images or PDFs found .*pdf, png") as caught:
        names(*inputs)
    assert caught.value.exit_code == ExitCode.INPUT
    assert caught.value.path == (inputs[0] if inputs else None)


@pytest.mark.usefixtures("tree")
class TestLists:
    @pytest.mark.parametrize(
        "data",
        [
            b"single\nscans/a.pdf\n",
            b"single\r\n\r\n\nscans/a.pdf",
            b"\xef\xbb\xbfsingle\nscans/a.pdf\n",
            b"single\0scans/a.pdf\0",
            "single\nscans/a.pdf\n".encode("utf-16"),
        ],
    )
    def test_forms(self, data, tree):
        (tree / "list.txt").write_bytes(data)
        assert names("@list.txt") == ["single", "scans/a.pdf"]
        assert names("-", stdin=io.TextIOWrapper(io.BytesIO(data))) == ["single", "scans/a.pdf"]

    def test_names_in_lists_are_taken_as_they_are(self, tree):
        (tree / "list.txt").write_bytes(b"*.png\n@single\n-\n a \nbad\xff.png\nscans/deep\n")
        assert names("@list.txt") == ["*.png", "@single", "-", " a ", "bad\udcff.png", *IN_SCANS[4:]]
        (tree / "list.txt").write_bytes(b"new\nline.png\0x\0")
        assert names("@list.txt") == ["new\nline.png", "x"]

    def test_long_lists(self, tree):
        wanted = [f"page {i:06d}.png" for i in range(20_000)]
        (tree / "list.txt").write_text("\n".join(wanted))
        assert names("@list.txt") == wanted

    def test_text_streams_without_bytes(self):
        assert names("-", stdin=io.StringIO("single\n")) == ["single"]

    def test_standard_input_is_read_as_it_arrives(self):
        readable, writable = os.pipe()
        with os.fdopen(readable) as stdin, os.fdopen(writable, "wb", buffering=0) as producer:
            producer.write(b"single\nscans/a.pdf\nsca")
            found = expand_inputs(["-"], stdin)
            assert [next(found).name, next(found).name] == ["single", "a.pdf"]
            producer.write(b"ns/9.png\n")
            assert next(found).name == "9.png"

    def test_no_standard_input(self):
        with pytest.raises(UsageError, match="U112"):
            names("-")

    def test_empty_standard_input(self):
        with pytest.raises(InputError, match="-: I111"):
            names("-", stdin=io.StringIO(""))

    def test_missing_list(self):
        with pytest.raises(InputError, match=r"nope\.txt: I110"):
            names("@nope.txt")
        with pytest.raises(InputError, match="scans: I110 is a folder"):
            names("@scans")


def test_folders_that_cannot_be_entered_are_reported(tree, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert names("scans") == [*IN_SCANS[:4], "scans/deep"]
