from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.recipe_yaml import dump_yaml
from centernet_cli.core.strict_yaml import MAX_BYTES, Problem, core_scalar, decode, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("2026-11-01", "2026-11-01"),
        ("1e-4", 0.0001),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5E3", -1500.0),
        ("012", 12),
        ("0o17", 15),
        ("0xFf", 255),
        ("+3", 3),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None),
        ("null", None),
        ("", None),
        ("-.inf", -math.inf),
        ("<<", "<<"),
    ],
)
def test_scalars_follow_the_core_schema(text, value):
    found = core_scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_nan_and_very_long_numbers():
    assert math.isnan(core_scalar(".nan"))  # type: ignore[arg-type]
    assert core_scalar("9" * 5000) == "9" * 5000


def test_quoted_scalars_are_words():
    assert parse("a: '1'\nb: \"true\"\nc: |\n  3\n").data == {"a": "1", "b": "true", "c": "3\n"}


def test_every_value_has_a_place():
    document = parse("a:\n  - b: 1\n    c: [2,\n        3]\n")
    assert document.data == {"a": [{"b": 1, "c": [2, 3]}]}
    assert document.marks[("a",)] == (1, 1)
    assert document.marks[("a", 0, "b")] == (2, 5)
    assert document.marks[("a", 0, "c", 1)] == (4, 9)


@pytest.mark.parametrize(
    ("text", "code", "place", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "R304", (3, 1), "duplicate key 'a' (first in line 1)"),
        ("a: &x 1\n", "R305", (1, 4), "anchor &x"),
        ("a: !!python/object:os.system x\n", "R305", (1, 4), "tag"),
        ("a: !!str 1\n", "R305", (1, 4), "tag"),
        ("a: 1\n---\nb: 1\n", "R305", (2, 1), "more than one document"),
        ("a:\n\tb: 1\n", "R302", (2, 1), "cannot start any token"),
        ("a: [1\n", "R302", (2, 1), "expected ',' or ']'"),
        ("? [a]\n: 1\n", "R302", (1, 3), "a key must be a word"),
        ("a: \x00\n", "R302", (1, 4), "#x0000"),
        ('a: "\\ud800"\n', "R302", (1, 4), "surrogate"),
        ("a: " + "[" * 3000, "R302", (1, 53), "nested more than 50"),
        ("%YAML 3.0\n---\na: 1\n", "R302", (1, 1), "not YAML"),
    ],
)
def test_refused(text, code, place, words):
    problem = parse(text).problems[0]
    assert (problem.code, problem.line, problem.col) == (code, *place)
    assert words in problem.message


def test_all_refusals_at_once_and_the_first_of_two_keys_stays():
    document = parse("a: &x 1\nb: *x\nc: {d: 1, d: 2}\n")
    assert [problem.code for problem in document.problems] == ["R305", "R305", "R304"]
    assert document.data == {"a": 1, "b": None, "c": {"d": 1}}


def test_an_alias_bomb_is_refused_without_being_built():
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 20)]
    document = parse("l0: &l0 [x]\n" + "\n".join(levels))
    assert {problem.code for problem in document.problems} == {"R305"}


def test_a_tab_gets_a_hint():
    assert parse("a:\n\tb: 1\n").problems[0].hint == "indent with spaces, not tabs"


@pytest.mark.parametrize(
    ("raw", "place", "words"),
    [
        ("name: é".encode("latin-1"), (1, 7), "UTF-8"),
        (b"a: 1\nb: \xff", (2, 4), "UTF-8"),
        (b"#" * (MAX_BYTES + 1), (1, 1), "bytes"),
    ],
)
def test_undecodable_files(raw, place, words):
    problem = decode(raw)
    assert isinstance(problem, Problem)
    assert (problem.line, problem.col) == place
    assert words in problem.message


def test_a_byte_order_mark_is_taken():
    assert decode("\ufeffa: 1".encode()) == "a: 1"


@given(st.text())
def test_any_text_is_parsed_or_refused(text):
    document = parse(text)
    assert document.problems or json.dumps(document.data) is not None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=30), VALUES, max_size=4))
def test_what_is_dumped_is_read_back(value):
    document = parse(dump_yaml(value))
    assert not document.problems
    assert document.data == value
    assert json.dumps(document.data) == json.dumps(value)  # 1, 1.0 and True are not the same
