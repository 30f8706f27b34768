"""Which runtime runs a model here. Imports torch only where it's wanted or nothing else will do."""

from __future__ import annotations

import platform
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.errors import MissingRequirementError, ModelError, UsageError
from centernet_cli.inference.graph_file import find_or_make_graph
from centernet_cli.models.graph_meta import is_graph
from centernet_cli.models.meta import read_meta
from centernet_cli.models.shelf import find_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from centernet_cli.inference.overrides import Overrides
    from centernet_cli.inference.runtime import Runtime, RuntimeOptions
    from centernet_cli.models.meta import ModelMeta

GPU_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))
"""What Linux has where a GPU may be usable: NVIDIA's driver, Windows' below WSL, AMD's."""


def open_runtime(
    name: str,
    options: RuntimeOptions,
    *,
    overrides: Overrides | None = None,
    min_score: float | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Runtime:
    """Open a model, ready to run.

    Args:
        name: Shipped name, run folder, weights file or exported graph.
        options: What runs it.
        overrides: What to do otherwise than the model says.
        min_score: Boxes below it are dropped; None: the model's default threshold.
        tell: Called with a line before slow work, and where `auto` doesn't take what it would like to.

    Raises:
        ModelError: The model cannot be used.
        MissingRequirementError: The runtime or the device is not there.
        UsageError: Options that don't go together.
    """
    path = find_model(name)
    meta = read_meta(path)
    if overrides is not None:
        meta = overrides.apply(meta, meta.multiple)
    least = meta.threshold if min_score is None else min_score
    if options.compiled and (options.runtime if options.runtime != "auto" else pick_runtime(path, options)) != "torch":
        raise UsageError(
            "U709", "only torch's networks are compiled", path="--compile", hint="--runtime torch; graphs are already"
        )
    if options.runtime != "auto":
        return _open(options.runtime, path, meta, options, least, tell)
    chosen = pick_runtime(path, options)
    if chosen != "torch":
        try:
            return _open(chosen, path, meta, options, least, tell)
        except (ModelError, MissingRequirementError) as error:
            # Networks that torch or OpenVINO cannot make a graph of, and systems that OpenVINO isn't built for.
            if is_graph(path) or error.code not in {"M505", "M520", "E720"}:
                raise
            tell(f"{error}: torch it is")
    return _open("torch", path, meta, options, least, tell)


def pick_runtime(path: Path, options: RuntimeOptions) -> Literal["torch", "openvino"]:
    """Return what `auto` means: torch on a GPU, OpenVINO on the CPU and for exported graphs."""
    if is_graph(path):
        return "openvino"
    if options.device == "auto":
        return "torch" if options.precision == "fp16" or gpu_usable() else "openvino"
    return "openvino" if options.device == "cpu" else "torch"


def gpu_usable() -> bool:
    """Say whether torch has a GPU here; it's asked only where there are signs of one."""
    if platform.system() == "Darwin":
        promising = platform.machine() == "arm64"
    elif platform.system() == "Windows":
        promising = True
    else:
        promising = any(file.exists() for file in GPU_FILES)
    if not promising or not _torch_may_have_gpu():
        return False
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


def _torch_may_have_gpu() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return find_spec("torch") is not None and not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


def _open(
    runtime: Literal["torch", "openvino", "onnx"],
    path: Path,
    meta: ModelMeta,
    options: RuntimeOptions,
    least: float,
    tell: Callable[[str], None],
) -> Runtime:
    if runtime == "torch":
        return _open_torch(path, meta, options, least)
    if runtime == "openvino":
        from centernet_cli.inference.runtimes.openvino import OpenVinoRuntime, require_openvino

        require_openvino()
        graph = path if is_graph(path) else find_or_make_graph(path, meta, tell)
        return OpenVinoRuntime(graph, meta, options.device, options.precision, min_score=least, threads=options.threads)
    from centernet_cli.inference.runtimes.onnx import OnnxRuntime, require_onnxruntime

    require_onnxruntime()
    graph = path if is_graph(path) else find_or_make_graph(path, meta, tell)
    return OnnxRuntime(graph, meta, options.device, options.precision, min_score=least, threads=options.threads)


def _open_torch(path: Path, meta: ModelMeta, options: RuntimeOptions, least: float) -> Runtime:
    if is_graph(path):
        raise UsageError(
            "U709", "torch doesn't run exported graphs", path="--runtime", hint="use openvino, or onnx for .onnx files"
        )
    from centernet_cli.inference.runtimes.torch import TorchRuntime
    from centernet_cli.models.zoo import LoadedModel, load_model

    network = load_model(str(path)).network
    return TorchRuntime(
        LoadedModel(network, meta), options.device, options.precision, min_score=least, compiled=options.compiled
    )
