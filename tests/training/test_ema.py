from __future__ import annotations

import pytest
import torch
from torch import nn

from centernet_cli.training.ema import Ema


def network(value: float) -> nn.Sequential:
    net = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(value)
    return net


def weight(ema: Ema[nn.Sequential]) -> float:
    return ema.state_dict()["0.weight"][0, 0].item()


def test_it_moves_a_share_of_the_way():
    net = network(1.0)
    ema = Ema(net, 0.9)
    with torch.no_grad():
        net[0].get_parameter("weight").fill_(2.0)
    ema.update(net, 10_000)
    assert weight(ema) == pytest.approx(1.1)
    ema.update(net, 10_001)
    assert weight(ema) == pytest.approx(1.19)


def test_the_start_is_forgotten_fast():
    net = network(0.0)
    ema = Ema(net, 0.999)
    with torch.no_grad():
        net[0].get_parameter("weight").fill_(1.0)
    ema.update(net, 0)
    assert weight(ema) == pytest.approx(0.9)


def test_statistics_are_averaged_and_counters_copied():
    net = network(1.0).train()
    ema = Ema(net, 0.5)
    net(torch.tensor([[10.0, 10.0], [20.0, 20.0]]))
    ema.update(net, 10_000)
    state = ema.state_dict()
    assert state["1.running_mean"].item() == pytest.approx(net[1].get_buffer("running_mean").item() / 2)
    assert state["1.num_batches_tracked"].item() == 1


def test_it_is_a_copy_that_is_never_trained():
    net = network(1.0).train()
    ema = Ema(net, 0.9)
    assert not ema.model.training
    assert not any(parameter.requires_grad for parameter in ema.model.parameters())
    assert net.training
    assert all(parameter.requires_grad for parameter in net.parameters())
    ema.update(net, 0)
    assert weight(ema) == 1.0
