"""Network outputs to boxes (arXiv 1904.07850, section 4): the part that runs on the device and in exported graphs.

`select` does the rest in numpy: which of the candidates stay, and what happens to those that overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from centernet_cli.codec.flip import average_mirrored
from centernet_cli.codec.peaks import find_peaks, top_peaks
from centernet_cli.codec.select import select

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.codec.peaks import Peaks
    from centernet_cli.codec.select import Detections
    from centernet_cli.core.recipe import DecodeSection


class Candidates(NamedTuple):
    """The best peaks of each page, best first: `boxes (B, k, 4)` xyxy in input pixels, `scores`, `classes (B, k)`.

    `k` is one more than the model's `top_k`, so that it shows whether there were more.
    """

    boxes: Tensor
    scores: Tensor
    classes: Tensor


def averaged_maps(outputs: dict[str, Tensor], pages: int, copies: int = 1) -> dict[str, Tensor]:
    """Return the maps of each page in float32, with probabilities as `heatmap`.

    Args:
        outputs: `heatmap (N, K, h, w)` logits with either `ltrb (N, 4, h, w)` or `size (N, 2, h, w)`, in which case
            there may be `offset (N, 2, h, w)`; cells. Without an offset the centre is that of its cell. A size of
            2K channels has width and height for each class in turn.
        pages: B.
        copies: 2 if `outputs` has the pages' mirror images as its second half, to be averaged with the first; else 1.
    """
    return average_mirrored({**outputs, "heatmap": outputs["heatmap"].float().sigmoid()}, pages, copies)


def candidates_of(maps: dict[str, Tensor], section: DecodeSection, stride: int = 4) -> Candidates:
    """Return the best peaks of each page with their boxes, whatever their score.

    Args:
        maps: From `averaged_maps`.
        section: How many peaks, which window.
        stride: Pixels per cell.
    """
    peaks = top_peaks(find_peaks(maps["heatmap"], section.peak_window), section.top_k + 1)
    return Candidates(stride * boxes_at(maps, peaks), peaks.scores, peaks.classes)


def decode(
    outputs: dict[str, Tensor], section: DecodeSection, stride: int = 4, *, mirrored: bool = False
) -> list[Detections]:
    """Return the detections of each page: candidates, and what `select` keeps of them.

    Args:
        outputs: As for `averaged_maps`.
        section: How many peaks, which window, which least score, which suppression.
        stride: Pixels per cell.
        mirrored: Whether `outputs` has the pages' mirror images as its second half.
    """
    copies = 2 if mirrored else 1
    found = candidates_of(averaged_maps(outputs, len(outputs["heatmap"]) // copies, copies), section, stride)
    boxes, scores, classes = (values.cpu().numpy() for values in found)
    return [select(*page, section) for page in zip(boxes, scores, classes, strict=True)]


def boxes_at(maps: dict[str, Tensor], peaks: Peaks) -> Tensor:
    """Return `(B, k, 4)` boxes in cells at the peaks."""
    _, classes, ys, xs = peaks
    if "ltrb" in maps:
        left, top, right, bottom = _gather(maps["ltrb"], ys, xs).unbind(-1)
        cx, cy = xs + 0.5, ys + 0.5
        return torch.stack([cx - left, cy - top, cx + right, cy + bottom], -1)
    sizes = _gather(maps["size"], ys, xs)
    if sizes.shape[2] > 2:
        sizes = _of_class(sizes, classes)
    width, height = sizes.unbind(-1)
    if "offset" in maps:
        dx, dy = _gather(maps["offset"], ys, xs).unbind(-1)
        cx, cy = xs + dx, ys + dy
    else:
        cx, cy = xs + 0.5, ys + 0.5
    return torch.stack([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2], -1)


def _gather(maps: Tensor, ys: Tensor, xs: Tensor) -> Tensor:
    """Return `(B, k, C)` values of `maps (B, C, h, w)` at cells `(B, k)`."""
    width = maps.shape[3]
    index = (ys * width + xs)[:, None].expand(-1, maps.shape[1], -1)
    return maps.float().flatten(2).gather(2, index).transpose(1, 2)


def _of_class(sizes: Tensor, classes: Tensor) -> Tensor:
    """Return `(B, k, 2)`: of `sizes (B, k, 2K)`, those of the peaks' classes `(B, k)`."""
    by_class = sizes.reshape(*sizes.shape[:2], -1, 2)
    return by_class.gather(2, classes[:, :, None, None].expand(-1, -1, 1, 2)).squeeze(2)
