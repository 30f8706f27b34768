"""Names of written files: one for each page, short enough, and all there or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.errors import OutputError
from centernet_cli.datasets.formats.file_names import unique_names, write_files
from centernet_cli.datasets.formats.tally import Tally


def test_names() -> None:
    pages = [
        ("x/a.png", None),
        ("x/a.jpg", None),
        ("x/a.jpg", None),
        ("x/a.jpg", None),
        ("c.pdf", 3),
        ("c.pdf", 3),
        ("c.pdf", 3),
        (".b", None),
    ]
    assert unique_names((source, page, ".txt") for source, page in pages) == [
        "x/a.txt",
        "x/a.jpg.txt",
        "x/a.jpg~2.txt",
        "x/a.jpg~3.txt",
        "c-p003.txt",
        "c.pdf-p003.txt",
        "c.pdf-p003~2.txt",
        ".b.txt",
    ]


@given(st.lists(st.tuples(st.text("ab./~2é", min_size=1, max_size=6), st.none() | st.integers(1, 3)), max_size=8))
def test_no_two_names_are_alike(pages: list[tuple[str, int | None]]) -> None:
    names = unique_names((source, page, ".txt") for source, page in pages)
    assert len(set(names)) == len(names) == len(pages)


def test_long_names_are_shortened() -> None:
    names = unique_names([(f"{'é' * 200}{number}.png", None, ".json") for number in range(3)])
    assert len(set(names)) == 3
    assert all(len(name.encode()) < 255 for name in names)


def test_all_files_or_none(tmp_path: Path) -> None:
    write_files(tmp_path / "new", ["a.txt", "x/b.txt"], ["1", "\udc80"], Tally())
    assert (tmp_path / "new/x/b.txt").read_bytes() == b"\\udc80"
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "x").write_text("a file where a folder should go")
    with pytest.raises(OutputError, match="O801"):
        write_files(tmp_path / "old", ["a.txt", "x/b.txt"], ["1", "2"], Tally())
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["x"]
