"""`centernet doctor`: what this installation can do, and what is missing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from centernet_cli import __version__
from centernet_cli.cli import console
from centernet_cli.core.errors import MissingRequirementError


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False) -> None:
    """Tell what runs here and why something doesn't; exit 7 if something needed is missing.

    Examples:
        centernet doctor
        centernet doctor --json

    Runtimes and devices with their precisions, what `auto` takes, processors, memory, PDF renderers, models and their
    graphs, the cache folder, packages. `optional` is absent but not needed.
    """
    from centernet_cli.cli.doctor_checks import every_finding

    findings = every_finding()
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
