"""Which pixels a network sees: the order of the channels and what is subtracted and divided. Needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    Pixels = Literal["imagenet", "coco_bgr", "voc_bgr"]

Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


class PixelStatistics(NamedTuple):
    """Mean and standard deviation of pixels in [0, 1], in the order of the channels that the network sees.

    Attributes:
        mean: Three values.
        std: Three values.
        bgr: Whether that order is blue, green, red.
    """

    mean: Triple
    std: Triple
    bgr: bool


STATISTICS: dict[str, PixelStatistics] = {
    "imagenet": PixelStatistics(IMAGENET_MEAN, IMAGENET_STD, bgr=False),
    "coco_bgr": PixelStatistics((0.40789654, 0.44719302, 0.47026115), (0.28863828, 0.27408164, 0.27809835), bgr=True),
    # ImageNet's figures for red, green, blue used on blue, green, red: a slip, but the networks were trained with it.
    "voc_bgr": PixelStatistics(IMAGENET_MEAN, IMAGENET_STD, bgr=True),
}


def pixel_statistics(pixels: Pixels) -> PixelStatistics:
    """Return `(mean, std, bgr)` of a recipe's `model.pixels`."""
    return STATISTICS[pixels]
