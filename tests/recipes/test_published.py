from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from centernet_cli.core.architectures import ARCHITECTURES
from centernet_cli.core.recipe import Recipe
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.original_classes import KNOWN

FOLDER = Path(__file__).parents[2] / "recipes"
ALL = sorted(path.stem for path in FOLDER.glob("*.yaml"))


class Setting(NamedTuple):
    """What the original's scripts and MODEL_ZOO.md say, and the score they reached."""

    arch: str
    score: str
    batch: int
    lr: float
    epochs: int
    drops: tuple[int, ...]
    side: int = 512


PUBLISHED = {
    "coco_resdcn_18": Setting("resdcn_18", "28.1", 114, 5e-4, 140, (90, 120)),
    "coco_resdcn_101": Setting("resdcn_101", "34.6", 96, 3.75e-4, 140, (90, 120)),
    "coco_dla_34_1x": Setting("dla_34", "36.3", 128, 5e-4, 140, (90, 120)),
    "coco_dla_34_2x": Setting("dla_34", "37.4", 128, 5e-4, 230, (180, 210)),
    "coco_hourglass_104": Setting("hourglass_104", "40.3", 24, 2.5e-4, 50, (40,)),
    "voc_resdcn_18_384": Setting("resdcn_18", "72.6", 32, 1.25e-4, 70, (45, 60), 384),
    "voc_resdcn_18_512": Setting("resdcn_18", "75.7", 32, 1.25e-4, 70, (45, 60)),
    "voc_resdcn_101_384": Setting("resdcn_101", "77.1", 32, 1.25e-4, 70, (45, 60), 384),
    "voc_resdcn_101_512": Setting("resdcn_101", "78.7", 32, 1.25e-4, 70, (45, 60)),
    "voc_dla_34_384": Setting("dla_34", "79.3", 32, 1.25e-4, 70, (45, 60), 384),
    "voc_dla_34_512": Setting("dla_34", "80.7", 32, 1.25e-4, 70, (45, 60)),
}
MEGAPARAMETERS = {"resdcn_18": 14.44, "resdcn_101": 49.67, "dla_34": 19.68, "hourglass_104": 191.28}
"""Of the original's networks with 80 classes, counted in its code; DLA's without the classifier it never uses."""


def recipe(name: str) -> Recipe:
    return load_recipe(FOLDER / f"{name}.yaml")


def header(name: str) -> str:
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    end = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(lines[:end])


@pytest.mark.parametrize("name", ALL)
def test_a_recipe_is_valid_named_after_its_file_and_tells_its_score(name):
    assert recipe(name).name == name
    assert "\n# Score: " in header(name)
    assert "Data: " in header(name)
    assert len(header(name).splitlines()[0]) <= 122  # `recipe list` shows it


@pytest.mark.parametrize("name", ALL)
def test_weights_of_ours_are_the_only_ones_called_trained(name):
    ours = {"lines", "regions", "smoke"}
    common = {"coco", "voc"}
    assert ("Not trained by us." in header(name)) == (name not in ours | common)


def test_every_published_setting_has_a_recipe():
    others = {"lines", "regions", "smoke", "coco", "voc", "article", "modern_dla_34", "modern_resnet_18"}
    assert set(ALL) - others == set(PUBLISHED)


