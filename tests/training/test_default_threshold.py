"""A model's default threshold is the one with the best F1 on its validation pages, and is stored with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.line_metrics import MatchTable, line_scores
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.models.meta import read_meta
from centernet_cli.models.zoo import save_model
from centernet_cli.training.trainer import model_meta
from centernet_cli.training.validate import validate

BOXES = tuple((10 * k, 0, 10 * k + 8, 8) for k in range(6))


def test_the_best_threshold_on_validation_is_stored(pages, draw_pages, recipe_for, start, tmp_path):
    held_out = draw_pages(tmp_path / "val", ["v.png"], size=(96, 64), seed=1)
    recipe = recipe_for(
        pages, data={"classes": ["box"], "train": [{"path": str(pages)}], "val": [{"path": str(held_out)}]}
    )
    trainer = start(recipe)
    result = validate(trainer.network, model_meta(trainer, None), trainer.data.val, recipe, torch.device("cpu"))
    scores = [0.9, 0.8, 0.62, 0.41, 0.3, 0.2]  # the last two are wrong
    found = [Annotation(label="box", box=box, score=score) for box, score in zip(BOXES, scores, strict=True)]
    pair = PagePair(
        source="val",
        truth=tuple(Annotation(label="box", box=box) for box in BOXES[:4]),
        predictions=tuple(found),
        width=96,
        height=64,
    )
    meta = model_meta(trainer, replace(result, lines=line_scores([pair])))
    assert meta.threshold == 0.41
    table = MatchTable([pair])
    best = table.at(0.5, meta.threshold).f1
    assert best == max(table.at(0.5, step / 100).f1 or 0 for step in range(101))
    save_model(trainer.network.state_dict(), meta, tmp_path / "weights.safetensors")
    assert read_meta(tmp_path / "weights.safetensors").threshold == pytest.approx(0.41)
