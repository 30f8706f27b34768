from __future__ import annotations

from typing import get_args

import pytest

from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.pixels import IMAGENET_MEAN, STATISTICS, pixel_statistics


def test_every_choice_of_a_recipe_has_statistics():
    assert set(get_args(ModelSection.model_fields["pixels"].annotation)) == set(STATISTICS)


@pytest.mark.parametrize("pixels", ["imagenet", "coco_bgr", "voc_bgr"])
def test_the_order_of_channels_is_told(pixels):
    meta = ModelMeta(name="x", classes=("a",), page_size=32, model=ModelSection(pixels=pixels), decode=DecodeSection())
    assert meta.bgr == (pixels != "imagenet") == pixel_statistics(pixels).bgr


def test_voc_has_the_figures_of_imagenet_on_the_wrong_channels():
    assert pixel_statistics("voc_bgr").mean == IMAGENET_MEAN == pixel_statistics("imagenet").mean
    mean, std, bgr = pixel_statistics("coco_bgr")
    # Blue is the darkest channel of photographs, and comes first.
    assert mean[0] < mean[1] < mean[2]
    assert std == (0.28863828, 0.27408164, 0.27809835)
    assert bgr
