"""A folder of labelme files, one a page, which appear together when the last page is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.datasets.formats.file_names import FileNames, way_to, write_files
from centernet_cli.datasets.formats.labelme_write import labelme_text
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.inference.sinks.spool import Spool

if TYPE_CHECKING:
    from centernet_cli.core.records import Failure
    from centernet_cli.inference.sinks.sink import Header, SeenPage


class LabelmeSink:
    """Writes files for labelme, all of them or none.

    Args:
        out: The folder; made if missing.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._spool = Spool(out)
        self._names = FileNames()
        self._tally = Tally()

    def start(self, header: Header) -> None:
        """Nothing to do: labelme files name no classes."""

    def add(self, page: SeenPage) -> None:
        info = page.record.info
        name = self._names.name(Path(info.source).name, info.page, ".json")
        text = labelme_text(page.record, way_to(info.source, self._out), self._tally)
        self._spool.write(json.dumps([name, text]) + "\n")

    def fail(self, failure: Failure) -> None:
        """Nothing to do: failures have no place there."""

    def finish(self) -> None:
        names = [json.loads(line)[0] for line in self._spool.lines()]
        texts = (json.loads(line)[1] for line in self._spool.lines())
        write_files(self._out, names, texts, self._tally)
        self.discard()

    def discard(self, *, interrupted: bool = False) -> None:
        del interrupted  # half of it would be of no use
        self._spool.close()
