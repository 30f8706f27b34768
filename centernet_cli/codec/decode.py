"""Network outputs to boxes (arXiv 1904.07850, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torchvision.ops import batched_nms

from centernet_cli.codec.flip import average_mirrored
from centernet_cli.codec.peaks import find_peaks, top_peaks
from centernet_cli.codec.soft_nms import soft_nms

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.codec.peaks import Peaks
    from centernet_cli.core.recipe import DecodeSection

SMALLEST = 1e-6
"""Scores below this are nothing, whatever `min_score` says: cells that are no peak have 0."""


class Detections(NamedTuple):
    """What is found on a page, best first.

    Attributes:
        boxes: `(N, 4)` xyxy in input pixels.
        scores: `(N,)`.
        classes: `(N,)` int64.
        capped: Whether there were more peaks than `top_k`, so that boxes may be missing.
    """

    boxes: Tensor
    scores: Tensor
    classes: Tensor
    capped: bool = False


def decode(
    outputs: dict[str, Tensor], section: DecodeSection, stride: int = 4, *, mirrored: bool = False
) -> list[Detections]:
    """Return the detections of each page.

    Args:
        outputs: `heatmap (B, K, h, w)` logits with either `ltrb (B, 4, h, w)` or `size (B, 2, h, w)`, in which case
            there may be `offset (B, 2, h, w)`; cells. Without an offset the centre is that of its cell. A size of
            2K channels has width and height for each class in turn.
        section: How many peaks, which window, which least score, which suppression.
        stride: Pixels per cell.
        mirrored: Whether `outputs` has the pages' mirror images as its second half, to be averaged with the first.
    """
    maps = {**outputs, "heatmap": outputs["heatmap"].float().sigmoid()}
    if mirrored:
        maps = average_mirrored(maps)
    heatmap = find_peaks(maps["heatmap"], section.peak_window)
    peaks = top_peaks(heatmap, section.top_k)
    boxes = stride * _boxes(maps, peaks)
    capped = _capped(heatmap, peaks, max(section.min_score, SMALLEST))
    detections = []
    for page_boxes, scores, classes, more in zip(boxes, peaks.scores, peaks.classes, capped, strict=True):
        keep = (scores >= section.min_score) & (scores > 0)
        found = Detections(page_boxes[keep], scores[keep], classes[keep], more)
        detections.append(_suppress(found, section))
    return detections


def _capped(heatmap: Tensor, peaks: Peaks, floor: float) -> list[bool]:
    """Say of each page whether it has more peaks of a score from `floor` on than were taken."""
    if not bool((peaks.scores[:, -1] >= floor).any()):
        return [False] * len(heatmap)
    more: list[bool] = ((heatmap >= floor).flatten(1).sum(1) > peaks.scores.shape[1]).tolist()
    return more


def _suppress(found: Detections, section: DecodeSection) -> Detections:
    boxes, scores, classes, capped = found
    if section.soft_nms:
        lowered = soft_nms(boxes.cpu().numpy(), scores.cpu().numpy(), classes.cpu().numpy())
        scores = torch.from_numpy(lowered).float().to(scores.device)
        best = scores.argsort(descending=True, stable=True)
        best = best[(scores[best] >= section.min_score) & (scores[best] > 0)]
    elif section.nms_iou is not None:
        # Returned best first.
        best = batched_nms(boxes, scores, classes, section.nms_iou)
    else:
        return found
    return Detections(boxes[best], scores[best], classes[best], capped)


def _boxes(maps: dict[str, Tensor], peaks: Peaks) -> Tensor:
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
