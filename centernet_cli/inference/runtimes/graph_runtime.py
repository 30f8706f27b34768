"""What runtimes of exported graphs have in common; each opens a graph and runs it in its own way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from centernet_cli.core.errors import UsageError
from centernet_cli.inference.finish import Finish
from centernet_cli.inference.runtimes.processors import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from centernet_cli.inference.runtime import RawBoxes
    from centernet_cli.models.meta import ModelMeta

    Found = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]


class GraphRuntime:
    """An exported graph on the CPU.

    Args:
        graph: The file.
        meta: The model's description.
        device: `auto` or `cpu`.
        precision: `auto` or one that the runtime has.
        min_score: Boxes below it are dropped; None: as the model's decode section says.
        threads: None: as many as this process may use.

    Raises:
        ModelError: The graph cannot be used.
        MissingRequirementError: E720, the library isn't there.
        UsageError: A device, precision or kind of file that this runtime doesn't have.
    """

    name: ClassVar[str]
    device = "cpu"

    def __init__(
        self,
        graph: Path,
        meta: ModelMeta,
        device: str = "auto",
        precision: str = "auto",
        *,
        min_score: float | None = None,
        threads: int | None = None,
    ) -> None:
        if device not in {"auto", "cpu"}:
            message = f"{self.name} runs on the CPU, not on '{device}'"
            raise UsageError("U709", message, path="--device", hint="or use --runtime torch")
        self.meta = meta
        self.multiple = meta.multiple
        self.precision = self.pick_precision(precision)
        self._graph = graph
        self._min_score = min_score
        self._finish = Finish(meta, min_score)
        self._mirror = np.array(1 if meta.test.flip else 0, dtype=np.int64)
        self._open(graph, thread_count() if threads is None else threads)

    def predict(self, batch: npt.NDArray[np.uint8]) -> list[RawBoxes]:
        """Find boxes on RGB uint8 `(B, H, W, 3)`; see `Runtime.predict`. Threads may call it side by side."""
        try:
            found = self._run(batch)
        except Exception as error:
            # The libraries' exceptions have no class of their own for this.
            if "alloc" in str(error).lower():
                raise MemoryError(str(error)) from error
            raise
        return self._finish(*found)

    def elsewhere(self) -> Callable[[], Self]:
        """Return what opens the same graph on one thread, in any process of this machine."""
        how = (self._graph, self.meta, self.device, self.precision)
        return partial(type(self), *how, min_score=self._min_score, threads=1)

    def rest(self) -> None:
        """Give back what memory can be spared."""

    @classmethod
    def pick_precision(cls, name: str) -> str:
        """Return the arithmetic that `--precision` names.

        Raises:
            UsageError: One that this runtime doesn't have.
        """
        raise NotImplementedError

    def _open(self, graph: Path, threads: int) -> None:
        """Make the graph ready to run."""
        raise NotImplementedError

    def _run(self, batch: npt.NDArray[np.uint8]) -> Found:
        """Return boxes, scores and classes of a batch, as the graph gives them."""
        raise NotImplementedError
