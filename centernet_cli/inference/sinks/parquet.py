"""Parquet: written in groups of pages while they come, in a file that appears when the last page is done."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import OutputError
from centernet_cli.core.safe_io import atomic_path
from centernet_cli.datasets.formats.parquet import ROWS, failure_row, page_row, pyarrow, schema

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.records import Failure
    from centernet_cli.inference.sinks.sink import Header, SeenPage


class ParquetSink:
    """Writes a Parquet file, completely or not at all.

    Args:
        out: The file.

    Raises:
        MissingRequirementError: E712, pyarrow is missing.
    """

    def __init__(self, out: Path) -> None:
        self._pa = pyarrow()
        self._out = out
        self._rows: list[dict[str, object]] = []
        self._stack = ExitStack()
        self._schema: Any = None
        self._writer: Any = None

    def start(self, header: Header) -> None:
        self._schema = schema(header.classes, header.info, predicted=True)
        temporary = self._stack.enter_context(atomic_path(self._out))
        writer = self._pa.parquet.ParquetWriter(temporary, self._schema, compression="zstd")
        self._writer = self._stack.enter_context(writer)

    def add(self, page: SeenPage) -> None:
        self._take(page_row(page.record, page.network_size))

    def fail(self, failure: Failure) -> None:
        self._take(failure_row(failure))

    def finish(self) -> None:
        try:
            self._write()
        except BaseException as error:
            self._leave(error)
            raise
        self._stack.close()

    def discard(self, *, interrupted: bool = False) -> None:
        del interrupted  # without its end the file cannot be read
        self._leave(_DiscardedError())

    def _take(self, row: dict[str, object]) -> None:
        self._rows.append(row)
        if len(self._rows) >= ROWS and self._writer is not None:
            self._write()

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        try:
            self._writer.write_table(self._pa.Table.from_pylist(rows, schema=self._schema))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError("O801", f"cannot be written: {reason}", path=self._out) from error

    def _leave(self, error: BaseException) -> None:
        """Close what is open in such a way that the temporary file goes."""
        self._rows = []
        with suppress(_DiscardedError):
            self._stack.__exit__(type(error), error, error.__traceback__)
        self._stack = ExitStack()


class _DiscardedError(Exception):
    """Leaves the block in which the file is written."""
