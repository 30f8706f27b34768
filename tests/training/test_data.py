from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.core.errors import InputError
from centernet_cli.core.recipe import Recipe
from centernet_cli.core.records import PageInfo, PageRecord
from centernet_cli.datasets.documents import document_of
from centernet_cli.datasets.samples import LabelledPage
from centernet_cli.training.data import load_data, plan_epoch


def pages_of(weights: list[float], landscape: list[bool] | None = None) -> list[LabelledPage]:
    turned = landscape or [False] * len(weights)
    return [
        LabelledPage(
            path=Path(f"{i}.png"),
            source="s",
            weight=weight,
            width=200 if wide else 100,
            height=150,
            boxes=np.zeros((0, 4), np.float32),
            labels=np.zeros(0, np.int64),
            ignore=np.zeros((0, 4), np.float32),
            annotated=np.array([True]),
            group=str(i),
        )
        for i, (weight, wide) in enumerate(zip(weights, turned, strict=True))
    ]


def recipe(**values) -> Recipe:
    content = {
        "data": {"classes": ["a"], "train": [{"path": "x"}]},
        "train": {name: value for name, value in values.items() if name != "mode"},
        "augment": {"mode": values.get("mode", "crop")},
    }
    return Recipe.model_validate_json(json.dumps(content))


def drawn(plan) -> list[int]:
    return [draw.page for batch in plan for draw in batch]


@given(st.integers(1, 40), st.integers(0, 5), st.integers(1, 7), st.integers(0, 3))
@settings(max_examples=40)
def test_a_plan_depends_on_nothing_but_recipe_and_epoch(count, epoch, size, seed):
    pages, wanted = pages_of([1.0] * count), recipe(batch_size=size, seed=seed)
    plan = plan_epoch(pages, epoch=epoch, recipe=wanted)
    np.random.default_rng(0).random(10)
    assert plan == plan_epoch(pages, epoch=epoch, recipe=wanted)
    # At equal weights, each page once.
    assert sorted(drawn(plan)) == list(range(count))
    assert [len(batch) for batch in plan].count(size) >= count // size
    seeds = [draw.seed for batch in plan for draw in batch]
    assert len(set(seeds)) == count


def test_epochs_and_seeds_differ():
    pages = pages_of([1.0] * 30)
    plans = [
        plan_epoch(pages, epoch=epoch, recipe=recipe(batch_size=4, seed=seed))
        for epoch, seed in ((0, 0), (1, 0), (0, 1))
    ]
    orders = [tuple(drawn(plan)) for plan in plans]
    assert len(set(orders)) == 3
    seeds = [{draw.seed for batch in plan for draw in batch} for plan in plans]
    assert not seeds[0] & seeds[1]
    assert not seeds[0] & seeds[2]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5]), min_size=2, max_size=12), st.integers(1, 200))
@settings(max_examples=60)
def test_pages_are_drawn_by_weight_with_little_luck(weights, samples):
    if not sum(weights):
        return
    counts = Counter(
        drawn(plan_epoch(pages_of(weights), epoch=3, recipe=recipe(samples_per_epoch=samples, batch_size=4)))
    )
    assert counts.total() == samples
    for page, weight in enumerate(weights):
        share = samples * weight / sum(weights)
        assert abs(counts[page] - share) < 1 + 1e-6
        if not weight:
            assert counts[page] == 0


def test_batches_of_whole_pages_hold_one_orientation():
    pages = pages_of([1.0] * 20, [i % 3 == 0 for i in range(20)])
    plan = plan_epoch(pages, epoch=0, recipe=recipe(batch_size=4, mode="page"))
    for batch in plan:
        assert {draw.landscape for draw in batch} == {pages[batch[0].page].width > pages[batch[0].page].height}
    assert sorted(drawn(plan)) == list(range(20))
    assert not any(draw.landscape for batch in plan_epoch(pages, epoch=0, recipe=recipe()) for draw in batch)


