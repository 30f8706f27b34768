"""Predict with torch: the network as it was trained, on CPU, CUDA or MPS."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch

from centernet_cli.codec.decode import decode
from centernet_cli.inference.looks import suppressed_after_joining
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.inference.runtimes.devices import DTYPES, limit_threads, pick_device, pick_precision

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.models.zoo import LoadedModel


class TorchRuntime:
    """A loaded model on a device.

    Args:
        model: From `models.zoo.load_model`; its network is moved to the device.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        precision: `auto`, `fp32`, `bf16`, `fp16`.
        min_score: Boxes below it are not even looked at; None: as the model's decode section says.

    Raises:
        MissingRequirementError: The device is not there.
        UsageError: Device or precision make no sense.
    """

    name = "torch"

    def __init__(
        self, model: LoadedModel, device: str = "auto", precision: str = "auto", *, min_score: float | None = None
    ) -> None:
        self.meta: ModelMeta = model.meta
        self._device = pick_device(device)
        self._precision = pick_precision(precision, self._device)
        if self._device.type == "cpu":
            limit_threads()
        changed: dict[str, object] = {} if min_score is None else {"min_score": min_score}
        if suppressed_after_joining(model.meta):
            changed |= {"soft_nms": False, "nms_iou": None}
        self._decode = model.meta.decode.model_copy(update=changed)
        self._flip = model.meta.test.flip
        self._network = model.network.to(self._device).to(memory_format=torch.channels_last).eval()
        # Pixels are 0 to 255, the statistics 0 to 1.
        self._mean = 255 * torch.tensor(model.meta.mean, device=self._device).view(1, 3, 1, 1)
        self._std = 255 * torch.tensor(model.meta.std, device=self._device).view(1, 3, 1, 1)

    @property
    def device(self) -> str:
        """Device in torch's words."""
        return str(self._device)

    @property
    def multiple(self) -> int:
        """Both sides of what the network sees are multiples of this."""
        return self._network.multiple

    @property
    def precision(self) -> str:
        """Arithmetic of the network; boxes are always decoded in fp32."""
        return self._precision

    def predict(self, batch: npt.NDArray[np.uint8]) -> list[RawBoxes]:
        """Find boxes on RGB uint8 `(B, H, W, 3)`; see `Runtime.predict`."""
        try:
            return self._predict(batch)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(str(error)) from error
        except RuntimeError as error:
            # The CPU's allocator has no exception of its own.
            if "DefaultCPUAllocator" in str(error):
                raise MemoryError(str(error)) from error
            raise

    @torch.inference_mode()
    def _predict(self, batch: npt.NDArray[np.uint8]) -> list[RawBoxes]:
        # uint8 (B, H, W, 3) seen as (B, 3, H, W) is channels_last as it is.
        images = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2)
        # A float copy either way, so that the batch stays as it is.
        images = (images.flip(1) if self.meta.bgr else images).float()
        images = images.sub_(self._mean).div_(self._std)
        if self._flip:
            images = torch.cat([images, images.flip(3)])
        with self._autocast():
            outputs = self._network(images)
        return [
            RawBoxes(boxes.cpu().numpy(), scores.cpu().numpy(), classes.cpu().numpy(), capped)
            for boxes, scores, classes, capped in decode(outputs, self._decode, self.meta.stride, mirrored=self._flip)
        ]

    def _autocast(self) -> AbstractContextManager[object]:
        if self._precision == "fp32":
            return nullcontext()
        return torch.autocast(self._device.type, dtype=DTYPES[self._precision])
