"""The strict parser agrees with the standard one on plain JSON and names the place of everything it refuses."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.core.errors import InputError
from centernet_cli.core.strict_json import encode_json, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
@settings(deadline=None)
def test_what_is_written_is_read(value: object) -> None:
    assert parse_json(encode_json(value).encode("utf-8", "backslashreplace")) == value


@given(st.binary())
@settings(deadline=None)
def test_any_bytes_give_a_value_or_an_input_error(data: bytes) -> None:
    with contextlib.suppress(InputError):
        parse_json(data)


@given(st.text(alphabet='[]{}",:\\ 1eNa\n'))
@settings(deadline=None)
def test_any_near_json_text_gives_what_the_standard_parser_gives_or_an_error(text: str) -> None:
    try:
        value = parse_json(text.encode())
    except InputError:
        return
    assert value == json.loads(text)


@pytest.mark.parametrize(
    ("data", "code", "line", "col"),
    [
        (b"", "J404", 1, 1),
        (b'{"a": 1,\n "b": }', "J404", 2, 7),
        (b'{"a": 1}\n{"a": 1}', "J404", 2, 1),
        (b'{"a": [{"a": 1, "b": 2}, {"a": "\\"a\\""}],\n "b": 0, "\\u0061": 2}', "J405", 2, 10),
        (b'{"x": "NaN",\n"y": [NaN]}', "J406", 2, 7),
        (b'["-Infinity", -Infinity]', "J406", 1, 15),
        (b"[1,\n1e999]", "J406", 2, 1),
        (b"[1e99, 1" + b"0" * 5000 + b"]", "J406", 1, 8),
        (b"[\n" * 201 + b"]" * 201, "J407", 201, 1),
        (b'{"a":' * 100_000, "J407", 1, 1001),
        ("é\u00e9".encode() + b"\xff", "J403", 1, 3),
        ("[1]".encode("utf-16"), "J403", 1, 1),
        ("[1]".encode("utf-16-be"), "J403", 1, 1),
        ("[1]".encode("utf-32"), "J403", 1, 1),
    ],
)
def test_refusals_name_the_place(data: bytes, code: str, line: int, col: int) -> None:
    with pytest.raises(InputError) as caught:
        parse_json(data)
    assert (caught.value.code, caught.value.line, caught.value.col) == (code, line, col)


def test_brackets_in_strings_are_not_depth() -> None:
    value = ["[" * 300, '\\"' + "{" * 300, "]"]
    assert parse_json(json.dumps(value).encode()) == value


def test_byte_order_mark_and_large_numbers_are_fine() -> None:
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]
    assert parse_json(b"[1e300, 1e-999, " + b"1" * 250 + b"]") == [1e300, 0.0, int("1" * 250)]


def test_a_list_of_objects_is_one_a_line() -> None:
    assert encode_json({"a": [{"x": 1}, {"y": 2}], "b": []}) == '{\n"a": [\n{"x":1},\n{"y":2}\n],\n"b": []\n}\n'
