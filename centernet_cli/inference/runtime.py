"""What the pipeline asks of a runtime, and what a user may ask; `runtimes/` holds those that exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.models.meta import ModelMeta


RuntimeName = Literal["auto", "torch", "openvino", "onnx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeOptions:
    """What runs a model, and where.

    Attributes:
        runtime: `auto`, `torch`, `openvino`, `onnx`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        precision: `auto`, `fp32`, `bf16`, `fp16`.
        threads: On the CPU; None: as many as this process may use. torch has one number for the whole process.
        compiled: torch only: its compiler makes code for the network and this device, at the first pages of a size.
    """

    runtime: RuntimeName = "auto"
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    compiled: bool = False


class RawBoxes(NamedTuple):
    """Boxes of one image in network pixels, best score first.

    Attributes:
        boxes: float32 `(N, 4)` x0, y0, x1, y1.
        scores: float32 `(N,)`, 0 to 1.
        classes: int64 `(N,)`, indices into the model's classes.
        capped: Whether there were more candidates than the model's `top_k`, so that boxes may be missing.
    """

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]
    capped: bool = False


class Runtime(Protocol):
    """A model ready to run on a device."""

    @property
    def meta(self) -> ModelMeta:
        """The model's description."""

    @property
    def name(self) -> str:
        """Runtime, such as `torch`."""

    @property
    def device(self) -> str:
        """Device in the runtime's own words, such as `cuda:0`."""

    @property
    def precision(self) -> str:
        """Precision of the arithmetic: `fp32`, `bf16` or `fp16`."""

    @property
    def multiple(self) -> int:
        """Both sides of what the network sees are multiples of this."""

    def predict(self, batch: npt.NDArray[np.uint8]) -> list[RawBoxes]:
        """Find boxes on a batch.

        Overlapping boxes are suppressed as the model says, unless that happens later, when all looks at a page are
        joined (`ModelMeta.joins_looks`).

        Args:
            batch: RGB uint8 `(B, H, W, 3)`, H and W multiples of `multiple`.

        Returns:
            One entry an image.

        Raises:
            MemoryError: The device has too little memory for the batch.
        """


@runtime_checkable
class Portable(Protocol):
    """A runtime that other processes can open, too, cheaply."""

    def elsewhere(self) -> Callable[[], Runtime]:
        """Return what opens the same model in the same way, on one thread; it can be pickled."""

    def rest(self) -> None:
        """Give back what memory can be spared until `predict` is called again; nothing may run meanwhile."""
