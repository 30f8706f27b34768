"""Which page of predictions belongs to which page of truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.evaluation.pairing import TruthSource, pair_pages


def page(source: str, number: int | None = None, size: tuple[int, int] = (100, 200), mark: float = 0.5) -> PageRecord:
    """A page whose only box says which page it is."""
    box = Annotation(label="text_line", box=(0, 0, 10, 20), score=mark)
    info = PageInfo(source=source, width=size[0], height=size[1], page=number)
    return PageRecord(info=info, annotations=(box,))


def truth(root: str | None, *pages: PageRecord, name: str = "s") -> TruthSource:
    where = None if root is None else Path(root)
    return TruthSource(name=name, dataset=Dataset(classes=("text_line",), pages=pages, root=where))


def predictions(*pages: PageRecord) -> Dataset:
    return Dataset(classes=("text_line",), pages=pages)


@pytest.mark.parametrize(
    "predicted",
    [
        "images/p1.png",  # relative to the dataset
        "data/a/images/p1.png",  # as typed in the folder above
        "./data/a/images/p1.png",
        "../../data/a/images/p1.png",
        "/mnt/data/a/images/p1.png",  # the very file
        "/elsewhere/a/images/p1.png",  # the same dataset on another computer
        "p1.png",  # predicted from within
        "copy/p1.png",  # in another folder, but no other page has this name
        "data\\a\\images\\p1.png",
    ],
)
def test_pages_belong_together_when_their_paths_end_alike(predicted: str) -> None:
    pairing = pair_pages([truth("/mnt/data/a", page("images/p1.png"))], predictions(page(predicted)))
    assert len(pairing.pairs[0].predictions) == 1
    assert (pairing.missing, pairing.extra, pairing.rescaled) == ((), (), 0)


def test_composed_and_decomposed_letters_are_the_same() -> None:
    pairing = pair_pages([truth(None, page("caf\u00e9.png"))], predictions(page("cafe\u0301.png")))
    assert not pairing.missing


def test_sources_with_equal_names_are_told_apart_by_their_folders() -> None:
    sources = [
        truth("/data/a", page("images/p1.png"), page("images/p2.png"), name="a"),
        truth("/data/b", page("images/p1.png"), page("images/p2.png"), name="b"),
    ]
    found = predictions(
        page("data/b/images/p1.png", mark=0.1),
        page("data/a/images/p1.png", mark=0.2),
        page("data/a/images/p2.png", mark=0.3),
        page("data/c/images/p9.png", mark=0.4),
    )
    pairing = pair_pages(sources, found)
    marks = [[item.score for item in pair.predictions] for pair in pairing.pairs]
    assert marks == [[0.2], [0.3], [0.1], []]
    assert pairing.missing == ("b: images/p2.png",)
    assert pairing.extra == ("data/c/images/p9.png",)
    assert [pair.source for pair in pairing.pairs] == ["a", "a", "b", "b"]


def test_pages_of_a_document_are_told_apart_by_their_numbers() -> None:
    source = truth("/data", page("x.pdf", 1), page("x.pdf", 2))
    pairing = pair_pages([source], predictions(page("x.pdf", 2, mark=0.2), page("x.pdf", 1, mark=0.1)))
    assert [pair.predictions[0].score for pair in pairing.pairs] == [0.1, 0.2]


def test_a_single_image_is_page_one() -> None:
    assert not pair_pages([truth("/d", page("x.tif"))], predictions(page("x.tif", 1))).missing


def test_predictions_at_another_resolution_are_scaled() -> None:
    pairing = pair_pages([truth("/d", page("x.png", size=(100, 200)))], predictions(page("x.png", size=(50, 100))))
    assert pairing.pairs[0].predictions[0].box == (0.0, 0.0, 20.0, 40.0)
    assert pairing.pairs[0].width == 100
    assert pairing.rescaled == 1


def test_another_shape_is_another_picture() -> None:
    with pytest.raises(InputError, match="D061") as caught:
        pair_pages([truth("/d", page("x.png", size=(100, 200)))], predictions(page("x.png", size=(200, 100))))
    assert "100 x 200" in str(caught.value)


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ([truth("/d", page("x.png"))], [page("a/x.png"), page("b/x.png")]),
        ([truth("/d", page("x.png"))], [page("x.png", mark=0.1), page("x.png", mark=0.2)]),
        ([truth("/a", page("x.png")), truth("/b", page("x.png"), name="t")], [page("x.png")]),
    ],
)
def test_ambiguous_pages_are_refused(sources: list[TruthSource], found: list[PageRecord]) -> None:
    with pytest.raises(InputError, match="D060"):
        pair_pages(sources, predictions(*found))


def test_predictions_with_a_page_twice_say_so() -> None:
    with pytest.raises(InputError, match=r"the predictions have page 'a\.png' twice: which is 's: a\.png'\?"):
        pair_pages(
            [truth("/d", page("a.png"), page("b.png"))], predictions(page("a.png", mark=0.1), page("a.png", mark=0.2))
        )


def test_a_file_listed_twice_is_judged_twice() -> None:
    twice = truth("/d", page("x.png"), page("x.png"))
    shared = pair_pages([twice], predictions(page("d/x.png")))
    assert [len(pair.predictions) for pair in shared.pairs] == [1, 1]
    in_order = pair_pages([twice], predictions(page("x.png", mark=0.1), page("x.png", mark=0.2)))
    assert [pair.predictions[0].score for pair in in_order.pairs] == [0.1, 0.2]
    repeated = pair_pages([truth("/d", page("x.png"))], predictions(page("x.png"), page("x.png")))
    assert len(repeated.pairs) == 1


@pytest.mark.parametrize("found", [[], [page("y.png")]])
def test_nothing_in_common_is_refused(found: list[PageRecord]) -> None:
    with pytest.raises(InputError, match="D062"):
        pair_pages([truth("/d", page("x.png"))], predictions(*found))
