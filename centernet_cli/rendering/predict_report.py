"""The report of `predict`: one HTML file with all pages, counts, scores, failures, model and options."""

from __future__ import annotations

import json
from html import escape
from itertools import chain
from typing import TYPE_CHECKING

from centernet_cli.core.safe_io import atomic_path
from centernet_cli.core.spool import Spool
from centernet_cli.rendering.html_page import (
    contents,
    html_table,
    page_end,
    page_head,
    section,
    table_ends,
    table_row,
)
from centernet_cli.rendering.plot_parts import COLOURS
from centernet_cli.rendering.report_counts import ReportCounts
from centernet_cli.rendering.report_sheet import Sheet, sheet_markup
from centernet_cli.rendering.report_style import SCRIPT, STYLE, class_style

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.core.records import Failure, PageRecord

MAX_PICTURES = 3000
"""With the pictures of more pages, the file would be too large for browsers; the others have their boxes alone."""


class PredictReport:
    """Takes pages as they come, and writes a self-contained HTML file, completely or not at all.

    What was found and the pictures wait on disk, so memory does not grow with the number of pages.

    Args:
        path: The file.

    Raises:
        OutputError: O801, here and in all methods.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sheets, self._rows, self._failures = Spool(path), Spool(path), Spool(path)
        self._counts = ReportCounts(())
        self._info: dict[str, object] = {}
        self._failed = 0

    def start(self, classes: tuple[str, ...], info: dict[str, object]) -> None:
        """Learn the classes and facts of the run, before the first page."""
        self._counts = ReportCounts(classes)
        self._info = info

    def add(self, record: PageRecord, picture: str | None, *, network_size: int, capped: bool = False) -> None:
        """Take the next page.

        Args:
            record: What was found.
            picture: What `small_picture` returned; None: there is none.
            network_size: Long side at which the network saw the page, in pixels.
            capped: Whether boxes may be missing.
        """
        counts = self._counts
        counts.add(record.annotations, capped=capped)
        sheet = Sheet(
            number=counts.pages,
            info=record.info,
            annotations=record.annotations,
            network_size=network_size,
            capped=capped,
            picture=picture if counts.pages <= MAX_PICTURES else None,
        )
        numbers = {name: number for number, name in enumerate(counts.classes)}
        self._sheets.write(sheet_markup(sheet, numbers, self._path.parent))
        found = [sum(one.label == name for one in record.annotations) for name in counts.classes]
        scores = sheet.scores()
        lowest = f"{min(scores):.3f}" if scores else ""
        row = [record.info.name, *(f"{number:,}" for number in found), f"{len(record.annotations):,}", lowest]
        self._rows.write(table_row(row, link=f"p{sheet.number}"))

    def fail(self, failure: Failure) -> None:
        """Take what could not be read or processed."""
        self._failed += 1
        page = "" if failure.page is None else str(failure.page)
        self._failures.write(table_row([failure.source, page, failure.code, failure.message]))

    def finish(self) -> None:
        """Put the report, complete, in its place."""
        self._counts.failed = self._failed
        with atomic_path(self._path) as temporary, temporary.open("wb") as file:
            for part in self._parts():
                file.write(part if isinstance(part, bytes) else part.encode("utf-8", "backslashreplace"))
        self.discard()

    def discard(self) -> None:
        """Forget everything; a report of an earlier run stays as it was."""
        for spool in (self._sheets, self._rows, self._failures):
            spool.close()

    def _parts(self) -> Iterator[str | bytes]:
        counts = self._counts
        colours = [COLOURS[number % len(COLOURS)] for number in range(len(counts.classes))]
        yield page_head(f"What centernet found on {counts.pages:,} pages", style=STYLE + class_style(colours))
        places = [("pages", "Pages"), ("table", "Table of pages"), ("run", "Model and options")]
        yield contents([("failed", "Failures"), *places] if self._failed else places)
        yield section("Counts", counts.figures(), counts.table(), counts.scores())
        if self._failed:
            header = ["file", "page", "code", "problem"]
            yield from self._table("failed", "Failures", header, self._failures, words=True)
        note = ""
        if counts.pages > MAX_PICTURES:
            note = f"From page {MAX_PICTURES + 1:,} on boxes have no pictures: more would be too much for browsers."
        yield f'<section id="pages">\n<h2>Pages</h2>\n<p>{escape(note)}</p>{self._tools()}<div class="sheets">'
        yield from self._sheets.chunks()
        yield "</div>\n</section>\n"
        header = ["page", *counts.classes, "all boxes", "lowest score"]
        yield from self._table("table", "Table of pages", header, self._rows, sortable=True)
        yield section("Model and options", _facts(self._info), anchor="run")
        yield _LARGE
        yield page_end(script=SCRIPT)

    def _table(
        self, anchor: str, heading: str, header: list[str], rows: Spool, *, sortable: bool = False, words: bool = False
    ) -> Iterator[str | bytes]:
        start, end = table_ends(header, sortable=sortable, words=words)
        yield f'<section id="{anchor}">\n<h2>{escape(heading)}</h2>\n{start}'
        yield from rows.chunks()
        yield f"{end}</section>\n"

    def _tools(self) -> str:
        classes = list(enumerate(self._counts.classes))
        kinds = "".join(
            f'<label><input type="checkbox" id="t{number}" checked> <i class="k{number}"></i>{escape(name)}</label>'
            for number, name in classes
        )
        options = "".join(f'<option value="{number}">with {escape(name)}</option>' for number, name in classes)
        return (
            '<div class="bar"><div class="tools">'
            '<label>Search <input type="search" id="search" placeholder="part of a name"></label>'
            f'<label>Show <select id="kind"><option value="">all pages</option>{options}'
            '<option value="none">without boxes</option></select></label>'
            '<label>Sort <select id="sort"><option value="order">as given</option><option value="name">by name</option>'
            '<option value="most">most boxes first</option><option value="fewest">fewest boxes first</option>'
            '<option value="low">lowest score first</option></select></label>'
            '<label>Least score <input type="range" id="least" min="0" max="1" step="0.01" value="0"> '
            '<output id="value">0.00</output></label> <output id="shown"></output></div>'
            f'<div class="kinds">{kinds}</div></div>'
        )


_LARGE = (
    '<dialog aria-labelledby="title"><form method="dialog"><b id="title"></b><button type="button" id="before">‹ before'
    '</button><button type="button" id="after">next ›</button><button>close</button></form><div id="stage"></div>'
    "</dialog>\n"
)


def _facts(info: dict[str, object]) -> str:
    """Return nested facts as a table of names and values."""
    rows = list(chain.from_iterable(_flat(key, value) for key, value in info.items()))
    return html_table(["what", "value"], rows, words=True)


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
