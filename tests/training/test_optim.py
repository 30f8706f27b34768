from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.recipe import ModelSection, OptimSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.training.optim import build_optimizer, rate_factor

TINY = {"backbone": "mobilenet_v3_small", "neck_channels": 8, "head_channels": 8, "context_blocks": 0}


def test_warm_up_is_linear_and_then_over():
    section = OptimSection(schedule="constant", warmup_steps=4)
    assert [rate_factor(section, step, 0.0, 0) for step in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    assert rate_factor(OptimSection(schedule="constant", warmup_steps=0), 0, 0.0, 0) == 1


def test_cosine_values():
    section = OptimSection(schedule="cosine", warmup_steps=0)
    found = [rate_factor(section, 1000, share, 0) for share in (0.0, 0.25, 0.5, 1.0, 1.5)]
    quarter = 0.01 + 0.99 * 0.5 * (1 + math.sqrt(0.5))
    assert found == pytest.approx([1.0, quarter, 0.505, 0.01, 0.01])


@given(st.floats(0, 1), st.floats(0, 1), st.integers(100, 10_000))
def test_cosine_never_rises_after_the_warm_up(one, two, step):
    low, high = sorted((one, two))
    section = OptimSection(schedule="cosine", warmup_steps=100)
    assert 0 < rate_factor(section, step, high, 0) <= rate_factor(section, step, low, 0) <= 1


def test_steps_values():
    section = OptimSection(schedule="steps", warmup_steps=0, drop_epochs=(3, 5))
    found = [rate_factor(section, 99, 0.5, epoch) for epoch in range(7)]
    assert found == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_drops_are_the_originals():
    # Epochs counted from 1: the original lowers the rate when epoch 90 is over, and again after epoch 120.
    section = OptimSection(name="adam", lr=5e-4, schedule="steps", warmup_steps=0, drop_epochs=(90, 120))
    rates = {epoch: section.lr * rate_factor(section, 1, 0.5, epoch - 1) for epoch in (1, 90, 91, 120, 121, 140)}
    assert rates == pytest.approx({1: 5e-4, 90: 5e-4, 91: 5e-5, 120: 5e-5, 121: 5e-6, 140: 5e-6})


def test_adam_is_the_originals_and_has_no_decay_unless_told():
    network = CenterNet(ModelSection.model_validate(TINY), 2)
    optimizer = build_optimizer(network, OptimSection(name="adam", lr=0.02))
    assert type(optimizer) is torch.optim.Adam
    assert {(group["lr"], group["weight_decay"], group["betas"]) for group in optimizer.param_groups} == {
        (0.02, 0.0, (0.9, 0.999))
    }
    told = build_optimizer(network, OptimSection(name="adam", weight_decay=0.1))
    assert {group["weight_decay"] for group in told.param_groups} == {0.1}
    trained = [parameter for group in told.param_groups for parameter in group["params"]]
    assert len(trained) == len(list(network.parameters()))
    # Written out, as in a run folder, it stays what it was.
    section = OptimSection(name="adam")
    assert OptimSection.model_validate_json(section.model_dump_json()) == section


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_groups(name):
    network = CenterNet(ModelSection.model_validate({**TINY, "frozen_stages": 2}), 2)
    section = OptimSection(name=name, lr=0.02, backbone_lr_factor=0.1, weight_decay=0.3, momentum=0.7)
    optimizer = build_optimizer(network, section)
    assert type(optimizer) is {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[name]
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    seen = []
    for group in optimizer.param_groups:
        if name == "sgd":
            assert group["momentum"] == 0.7
        for parameter in group["params"]:
            in_backbone = names[id(parameter)].startswith("backbone.")
            assert group["lr"] == pytest.approx(0.002 if in_backbone else 0.02)
            # Biases and normalisation have no direction to shrink in.
            assert group["weight_decay"] == (0.3 if parameter.ndim > 1 else 0.0)
            seen.append(names[id(parameter)])
    assert sorted(seen) == sorted(name for name, p in network.named_parameters() if p.requires_grad)
    assert not any(name.startswith(("backbone.stages.0.", "backbone.stages.1.")) for name in seen)


def test_layer_decay_is_a_step_for_each_stage():
    model = CenterNet(ModelSection.model_validate(TINY), 1)
    section = OptimSection(lr=1.0, layer_decay=0.5, backbone_lr_factor=0.1)
    rates = {
        id(parameter): group["lr"]
        for group in build_optimizer(model, section).param_groups
        for parameter in group["params"]
    }
    for name, parameter in model.named_parameters():
        stage = int(name.split(".")[2]) if name.startswith("backbone.") else None
        expected = 1.0 if stage is None else 0.1 * 0.5 ** (4 - stage)
        assert rates[id(parameter)] == pytest.approx(expected), name


def test_frozen_stages_are_kept_for_later_if_they_will_thaw():
    model = CenterNet(ModelSection.model_validate({**TINY, "frozen_stages": 4}), 1)
    counts = [
        sum(len(group["params"]) for group in build_optimizer(model, OptimSection(), frozen_too=thaw).param_groups)
        for thaw in (False, True)
    ]
    assert counts[0] == sum(1 for name, _ in model.named_parameters() if not name.startswith("backbone."))
    assert counts[1] == len(list(model.parameters()))
