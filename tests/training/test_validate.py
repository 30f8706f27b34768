from __future__ import annotations

import pytest
import torch

from centernet_cli.core.recipe import TestSection
from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.inference.runtimes.torch import TorchRuntime
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.training.trainer import model_meta
from centernet_cli.training.validate import source_weights, validate


def test_pages_are_shown_as_the_recipe_says(
    pages, draw_pages, recipe_for, start, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    held_out = draw_pages(tmp_path / "val", ["v.png", "w.png"], size=(96, 64), seed=1)
    test = {"resize": "keep", "flip": True, "scales": [1.0, 2.0]}
    recipe = recipe_for(
        pages,
        data={"classes": ["box"], "train": [{"path": str(pages)}], "val": [{"path": str(held_out)}]},
        model={"pixels": "coco_bgr"},
        test=test,
    )
    trainer = start(recipe)
    meta = model_meta(trainer, None)
    assert meta.test == TestSection(resize="keep", flip=True, scales=(1.0, 2.0))
    assert (meta.mean, meta.std, meta.bgr) == pixel_statistics("coco_bgr")
    shown = []

    def watched(runtime: TorchRuntime, batch):
        shown.append(batch.shape)
        return predict(runtime, batch)

    predict = TorchRuntime.predict
    monkeypatch.setattr(TorchRuntime, "predict", watched)
    result = validate(trainer.network, meta, trainer.data.val, recipe, torch.device("cpu"))
    assert shown == [(1, 96, 128, 3), (1, 160, 224, 3)] * 2
    assert result.coco.max_dets == recipe.eval.max_dets


def pairs_of(source: str, count: int, *, found: bool) -> list[PagePair]:
    truth = Annotation(label="box", box=(0, 0, 10, 10))
    predictions = (Annotation(label="box", box=(0, 0, 10, 10), score=0.5),) if found else ()
    return [PagePair(source=source, truth=(truth,), predictions=predictions, width=20, height=20)] * count


@pytest.mark.parametrize(
    ("weigh", "weights", "score"),
    [
        ("sources", {"large": 1.0, "tiny": 1.0}, 0.5),
        ("balanced", {"large": 3.0, "tiny": 1.0}, 0.75),
        ("pages", {"large": 9.0, "tiny": 1.0}, 0.9),
    ],
)
def test_a_tiny_source_decides_less_if_pages_count(pages, recipe_for, start, monkeypatch, weigh, weights, score):
    pairs = [*pairs_of("large", 9, found=True), *pairs_of("tiny", 1, found=False)]
    assert source_weights(pairs, weigh) == weights
    recipe = recipe_for(pages, eval={"weigh": weigh})
    monkeypatch.setattr("centernet_cli.training.validate._predict", lambda *_: pairs)
    trainer = start(recipe)
    result = validate(trainer.network, model_meta(trainer, None), [], recipe, torch.device("cpu"))
    assert result.score == pytest.approx(score)
    assert result.lines.f1_50 == pytest.approx(0.5)
