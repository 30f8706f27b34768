"""Training samples: annotated pages seen through random windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset as TorchDataset

from centernet_cli.datasets.original_colours import original_colours
from centernet_cli.datasets.photometric import colours, degrade
from centernet_cli.datasets.transforms import (
    View,
    clip_boxes,
    fit_view,
    look,
    map_boxes,
    original_scale,
    original_view,
    random_view,
    view_matrix,
)

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.recipe import AugmentSection
    from centernet_cli.datasets.page_cache import PageReader
    from centernet_cli.datasets.resize import Pixels


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """A page ready for training.

    Attributes:
        path: Image file.
        source: Name of the dataset it comes from.
        weight: Share of the draws.
        width: Pixels of the oriented image.
        height: Likewise.
        boxes: `(N, 4)` float32 xyxy, page pixels.
        labels: `(N,)` int64 class indices.
        ignore: `(M, 4)` areas whose content is unknown (crowds).
        annotated: `(K,)` bool: classes that the source labels.
        group: Document.
        frame: Page or frame from 1 that the dataset names; it counts if the file holds several.
    """

    path: Path
    source: str
    weight: float
    width: int
    height: int
    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    ignore: npt.NDArray[np.float32]
    annotated: npt.NDArray[np.bool_]
    group: str
    frame: int | None = None


class Draw(NamedTuple):
    """Which page to show and with which random numbers."""

    page: int
    seed: tuple[int, ...]
    landscape: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """What the network sees: `pixels` RGB uint8 `(H, W, 3)`; the rest as in `LabelledPage`, in its pixels."""

    pixels: Pixels
    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    ignore: npt.NDArray[np.float32]
    annotated: npt.NDArray[np.bool_]


class Samples(TorchDataset[Sample]):
    """Map `Draw`s to samples; the same draw gives the same sample in any process.

    Args:
        pages: All pages.
        augment: Recipe section.
        window: Width and height of samples of portrait (or any, in `crop` mode) pages.
        page_size: Long side that pages are scaled to at scale 1.
        cache: Reads their images.
    """

    def __init__(
        self,
        pages: list[LabelledPage],
        augment: AugmentSection,
        window: tuple[int, int],
        page_size: int,
        cache: PageReader,
    ) -> None:
        self.pages = pages
        self.augment = augment
        self.window = window
        self.page_size = page_size
        self.cache = cache

    def __len__(self) -> int:
        return len(self.pages)

    def __getitem__(self, draw: Draw) -> Sample:
        """Make one sample.

        Raises:
            InputError: The image cannot be read.
        """
        page = self.pages[draw.page]
        rng = np.random.default_rng(draw.seed)
        pixels = self.cache.read(page)
        augment = self.augment
        view = self._view(page, rng, landscape=draw.landscape)
        original = augment.mode == "original"
        seen = look(pixels, view, beyond=0, average=False) if original else look(pixels, view)
        matrix = view_matrix(view, page.width, page.height)
        boxes, learn, stubs = clip_boxes(map_boxes(page.boxes, matrix), view.width, view.height, augment.min_visible)
        crowds, in_sight, _ = clip_boxes(map_boxes(page.ignore, matrix), view.width, view.height, 0.0)
        ignore = np.concatenate([boxes[stubs], crowds[in_sight]])
        if rng.random() < augment.photometric:
            seen = original_colours(seen, rng) if augment.colour == "original" else colours(seen, rng)
        if rng.random() < augment.degrade:
            seen = degrade(seen, rng)
        return Sample(seen, boxes[learn], page.labels[learn], ignore, page.annotated)

    def _view(self, page: LabelledPage, rng: np.random.Generator, *, landscape: bool) -> View:
        augment, size = self.augment, (page.width, page.height)
        if augment.mode == "original":
            scale = original_scale(rng, *augment.scale)
        else:
            scale = float(np.exp(rng.uniform(*np.log(augment.scale))))
        degrees = float(rng.normal(0, augment.rotate_degrees)) if augment.rotate_degrees else 0.0
        mirror = bool(rng.random() < augment.flip)
        if augment.mode == "original":
            return original_view(rng, size, self.window, scale=scale, degrees=degrees, mirror=mirror)
        if augment.mode == "page":
            window = self.window[::-1] if landscape else self.window
            return fit_view(rng, size, window, scale=scale, degrees=degrees, mirror=mirror)
        scale *= self.page_size / max(size)
        return random_view(rng, size, self.window, scale=scale, degrees=degrees, anchors=page.boxes, mirror=mirror)
