"""JSON without its traps: duplicate keys, NaN, infinite and giant numbers, deep nesting, other encodings.

msgspec does the work, and what it would let pass is found by counting; where it refuses, the standard parser takes
over. Only when that, or one of the cheap checks around it, refuses, `_find_fault` walks the text slowly to name the
line and column.
"""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate, chain, compress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import msgspec

from centernet_cli.core.errors import InputError
from centernet_cli.core.leniency import hearer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_DEPTH = 200
_BOM = b"\xef\xbb\xbf"
_CONTAINERS = frozenset((dict, list))
_SPACED_COLONS = (b" :", b"\n:", b"\r:", b"\t:")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_CURLY_TO_SQUARE = bytes.maketrans(b"{}", b"[]")
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*(?:"|\Z)')
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_LARGE_EXPONENT = re.compile(rb"[eE]\+?[0-9]{3}")
_DIGITS_TO_ZERO = bytes(ord("0") if chr(byte).isdigit() else byte for byte in range(128)) + bytes(range(128, 256))
_MANY_DIGITS = b"0" * 200
_LEXEME = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s"\[\]{},:]+', re.DOTALL)
Value = TypeVar("Value")
_decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder()
_CODECS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


class _RefusedError(ValueError):
    """Raised inside the parser's hooks, which know what is wrong but not where."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse_json(data: bytes, *, path: Path | None = None) -> object:
    """Parse JSON strictly.

    Args:
        data: UTF-8, with or without a byte order mark.
        path: File named in errors.

    Returns:
        The value; every number in it is finite and fits a float.

    Raises:
        InputError: With line and column. J403 not UTF-8, J404 syntax (also trailing text and an empty file),
            J405 duplicate key, J406 NaN, infinity or a number too large, J407 nested deeper than 200 levels. Of J405
            and J406, lenient reading (`core.leniency`) hears the first, and goes on.
    """
    quick = _quick(data)
    if quick is not None:
        return quick
    text = _decode(data, path)
    if _depth(data) > MAX_DEPTH:
        _fail_at(text, path, _RefusedError("J407", f"nested deeper than {MAX_DEPTH} levels"))
    number: Callable[[str], float] | None = None
    integer: Callable[[str], int] | None = None
    if _may_hold_huge_number(data):  # checking every number would cost more than the parsing
        number, integer = _finite_float, _finite_int
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique, parse_constant=_constant, parse_float=number, parse_int=integer
    )
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise _syntax_error(error, text, path) from None
    except _RefusedError as error:
        hears = hearer()
        if hears is None:
            _fail_at(text, path, error)
        hears.problem(_located(text, path, error))
        return _tolerantly(text, path)
    except RecursionError:
        _fail_at(text, path, _RefusedError("J407", f"nested deeper than {MAX_DEPTH} levels"))


def _quick(data: bytes) -> object | None:
    """Return the value if it is surely strict JSON, else None: then the slow way has to look."""
    return parse_as(data, _decoder, lambda value: count_keys(value, _filled_objects(data)))


def parse_as(data: bytes, decoder: msgspec.json.Decoder[Value], keys_in: Callable[[Value], int]) -> Value | None:
    """Parse JSON of a known kind, strictly and several times faster than `parse_json`.

    Args:
        data: UTF-8, with or without a byte order mark.
        decoder: Of the kind.
        keys_in: Returns how many keys the objects in a value have together, -1 if that can't be told or something else
            is wrong.

    Returns:
        None unless this surely is strict JSON, and of that kind: then `parse_json` has to look.
    """
    if _may_hold_long_number(data):
        return None
    try:
        value = decoder.decode(data.removeprefix(_BOM))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    keys = keys_in(value)
    # A colon stands behind every key, and may stand in strings. If there are no more of them than the parsed objects
    # have keys, then no key came twice. Likewise those right behind a quote, unless a key is parted from its colon.
    if data.count(b":") == keys:
        return value
    if any(colon in data for colon in _SPACED_COLONS):
        return None
    return value if data.count(b'":') == keys else None


def _filled_objects(data: bytes) -> int | None:
    """Return how many objects with keys are in well-formed JSON; None if the bytes don't tell, or nest too deeply."""
    if b"\\" in data and b'\\"' in data:
        return None
    # No string holds a quote, so quotes come in pairs, with something between them only if a string holds brackets.
    marks = data.translate(None, _NOT_STRUCTURE)
    if marks.count(b'"') != 2 * marks.count(b'""'):
        return None
    filled = marks.count(b"{") - marks.count(b"{}")
    marks = marks.translate(_CURLY_TO_SQUARE, b'"')
    for _ in range(MAX_DEPTH):
        if not marks:
            return filled
        marks = marks.replace(b"[]", b"")  # the innermost level
    return None


def count_keys(value: object, filled: int | None = None) -> int:
    """Return how many keys all objects in a value have together; -1 if it is nested too deeply.

    Args:
        value: What was parsed.
        filled: How many objects have keys: when so many are found, what is below them need not be looked at.
    """
    level: list[Any] = [value]
    keys = 0
    for _ in range(MAX_DEPTH + 1):
        # No loop of Python's own runs over the values, of which a dataset has millions.
        containers = list(compress(level, map(_CONTAINERS.__contains__, map(type, level))))
        if not containers:
            return keys
        objects = [item for item in containers if type(item) is dict]
        keys += sum(map(len, objects))
        if filled is not None:
            filled -= sum(map(bool, objects))
            if filled == 0:
                return keys
        lists = containers if not objects else [item for item in containers if type(item) is list]
        level = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(lists)]
    return -1


