from __future__ import annotations

import pytest

from centernet_cli.core.recipe import ModelSection
from centernet_cli.models.cost import cost

# Millions of parameters and thousand millions of multiply-adds of the original's networks at 512x512, 80 classes.
TABLE = {
    "res_18": (15.82, 22.7),
    "resdcn_18": (14.44, 13.3),
    "res_101": (53.44, 55.6),
    "resdcn_101": (49.67, 45.6),
    "dla_34": (19.68, 33.1),
    "hourglass_104": (191.28, 292.7),
}


@pytest.mark.parametrize("arch", TABLE)
def test_costs_are_the_originals(arch):
    parameters, gmacs = TABLE[arch]
    found = cost(ModelSection.model_validate({"arch": arch}), 80, every_stack=True)
    assert round(found.parameters / 1e6, 2) == parameters
    # The original's DLA projects twice what it then doesn't use: 0.07 that ours leaves out.
    assert found.multiply_adds / 1e9 == pytest.approx(gmacs, abs=0.075 if arch == "dla_34" else 0.05)


def test_prediction_asks_the_last_stack_alone():
    section = ModelSection.model_validate({"arch": "hourglass_104"})
    every, last = (cost(section, 80, every_stack=choice).multiply_adds for choice in (True, False))
    cells = 128 * 128
    heads = 3 * 256 * 256 * 9 + 256 * (80 + 2 + 2)
    assert every - last == cells * heads


def test_a_deformable_convolution_counts_as_two():
    plain, deformable = (
        cost(ModelSection.model_validate({"backbone": "resnet18", "neck": "deconv", "deformable": choice}), 1, (64, 32))
        for choice in (False, True)
    )
    doubling = [(512, 256), (256, 256), (256, 256)]
    chosen = [(512, 256), (256, 128), (128, 64)]
    cells = [2, 8, 32]
    # A transposed convolution of kernel 4 multiplies each of its input cells sixteen times.
    before = sum(16 * i * o * n for (i, o), n in zip(doubling, cells, strict=True))
    after = sum((9 * i * o + 9 * i * 27 + 16 * o * o) * n for (i, o), n in zip(chosen, cells, strict=True))
    # One light head's first 3x3 and pointwise convolution at stride 4 see fewer channels as well.
    heads = (256 - 64) * (9 + 64) * 128
    assert plain.multiply_adds - deformable.multiply_adds == before - after + heads


def test_cost_grows_with_the_image():
    section = ModelSection.model_validate({"arch": "res_18"})
    small, large = cost(section, 2, (64, 64)), cost(section, 2, (128, 128))
    assert large.multiply_adds == 4 * small.multiply_adds
    assert large.parameters == small.parameters
