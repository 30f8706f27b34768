"""Network outputs to boxes (arXiv 1904.07850, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torchvision.ops import batched_nms

from centernet_cli.codec.peaks import find_peaks, top_peaks

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.core.recipe import DecodeSection


class Detections(NamedTuple):
    """Boxes of one page, best first: `boxes (N, 4)` xyxy in input pixels, `scores (N,)`, `classes (N,)` int64."""

    boxes: Tensor
    scores: Tensor
    classes: Tensor


def decode(outputs: dict[str, Tensor], section: DecodeSection, stride: int = 4) -> list[Detections]:
    """Return the detections of each page.

    Args:
        outputs: `heatmap (B, K, h, w)` logits with either `ltrb (B, 4, h, w)` or `size (B, 2, h, w)` and,
            if the model has it, `offset (B, 2, h, w)`; cells.
        section: How many peaks, which window, which least score, which suppression.
        stride: Pixels per cell.
    """
    heatmap = outputs["heatmap"].float().sigmoid()
    peaks = top_peaks(find_peaks(heatmap, section.peak_window), section.top_k)
    boxes = stride * _boxes(outputs, peaks.ys, peaks.xs)
    detections = []
    for page_boxes, scores, classes in zip(boxes, peaks.scores, peaks.classes, strict=True):
        keep = (scores >= section.min_score) & (scores > 0)
        found = Detections(page_boxes[keep], scores[keep], classes[keep])
        if section.nms_iou is not None:
            # Returned best first.
            best = batched_nms(found.boxes, found.scores, found.classes, section.nms_iou)
            found = Detections(found.boxes[best], found.scores[best], found.classes[best])
        detections.append(found)
    return detections


def _boxes(outputs: dict[str, Tensor], ys: Tensor, xs: Tensor) -> Tensor:
    """Return `(B, k, 4)` boxes in cells at the peaks."""
    if "ltrb" in outputs:
        left, top, right, bottom = _gather(outputs["ltrb"], ys, xs).unbind(-1)
        cx, cy = xs + 0.5, ys + 0.5
        return torch.stack([cx - left, cy - top, cx + right, cy + bottom], -1)
    width, height = _gather(outputs["size"], ys, xs).unbind(-1)
    if "offset" in outputs:
        dx, dy = _gather(outputs["offset"], ys, xs).unbind(-1)
        cx, cy = xs + dx, ys + dy
    else:
        cx, cy = xs + 0.5, ys + 0.5
    return torch.stack([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2], -1)


def _gather(maps: Tensor, ys: Tensor, xs: Tensor) -> Tensor:
    """Return `(B, k, C)` values of `maps (B, C, h, w)` at cells `(B, k)`."""
    width = maps.shape[3]
    index = (ys * width + xs)[:, None].expand(-1, maps.shape[1], -1)
    return maps.float().flatten(2).gather(2, index).transpose(1, 2)
