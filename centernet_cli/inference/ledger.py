"""What a run has done so far, page by page, so that a run that was cut off can be taken up again.

A text file beside the output, one JSON object a line, appended as pages come out. What the last line lacks when the
program is killed is cut off, and that page is done again. Files are known by the SHA-256 of their content, whatever
they are called.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.core.records import Annotation, PageInfo, PageRecord
from centernet_cli.core.safe_io import sha256_file
from centernet_cli.core.strict_json import encode_value
from centernet_cli.inference.sinks.sink import SeenPage
from centernet_cli.pages.options import chosen_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any, BinaryIO, Self

    from centernet_cli.pages.options import PageRanges

VERSION = 1
_INFO = ("width", "height", "page", "dpi", "width_pt", "height_pt", "rotation", "orientation")


def ledger_path(out: Path) -> Path:
    """Return where the ledger of an output is: `boxes.json.ledger`."""
    return out.with_name(f"{out.name}.ledger")


def options_key(options: dict[str, object]) -> str:
    """Return a short name for the options that decide what comes out; results of other options are of no use."""
    return hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(slots=True)
class _File:
    """What is done of a file: where in the ledger the result of each page is."""

    count: int | None = None
    pages: dict[int | None, tuple[int, int]] = field(default_factory=dict)


class Ledger:
    """The ledger of one output; use it in a `with` block.

    Args:
        path: Of the ledger.
        key: From `options_key`.
        resume: Whether to use what is there; else it is begun anew.

    Attributes:
        found: How many pages an earlier run has done.
        foreign: Whether there was a ledger, but of other options.

    Raises:
        OutputError: O801.
    """

    def __init__(self, path: Path, key: str, *, resume: bool) -> None:
        self.path = path
        self._key = key
        self._files: dict[str, _File] = {}
        self._told: set[str] = set()
        self.found = self.added = 0
        self.foreign = False
        self._file: BinaryIO | None = None
        if resume and path.is_file():
            try:
                self._file = self._open()
                self._begin(self._file)
            except OSError as error:
                raise self._problem(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def remove(self) -> None:
        """Delete the ledger: it is of no more use."""
        self.__exit__()
        self.path.unlink(missing_ok=True)

    def add(self, digest: str, count: int | None, page: SeenPage) -> None:
        """Keep the result for a page.

        Args:
            digest: SHA-256 of the file.
            count: How many pages it has, if it is a PDF.
            page: The result.

        Raises:
            OutputError: O801.
        """
        if digest not in self._told:
            self._told.add(digest)
            self._append({"file": digest, "count": count})
        self._append({"of": digest, **_to_json(page)})
        self.added += 1

    def known(self, path: Path, wanted: PageRanges | None) -> KnownFile | None:
        """Return what is done of a file; None for an unknown one, or one that cannot be read."""
        if not self._files:
            return None
        try:
            digest = sha256_file(path)
        except InputError:
            return None
        done = self._files.get(digest)
        return None if done is None else KnownFile(self, digest, path, done, wanted)

    def read(self, place: tuple[int, int], source: str) -> SeenPage:
        """Return the result at a place in the ledger."""
        start, length = place
        assert self._file is not None  # it was read from there
        return _from_json(_parse(os.pread(self._file.fileno(), length, start)), source)

    def _begin(self, file: BinaryIO) -> None:
        """Read what is there, and cut off what is of no use."""
        good = 0
        for start, line in _lines(file):
            value = _parse(line)
            if start == 0:
                if value.get("ledger") != VERSION or value.get("options") != self._key:
                    self.foreign = bool(value)
                    break
            elif not self._index(value, (start, len(line))):
                break
            good = start + len(line)
        file.truncate(good)
        file.seek(good)
        if good == 0:
            self._write(file, {"ledger": VERSION, "options": self._key})

    def _index(self, value: dict[str, Any], place: tuple[int, int]) -> bool:
        digest = value.get("file", value.get("of"))
        if not isinstance(digest, str):
            return False
        file = self._files.setdefault(digest, _File())
        if "file" in value:
            file.count = value["count"]
            self._told.add(digest)
        else:
            self.found += value["page"] not in file.pages
            file.pages[value["page"]] = place
        return True

    def _append(self, value: dict[str, object]) -> None:
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._open()
                self._file.truncate(0)
                self._write(self._file, {"ledger": VERSION, "options": self._key})
            self._write(self._file, value)
        except OSError as error:
            raise self._problem(error) from error

    def _open(self) -> BinaryIO:
        """Open the file, made if need be, for this run alone; it is free again when the process ends, however it does.

        Raises:
            OSError: It cannot be opened.
            OutputError: O805, another run has it.
        """
        file = open(self.path, "r+b", buffering=0, opener=_existing_or_new)  # noqa: SIM115 - for as long as the ledger
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # Windows
        except BlockingIOError as error:
            file.close()
            hint = "wait for it to end, or choose another --out"
            raise OutputError("O805", "another run is writing here", path=self.path, hint=hint) from error
        except OSError:
            pass  # some network file systems have no locks
        return file

    @staticmethod
    def _write(file: BinaryIO, value: dict[str, object]) -> None:
        line = encode_value(value).encode("utf-8", "backslashreplace") + b"\n"
        while line:  # unbuffered, so that what is written survives this process; a full disk takes a part
            line = line[file.write(line) :]

    def _problem(self, error: OSError) -> OutputError:
        return OutputError("O801", f"cannot be written: {(error.strerror or str(error)).lower()}", path=self.path)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What a ledger has of a file.

    Attributes:
        digest: SHA-256 of the file.
        path: Under which it is known now.
    """

    ledger: Ledger
    digest: str
    path: Path
    done: _File
    wanted: PageRanges | None

    @property
    def count(self) -> int | None:
        """How many pages it has, if it is a PDF."""
        return self.done.count

    def page(self, number: int | None) -> SeenPage | None:
        """Return the result for a page; None where there is none."""
        place = self.done.pages.get(number)
        return None if place is None else self.ledger.read(place, str(self.path))

    def frames(self) -> list[int]:
        """Return the frames of an image that are done, up to the first one that isn't."""
        numbers = {number for number in self.done.pages if number is not None}
        return list(takewhile(numbers.__contains__, chosen_pages(self.wanted, max(numbers, default=0))))


