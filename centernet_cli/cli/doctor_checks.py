"""What `centernet doctor` looks at, one function each; none of them raises."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Literal

from centernet_cli import __version__
from centernet_cli.core.errors import CenterNetError

if TYPE_CHECKING:
    from pathlib import Path

State = Literal["ok", "optional", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `optional` is absent but not needed, `missing` is needed."""

    name: str
    state: State
    value: str
    hint: str | None = None


def every_finding() -> list[Finding]:
    """Look at everything."""
    from centernet_cli.cli.doctor_runtimes import default_runtime, runtimes

    return [
        python(),
        processors(),
        memory(),
        *runtimes(),
        default_runtime(),
        pdfium(),
        poppler(),
        *models(),
        cache(),
        *packages(),
    ]


def python() -> Finding:
    """Look at the interpreter and the system."""
    return Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def processors() -> Finding:
    """Look at the processors, and how many of them this process may use."""
    from centernet_cli.inference.runtimes.processors import available_cpus, cpu_has_bf16, cpu_name, thread_count

    there, usable, threads = os.cpu_count() or 1, available_cpus(), thread_count()
    value = f"{cpu_name() or platform.processor() or platform.machine()}: {usable} of {there} usable"
    if threads != usable:
        value += f", {threads} threads by OMP_NUM_THREADS or MKL_NUM_THREADS"
    return Finding("processors", "ok", f"{value}, {'bf16' if cpu_has_bf16() else 'no bf16'} in hardware")


def memory() -> Finding:
    """Look at the memory of the machine and what is free of it."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = (page * os.sysconf(name) / 1e9 for name in ("SC_PHYS_PAGES", "SC_AVPHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # Windows has no such question
        return Finding("memory", "optional", "unknown on this system")
    state: State = "ok" if total >= 2 else "optional"
    return Finding("memory", state, f"{total:.1f} GB, {free:.1f} GB unused", "prediction needs about 1 GB")


def packages() -> list[Finding]:
    """Compare what is installed with what the program's metadata asks for, by name."""
    try:
        wanted = requires("centernet-cli") or []
    except PackageNotFoundError:
        return [Finding("centernet", "optional", f"{__version__}, run from its source folder")]
    findings = [Finding("centernet", "ok", __version__)]
    for line in wanted:
        requirement, _, marker = line.partition(";")
        name = requirement.split("<")[0].split(">")[0].split("=")[0].split("[")[0].strip()
        extra = "extra" in marker
        try:
            findings.append(Finding(name, "ok", version(name)))
        except PackageNotFoundError:
            if extra:
                chosen = marker.replace('"', "'").rpartition("extra == '")[2].partition("'")[0]
                hint = f"pip install 'centernet-cli[{chosen}]'"
            else:
                hint = f"pip install '{requirement.strip()}'"
            # What is asked for on some systems only isn't needed on the others.
            state: State = "optional" if marker else "missing"
            findings.append(Finding(name, state, "not installed", hint))
    return findings


def pdfium() -> Finding:
    """Look at the PDF renderer that comes with the program."""
    try:
        library = import_module("pypdfium2")
    except (ImportError, OSError) as error:
        return Finding("pdfium", "missing", f"cannot be loaded: {error}", "pip install pypdfium2")
    return Finding("pdfium", "ok", str(library.PDFIUM_INFO))


def poppler() -> Finding:
    """Look at the other PDF renderer."""
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


def models() -> list[Finding]:
    """Look at the shipped models and their graphs."""
    from centernet_cli.models.shelf import WEIGHTS_FOLDER, shipped_models

    findings = [_model(name, path) for name, path in shipped_models().items()]
    return findings or [Finding("models", "missing", f"none in {WEIGHTS_FOLDER}", "install centernet again")]


def _model(name: str, path: Path) -> Finding:
    from centernet_cli.inference.graph_file import find_graph
    from centernet_cli.models.meta import read_meta

    try:
        meta = read_meta(path)
        graph = find_graph(path, meta)
    except CenterNetError as error:
        return Finding(f"model {name}", "missing", str(error), "install centernet again")
    size = (path.stat().st_size + (0 if graph is None else graph.stat().st_size)) / 1e6
    value = f"{len(meta.classes)} class{'es' if len(meta.classes) > 1 else ''}, {size:.1f} MB"
    if graph is None:
        hint = f"made at the first prediction on the CPU, or: centernet models pack {name} --out {path} --force"
        return Finding(f"model {name}", "optional", f"{value}, no graph of these weights", hint)
    return Finding(f"model {name}", "ok", f"{value} with its graph")


def cache() -> Finding:
    """Look whether the cache folder can be written to, and how much is in it."""
    from centernet_cli.core.cache import cache_folder

    folder = cache_folder()
    hint = "CENTERNET_CACHE=FOLDER chooses another; without one, models are compiled at each start"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    except OSError as error:
        return Finding("cache", "optional", f"{folder}: {(error.strerror or str(error)).lower()}", hint)
    return Finding("cache", "ok", f"{folder}, {size / 1e6:.1f} MB")
