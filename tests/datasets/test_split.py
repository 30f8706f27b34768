from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation, PageInfo, PageRecord
from centernet_cli.datasets.documents import document_of, names_document
from centernet_cli.datasets.sampling import sample_pages
from centernet_cli.datasets.split import hash_of, split_pages

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


def page(name, *labels, group=None):
    annotations = tuple(Annotation(label=label, box=(0, 0, 9, 9)) for label in labels)
    return PageRecord(info=PageInfo(source=name, width=10, height=10), annotations=annotations, group=group)


def corpus(documents, seed=0):
    """Return pages of documents of one to twelve pages, each with lines and a class of its own."""
    pages = []
    for number in range(documents):
        chance = random.Random(seed * 1000 + number)
        own = chance.choice("abcde")
        for index in range(chance.randint(1, 12)):
            labels = chance.choices(["line", own], [20, 1], k=chance.randint(0, 30))
            pages.append(page(f"deed{number}x-{index}.png", *labels))
    return pages


def where(pages, found):
    return {pages[number].info.source: name for name, numbers in found.items() for number in numbers}


def test_shares_and_classes():
    pages = corpus(150)
    found = split_pages(pages, SHARES)
    total = Counter(each.label for one in pages for each in one.annotations)
    for name, share in SHARES.items():
        assert len(found[name]) / len(pages) == pytest.approx(share, abs=0.02)
        counts = Counter(each.label for number in found[name] for each in pages[number].annotations)
        for label in total:
            assert counts[label] / total[label] == pytest.approx(share, abs=0.06)


def test_a_page_more_moves_few():
    pages = corpus(150)
    before = where(pages, split_pages(pages, SHARES))
    for number in range(5):
        more = [page(f"new{number}-1.png", "line", "a"), *pages]
        after = where(more, split_pages(more, SHARES))
        assert sum(after[name] != split for name, split in before.items()) < 0.05 * len(pages)


def test_seeds_and_order():
    pages = corpus(40)
    found = where(pages, split_pages(pages, SHARES))
    shuffled = random.Random(1).sample(pages, len(pages))
    assert where(shuffled, split_pages(shuffled, SHARES)) == found
    assert where(pages, split_pages(pages, SHARES, seed=1)) != found


def test_a_split_gets_a_document_if_there_are_enough():
    pages = [page(f"deed-{letter}.png", "line") for letter in "abcdefghij"]
    assert [len(each) for each in split_pages(pages, SHARES).values()] == [8, 1, 1]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "d", "e", "f"]),
            st.integers(1, 4),
            st.lists(st.sampled_from(["x", "y"]), max_size=3),
        ),
        max_size=20,
        unique_by=lambda each: each[:2],
    ),
    st.sampled_from([SHARES, {"train": 1.0}, {"train": 0.5, "val": 0.5}, {"train": 0.9, "val": 0.1, "test": 0.0}]),
    st.booleans(),
    st.sampled_from(["document", "page"]),
)
def test_every_page_once_and_documents_whole(specs, shares, spread, by):
    pages = [page(f"deed-{name}_{number}.png", *labels) for name, number, labels in specs]
    found = split_pages(pages, shares, by=by, spread=spread)
    assert sorted(number for numbers in found.values() for number in numbers) == list(range(len(pages)))
    assert list(found) == list(shares)
    assert not found.get("test") or shares["test"] > 0
    if by == "document":
        splits = [{document_of(pages[number]) for number in numbers} for numbers in found.values()]
        assert sum(map(len, splits)) == len(set().union(*splits))


def test_folders_are_other_documents():
    pages = [page(f"{folder}/000{number}.png", "line") for folder in "ab" for number in range(5)]
    found = split_pages(pages, {"train": 0.5, "val": 0.5})
    assert sorted(map(len, found.values())) == [5, 5]


def test_documents():
    assert not names_document(page("0001.png"))
    assert not names_document(page("page_2.png"))
    assert not names_document(page("letter.png"))
    assert names_document(page("letter-2.png"))
    assert names_document(page("0001.png", group="letter"))


@pytest.mark.parametrize("name", ["a", "ä", "\udc80"])
def test_hashes(name):
    assert 0 <= hash_of(1, name) < 1
    assert hash_of(1, name) == hash_of(1, name) != hash_of(2, name)


def test_samples_grow():
    pages = corpus(30)
    few, more = sample_pages(pages, 10), sample_pages(pages, 40)
    assert (len(few), len(more)) == (10, 40)
    assert set(few) < set(more)
    assert sample_pages(pages, 10_000) == list(range(len(pages)))
    assert sample_pages(pages, 10, seed=1) != few
    assert set(sample_pages(pages, 10, each_class=True)) < set(sample_pages(pages, 40, each_class=True))


def test_samples_of_classes():
    pages = [*(page(f"{number}.png", "line") for number in range(50)), page("t.png", "line", "table"), page("e.png")]
    assert sample_pages(pages, 5, only=frozenset({"table"})) == [50]
    assert 50 in sample_pages(pages, 3, each_class=True)
    assert sorted(sample_pages(pages, 99, each_class=True)) == list(range(52))