def encode_json(obj: object) -> str:
    """Return JSON text that ends with a line feed; of a top-level object, each list of objects is one item a line.

    Raises:
        ValueError: The object holds NaN or infinity.
    """
    if not isinstance(obj, dict) or not obj:
        return encode_value(obj) + "\n"
    members = []
    for key, value in obj.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            body = f"[\n{encode_rows(value)}\n]"
        else:
            body = encode_value(value)
        members.append(f"{encode_value(str(key))}: {body}")
    return "{\n" + ",\n".join(members) + "\n}\n"


# Such as half of a surrogate pair, which names of files may hold.
_UNUSUAL = (TypeError, UnicodeEncodeError, RecursionError)
_SLOWLY = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode_rows(items: list[Any]) -> str:
    """Return objects as JSON, one a line, parted by commas, as `encode_json` writes them into its lists."""
    try:
        text = msgspec.json.encode(items)
    except _UNUSUAL:
        text = b"null"
    if b"null" not in text:
        # These bytes part objects, wherever they are: quotes in texts are escaped.
        return text[1:-1].replace(b'},{"', b'},\n{"').decode()
    return ",\n".join(map(encode_value, items))


def encode_value(obj: object) -> str:
    """Return JSON text on one line; NaN and infinity are a ValueError."""
    try:
        text = msgspec.json.encode(obj).decode()
    except _UNUSUAL:
        return _SLOWLY(obj)
    # NaN would become null.
    return text if "null" not in text else _SLOWLY(obj)


