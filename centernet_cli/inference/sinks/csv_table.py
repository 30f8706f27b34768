"""CSV: a row for each box, in a file that appears when the last page is done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from centernet_cli.core.safe_io import atomic_path
from centernet_cli.core.spool import Spool
from centernet_cli.datasets.formats.csv_table import csv_header, csv_rows

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.records import Failure
    from centernet_cli.inference.sinks.sink import Header, SeenPage


class CsvSink:
    """Writes a table, completely or not at all.

    Args:
        out: The file; None: stdout.
    """

    def __init__(self, out: Path | None) -> None:
        self._out = out
        self._spool = Spool(out)

    def start(self, header: Header) -> None:
        """Write the names of the columns; the classes have no place there."""
        del header
        self._spool.write(csv_header(predicted=True))

    def add(self, page: SeenPage) -> None:
        self._spool.write(csv_rows(page.record, predicted=True))

    def fail(self, failure: Failure) -> None:
        """Nothing to do: failures have no place there."""

    def finish(self) -> None:
        if self._out is None:
            for line in self._spool.lines():
                sys.stdout.write(line)
            sys.stdout.flush()
        else:
            with atomic_path(self._out) as temporary, temporary.open("wb") as file:
                for chunk in self._spool.chunks():
                    file.write(chunk)
        self.discard()

    def discard(self, *, interrupted: bool = False) -> None:
        del interrupted
        self._spool.close()
