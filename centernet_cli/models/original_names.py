"""Tensor names of the original CenterNet's checkpoints for those of our networks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from centernet_cli.core.recipe import ModelSection

Rule = tuple[str, "str | Callable[[re.Match[str]], str]"]

HEADS = {"heatmap": "hm", "size": "wh", "offset": "reg"}
"""Ours to theirs."""
DROPPED = ("base.fc.weight", "base.fc.bias")
"""The ImageNet classifier that DLA's checkpoints carry along."""

_HOURGLASS_PARTS = {"stay": "up1", "down": "low1", "within": "low2", "up": "low3"}
_STEPS = {"project": "proj", "up": "up", "node": "node"}


def _head(match: re.Match[str]) -> str:
    return f"{HEADS[match['head']]}.{match['layer']}."


def _hourglass_head(match: re.Match[str]) -> str:
    layer = "0.conv" if match["layer"] == "0" else "1"
    return f"{HEADS[match['head']]}.{match['stack']}.{layer}."


def _step(match: re.Match[str]) -> str:
    place = "ida_up" if match["round"] is None else f"dla_up.ida_{match['round']}"
    return f"{place}.{_STEPS[match['part']]}_{int(match['step']) + 1}."


def _node(match: re.Match[str]) -> str:
    return f"dla_up.ida_{match['round']}.node_{int(match['step']) + 1}."


def _hourglass(match: re.Match[str]) -> str:
    parts = (_HOURGLASS_PARTS.get(part, part) for part in match["path"].split("."))
    return f"kps.{'.'.join(parts)}"


_HEAD = r"heads\.(?P<head>heatmap|size|offset)\.(?P<stack>\d+)\.(?P<layer>[02])\."
_RESNET: list[Rule] = [
    (r"backbone\.stages\.0\.0\.0\.", "conv1."),
    (r"backbone\.stages\.0\.0\.1\.", "bn1."),
    (r"backbone\.stages\.0\.1\.", "layer1."),
    (r"backbone\.stages\.(\d)\.", lambda match: f"layer{int(match[1]) + 1}."),
    (r"neck\.layers\.", "deconv_layers."),
    (_HEAD, _head),
]
_DLA: list[Rule] = [
    (r"backbone\.stages\.0\.", "base."),
    (r"backbone\.stages\.(\d)\.", lambda match: f"base.level{int(match[1]) + 2}."),
    (r"neck\.(pyramid\.(?P<round>\d)|final)\.(steps|rises)\.(?P<step>\d)\.(?P<part>project|up|node)\.", _step),
    (r"neck\.pyramid\.(?P<round>\d)\.nodes\.(?P<step>\d)\.", _node),
    (_HEAD, _head),
]
_HOURGLASS: list[Rule] = [
    (r"backbone\.stem\.", "pre."),
    (r"backbone\.hourglasses\.(?P<path>.*)", _hourglass),
    (r"backbone\.outs\.", "cnvs."),
    (r"backbone\.betweens\.", "inters."),
    (r"backbone\.from_before\.", "inters_."),
    (r"backbone\.from_out\.", "cnvs_."),
    (_HEAD, _hourglass_head),
]


def original_names(names: Iterable[str], section: ModelSection) -> dict[str, str]:
    """Return the original's name of each tensor of ours.

    Args:
        names: Keys of the `state_dict` of a network.
        section: Its architecture: one of `core.architectures`, whose box heads may be fewer or wider.

    Raises:
        ValueError: A tensor that the original's networks don't have.
    """
    rules = {"dla34": _DLA, "hourglass104": _HOURGLASS}.get(section.backbone, _RESNET)
    return {name: _translate(name, rules) for name in names}


def _translate(name: str, rules: list[Rule]) -> str:
    for pattern, replacement in rules:
        found, count = re.subn(f"^{pattern}", replacement, name, count=1)
        if count:
            return re.sub(r"(_\d+)\.after\.", r"\1.actf.", found)
    raise ValueError(f"the original has no tensor {name}")
