"""The whole way from a photograph to boxes against a plain retelling of what CenterNet's own detector does."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

import cv2
import numpy as np
import pytest
import torch

from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.core.records import Page, PageInfo, PageRecord
from centernet_cli.inference.pipeline import PipelineOptions, predict_pages
from centernet_cli.inference.runtimes.torch import TorchRuntime
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.zoo import LoadedModel

K, CLASSES = 20, 3
BGR_MEAN, BGR_STD = (0.40789654, 0.44719302, 0.47026115), (0.28863828, 0.27408164, 0.27809835)
SECTION = ModelSection(box="size_offset", pixels="coco_bgr")


class Toy(torch.nn.Module):
    """One convolution instead of a network: scores of all heights, boxes that overlap."""

    multiple = 32

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, CLASSES + 4, 8, stride=4, padding=2)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        heatmap, size, offset = self.conv(images).split([CLASSES, 2, 2], 1)
        return {"heatmap": 4 * heatmap - 1, "size": 4 + 8 * size.sigmoid(), "offset": offset.sigmoid()}


def network() -> CenterNet:
    return cast("CenterNet", Toy().eval())


def photograph(width: int, height: int) -> np.ndarray:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 4) * 2, np.uint8)


Boxes = list[tuple[int, float, tuple[float, float, float, float]]]
"""Class, score, box."""


def original(net: CenterNet, rgb: np.ndarray, test: TestSection, *, soft: bool) -> Boxes:
    """Boxes in pixels of the photograph, unclipped."""
    found = [item for scale in test.scales for item in one_scale(net, rgb[..., ::-1], test, scale)]
    if soft or len(test.scales) > 1:
        found = [item for label in range(CLASSES) for item in softened([one for one in found if one[0] == label])]
    scores = sorted((score for _, score, _ in found), reverse=True)
    least = scores[K - 1] if len(scores) > K else 0.0
    return sorted((item for item in found if item[1] >= least), key=lambda item: -item[1])


def one_scale(net: CenterNet, bgr: np.ndarray, test: TestSection, scale: float) -> Boxes:
    height, width = bgr.shape[:2]
    new_height, new_width = int(height * scale), int(width * scale)
    centre: tuple[float, float]
    extent: tuple[float, float]
    if test.resize == "fixed":
        full_width, full_height = test.size
        centre, extent = (new_width / 2, new_height / 2), (max(height, width),) * 2
    else:
        full_width, full_height = (new_width | 31) + 1, (new_height | 31) + 1
        centre, extent = (new_width // 2, new_height // 2), (full_width, full_height)
    resized = cv2.resize(np.ascontiguousarray(bgr), (new_width, new_height))
    shown = cv2.warpAffine(
        resized, affine(centre, extent[0], full_width, full_height), (full_width, full_height), flags=cv2.INTER_LINEAR
    )
    normalised = ((shown / 255.0 - np.array(BGR_MEAN)) / np.array(BGR_STD)).astype(np.float32)
    images = torch.from_numpy(normalised.transpose(2, 0, 1)[None])
    if test.flip:
        images = torch.cat([images, images.flip(3)])
    with torch.inference_mode():
        maps = {name: values.double().numpy() for name, values in net(images).items()}
    heat, size, offset = 1 / (1 + np.exp(-maps["heatmap"])), maps["size"], maps["offset"][0]
    if test.flip:
        heat, size = ((one[0] + one[1, :, :, ::-1]) / 2 for one in (heat, size))
    else:
        heat, size = heat[0], size[0]
    cells = decoded(heat, size, offset)
    back = cv2.invertAffineTransform(affine(centre, extent[0], full_width // 4, full_height // 4))
    return [(label, score, moved(box, back, scale)) for label, score, box in cells]


def affine(centre: tuple[float, float], extent: float, width: float, height: float) -> np.ndarray:
    (x, y), half = centre, extent / 2
    here = np.array([(x, y), (x, y - half), (x - half, y - half)], np.float32)
    middle = np.array([(width / 2, height / 2)] * 3, np.float32)
    there = middle + np.array([(0, 0), (0, -width / 2), (-width / 2, -width / 2)], np.float32)
    return np.asarray(cv2.getAffineTransform(here, there))


def decoded(heat: np.ndarray, size: np.ndarray, offset: np.ndarray) -> Boxes:
    """Peaks of 3 x 3 cells, the best K of all classes, boxes in cells."""
    around = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    height, width = heat.shape[1:]
    largest = np.max([around[:, y : y + height, x : x + width] for y in range(3) for x in range(3)], axis=0)
    scores = np.where(heat == largest, heat, 0)
    best = np.argsort(-scores.ravel(), kind="stable")[:K]
    boxes: Boxes = []
    for label, y, x in zip(*(one.tolist() for one in np.unravel_index(best, scores.shape)), strict=True):
        cx, cy = x + offset[0, y, x], y + offset[1, y, x]
        half_w, half_h = size[0, y, x] / 2, size[1, y, x] / 2
        boxes.append((label, float(scores[label, y, x]), (cx - half_w, cy - half_h, cx + half_w, cy + half_h)))
    return boxes


def moved(box: tuple[float, float, float, float], back: np.ndarray, scale: float) -> tuple[float, float, float, float]:
    x0, y0 = (back @ (box[0], box[1], 1)) / scale
    x1, y1 = (back @ (box[2], box[3], 1)) / scale
    return float(x0), float(y0), float(x1), float(y1)


def softened(items: Boxes) -> Boxes:
    """Gaussian soft suppression of one class; sides count both end pixels."""
    left, done = sorted(items, key=lambda item: -item[1]), []
    while left:
        left.sort(key=lambda item: -item[1])
        best = left.pop(0)
        done.append(best)
        lowered: Boxes = []
        for label, score, box in left:
            iou = overlap(best[2], box)
            new = score * math.exp(-iou * iou / 0.5)
            if iou == 0 or new >= 0.001:
                lowered.append((label, new, box))
        left = lowered
    return done


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    wide, high = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) + 1 for i in (0, 1))
    if wide <= 0 or high <= 0:
        return 0.0
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return wide * high / (sum(areas) - wide * high)


SCALES = (0.5, 0.75, 1.0, 1.25, 1.5)


@pytest.mark.parametrize(
    ("test", "soft"),
    [
        (TestSection(resize="keep"), False),
        (TestSection(resize="keep"), True),
        (TestSection(resize="keep", flip=True), False),
        (TestSection(resize="keep", flip=True, scales=SCALES), False),
        (TestSection(resize="keep", scales=(0.5,)), True),
        (TestSection(resize="fixed", size=(192, 192)), False),
        (TestSection(resize="fixed", size=(192, 192), flip=True), True),
        (TestSection(resize="fixed", size=(192, 192), scales=(0.5, 1.0)), False),
    ],
)
@pytest.mark.parametrize("shape", [(150, 107), (96, 128)])
def test_boxes_and_scores_are_the_originals(test: TestSection, soft: bool, shape: tuple[int, int]) -> None:
    net, rgb = network(), photograph(*shape)
    decoding = DecodeSection(top_k=K, nms_iou=None, soft_nms=soft, min_score=0.0)
    meta = ModelMeta(
        name="toy",
        classes=("a", "b", "c"),
        page_size=128,
        model=SECTION,
        decode=decoding,
        test=test,
        mean=BGR_MEAN,
        std=BGR_STD,
    )
    page = Page(info=PageInfo(source="a.jpg", width=rgb.shape[1], height=rgb.shape[0]), pixels=rgb)
    runtime = TorchRuntime(LoadedModel(net, meta), "cpu", "fp32")
    (record,) = predict_pages([page], runtime, PipelineOptions(threshold=0.0))
    assert isinstance(record, PageRecord)
    # What the original leaves beyond the photograph's borders is cut off here.
    limits = np.array([rgb.shape[1], rgb.shape[0]] * 2)
    expected = [(label, score, np.clip(box, 0, limits)) for label, score, box in original(net, rgb, test, soft=soft)]
    expected = [item for item in expected if (item[2][2:] > item[2][:2] + 1e-3).all()]
    scores = [score for _, score, _ in expected]
    assert min(one - other for one, other in pairwise(scores)) > 1e-7, "no ties, so that the order is certain"
    assert len(record.annotations) == len(expected) > K // 2
    assert [item.score for item in record.annotations] == pytest.approx(scores, abs=2e-5)
    for item, (label, score, box) in zip(record.annotations, expected, strict=True):
        assert item.label == meta.classes[label], score
        assert item.box == pytest.approx(box, rel=1e-4, abs=5e-3)