def _existing_or_new(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o666)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines with where they begin."""
    start = 0
    with open(file.fileno(), "rb", closefd=False) as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                return
            yield start, line
            start += len(line)


def _to_json(page: SeenPage) -> dict[str, object]:
    info = page.record.info
    labels = list(dict.fromkeys(annotation.label for annotation in page.record.annotations))
    return {
        **{name: getattr(info, name) for name in _INFO},
        "labels": labels,
        "boxes": [
            [*annotation.box, annotation.score, labels.index(annotation.label)]
            for annotation in page.record.annotations
        ],
        "network_size": page.network_size,
        "capped": page.capped,
        "tiles": page.tiles,
    }


def _from_json(value: dict[str, Any], source: str) -> SeenPage:
    labels = value["labels"]
    return SeenPage(
        record=PageRecord(
            info=PageInfo(source=source, **{name: value[name] for name in _INFO}),
            annotations=tuple(
                Annotation(label=labels[label], box=(x0, y0, x1, y1), score=score)
                for x0, y0, x1, y1, score, label in value["boxes"]
            ),
        ),
        network_size=value["network_size"],
        capped=value["capped"],
        tiles=None if value["tiles"] is None else tuple(value["tiles"]),
    )


def _parse(line: bytes) -> dict[str, Any]:
    """Return the object on a line, an empty one if there is none."""
    try:
        value = json.loads(line)  # it takes lone surrogates, which names may hold
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
