"""What `centernet doctor` finds out about runtimes: each is asked by its own library, so that reasons are its own."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from centernet_cli.cli.doctor_checks import Finding
from centernet_cli.core.errors import CenterNetError

FIRST_LINE = 200


def runtimes() -> list[Finding]:
    """Look at all of them."""
    return [openvino(), onnx(), *torch()]


def default_runtime() -> Finding:
    """Tell what `--runtime auto` takes here."""
    from centernet_cli.inference.open_runtime import pick_runtime
    from centernet_cli.inference.runtime import RuntimeOptions

    try:
        name = pick_runtime(Path("weights.safetensors"), RuntimeOptions())
    except Exception as error:  # noqa: BLE001 - broken drivers raise anything
        return Finding("runtime auto", "optional", f"cannot be told: {_line(error)}", "name one with --runtime")
    where = "the GPU" if name == "torch" else "the CPU"
    return Finding("runtime auto", "ok", f"{name} on {where}")


def openvino() -> Finding:
    """Look at OpenVINO."""
    from centernet_cli.inference.runtimes.openvino import OpenVinoRuntime
    from centernet_cli.inference.runtimes.openvino_library import load_openvino

    try:
        library = load_openvino()
        devices = library.Core().available_devices
    except Exception as error:  # noqa: BLE001 - its libraries may fail in any way
        return Finding("runtime openvino", "missing", f"cannot be loaded: {_line(error)}", "pip install openvino")
    release = str(library.__version__).partition("-")[0]
    if "CPU" not in devices:
        return Finding("runtime openvino", "missing", f"{release} has no device for this processor", "--runtime torch")
    best = OpenVinoRuntime.pick_precision("auto")
    precisions = "bf16 (auto), fp32" if best == "bf16" else "fp32 (auto), bf16 (emulated: no instructions for it)"
    return Finding("runtime openvino", "ok", f"{release} on cpu: {precisions}")


def onnx() -> Finding:
    """Look at ONNX Runtime."""
    from centernet_cli.inference.runtimes.onnx import require_onnxruntime

    try:
        library = require_onnxruntime()
    except CenterNetError as error:
        return Finding("runtime onnx", "optional", error.message, "pip install 'centernet-cli[onnx]'")
    return Finding("runtime onnx", "ok", f"{library.__version__} on cpu: fp32 (auto)")


def torch() -> list[Finding]:
    """Look at torch and its devices."""
    try:
        library = import_module("torch")
        from centernet_cli.inference.runtimes.devices import limit_threads, pick_precision
        from centernet_cli.inference.runtimes.processors import cpu_has_bf16

        threads = limit_threads()
        auto = pick_precision("auto", library.device("cpu"))
    except (ImportError, OSError) as error:
        hint = "install torch again; prediction on the CPU does without"
        return [Finding("runtime torch", "missing", f"cannot be loaded: {_line(error)}", hint)]
    other = "bf16 (auto in training)" if cpu_has_bf16() else "bf16 (emulated)"
    findings = [
        Finding("runtime torch", "ok", str(library.__version__)),
        Finding("device cpu", "ok", f"{threads} threads: {auto} (auto), {other}"),
    ]
    if library.cuda.is_available():
        names = ", ".join(library.cuda.get_device_name(index) for index in range(library.cuda.device_count()))
        findings.append(Finding("device cuda", "ok", f"{names}: fp16 (auto), bf16, fp32"))
    else:
        findings.append(Finding("device cuda", "optional", *_why_no_cuda(str(library.version.cuda or ""))))
    if library.backends.mps.is_available():
        findings.append(Finding("device mps", "ok", "fp32 (auto), fp16"))
    return findings


def _why_no_cuda(built_for: str) -> tuple[str, str]:
    """Return the reason, and what to do."""
    if not built_for:
        return "this build of torch is for CPUs only", "install torch's CUDA build to use a GPU"
    if not Path("/dev/nvidiactl").exists() and not Path("/dev/dxg").exists():
        return f"torch is built for CUDA {built_for}, but there is no NVIDIA driver", "the CPU is used"
    return f"torch is built for CUDA {built_for}, but finds no usable GPU", "look at what nvidia-smi says"


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:FIRST_LINE]
