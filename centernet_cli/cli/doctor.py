"""`centernet doctor`: what this installation can do, and what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Annotated, Literal

import typer

from centernet_cli import __version__
from centernet_cli.cli import console
from centernet_cli.core.errors import CenterNetError, MissingRequirementError

State = Literal["ok", "optional", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `optional` is absent but not needed, `missing` is needed."""

    name: str
    state: State
    value: str
    hint: str | None = None


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False) -> None:
    """Tell what this installation can do; exit 7 if something needed is missing.

    Examples:
        centernet doctor
        centernet doctor --json
    """
    findings = [_system(), *_packages(), *_devices(), _pdfium(), _poppler(), *_models()]
    missing = [finding for finding in findings if finding.state == "missing"]
    if as_json:
        found = [asdict(finding) for finding in findings]
        console.write_json({"schema_version": 1, "version": __version__, "ok": not missing, "findings": found})
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            hint = f" ({finding.hint})" if finding.hint and finding.state != "ok" else ""
            console.write(f"{finding.state:<8}  {finding.name:<{width}}  {finding.value}{hint}")
    if missing:
        names = ", ".join(finding.name for finding in missing)
        raise MissingRequirementError("E711", f"not usable here: {names}", hint=missing[0].hint)


def _system() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Finding(
        "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}, {cores} cores"
    )


def _packages() -> list[Finding]:
    """Compare what is installed with what the program's metadata asks for, by name."""
    try:
        wanted = requires("centernet-cli") or []
    except PackageNotFoundError:
        return [Finding("centernet", "optional", f"{__version__}, run from its source folder")]
    findings = [Finding("centernet", "ok", __version__)]
    for line in wanted:
        requirement, _, marker = line.partition(";")
        name = requirement.split("<")[0].split(">")[0].split("=")[0].split("[")[0].strip()
        if "extra" in marker:
            continue
        try:
            findings.append(Finding(name, "ok", version(name)))
        except PackageNotFoundError:
            findings.append(Finding(name, "missing", "not installed", f"pip install '{requirement.strip()}'"))
    return findings


def _devices() -> list[Finding]:
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:
        return [Finding("torch devices", "missing", f"torch cannot be loaded: {error}", "install torch again")]
    findings = [Finding("device cpu", "ok", f"{torch.get_num_threads()} threads")]
    if torch.cuda.is_available():
        names = ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))
        findings.append(Finding("device cuda", "ok", names))
    else:
        findings.append(Finding("device cuda", "optional", "no usable GPU", "--device cpu is used"))
    if torch.backends.mps.is_available():
        findings.append(Finding("device mps", "ok", "available"))
    return findings


def _pdfium() -> Finding:
    try:
        pdfium = import_module("pypdfium2")
    except (ImportError, OSError) as error:
        return Finding("pdfium", "missing", f"cannot be loaded: {error}", "pip install pypdfium2")
    return Finding("pdfium", "ok", str(pdfium.PDFIUM_INFO))


def _poppler() -> Finding:
    program = shutil.which("pdftoppm")
    hint = "apt install poppler-utils, only for --pdf-backend poppler"
    if program is None:
        return Finding("poppler", "optional", "pdftoppm not found", hint)
    try:
        result = subprocess.run([program, "-v"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("poppler", "optional", f"pdftoppm doesn't run: {error}", hint)
    lines = (result.stderr or result.stdout).splitlines()
    return Finding("poppler", "ok", f"{lines[0] if lines else 'pdftoppm'} ({program})")


def _models() -> list[Finding]:
    from centernet_cli.models.meta import read_meta
    from centernet_cli.models.shelf import WEIGHTS_FOLDER, shipped_models

    findings = []
    for name, path in shipped_models().items():
        try:
            meta = read_meta(path)
            findings.append(
                Finding(f"model {name}", "ok", f"{len(meta.classes)} classes, {path.stat().st_size / 1e6:.1f} MB")
            )
        except CenterNetError as error:
            findings.append(Finding(f"model {name}", "missing", str(error), "install centernet again"))
    if not findings:
        findings.append(Finding("models", "missing", f"none in {WEIGHTS_FOLDER}", "install centernet again"))
    return findings
