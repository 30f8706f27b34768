"""Formats with a file for each page: a folder of them, which appear together when all pages are done, or just one."""

from __future__ import annotations

import json
import os
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import OutputError
from centernet_cli.core.safe_io import atomic_write_text
from centernet_cli.core.spool import Spool
from centernet_cli.datasets.formats.file_names import FileNames, way_to, write_files
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.inference.sinks.page_pictures import PagePictures, of_picture

if TYPE_CHECKING:
    from collections.abc import Collection

    from centernet_cli.core.records import Failure
    from centernet_cli.inference.sinks.page_formats import PageFormat
    from centernet_cli.inference.sinks.sink import Header, SeenPage


class PageFilesSink:
    """Writes a folder of files, all of them or none.

    Args:
        format: What is written.
        out: The folder; made if missing.
        inputs: Real paths of the input files, whose names in `out` are not taken.
    """

    def __init__(self, format: PageFormat, out: Path, inputs: Collection[str] = ()) -> None:  # noqa: A002
        self._format = format
        self._out = out
        self._spool = Spool(out)
        inside = os.path.join(os.path.realpath(out / format.folder), "")  # noqa: PTH118 - for its separator at the end
        self._names = FileNames(name.removeprefix(inside) for name in inputs if name.startswith(inside))
        self._pictures = PagePictures(out)
        self._classes: tuple[str, ...] = ()

    def start(self, header: Header) -> None:
        self._classes = header.classes

    def add(self, page: SeenPage) -> None:
        record, info = page.record, page.record.info
        folder = self._format.folder
        image = way_to(info.source, self._out / folder)
        if self._format.pictures and info.page is not None and page.page is not None:
            image = self._names.name(Path(info.source).name, info.page, ".jpg")
            self._pictures.add(page.page, image)
            record = of_picture(record)
        name = self._names.name(Path(info.source).name, info.page, self._format.suffixes[0])
        text = self._format.text(record, image, self._classes)
        self._spool.write(json.dumps([f"{folder}/{name}" if folder else name, text]) + "\n")

    def fail(self, failure: Failure) -> None:
        """Nothing to do: failures have no place there."""

    def finish(self) -> None:
        others = {} if self._format.others is None else self._format.others(self._classes)
        names = [*(json.loads(line)[0] for line in self._spool.lines()), *others]
        texts = chain((json.loads(line)[1] for line in self._spool.lines()), others.values())
        write_files(self._out, names, texts, Tally(), also=self._pictures.move_to)
        self.discard()

    def discard(self, *, interrupted: bool = False) -> None:
        del interrupted
        self._spool.close()
        self._pictures.discard()


class OnePageSink:
    """Writes the file of a single page; there must not be a second one.

    Args:
        format: What is written.
        out: The file.
    """

    def __init__(self, format: PageFormat, out: Path) -> None:  # noqa: A002
        self._format = format
        self._out = out
        self._classes: tuple[str, ...] = ()
        self._text: str | None = None

    def start(self, header: Header) -> None:
        self._classes = header.classes

    def add(self, page: SeenPage) -> None:
        if self._text is not None:
            message = "a file of this format holds one page, but there are more"
            hint = "name a folder with --out; a / at its end says that it is one"
            raise OutputError("O804", message, path=self._out, hint=hint)
        self._text = self._format.text(page.record, way_to(page.record.info.source, self._out.parent), self._classes)

    def fail(self, failure: Failure) -> None:
        """Nothing to do: failures have no place there."""

    def finish(self) -> None:
        if self._text is not None:
            atomic_write_text(self._out, self._text)

    def discard(self, *, interrupted: bool = False) -> None:
        del interrupted
        self._text = None