@pytest.mark.parametrize(("name", "setting"), PUBLISHED.items(), ids=list(PUBLISHED))
def test_published_settings_are_the_originals(name, setting):
    r = recipe(name)
    assert setting.score in header(name)
    assert (r.train.batch_size, r.optim.lr, r.train.epochs) == (setting.batch, setting.lr, setting.epochs)
    assert r.optim.drop_epochs == setting.drops
    assert r.train.input == (setting.side, setting.side)
    # What all of them share.
    optim = (r.optim.name, r.optim.schedule, r.optim.weight_decay, r.optim.warmup_steps, r.optim.clip_norm, r.optim.ema)
    assert optim == ("adam", "steps", 0.0, 0, None, 0.0)
    assert r.optim.backbone_lr_factor == 1.0
    assert (r.targets.gaussian, r.targets.min_overlap, r.targets.merge) == ("original", 0.7, "max")
    assert not r.targets.dense_size
    assert (r.loss.heatmap, r.loss.size, r.loss.offset) == (1.0, 0.1, 1.0)
    assert (r.loss.size_loss, r.loss.offset_loss) == ("l1", "l1")
    augment = {"mode": "original", "scale": (0.6, 1.3), "rotate_degrees": 0.0, "flip": 0.5, "min_visible": 0.0}
    colours = {"photometric": 1.0, "colour": "original", "degrade": 0.0}
    assert r.augment.model_dump() == {**augment, **colours}
    assert (r.train.seed, r.train.val_every, r.train.precision) == (317, 5, "fp32")
    assert (r.decode.top_k, r.decode.nms_iou, r.decode.peak_window, r.decode.min_score) == (100, None, (3, 3), 0.0)
    assert r.eval.max_dets == 100
    assert r.eval.score == "ap"


@pytest.mark.parametrize(("name", "setting"), PUBLISHED.items(), ids=list(PUBLISHED))
def test_published_networks_are_the_originals(name, setting):
    model = recipe(name).model
    expected = dict(ARCHITECTURES[setting.arch])
    if name.startswith("voc_"):
        expected["pixels"] = "voc_bgr"
    assert {key: getattr(model, key) for key in expected} == expected
    assert model.arch == setting.arch
    assert (model.frozen_stages, model.class_sizes, model.init) == (0, False, None)


@pytest.mark.parametrize("name", [name for name in ALL if name not in {"lines", "regions", "smoke", "coco", "voc"}])
def test_networks_can_be_built(name):
    r = recipe(name)
    with torch.device("meta"):
        network = CenterNet(r.model, len(r.data.classes))
    if name.startswith("coco_"):
        parameters = sum(parameter.numel() for parameter in network.parameters())
        assert parameters / 1e6 == pytest.approx(MEGAPARAMETERS[PUBLISHED[name].arch], abs=0.006)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_networks_are_tested_as_the_original_does(name):
    r = recipe(name)
    if name.startswith("voc_"):
        side = PUBLISHED[name].side
        assert (r.test.resize, r.test.size, r.test.flip) == ("fixed", (side, side), True)
    else:
        assert (r.test.resize, r.test.flip) == ("keep", False)
    assert r.test.scales == (1.0,)


@pytest.mark.parametrize(("name", "count"), [("coco", 80), ("voc", 20)])
def test_classes_are_those_of_imported_checkpoints(name, count):
    classes = recipe(name).data.classes
    assert len(set(classes)) == len(classes) == count
    assert classes == KNOWN[name]


def test_coco_classes_are_in_the_order_of_their_ids():
    # 91 ids were planned, and these eleven never used; a few places fix the order of the rest.
    unused = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91}
    ids = [i for i in range(1, 92) if i not in unused]
    by_id = dict(zip(ids, recipe("coco").data.classes, strict=True))
    known = {3: "car", 13: "stop sign", 18: "dog", 37: "sports ball", 44: "bottle", 62: "chair", 72: "tv", 84: "book"}
    assert {i: by_id[i] for i in known} == known


def test_the_article_is_the_papers_method_with_its_network_and_losses():
    r, base = recipe("article"), recipe("voc")
    assert (r.model.backbone, r.model.neck, r.model.box) == ("resnet50", "fpn", "size_offset")
    assert (r.loss.size_loss, r.loss.offset_loss) == ("smooth_l1", "smooth_l1")
    assert r.targets == base.targets
    assert (r.loss.heatmap, r.loss.size, r.loss.offset) == (1.0, 0.1, 1.0)


@pytest.mark.parametrize("name", ["modern_dla_34", "modern_resnet_18"])
def test_modern_recipes(name):
    r = recipe(name)
    assert (r.model.box, r.targets.gaussian) == ("ltrb", "ellipse")
    assert (r.optim.name, r.optim.schedule) == ("adamw", "cosine")
    assert r.optim.ema > 0
    assert r.decode.nms_iou is not None