@pytest.mark.parametrize(
    ("source", "document"),
    [
        ("letters/anna_1898-3.png", "anna_1898"),
        ("book_p0012.tif", "book"),
        ("book-page-7.jpg", "book"),
        ("book_Seite_12.jpg", "book"),
        ("report_f003.png", "report"),
        ("invoice.png", "invoice"),
        ("0001.png", "0001"),
        ("12.png", "12"),
        ("folder/scan 4.png", "scan"),
    ],
)
def test_documents_by_name(source, document):
    info = PageInfo(source=source, width=1, height=1)
    assert document_of(PageRecord(info=info)) == document
    assert document_of(PageRecord(info=info, group="given")) == "given"


def test_what_is_loaded(pages, recipe_for):
    data = load_data(recipe_for(pages))
    content = json.loads((pages / "annotations.json").read_text())
    assert len(data.train) == 6
    assert data.val == []
    assert sum(len(page.boxes) for page in data.train) == len(content["annotations"])
    first = data.train[0]
    x, y, width, height = content["annotations"][0]["bbox"]
    assert (first.source, first.width, first.height, first.weight) == ("pages", 96, 64, 1.0)
    assert first.path.is_file()
    assert first.boxes[0].tolist() == [x, y, x + width, y + height]
    assert first.annotated.tolist() == [True]
    assert first.boxes.dtype == np.float32
    assert first.labels.dtype == np.int64


def test_partial_labels_and_class_map(tmp_path, draw_pages, recipe_for):
    folder = draw_pages(
        tmp_path / "two", [f"{i}.png" for i in range(8)], labels=("red", "blue"), classes=("blue", "red", "green")
    )
    content = json.loads((folder / "annotations.json").read_text())
    counts = Counter(annotation["category_id"] for annotation in content["annotations"])
    assert counts[1]
    assert counts[2]
    data = load_data(
        recipe_for(
            folder,
            data={
                "classes": ["figure", "box", "red"],
                "train": [{"path": str(folder), "annotates": ["box", "red"]}],
                "class_map": {"blue": "box", "green": ""},
            },
        )
    )
    labels = np.concatenate([page.labels for page in data.train])
    assert Counter(labels.tolist()) == {1: counts[1], 2: counts[2]}
    assert all(page.annotated.tolist() == [False, True, True] for page in data.train)
    assert data.dropped_labels == {}
    # What isn't wanted or not vouched for is dropped, and counted.
    data = load_data(
        recipe_for(
            folder,
            data={
                "classes": ["box", "red"],
                "train": [{"path": str(folder), "annotates": ["box"]}],
                "class_map": {"blue": "box"},
            },
        )
    )
    assert data.dropped_labels == {"red": counts[2]}
    assert {label for page in data.train for label in page.labels.tolist()} == {0}
    assert all(page.annotated.tolist() == [True, False] for page in data.train)


def test_validation_knows_what_is_annotated(tmp_path, draw_pages, recipe_for):
    folder = draw_pages(tmp_path / "two", ["a.png", "b.png"], labels=("red", "blue"))
    source = {"path": str(folder), "annotates": ["red"]}
    data = load_data(recipe_for(folder, data={"classes": ["red", "blue"], "train": [source], "val": [source]}))
    assert len(data.train) == len(data.val) == 2
    for page in data.val:
        assert page.annotates == {"red"}
        assert {annotation.label for annotation in page.truth} <= {"red"}


def test_crowds_are_ignored_in_training_and_kept_for_judging(tmp_path, draw_pages, recipe_for):
    folder = draw_pages(tmp_path / "crowd", ["a.png", "b.png"])
    path = folder / "annotations.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["iscrowd"] = 1
    path.write_text(json.dumps(content))
    data = load_data(recipe_for(folder, data={"val": [{"path": str(folder)}]}))
    assert sum(len(page.ignore) for page in data.train) == 1
    assert sum(len(page.boxes) for page in data.train) == len(content["annotations"]) - 1
    assert sum(annotation.crowd for page in data.val for annotation in page.truth) == 1


