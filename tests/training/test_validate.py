from __future__ import annotations

import pytest
import torch

from centernet_cli.core.recipe import TestSection
from centernet_cli.inference.runtimes.torch import TorchRuntime
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.training.trainer import model_meta
from centernet_cli.training.validate import validate


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
