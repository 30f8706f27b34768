"""A runtime and works on pages for tests of the pipeline."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.models.meta import ModelMeta


class DarkRuntime:
    """Finds the box around everything dark; nothing on a blank page."""

    name, device, precision, multiple = "fake", "cpu", "fp32", 32

    def __init__(self, test: TestSection | None = None, page_size: int = 320) -> None:
        self.meta = ModelMeta(
            name="dark",
            classes=("text_line",),
            page_size=page_size,
            model=ModelSection(),
            decode=DecodeSection(),
            threshold=0.5,
            test=test or TestSection(),
        )
        self.shapes: list[tuple[int, ...]] = []

    def predict(self, batch: np.ndarray) -> list[RawBoxes]:
        self.shapes.append(batch.shape)
        return [self._find(image) for image in batch]

    def _find(self, image: np.ndarray) -> RawBoxes:
        ys, xs = np.nonzero(image.mean(axis=2) < 128)
        if not len(xs):
            return RawBoxes(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
        box = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float32)
        return RawBoxes(box, np.array([0.875], np.float32), np.zeros(1, np.int64))


def picture(number: int = 0, width: int = 300, height: int = 400) -> Image.Image:
    """A page with one black box, whose place tells the number."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((30, 40 + number, 230, 60 + number), fill="black")
    return image


class Crash:
    """Work on a page that kills its process, for pages of some files."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, page, annotations):
        if Path(page.info.source).name in self.names:
            os.kill(os.getpid(), signal.SIGKILL)
        return len(annotations)


class Hang(Crash):
    """Likewise, but it never ends."""

    def __call__(self, page, annotations):
        if Path(page.info.source).name in self.names:
            time.sleep(1000)
        return len(annotations)


class Portable(DarkRuntime):
    """One that other processes can open as well; there it may find small lines, break or be missing."""

    def __init__(self, test: TestSection | None = None, there: str = "", *, here: bool = True) -> None:
        super().__init__(test)
        self.there, self.here, self.rested = there, here, False
        if not here and there == "no room":
            raise MemoryError

    def elsewhere(self):
        return partial(Portable, self.meta.test, self.there, here=False)

    def rest(self):
        self.rested = True

    def _find(self, image: np.ndarray) -> RawBoxes:
        if self.there == "tiny":
            boxes = np.array([[0, 3 * i, 60, 3 * i + 2] for i in range(12)], np.float32)
            return RawBoxes(boxes, np.full(12, 0.9, np.float32), np.zeros(12, np.int64))
        if not self.here and image.shape[1] > image.shape[0]:
            if self.there == "crash":
                os._exit(11)
            if self.there == "break":
                raise ValueError("broken")
            if self.there == "end":
                raise ModelError("M501", "the model is gone")
        return super()._find(image)
