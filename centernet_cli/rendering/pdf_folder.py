"""Annotated copies of the PDFs among the inputs: each is written when its last page has come."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.core.records import Failure
from centernet_cli.datasets.formats.file_names import FileNames
from centernet_cli.rendering.pdf_copy import annotate_pdf

if TYPE_CHECKING:
    from collections.abc import Collection

    from centernet_cli.core.records import PageRecord


class PdfFolder:
    """Takes pages in input order, and copies each PDF with its boxes.

    Args:
        target: A folder, or the file for the one PDF among the inputs.
        is_folder: Which of them it is.
        inputs: Real paths of the input files, whose names are not taken.
        password: Opens encrypted PDFs.

    Attributes:
        seen: How many PDFs had pages.
        written: How many copies there are.
    """

    def __init__(
        self, target: Path, *, is_folder: bool, inputs: Collection[str] = (), password: str | None = None
    ) -> None:
        self._target = target
        self._is_folder = is_folder
        self._password = password
        inside = os.path.join(os.path.realpath(target), "")  # noqa: PTH118 - for its separator at the end
        self._names = FileNames(name.removeprefix(inside) for name in inputs if name.startswith(inside))
        self._classes: tuple[str, ...] = ()
        self._source: str | None = None
        self._pages: dict[int, PageRecord] = {}
        self.written = 0
        self.seen = 0

    def start(self, classes: tuple[str, ...]) -> None:
        """Learn the classes, before the first page."""
        self._classes = classes

    def add(self, record: PageRecord) -> Failure | None:
        """Take the next page; return what went wrong with the copy of the PDF before it, if anything did.

        Raises:
            OutputError: O801 a copy cannot be written; O804, a second PDF for one file.
        """
        if record.info.width_pt is None or record.info.page is None:
            return None  # an image
        failure = None
        if record.info.source != self._source:
            if self._source is not None and not self._is_folder:
                hint = "name a folder; a / at its end says that it is one"
                raise OutputError("O804", "one file for several PDFs", path=self._target, hint=hint)
            failure = self.finish()
            self.seen += 1
            self._source = record.info.source
        self._pages[record.info.page] = record
        return failure

    def finish(self) -> Failure | None:
        """Write the copy of the last PDF; return what went wrong with it, if anything did.

        Raises:
            OutputError: O801.
        """
        if self._source is None:
            return None
        source, pages = self._source, self._pages
        self._source, self._pages = None, {}
        target = self._target
        if self._is_folder:
            target /= self._names.name(Path(source).name, None, ".pdf")
        else:
            self._source = source  # another one would have no place
        try:
            annotate_pdf(Path(source), target, pages, self._classes, self._password)
        except InputError as error:
            message = f"{error.message} ({error.hint})" if error.hint else error.message
            return Failure(source=source, code=error.code, message=message)
        self.written += 1
        return None
