from __future__ import annotations

import pytest

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.training.data import load_data
from centernet_cli.training.hints import LossWatch, class_hints, data_hints, loss_hints


def hints_of(recipe):
    return data_hints(load_data(recipe), recipe)


def test_nothing_to_say(pages, recipe_for, draw_pages, tmp_path):
    many = draw_pages(tmp_path / "many", [f"{i}.png" for i in range(20)])
    assert hints_of(recipe_for(many)) == []


def test_thin_boxes(pages, recipe_for):
    # Boxes of 10 to 23 pixels in a page of 96: at half the size most are thinner than 8.
    (thin, *_) = hints_of(recipe_for(pages, train={"page_size": 48}))
    assert "thinner than 8 pixels" in thin
    assert "train.page_size (48 now)" in thin
    (thin, *_) = hints_of(recipe_for(pages, augment={"mode": "page"}, train={"input": [64, 32]}))
    assert "a larger train.input (64x32 now)" in thin


def test_more_boxes_than_are_kept(pages, recipe_for):
    hints = hints_of(recipe_for(pages, decode={"top_k": 1}, eval={"max_dets": 1}))
    assert any("decode.top_k" in hint for hint in hints)
    assert any("eval.max_dets" in hint for hint in hints)


def test_classes_without_boxes(pages, recipe_for):
    hints = hints_of(recipe_for(pages, data={"classes": ["box", "seal"]}))
    assert "class 'seal' has no box to learn from" in hints


def test_validation_pages_that_are_trained_on(pages, recipe_for, draw_pages, tmp_path):
    (hint, *_) = (one for one in hints_of(recipe_for(pages, data={"val": [{"path": str(pages)}]})) if "trained" in one)
    assert hint.startswith("all 6 validation pages are trained on as well: the scores tell")
    other = draw_pages(tmp_path / "other", ["a.png", "b.png"])
    mixed = [{"path": str(pages)}, {"path": str(other)}]
    assert any("6 of the 8" in one for one in hints_of(recipe_for(pages, data={"val": mixed})))
    unused = {"train": [{"path": str(other)}, {"path": str(pages), "weight": 0.0}], "val": [{"path": str(pages)}]}
    assert not any("trained" in one for one in hints_of(recipe_for(pages, data=unused)))


def test_patience_without_pages_to_judge_by(pages, recipe_for):
    assert any("train.patience" in hint for hint in hints_of(recipe_for(pages, train={"patience": 3})))


def test_classes_that_are_never_predicted():
    def box(label, score=None, *, crowd=False):
        return Annotation(label=label, box=(0, 0, 5, 5), score=score, crowd=crowd)

    pair = PagePair(
        source="s",
        truth=(box("a"), box("b"), box("c", crowd=True), box("d")),
        predictions=(box("a", 0.9), box("b", 0.2)),
        width=9,
        height=9,
        annotates=frozenset("abc"),
    )
    (hint,) = class_hints([pair], ["a", "b", "c", "d"], 0.5)
    assert hint.startswith("class 'b' is never predicted with a score of 0.50")
    assert class_hints([pair], ["a", "b", "c", "d"], 0.1) == []


def test_classes_of_which_nothing_is_right():
    def box(label, x, score=None):
        return Annotation(label=label, box=(x, 0, x + 5, 5), score=score)

    pair = PagePair(
        source="s",
        truth=(box("a", 0), box("b", 0)),
        predictions=(box("a", 0, 0.9), box("b", 9, 0.8), box("b", 15, 0.7)),
        width=20,
        height=9,
    )
    assert class_hints([pair], ["a", "b"], 0.5) == ["class 'b': none of the 2 boxes predicted is right (IoU 0.5)"]
    (hint,) = class_hints([pair], ["b"], 0.5)
    assert "no box predicted on the validation pages with a score of 0.50 or more is right" in hint
    assert "too short" in hint
    for said in ("the heatmap is dead: …", "the loss has not fallen for 36 steps …"):
        (hint,) = class_hints([pair], ["b"], 0.5, said=["something else", said])
        assert hint.endswith("is right (IoU 0.5): see the warnings about the training")
    assert class_hints([], ["a"], 0.5) == []


def test_a_warm_up_that_never_ends(pages, recipe_for):
    assert any("optim.warmup_steps" in hint for hint in hints_of(recipe_for(pages, optim={"warmup_steps": 100})))
    assert not any("optim.warmup_steps" in hint for hint in hints_of(recipe_for(pages)))


def test_a_loss_that_ends_as_it_began():
    def lines(*losses):
        return [{"step": i, "loss": loss} for i, loss in enumerate(losses)] + [{"epoch": 1, "score": 0.5}]

    assert loss_hints(lines(*[3.0] * 7)) == []  # too few to tell
    assert loss_hints(lines(*[3.0] * 4, *[2.0] * 4)) == []
    (hint,) = loss_hints(lines(3.0, 3.1, 2.9, 3.2, 3.0, 3.1, 3.0, 3.0))
    assert hint.startswith("the loss has not fallen: 3.05 on average in the first quarter")
    # Lower by 4 %, but by chance: single steps differ by 30 %.
    few, many = ([*[3.0, 4.0, 2.0] * n, *[3.0] * 6 * n, *[2.88, 3.84, 1.92] * n] for n in (1, 3))
    (hint,) = loss_hints(lines(*many))
    assert hint.startswith("the loss has not fallen: 3 on average")
    assert hint.endswith("2.88 in the last, which may be chance")
    assert loss_hints(lines(*few)) == []  # too few to tell how much they differ
    assert loss_hints(lines(*[3.0] * 7, 3.0), said=["the loss has not fallen for 12 steps"]) == []


def test_short_trainings_are_watched_in_short_stretches():
    assert [LossWatch.over(total).steps for total in (10, 800, 10_000)] == [12, 50, 200]


def told(losses, share=0.1) -> list[str]:
    watch = LossWatch(steps=5, patience=2)
    return [hint for loss in losses if (hint := watch.observe(loss, share)) is not None]


def test_a_loss_that_falls_is_fine():
    assert told([10 * 0.99**i for i in range(100)]) == []


def test_a_loss_that_stays_is_told_once():
    (hint,) = told([3.0] * 100)
    assert "has not fallen for 10 steps (mean 3, lowest 3)" in hint
    again = LossWatch.over(1000, [hint])
    assert [one for _ in range(1000) if (one := again.observe(3.0, 0.1)) is not None] == []


def test_late_in_a_training_it_may_stay():
    assert told([3.0] * 100, share=0.9) == []


def test_a_single_plateau_is_no_matter():
    assert told([3.0] * 10 + [2.0] * 5) == []


@pytest.mark.parametrize("mode", ["crop", "page", "original"])
def test_every_mode_of_augmentation(pages, recipe_for, mode):
    recipe = recipe_for(pages, augment={"mode": mode}, train={"input": [32, 32], "page_size": 32})
    assert any("thinner" in hint for hint in hints_of(recipe))
