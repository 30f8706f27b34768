"""What a check finds: one finding for each code and source, with a count and the first places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.errors import printable
from centernet_cli.core.shown_paths import shown
from centernet_cli.datasets.check.codes import CODES, OF_READERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from centernet_cli.core.errors import InputError
    from centernet_cli.core.records import Annotation, Box, PageInfo

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was found; as much of it as is known.

    Attributes:
        path: File that is wrong.
        line: From 1.
        col: From 1.
        page: Name of the page, as in the dataset.
        image_id: Its id in the file, if the format has any.
        shape: Number of the shape on its page from 1, of those that could be read.
        annotation_id: Its id in the file, if the format has any.
        label: Its class.
        box: Its box xyxy, page pixels.
        detail: What is wrong there, where the finding doesn't say all.
    """

    path: str | None = None
    line: int | None = None
    col: int | None = None
    page: str | None = None
    image_id: int | str | None = None
    shape: int | None = None
    annotation_id: int | str | None = None
    label: str | None = None
    box: Box | None = None
    detail: str = ""

    def __str__(self) -> str:
        parts = []
        if self.path is not None:
            parts.append(":".join([self.path, *(str(at) for at in (self.line, self.col) if at is not None)]))
        if self.page is not None:
            parts.append(self.page if self.image_id is None else f"{self.page} (image id {self.image_id})")
        if self.shape is not None:
            parts.append(f"shape {self.shape}" if self.annotation_id is None else f"annotation {self.annotation_id}")
        if self.label is not None:
            parts.append(repr(self.label)[:80])
        if self.box is not None:
            parts.append("{:g},{:g} to {:g},{:g}".format(*(round(value, 2) for value in self.box)))
        text = " ".join(part if index == 0 else f"· {part}" for index, part in enumerate(parts))
        return printable(": ".join(part for part in (text, self.detail) if part))

    def as_json(self) -> dict[str, object]:
        """Return what is known, for machines."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value is not None and value != ""}


@dataclass(slots=True, kw_only=True)
class Finding:
    """Something wrong with a source, once or often.

    Attributes:
        code: As in `docs/errors.md`.
        path: The source.
        severity: `error`: training or converting refuses it, or learns what is wrong. `warning`: likely a mistake.
            `info`: good to know.
        message: What is wrong.
        hint: What to do about it.
        count: How often.
        places: The first ones.
        repaired: How often `--fix` mended it, by what it did.
    """

    code: str
    path: str
    severity: Severity
    message: str
    hint: str
    count: int = 0
    places: list[Place] = field(default_factory=list)
    repaired: dict[str, int] = field(default_factory=dict)

    def line(self) -> str:
        """Return it as one line."""
        number = f"{self.count:,} × " if self.count > 1 else ""
        hint = f" ({printable(self.hint)})" if self.hint else ""
        return f"{printable(self.path)}: {self.code} {self.severity}: {number}{self.message}{hint}"

    def as_json(self) -> dict[str, object]:
        """Return it for machines."""
        return {
            "code": self.code,
            "severity": self.severity,
            "path": self.path,
            "message": self.message,
            "hint": self.hint,
            "count": self.count,
            "places": [place.as_json() for place in self.places],
            "repaired": self.repaired,
        }


class Findings:
    """Collects what is wrong; the memory it takes doesn't grow with how often something is.

    Args:
        shown: Places kept of each finding.
    """

    def __init__(self, shown: int = 5) -> None:
        self.shown = shown
        self._found: dict[tuple[str, str], Finding] = {}

    def add(self, code: str, path: object, place: Place | None = None, *, repair: str = "", count: int = 1) -> None:
        """Count something wrong with a source.

        Args:
            code: A key of `CODES`, or one that readers raise.
            path: The source.
            place: Where.
            repair: What `--fix` does about it; empty if nothing.
            count: How often, all in this place.
        """
        key = (code, str(path))
        finding = self._found.get(key)
        if finding is None:
            severity, message, hint = CODES.get(code) or ("error", *OF_READERS.get(code, ("cannot be read", "")))
            finding = Finding(code=code, path=str(path), severity=severity, message=message, hint=hint)
            self._found[key] = finding
        finding.count += count
        if place is not None and len(finding.places) < self.shown:
            finding.places.append(place)
        if repair:
            finding.repaired[repair] = finding.repaired.get(repair, 0) + count

    def add_error(self, error: InputError, path: object, *, repair: str = "") -> None:
        """Count a problem that a reader met; `path` is the source."""
        detail = error.message if error.hint is None else f"{error.message} ({error.hint})"
        place = Place(path=error.path, line=error.line, col=error.col, detail=detail)
        self.add(error.code, path, place, repair=repair)

    def sorted(self) -> list[Finding]:
        """Return the findings, the worst first."""
        return sorted(
            self._found.values(), key=lambda found: (SEVERITIES.index(found.severity), found.path, found.code)
        )

    def count(self, severity: Severity) -> int:
        """Return how many findings, of whatever count, have a severity."""
        return sum(found.severity == severity for found in self._found.values())


def of_shape(
    page: PageInfo,
    number: int,
    annotation: Annotation,
    *,
    ids: tuple[object, object] = (None, None),
    path: object = None,
    detail: str = "",
) -> Place:
    """Return the place of a shape: number `number`, from 0, of a page whose image and annotation ids are `ids`."""
    return Place(
        path=None if path is None else shown(path),
        page=page.name,
        image_id=_plain(ids[0]),
        shape=number + 1,
        annotation_id=_plain(ids[1]),
        label=annotation.label,
        box=annotation.box,
        detail=detail,
    )


def _plain(value: object) -> int | str | None:
    return value if isinstance(value, int | str) else None


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return names in a row, at most so many of them."""
    every = list(names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(repr(name)[:80] for name in every[:most]) + more
