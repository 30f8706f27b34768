"""JSON Lines: a page a line, written as soon as it is done; the file can be read while the program runs."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from typing import TYPE_CHECKING, TextIO

from centernet_cli.core.errors import OutputError
from centernet_cli.datasets.formats.json_lines import failure_line, page_line

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.records import Failure
    from centernet_cli.inference.sinks.sink import Header, SeenPage

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class JsonLinesSink:
    """Appends to a file, or to stdout.

    Unlike other outputs the file is under its name from the first page on, and what is done stays in it when the
    program is interrupted. A line is written at once, with its end.

    Args:
        out: The file; None: stdout.
    """

    def __init__(self, out: Path | None) -> None:
        self._out = out
        self._file: TextIO | None = None
        # Before the first page an output of an earlier run is still whole.
        self._early: list[Failure] = []

    def start(self, header: Header) -> None:
        del header  # lines stand for themselves
        self._file = self._open()
        for failure in self._early:
            self._write(failure_line(failure))
        self._early.clear()

    def add(self, page: SeenPage) -> None:
        self._write({**page_line(page.record, predicted=True), **page.extras()})

    def fail(self, failure: Failure) -> None:
        if self._file is None:
            self._early.append(failure)
        else:
            self._write(failure_line(failure))

    def finish(self) -> None:
        if self._file is not None and self._out is not None and not _is_at(self._file, self._out):
            self._close()
            message = "was removed or replaced while it was being written"
            raise OutputError("O801", message, path=self._out, hint="--resume writes it again")
        self._close()

    def discard(self, *, interrupted: bool = False) -> None:
        made = self._file is not None and self._out is not None and _is_at(self._file, self._out)
        with contextlib.suppress(OSError):  # what could not be written cannot be when closing either
            self._close()
        if made and not interrupted and self._out is not None and self._out.is_file():
            self._out.unlink(missing_ok=True)

    def _write(self, line: dict[str, object]) -> None:
        assert self._file is not None  # start() was called
        try:
            self._file.write(_encode(line) + "\n")
            self._file.flush()
        except BrokenPipeError:  # of stdout: the boundary knows what to do
            raise
        except OSError as error:
            raise self._problem(error) from error

    def _open(self) -> TextIO:
        if self._out is None:
            return sys.stdout
        try:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            return self._out.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            raise self._problem(error) from error

    def _problem(self, error: OSError) -> OutputError:
        return OutputError("O801", f"cannot be written: {(error.strerror or str(error)).lower()}", path=self._out)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None and self._out is not None:
            file.close()


def _is_at(file: TextIO, path: Path) -> bool:
    """Say whether an open file is still the one of that name; devices and pipes always are."""
    status = os.fstat(file.fileno())
    try:
        return not stat.S_ISREG(status.st_mode) or os.path.samestat(status, path.stat())
    except OSError:
        return False