def _decode(data: bytes, path: Path | None) -> str:
    for mark, name in _CODECS:
        if data.startswith(mark):
            raise InputError("J403", f"not UTF-8 but {name}", path=path, line=1, col=1, hint="save it as UTF-8")
    if b"\0" in data[:4]:
        raise InputError("J403", "not UTF-8 but UTF-16, UTF-32 or binary", path=path, line=1, col=1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        # Columns count characters; the bytes before the fault are valid UTF-8.
        col = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        raise InputError("J403", "not UTF-8", path=path, line=line, col=col, hint="save it as UTF-8") from None


def _depth(data: bytes) -> int:
    """Return the deepest nesting; no parsing, so that 10,000 levels cannot exhaust the stack."""
    if b"\\" in data:  # valid only in strings
        data = _ESCAPE.sub(b"", data)
    brackets = _STRING.sub(b"", data.translate(None, _NOT_STRUCTURE))
    return max(accumulate(map(_STEP.get, brackets, [0] * len(brackets))), default=0)


def _may_hold_huge_number(data: bytes) -> bool:
    return _LARGE_EXPONENT.search(data) is not None or _may_hold_long_number(data)


def _may_hold_long_number(data: bytes) -> bool:
    """Tell whether 200 digits stand in a row; a look at every eighth byte is nearly always enough to see that not."""
    if _MANY_DIGITS[::8] not in data[::8].translate(_DIGITS_TO_ZERO):
        return False
    return _MANY_DIGITS in data.translate(_DIGITS_TO_ZERO)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RefusedError("J405", f"key {key!r:.80} appears twice in one object")
            seen.add(key)
    return found


def _constant(name: str) -> NoReturn:
    raise _RefusedError("J406", f"{name} is not a number that JSON allows")


def _finite_float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _RefusedError("J406", f"number {digits:.40} is too large")
    return value


def _finite_int(digits: str) -> int:
    if len(digits) > 300:  # a float holds 308 digits; Python refuses to read more than 4,300
        raise _RefusedError("J406", f"number {digits:.40}... is too large")
    return int(digits)


def _syntax_error(error: json.JSONDecodeError, text: str, path: Path | None) -> InputError:
    message = error.msg[:1].lower() + error.msg[1:] if text.strip() else "the file is empty"
    if error.msg == "Extra data":
        message = "text after the end of the JSON value"
    return InputError("J404", f"not JSON: {message}", path=path, line=error.lineno, col=error.colno)


def _tolerantly(text: str, path: Path | None) -> object:
    """Return the value of JSON with null for numbers that are none, and of equal keys the last.

    Raises:
        InputError: J404, there are mistakes behind the one that was heard of.
    """

    def number(digits: str) -> float | None:
        value = float(digits)
        return None if math.isinf(value) else value

    def integer(digits: str) -> int | None:
        return int(digits) if len(digits) <= 300 else None

    decoder = json.JSONDecoder(
        parse_constant=lambda _: None,
        parse_float=number,
        parse_int=integer,
    )
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise _syntax_error(error, text, path) from None


def _fail_at(text: str, path: Path | None, error: _RefusedError) -> NoReturn:
    raise _located(text, path, error) from None


def _located(text: str, path: Path | None, error: _RefusedError) -> InputError:
    """Return the error with line and column of the first fault of its kind."""
    offset = _find_fault(text, error.code)
    line = col = None
    if offset is not None:
        line = text.count("\n", 0, offset) + 1
        col = offset - text.rfind("\n", 0, offset)
    return InputError(error.code, str(error), path=path, line=line, col=col)


def _find_fault(text: str, code: str) -> int | None:
    """Return the offset of the first fault of a kind in JSON that is well-formed up to there."""
    keys: list[set[str] | None] = []
    before = ""
    for match in _LEXEME.finditer(text):
        lexeme, offset = match.group(), match.start()
        if lexeme in {"[", "{"}:
            keys.append(set() if lexeme == "{" else None)
            if code == "J407" and len(keys) > MAX_DEPTH:
                return offset
        elif lexeme in {"]", "}"}:
            if keys:
                keys.pop()
        elif code == "J406" and _is_bad_number(lexeme):
            return offset
        elif code == "J405" and lexeme[0] == '"' and before in {"{", ","} and keys and keys[-1] is not None:
            try:
                key = json.loads(lexeme)
            except ValueError:
                return None
            if key in keys[-1]:
                return offset
            keys[-1].add(key)
        before = lexeme
    return None


def _is_bad_number(lexeme: str) -> bool:
    if lexeme in {"NaN", "Infinity", "-Infinity"}:
        return True
    return lexeme[0] in "-0123456789" and (len(lexeme) > 300 or math.isinf(_float_or_zero(lexeme)))


def _float_or_zero(lexeme: str) -> float:
    try:
        return float(lexeme)
    except ValueError:
        return 0.0
