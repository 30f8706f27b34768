"""Text that waits on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from centernet_cli.core.errors import OutputError
from centernet_cli.core.spool import Spool


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "missing" / "out.json")
    spool.write("one\n")
    spool.write("\udc80\n")
    assert list(spool.lines()) == ["one\n", "\\udc80\n"]
    assert b"".join(spool.chunks()) == b"one\n\\udc80\n"
    spool.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_told_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "out.json")
    full = os.open("/dev/full", os.O_RDWR)
    os.dup2(full, spool._file.fileno())
    os.close(full)
    spool.write("x")  # it waits in memory
    with pytest.raises(OutputError, match=r"out\.json: O801"):
        list(spool.chunks())
    spool.close()
