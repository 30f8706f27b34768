from __future__ import annotations

import pytest
import torch

from centernet_cli.codec.flip import average_mirrored


def mirror(maps: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What a perfectly symmetric network would say of the mirrored page."""
    mirrored = {name: values.flip(3) for name, values in maps.items()}
    if "ltrb" in maps:
        left, top, right, bottom = mirrored["ltrb"].unbind(1)
        mirrored["ltrb"] = torch.stack([right, top, left, bottom], 1)
    return mirrored


def stacked(maps: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: torch.cat([maps[name], others[name]]) for name in maps}


@pytest.mark.parametrize(
    "channels", [{"heatmap": 2, "ltrb": 4}, {"heatmap": 2, "size": 2, "offset": 2}, {"heatmap": 3, "size": 6}]
)
def test_a_symmetric_network_gives_the_pages_own_maps(channels: dict[str, int]) -> None:
    torch.manual_seed(0)
    maps = {name: torch.rand(2, count, 4, 6) for name, count in channels.items()}
    for name, values in average_mirrored(stacked(maps, mirror(maps)), 2).items():
        torch.testing.assert_close(values, maps[name])


def test_maps_are_averaged_but_for_the_offset() -> None:
    torch.manual_seed(0)
    page = {name: torch.rand(1, count, 2, 4) for name, count in (("heatmap", 1), ("ltrb", 4), ("offset", 2))}
    other = {name: torch.rand_like(values) for name, values in page.items()}
    merged = average_mirrored(stacked(page, other), 1)
    torch.testing.assert_close(merged["offset"], page["offset"])
    torch.testing.assert_close(merged["heatmap"], (page["heatmap"] + other["heatmap"].flip(3)) / 2)
    # Left of the page lies right in the mirror.
    assert merged["ltrb"][0, 0, 1, 0] == (page["ltrb"][0, 0, 1, 0] + other["ltrb"][0, 2, 1, 3]) / 2
    assert merged["ltrb"][0, 1, 1, 0] == (page["ltrb"][0, 1, 1, 0] + other["ltrb"][0, 1, 1, 3]) / 2


def test_one_copy_stays_as_it_is() -> None:
    maps = {"heatmap": torch.rand(3, 2, 4, 6), "ltrb": torch.rand(3, 4, 4, 6)}
    for name, values in average_mirrored(maps, 3, copies=1).items():
        torch.testing.assert_close(values, maps[name])