@pytest.fixture(scope="session")
def many_documents(tmp_path_factory, draw_pages):
    """Twelve documents on 26 pages: ten by name, two by group."""
    names = [f"doc{chr(97 + i)}_p{page}.png" for i in range(10) for page in range(2)]
    names += [f"{letter}{i}.png" for letter in "xy" for i in range(3)]
    groups = {f"{letter}{i}.png": f"group {letter}" for letter in "xy" for i in range(3)}
    return draw_pages(tmp_path_factory.mktemp("held") / "docs", names, groups=groups)


@given(share=st.floats(0.05, 0.95), seed=st.integers(0, 50))
@settings(max_examples=15)
def test_holding_out_never_splits_a_document(many_documents, recipe_for, share, seed):
    try:
        data = load_data(recipe_for(many_documents, data={"holdout": share}, train={"seed": seed}))
    except InputError as error:
        if error.code != "D030":
            raise
        return  # everything is held out
    train = {page.group for page in data.train}
    val = {f"docs/{document_of(page.record)}" for page in data.val}
    assert not train & val
    assert len(train | val) == 12
    assert len(data.train) + len(data.val) == 26


def test_adding_pages_moves_no_other_document(tmp_path, draw_pages, recipe_for):
    names = [f"{letter}.png" for letter in "abcdefghijklmnop"]
    few = draw_pages(tmp_path / "1" / "docs", names[:12])
    more = draw_pages(tmp_path / "2" / "docs", names)
    held = [
        {page.path.name for page in load_data(recipe_for(folder, data={"holdout": 0.3})).val} for folder in (few, more)
    ]
    assert held[0]
    assert held[0] == held[1] & set(names[:12])


def test_sources_are_told_apart_and_move_no_document_of_another(tmp_path, draw_pages, recipe_for):
    names = [f"{letter}.png" for letter in "abcdefghijklmnop"]
    paths = [str(draw_pages(tmp_path / name / "lines", names)) for name in ("letters", "forms")]
    alone, both = (
        load_data(recipe_for(paths[0], data={"holdout": 0.3, "train": [{"path": path} for path in used]}))
        for used in (paths[:1], paths)
    )
    assert {page.source for page in alone.train} == {"lines"}
    assert {page.source for page in both.train} == {"letters/lines", "forms/lines"}
    held = [page.path for page in alone.val]
    assert held
    assert [page.path for page in both.val if page.source == "letters/lines"] == held


def test_another_seed_holds_out_the_same_documents(many_documents, recipe_for):
    recipes = [recipe_for(many_documents, data={"holdout": 0.4}, train={"seed": seed}) for seed in (0, 1, 9)]
    held = [{page.path.name for page in load_data(one).val} for one in recipes]
    assert held[0]
    assert held[0] == held[1] == held[2]


def test_own_validation_data_hold_nothing_out(pages, recipe_for):
    data = load_data(recipe_for(pages, data={"holdout": 0.9, "val": [{"path": str(pages)}]}))
    assert len(data.train) == len(data.val) == 6


def test_errors(tmp_path, pages, draw_pages, recipe_for):
    with pytest.raises(InputError, match=r"D035 .*\['box'\].*\['line'\]"):
        load_data(recipe_for(pages, data={"classes": ["line"]}))
    with pytest.raises(InputError, match=r"D034 .*\['lien'\]"):
        load_data(recipe_for(pages, data={"train": [{"path": str(pages), "annotates": ["lien"]}]}))
    with pytest.raises(InputError, match="D030"):
        load_data(recipe_for(pages, data={"classes": ["line"], "train": [{"path": str(pages), "annotates": ["line"]}]}))
    with pytest.raises(InputError, match=r"D030 .*data\.holdout"):
        load_data(recipe_for(pages, data={"holdout": 1.0}))
    with pytest.raises(InputError, match="D030"):
        load_data(recipe_for(pages, data={"train": [{"path": str(pages), "weight": 0.0}]}))
    incomplete = draw_pages(tmp_path / "incomplete", ["a.png", "b.png", "c.png"])
    (incomplete / "b.png").unlink()
    (incomplete / "c.png").unlink()
    with pytest.raises(InputError, match=r"b\.png: D016 2 images") as caught:
        load_data(recipe_for(incomplete))
    assert caught.value.exit_code == 4
