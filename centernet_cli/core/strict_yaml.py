"""YAML as data only: the scalars of the YAML 1.2 core schema, every value with its line and column.

Refused, all in one go: duplicate keys, anchors and aliases, tags, several documents. `no` is a word, `1e-4` a number,
`1:30` a word; nothing is ever constructed but dict, list, str, int, float, bool and None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

Scalar = str | int | float | bool | None
KeyPath = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_DEPTH = 50

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place: line and column from 1; `key` is the value it is in."""

    code: str
    message: str
    line: int
    col: int
    key: KeyPath = ()
    hint: str | None = None


@dataclass(slots=True)
class Document:
    """A parsed document.

    Attributes:
        data: Plain values.
        marks: Line and column (from 1) of each key path: where the key stands, or the item of a list.
        problems: What was refused; `data` holds None in such places.
    """

    data: object = None
    marks: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def core_scalar(text: str) -> Scalar:
    """Return what an unquoted YAML 1.2 scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 400:  # no number worth having; int() has a limit of its own
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _INFINITY.fullmatch(text):
        return float(f"{match.group(1)}inf")
    return text


def decode(raw: bytes) -> str | Problem:
    """Decode the bytes of a file: UTF-8 with or without BOM, at most `MAX_BYTES`."""
    if len(raw) > MAX_BYTES:
        return Problem("R303", f"file has {len(raw):,} bytes, more than {MAX_BYTES:,}", 1, 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        col = error.start - (before.rfind(b"\n") + 1) + 1
        return Problem("R303", "not UTF-8 text", line, col, hint="save the file as UTF-8")


def parse(text: str) -> Document:
    """Parse one document; never raises, whatever the text."""
    reader = _Reader()
    try:
        reader.read(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        hint = "indent with spaces, not tabs" if mark and "\t" in _line(text, mark.line)[: mark.column + 1] else None
        reader.document.problems.append(Problem("R302", f"not YAML: {error.problem or error}", line, col, hint=hint))
    except yaml.reader.ReaderError as error:
        line, col = _place(text, error.position)
        problem = Problem("R302", f"not YAML: character #x{_ordinal(error.character):04x} is not allowed", line, col)
        reader.document.problems.append(problem)
    except _StopReading:
        pass
    except ValueError as error:  # an escape such as "\UFFFFFFFF" inside quotes
        reader.document.problems.append(Problem("R302", f"not YAML: {error}", 1, 1))
    return reader.document


def _events(text: str) -> Iterator[yaml.Event]:
    yield from yaml.parse(text, Loader=yaml.SafeLoader)


def _position(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _ordinal(character: str | int) -> int:
    return character if isinstance(character, int) else ord(character)


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number] if number < len(lines) else ""


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


class _StopReading(Exception):  # noqa: N818 - no error: the problem is in the document
    pass


@dataclass(slots=True)
class _Open:
    """A collection being read."""

    value: dict[str, object] | list[object]
    path: KeyPath
    key: str | None = None
    """Key whose value comes next; None where a key is expected."""
    skip: bool = False
    """The next value belongs to a refused key."""


class _Reader:
    """Builds plain values from parser events, without recursion."""

    def __init__(self) -> None:
        self.document = Document()
        self._stack: list[_Open] = []
        self._documents = 0

    def read(self, events: Iterator[yaml.Event]) -> None:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._documents += 1
                if self._documents > 1:
                    self._problem(event, "R305", "more than one document", path=())
                    raise _StopReading
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._stack.pop()
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)

    def _node(self, event: yaml.NodeEvent) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(event, top, top.value)
            return
        path = () if top is None else (*top.path, top.key if top.key is not None else len(top.value))
        self._refuse_references(event, path)
        value: object = None
        if isinstance(event, yaml.ScalarEvent):
            value = core_scalar(event.value) if event.style is None else event.value
            if isinstance(value, str):
                self._refuse_surrogates(event, value, path)
        elif isinstance(event, yaml.MappingStartEvent):
            value = {}
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
        self._place(event, top, path, value)
        if isinstance(value, dict | list):
            if len(self._stack) >= MAX_DEPTH:
                self._problem(event, "R302", f"nested more than {MAX_DEPTH} levels deep", path)
                raise _StopReading
            self._stack.append(_Open(value, path))

    def _key(self, event: yaml.NodeEvent, top: _Open, mapping: dict[str, object]) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._problem(event, "R302", "a key must be a word, not an alias, list or mapping", top.path)
            raise _StopReading
        path = (*top.path, event.value)
        self._refuse_references(event, path)
        self._refuse_surrogates(event, event.value, path)
        top.key, top.skip = event.value, event.value in mapping
        if top.skip:
            line = self.document.marks[path][0]
            self._problem(event, "R304", f"duplicate key '{event.value}' (first in line {line})", path)
        else:
            self._mark(event, path)

    def _place(self, event: yaml.NodeEvent, top: _Open | None, path: KeyPath, value: object) -> None:
        if top is None:
            self.document.data = value
            self._mark(event, path)
        elif isinstance(top.value, list):
            self._mark(event, path)
            top.value.append(value)
        else:
            assert top.key is not None
            if not top.skip:
                top.value[top.key] = value
            top.key = None

    def _refuse_references(self, event: yaml.NodeEvent, path: KeyPath) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._problem(event, "R305", f"alias *{event.anchor} is not allowed", path, "write the value out")
        elif event.anchor is not None:
            self._problem(event, "R305", f"anchor &{event.anchor} is not allowed", path)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._problem(event, "R305", f"tag {tag} is not allowed", path)

    def _refuse_surrogates(self, event: yaml.NodeEvent, value: str, path: KeyPath) -> None:
        if any("\ud800" <= char <= "\udfff" for char in value):
            self._problem(event, "R302", "half of a surrogate pair is not a character", path)

    def _mark(self, event: yaml.Event, path: KeyPath) -> None:
        self.document.marks[path] = _position(event)

    def _problem(self, event: yaml.Event, code: str, message: str, path: KeyPath, hint: str | None = None) -> None:
        self.document.problems.append(Problem(code, message, *_position(event), path, hint))
