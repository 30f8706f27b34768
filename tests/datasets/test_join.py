"""Datasets joined: names tell files apart, classes go by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from centernet_cli.core.errors import InputError, UsageError
from centernet_cli.core.records import Annotation, Dataset, Failure, PageInfo, PageRecord
from centernet_cli.datasets.join import join_datasets


def dataset(root: Path | None, classes: str, *sources: str) -> Dataset:
    pages = tuple(
        PageRecord(
            info=PageInfo(source=source, width=9, height=9),
            annotations=tuple(Annotation(label=label, box=(0, 0, 1, 1)) for label in classes),
        )
        for source in sources
    )
    return Dataset(classes=tuple(classes), pages=pages, root=root)


def test_one_stays_as_it_is(tmp_path: Path) -> None:
    one = dataset(tmp_path, "a", "x.png", "x.png")
    assert join_datasets([(tmp_path, one)]) is one


def test_names_lead_to_the_same_files_and_classes_keep_their_order(tmp_path: Path) -> None:
    parts = [
        (tmp_path / "b", dataset(tmp_path / "b", "ca", "1.png", "x/2.png")),
        (tmp_path / "a" / "deep", dataset(tmp_path / "a" / "deep", "ba", "1.png")),
    ]
    joined = join_datasets(parts)
    assert joined.root == tmp_path
    assert joined.classes == ("c", "a", "b")
    assert [page.info.source for page in joined.pages] == ["b/1.png", "b/x/2.png", "a/deep/1.png"]


def test_one_folder_within_the_other(tmp_path: Path) -> None:
    joined = join_datasets(
        [(tmp_path, dataset(tmp_path, "a", "1.png")), (tmp_path / "x", dataset(tmp_path / "x", "a", "1.png"))]
    )
    assert [page.info.source for page in joined.pages] == ["1.png", "x/1.png"]


def test_an_image_in_two_of_them_is_an_error_that_names_both(tmp_path: Path) -> None:
    parts = [
        (tmp_path / "first.json", dataset(tmp_path, "a", "x/1.png", "x/1.png", "x/2.png")),
        (tmp_path / "second.json", dataset(tmp_path / "x", "a", "1.png", "3.png")),
    ]
    with pytest.raises(InputError, match=r"second\.json: D018 image 'x/1\.png' is also in .*first\.json"):
        join_datasets(parts)


def test_predictions(tmp_path: Path) -> None:
    first, second = dataset(None, "a", "/x/1.png"), dataset(None, "a", "/x/2.png")
    failure = Failure(source="bad", code="I101", message="m")
    joined = join_datasets(
        [
            (Path("1.json"), first),
            (Path("2.json"), Dataset(classes=("a",), pages=second.pages, failures=(failure,))),
        ]
    )
    assert joined.root is None
    assert [page.info.source for page in joined.pages] == ["/x/1.png", "/x/2.png"]
    assert joined.failures == (failure,)
    with pytest.raises(InputError, match="D018"):
        join_datasets([(Path("1.json"), first), (Path("2.json"), first)])
    with pytest.raises(UsageError, match="U305"):
        join_datasets([(Path("1.json"), first), (tmp_path, dataset(tmp_path, "a", "1.png"))])
