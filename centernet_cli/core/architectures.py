"""The published architectures by their original names, as values of a recipe's `model` section."""

from __future__ import annotations

from typing import Literal

ArchName = Literal[
    "res_18",
    "res_34",
    "res_50",
    "res_101",
    "res_152",
    "resdcn_18",
    "resdcn_34",
    "resdcn_50",
    "resdcn_101",
    "resdcn_152",
    "dla_34",
    "dlav0_34",
    "hourglass_104",
]

_HEADS: dict[str, object] = {
    "box": "size_offset",
    "shared_head": False,
    "light_head": False,
    "head_norm": False,
    "pixels": "coco_bgr",
}
_DEPTHS = (18, 34, 50, 101, 152)

ARCHITECTURES: dict[str, dict[str, object]] = {
    **{f"res_{n}": {**_HEADS, "backbone": f"resnet{n}", "neck": "deconv", "head_channels": 64} for n in _DEPTHS},
    **{
        f"resdcn_{n}": {
            **_HEADS,
            "backbone": f"resnet{n}",
            "neck": "deconv",
            "deformable": True,
            "head_channels": 64,
        }
        for n in _DEPTHS
    },
    "dla_34": {**_HEADS, "backbone": "dla34", "neck": "dla_up", "deformable": True, "head_channels": 256},
    "dlav0_34": {**_HEADS, "backbone": "dla34", "neck": "dla_up", "head_channels": 256},
    "hourglass_104": {**_HEADS, "backbone": "hourglass104", "neck": "none", "stacks": 2, "head_channels": 256},
}
"""Heads of 64 channels (256 for DLA and hourglass), one hidden convolution each, with a bias; BGR as on COCO."""
