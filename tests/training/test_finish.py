"""The end of a training: scores of classes on one scale, if that is better."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.line_metrics import line_scores
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.models.meta import read_meta
from centernet_cli.training import finish
from centernet_cli.training.loop import train
from centernet_cli.training.progress import Progress
from centernet_cli.training.validate import validate


class Listener(Progress):
    def __init__(self):
        self.heard = []

    def remark(self, message):
        self.heard.append(message)


def found(score_of_red: float) -> PagePair:
    boxes = {"box": (0, 0, 20, 20), "red": (40, 0, 60, 20)}
    scores = {"box": 0.6, "red": score_of_red}
    return PagePair(
        source="val",
        truth=tuple(Annotation(label=label, box=box) for label, box in boxes.items()),
        predictions=tuple(Annotation(label=label, box=box, score=scores[label]) for label, box in boxes.items()),
        width=96,
        height=64,
    )


@pytest.fixture
def judged(pages, draw_pages, recipe_for, start, tmp_path, monkeypatch):
    """A training whose validation finds what the test says, and with it the best threshold 0.6."""
    held_out = draw_pages(tmp_path / "val", ["v.png"], labels=("box", "red"), seed=1)

    def run(score_of_red=0.7, *, thresholds=(("red", 0.2),), **evaluation):
        data = {"classes": ["box", "red"], "val": [{"path": str(held_out)}]}
        trainer = start(recipe_for(pages, data=data, train={"epochs": 1}, eval=evaluation))

        def told(*args):
            pair = found(score_of_red)
            return replace(validate(*args), lines=line_scores([pair]), pairs=(pair,))

        before = replace(found(0.2), predictions=found(0.2).predictions[:1])
        monkeypatch.setattr(finish, "validate", told)
        monkeypatch.setattr(finish, "class_thresholds", lambda *_: dict(thresholds))

        class Judged(Listener):
            def scores(self, epoch, result, *, best):  # noqa: ARG002
                trainer.best_pairs = (before,)

        progress = Judged()
        train(trainer, progress)
        return trainer, progress.heard

    return run


def moved(run) -> list[float]:
    name = "heads.final.heatmap.bias"
    return (load_file(run.weights)[name] - load_file(run.best)[name]).tolist()


def test_scores_of_classes_are_put_on_one_scale(judged):
    trainer, heard = judged()
    common = read_meta(trainer.run.best).threshold
    shift = torch.logit(torch.tensor(common)) - torch.logit(torch.tensor(0.2))
    assert moved(trainer.run) == pytest.approx([0, float(shift)], abs=1e-4)
    meta = read_meta(trainer.run.weights)
    assert meta.facts["class_thresholds"] == {"red": 0.2}
    assert meta.threshold == 0.6  # the best one of the new weights
    assert len(heard) == 1
    assert heard[0].startswith(f"scores of classes put on one scale: what was red 0.20 is {common:.2f} now")
    assert len(trainer.best_pairs[0].predictions) == 2  # for the report


def test_not_if_that_is_no_better(judged):
    trainer, heard = judged(0.01)
    assert moved(trainer.run) == [0, 0]
    assert trainer.run.weights.read_bytes() == trainer.run.best.read_bytes()
    assert heard == []


@pytest.mark.parametrize("switch", [{"level_classes": False}, {}])
def test_not_if_nothing_asks_for_it(judged, switch):
    trainer, _ = judged(thresholds=(("red", 0.2),) if switch else (), **switch)
    assert trainer.run.weights.read_bytes() == trainer.run.best.read_bytes()
