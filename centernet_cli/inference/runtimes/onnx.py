"""Predict with ONNX Runtime on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from centernet_cli.core.errors import MissingRequirementError, ModelError, UsageError
from centernet_cli.inference.finish import Finish
from centernet_cli.inference.runtimes.processors import thread_count

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from centernet_cli.inference.runtime import RawBoxes
    from centernet_cli.models.meta import ModelMeta

OUTPUTS = ["boxes", "scores", "classes"]
ERRORS_ONLY = 3


class OnnxRuntime:
    """An exported graph in ONNX Runtime, in float32.

    Args:
        graph: `.onnx`.
        meta: The model's description.
        device: `auto` or `cpu`.
        precision: `auto` or `fp32`.
        min_score: Boxes below it are dropped; None: as the model's decode section says.
        threads: None: as many as this process may use.

    Raises:
        ModelError: The graph cannot be used.
        MissingRequirementError: E720, ONNX Runtime isn't installed.
        UsageError: A device, precision or kind of file that this runtime doesn't have.
    """

    name = "onnx"
    device = "cpu"
    precision = "fp32"

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
            raise UsageError(
                "U709", f"onnx runs on the CPU, not on '{device}'", path="--device", hint="or use --runtime torch"
            )
        if precision not in {"auto", "fp32"}:
            raise UsageError("U709", f"onnx has no {precision}", path="--precision", hint="fp32, or another --runtime")
        if graph.suffix.lower() == ".xml":
            raise UsageError("U709", "onnx cannot run OpenVINO's files", path="--runtime", hint="use openvino")
        self.meta = meta
        self.multiple = meta.multiple
        self._finish = Finish(meta, min_score)
        self._mirror = np.array(1 if meta.test.flip else 0, dtype=np.int64)
        self._session = _session(graph, thread_count() if threads is None else threads)

    def predict(self, batch: npt.NDArray[np.uint8]) -> list[RawBoxes]:
        """Find boxes on RGB uint8 `(B, H, W, 3)`; see `Runtime.predict`. Threads may call it side by side."""
        try:
            found = self._session.run(OUTPUTS, {"pixels": batch, "mirror": self._mirror})
        except Exception as error:
            # Its exceptions have no class of their own that could be told from others.
            if "alloc" in str(error).lower():
                raise MemoryError(str(error)) from error
            raise
        return self._finish(*found)


def _session(graph: Path, threads: int) -> Any:
    ort = require_onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Threads that wait for work would take processors from those that read pages.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "")
        raise ModelError("M505", f"ONNX Runtime cannot use this graph: {reason}", path=graph) from error


def require_onnxruntime() -> Any:
    """Import ONNX Runtime.

    Raises:
        MissingRequirementError: E720, it isn't there or cannot be loaded.
    """
    try:
        import onnxruntime
    except (ImportError, OSError) as error:
        raise MissingRequirementError(
            "E720",
            f"ONNX Runtime cannot be loaded: {error}",
            path="--runtime",
            hint="pip install 'centernet-cli[onnx]', or use --runtime openvino",
        ) from error
    return onnxruntime
