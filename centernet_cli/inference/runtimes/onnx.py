"""Predict with ONNX Runtime on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import MissingRequirementError, ModelError, UsageError
from centernet_cli.inference.runtimes.graph_runtime import GraphRuntime

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.inference.runtimes.graph_runtime import Found

OUTPUTS = ["boxes", "scores", "classes"]
ERRORS_ONLY = 3


class OnnxRuntime(GraphRuntime):
    """An exported graph (`.onnx`) in ONNX Runtime, in float32."""

    name = "onnx"

    @classmethod
    def pick_precision(cls, name: str) -> str:
        if name not in {"auto", "fp32"}:
            raise UsageError("U709", f"onnx has no {name}", path="--precision", hint="fp32, or another --runtime")
        return "fp32"

    def _open(self, graph: Path, threads: int) -> None:
        if graph.suffix.lower() == ".xml":
            raise UsageError("U709", "onnx cannot run OpenVINO's files", path="--runtime", hint="use openvino")
        self._session = _session(graph, threads)

    def _run(self, batch: npt.NDArray[np.uint8]) -> Found:
        boxes, scores, classes = self._session.run(OUTPUTS, {"pixels": batch, "mirror": self._mirror})
        return boxes, scores, classes


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
