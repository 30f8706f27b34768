"""Predict with torch: the network as it was trained, on CPU, CUDA or MPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.inference.finish import Finish
from centernet_cli.inference.graph import PageGraph
from centernet_cli.inference.runtimes.devices import DTYPES, limit_threads, pick_device, pick_precision

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from centernet_cli.inference.runtime import RawBoxes
    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.models.zoo import LoadedModel


class TorchRuntime:
    """A loaded model on a device.

    Args:
        model: From `models.zoo.load_model`; its network is moved to the device.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        precision: `auto`, `fp32`, `bf16`, `fp16`.
        min_score: Boxes below it are not even looked at; None: as the model's decode section says.
        compiled: Whether torch's compiler makes code for the network, at the first pages of a size: half a minute or
            more, once. What it needs (a C++ compiler, Triton on GPUs) shows at the first prediction only.

    Raises:
        MissingRequirementError: The device is not there.
        UsageError: Device or precision make no sense.
    """

    name = "torch"

    def __init__(
        self,
        model: LoadedModel,
        device: str = "auto",
        precision: str = "auto",
        *,
        min_score: float | None = None,
        compiled: bool = False,
    ) -> None:
        self.meta: ModelMeta = model.meta
        self._device = pick_device(device)
        self._precision = pick_precision(precision, self._device)
        if self._device.type == "cpu":
            limit_threads()
        self._finish = Finish(model.meta, min_score)
        self._network = model.network.to(self._device).to(memory_format=torch.channels_last).eval()
        self._compiled = compiled
        if compiled:
            self._network.compile()
        autocast = None if self._precision == "fp32" else DTYPES[self._precision]
        self._graph = PageGraph(self._network, model.meta, autocast).to(self._device)

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
        """Find boxes on RGB uint8 `(B, H, W, 3)`; see `Runtime.predict`.

        Raises:
            MissingRequirementError: E721, the compiler that was asked for doesn't work here.
        """
        try:
            return self._predict(batch)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(str(error)) from error
        except RuntimeError as error:
            # The CPU's allocator has no exception of its own.
            if "DefaultCPUAllocator" in str(error):
                raise MemoryError(str(error)) from error
            if self._compiled and _of_compiler(error):
                reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
                raise MissingRequirementError(
                    "E721", f"torch cannot compile the network here: {reason}", path="--compile", hint="leave it out"
                ) from error
            raise

    @torch.inference_mode()
    def _predict(self, batch: npt.NDArray[np.uint8]) -> list[RawBoxes]:
        pixels = torch.from_numpy(batch).to(self._device)
        found = self._graph.run(pixels, mirror=self.meta.test.flip)
        boxes, scores, classes = (values.cpu().numpy() for values in found)
        return self._finish(boxes, scores, classes)


def _of_compiler(error: RuntimeError) -> bool:
    # Imported here: it takes longer than torch itself.
    from torch._dynamo.exc import TorchDynamoException

    return isinstance(error, TorchDynamoException)
