from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.datasets.check.class_names import same_classes, spelling_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("title", "Title "),
        ("text line", "text_line"),
        ("text-line", "TextLine"),
        ("table", "tables"),
        ("category", "categories"),
        ("box", "boxes"),
        ("title", "tіtle"),  # Cyrillic
        ("title", "ti\u200btle"),
        ("ﬁgure", "figure"),  # ligature
        ("h1", "h 1"),
    ],
)
def test_one_class_to_people(one, other):
    assert spelling_key(one) == spelling_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("title", "list"), ("h1", "h2"), ("text", "text_line"), ("class", "clas"), ("bus", "bu")]
)
def test_two_classes(one, other):
    assert spelling_key(one) != spelling_key(other)


def test_the_most_frequent_name_comes_first():
    assert same_classes({"a": 1, "Title": 2, "title": 9, "title ": 2, "b": 3, "": 5, " ": 2}) == [
        ["title", "Title", "title "]
    ]


@given(st.text(max_size=20))
def test_any_name_is_like_itself(name):
    assert spelling_key(name) == spelling_key(f" {name} ")
