"""Class maps rename, merge and drop, and account for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from centernet_cli.core.errors import UsageError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.class_map import apply_class_map, read_class_map, unused_names
from centernet_cli.datasets.formats.tally import Tally


def dataset(*labels: str) -> Dataset:
    page = PageRecord(
        info=PageInfo(source="a.png", width=9, height=9),
        annotations=tuple(Annotation(label=label, box=(0, 0, 1, 1)) for label in labels),
    )
    return Dataset(classes=tuple(dict.fromkeys(labels)), pages=(page,))


def test_names_are_renamed_merged_and_dropped() -> None:
    tally = Tally()
    for label in "abca":
        tally.converted("box", label)
    tally.reduced("mask", "b", "to its box")
    tally.dropped("point", "b", "encloses no area")
    mapped = apply_class_map(dataset("a", "b", "c", "a"), {"a": "c", "b": ""}, tally)
    assert mapped.classes == ("c",)
    assert [annotation.label for annotation in mapped.pages[0].annotations] == ["c", "c", "c"]
    assert tally.rows() == [
        ("box", "converted", "", 3),
        ("box", "dropped", "by the class map", 1),
        ("mask", "dropped", "by the class map", 1),
        ("point", "dropped", "encloses no area", 1),
    ]


def test_names_can_be_swapped() -> None:
    mapped = apply_class_map(dataset("a", "b"), {"a": "b", "b": "a"}, Tally())
    assert [annotation.label for annotation in mapped.pages[0].annotations] == ["b", "a"]


def test_slips_are_noticed() -> None:
    assert unused_names(("title", "text"), {"tilte": "x", "text": "y", "qqq": ""}) == [
        "no class 'tilte' here, did you mean 'title'?",
        "no class 'qqq' here",
    ]


def test_yaml_words_are_names(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("no: yes\n'1': null\nTitle : title\n'': x\ngone: ''\n")
    assert read_class_map(path) == {"no": "yes", "1": "", "Title": "title", "": "x", "gone": ""}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "U303 a class map is a mapping"),
        ("- a", "U303 a class map is a mapping"),
        ("a: b\nc: 1", r"2:1: U303 the new name of 'c'"),
        ("a: [b]", "U303 the new name of 'a'"),
        ("a: b\na: c", "2:1: R304"),
        ("a: !!python/object:os.system x", "R305"),
        ("a: 'b", "R302"),
        ("\xff", "R303"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=message):
        read_class_map(path)
    with pytest.raises(UsageError, match="U303 cannot be read"):
        read_class_map(tmp_path / "missing.yaml")
