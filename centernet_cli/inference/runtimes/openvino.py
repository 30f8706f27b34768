"""Predict with OpenVINO on the CPU: no torch, and at once, since the compiled model is kept in the user's cache."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from centernet_cli.core.cache import cache_folder
from centernet_cli.core.errors import InputError, MissingRequirementError, ModelError, OutputError, UsageError
from centernet_cli.core.safe_io import atomic_write_bytes, read_bytes, sha256_file
from centernet_cli.inference.runtimes.graph_runtime import GraphRuntime
from centernet_cli.inference.runtimes.openvino_library import load_openvino
from centernet_cli.inference.runtimes.openvino_reading import read_graph
from centernet_cli.inference.runtimes.processors import bf16_refused, cpu_has_bf16

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.inference.runtimes.graph_runtime import Found

PRECISIONS = {"fp32": "f32", "bf16": "bf16"}
DIGEST = 32
"""Bytes of SHA-256 before a compiled model in the cache: one that a disk has damaged is made again."""


class OpenVinoRuntime(GraphRuntime):
    """An exported graph (`.onnx` or `.xml`), compiled for this processor."""

    name = "openvino"

    @classmethod
    def pick_precision(cls, name: str) -> str:
        if name == "fp16":
            raise UsageError("U703", "fp16 needs a GPU", path="--precision", hint="use fp32 or bf16 on the CPU")
        if name == "auto":
            return "bf16" if cpu_has_bf16() else "fp32"
        refused = bf16_refused()
        if name == "bf16" and refused is not None:
            raise UsageError("U703", f"bf16 cannot be had with {refused}", path="--precision", hint="unset it, or fp32")
        return name

    def _open(self, graph: Path, threads: int) -> None:
        config = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": PRECISIONS[self.precision],
            "INFERENCE_NUM_THREADS": threads,
            # Several processes on one machine would all bind their threads to the same processors.
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled = partial(compiled, graph, config)
        self._model = self._compiled()
        self._local = threading.local()

    def rest(self) -> None:
        """Give the compiled model back, which holds the memory that its largest page took: about 200 MB."""
        self._local = threading.local()
        self._model = None

    def _run(self, batch: npt.NDArray[np.uint8]) -> Found:
        request = getattr(self._local, "request", None)
        if request is None:
            if self._model is None:
                self._model = self._compiled()
            request = self._local.request = self._model.create_infer_request()
        found = request.infer({"pixels": batch, "mirror": self._mirror}, share_inputs=True)
        return found["boxes"], found["scores"], found["classes"]


def compiled(graph: Path, config: dict[str, object]) -> Any:
    """Return the compiled model, from the user's cache if it is there.

    Files of the cache appear complete or not at all, so any number of processes may share it; one that cannot be
    written to is done without.

    Raises:
        ModelError: M505, the graph cannot be read.
    """
    ov = load_openvino()
    core = ov.Core()
    kept = _cache_path(graph, core, config)
    blob = _read(kept)
    if blob is not None:
        try:
            return core.import_model(BytesIO(blob), "CPU", config)
        except RuntimeError:
            pass  # of another build of OpenVINO with the same version, say
    try:
        model = core.compile_model(read_graph(core, graph), "CPU", config)
    except RuntimeError as error:
        reason = next(iter(str(error).splitlines()), "")
        raise ModelError("M505", f"OpenVINO cannot use this graph: {reason}", path=graph) from error
    _write(kept, model)
    return model


def _cache_path(graph: Path, core: Any, config: dict[str, object]) -> Path:
    """Name a compiled model by all that it depends on."""
    ov = load_openvino()
    weights = graph.with_suffix(".bin")
    parts = [
        ov.__version__,
        *(str(core.get_property("CPU", name)) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")),
        str(config["INFERENCE_PRECISION_HINT"]),
        sha256_file(graph),
        sha256_file(weights) if graph.suffix.lower() == ".xml" and weights.is_file() else "",
    ]
    return cache_folder() / "openvino" / f"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}.blob"


def _read(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    try:
        content = read_bytes(path)
    except InputError:
        return None
    digest, blob = content[:DIGEST], content[DIGEST:]
    return blob if hashlib.sha256(blob).digest() == digest else None


def _write(path: Path, model: Any) -> None:
    stream = BytesIO()
    try:
        model.export_model(stream)
        blob = stream.getvalue()
        atomic_write_bytes(path, hashlib.sha256(blob).digest() + blob)
    except (OutputError, RuntimeError):
        pass


def require_openvino() -> None:
    """Raise if OpenVINO cannot be loaded here.

    Raises:
        MissingRequirementError: E720.
    """
    try:
        load_openvino()
    except (ImportError, OSError) as error:
        raise MissingRequirementError(
            "E720", f"OpenVINO cannot be loaded: {error}", path="--runtime", hint="use --runtime onnx or torch"
        ) from error
