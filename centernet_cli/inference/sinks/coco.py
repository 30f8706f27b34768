"""boxes.json: one COCO file, put together from spools when the last page is done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from centernet_cli.core.safe_io import atomic_path
from centernet_cli.core.spool import Spool
from centernet_cli.core.strict_json import encode_rows, encode_value
from centernet_cli.datasets.formats.coco_write import CocoRows, failure_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any, BinaryIO

    from centernet_cli.core.records import Failure
    from centernet_cli.inference.sinks.sink import Header, SeenPage


class CocoSink:
    """Writes a COCO file, completely or not at all, byte for byte as `encode_json` would write the whole.

    Args:
        out: The file; None: stdout.
    """

    def __init__(self, out: Path | None) -> None:
        self._out = out
        self._images, self._annotations, self._failures = (_Rows(Spool(out)) for _ in range(3))
        self._header: Header | None = None
        self._numbering = CocoRows((), predicted=True)

    def start(self, header: Header) -> None:
        self._header = header
        self._numbering = CocoRows(header.classes, predicted=True)

    def add(self, page: SeenPage) -> None:
        image, annotations = self._numbering.page(page.record)
        self._images.write([{**image, **page.extras()}])
        self._annotations.write(annotations)

    def fail(self, failure: Failure) -> None:
        self._failures.write([failure_row(failure)])

    def finish(self) -> None:
        if self._out is None:
            sys.stdout.flush()
            # Bytes, where the stream has them: it would only encode again what is encoded already.
            self._write(sys.stdout.buffer) if hasattr(sys.stdout, "buffer") else self._print()
        else:
            with atomic_path(self._out) as temporary, temporary.open("wb") as file:
                self._write(file)
        self.discard()

    def discard(self, *, interrupted: bool = False) -> None:
        del interrupted  # half of it would be of no use
        for rows in (self._images, self._annotations, self._failures):
            rows.spool.close()

    def _write(self, file: BinaryIO) -> None:
        file.writelines(self._document())

    def _print(self) -> None:
        for chunk in self._document():
            sys.stdout.write(chunk.decode())

    def _document(self) -> Iterator[bytes]:
        assert self._header is not None
        yield b'{\n"info": ' + encode_value(self._header.info).encode("utf-8", "backslashreplace")
        yield b',\n"images": '
        yield from self._images.chunks()
        categories = encode_rows(self._numbering.categories())
        yield f',\n"categories": [\n{categories}\n],\n"annotations": '.encode("utf-8", "backslashreplace")
        yield from self._annotations.chunks()
        yield b',\n"failures": '
        yield from self._failures.chunks()
        yield b"\n}\n"


class _Rows:
    """A list of objects, one a line."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self._empty = True

    def write(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.spool.write(("" if self._empty else ",\n") + encode_rows(rows))
            self._empty = False

    def chunks(self) -> Iterator[bytes]:
        if self._empty:
            yield b"[]"
            return
        yield b"[\n"
        yield from self.spool.chunks()
        yield b"\n]"
