from __future__ import annotations

import math

import pytest
import torch

from centernet_cli.codec.encode import encode_batch
from centernet_cli.codec.targets import Objects
from centernet_cli.core.recipe import TargetsSection
from centernet_cli.losses.dead_heatmap import DEAD, SATURATED, DeadHeatmap, centre_term
from centernet_cli.losses.focal import focal_loss

BOXES = torch.tensor([(4.0, 4.0, 30.0, 20.0), (40.0, 8.0, 60.0, 30.0), (8.0, 4.0, 20.0, 30.0)])


@pytest.fixture
def targets():
    objects = Objects(
        BOXES,
        torch.tensor([0, 1, 1]),
        torch.tensor([0, 0, 1]),
        torch.zeros(0, 4),
        torch.zeros(0).long(),
        torch.ones(2, 2).bool(),
    )
    return encode_batch(objects, shape=(32, 64), section=TargetsSection())


def test_the_term_is_what_others_know(targets):
    assert pytest.approx(9.2085, abs=1e-4) == SATURATED
    for logit in (-10.0, -1000.0):
        assert centre_term(torch.full((2, 2, 8, 16), logit), targets).item() == pytest.approx(SATURATED)


def test_the_term_is_the_share_of_the_centres_in_the_focal_loss(targets):
    torch.manual_seed(0)
    logits = torch.randn(2, 2, 8, 16)
    others = torch.where(targets.heatmap == 1, logits, -100.0)
    assert centre_term(logits, targets).item() == pytest.approx(focal_loss(others, targets.heatmap).item(), rel=1e-5)


def test_a_dead_network_is_told_once_and_a_healthy_one_never(targets):
    dead, fresh = (torch.full((2, 2, 8, 16), logit) for logit in (-12.0, -2.19))
    watch = DeadHeatmap(patience=5)
    assert [watch.observe(centre_term(dead, targets).item()) for _ in range(12)] == [False] * 4 + [True] + [False] * 7
    healthy = DeadHeatmap(patience=5)
    assert not any(healthy.observe(centre_term(fresh, targets).item()) for _ in range(12))


def test_only_steps_in_a_row_count():
    watch = DeadHeatmap(patience=3)
    assert not any(watch.observe(term) for term in [9.2, 9.2, 1.0, 9.2, 9.2, math.nan])
    assert watch.observe(9.2)


def test_a_single_centre_that_is_seen_is_a_sign_of_life(targets):
    logits = torch.full((2, 2, 8, 16), -12.0)
    logits[0, 0] = 0
    assert centre_term(logits, targets).item() < DEAD


def test_pages_without_objects_say_nothing(targets):
    none = torch.zeros(0, dtype=torch.long)
    empty = Objects(torch.zeros(0, 4), none, none, torch.zeros(0, 4), none, torch.ones(2, 2, dtype=torch.bool))
    nothing = encode_batch(empty, shape=(32, 64), section=TargetsSection())
    assert math.isnan(centre_term(torch.zeros(2, 2, 8, 16), nothing).item())
