"""`centernet data check`: all that is wrong with datasets, and repairing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from centernet_cli.cli import console
from centernet_cli.cli.collector import collector_paused
from centernet_cli.cli.data_options import FormatOption, JsonOption, LevelOption, RecipeOption, SourcesArgument
from centernet_cli.cli.data_sources import check_format, requests_of
from centernet_cli.core.errors import CenterNetError, ExitCode, InputError, printable

if TYPE_CHECKING:
    from centernet_cli.datasets.check.checking import Checked
    from centernet_cli.datasets.check.findings import Findings
    from centernet_cli.datasets.check.repair import Written

SCHEMA_VERSION = 1


def check(
    src: SourcesArgument = None,
    format_name: FormatOption = "auto",
    level: LevelOption = None,
    recipe: RecipeOption = None,
    fix: Annotated[
        Path | None,
        typer.Option("--fix", metavar="OUT", help="Write the datasets anew to this folder, with what can be mended."),
    ] = None,
    images: Annotated[
        Literal["copy", "link", "none"],
        typer.Option("--images", help="With --fix: copy or hard-link the images there, or leave them alone."),
    ] = "copy",
    pixels: Annotated[
        bool, typer.Option("--pixels", help="Decode every image: finds damaged ones, and copies that look alike.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Threads for --pixels.")] = 1,
    show: Annotated[int, typer.Option("--show", min=0, metavar="N", help="Places to show of each finding.")] = 5,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count like errors (exit code 10).")] = False,
    as_json: JsonOption = False,
) -> int:
    """Look for all that is wrong with datasets, alone and against each other.

    Examples:
        centernet data check my_labelme_folder
        centernet data check train.json val.json --recipe lines --pixels
        centernet data check export.zip --fix repaired --json

    Findings go to stdout: what is wrong, how often, where, what to do. Several sources count as splits: an image in
    two of them is an error. --recipe looks with a recipe's eyes: too many boxes on a page, too small, two in one
    cell; without SRC it checks the recipe's own data. Exit code 10 if there are errors, 4 if nothing can be read. With
    --fix, what counts is what is still wrong with the result.
    """
    from contextlib import ExitStack

    from centernet_cli.cli.watch import watch
    from centernet_cli.datasets.check.checking import Options, check
    from centernet_cli.datasets.check.recipe_fit import Eyes
    from centernet_cli.datasets.formats.tally import Tally

    format_name = check_format(format_name)
    settings = None
    if recipe is not None:
        from centernet_cli.core.recipe_file import find_recipe, load_recipe

        settings = load_recipe(find_recipe(recipe))
    options = Options(eyes=None if settings is None else Eyes.of(settings), pixels=pixels, workers=workers, shown=show)
    tally = Tally(watch=watch)
    with ExitStack() as stack:
        stack.enter_context(collector_paused())
        refused: list[tuple[Path, InputError]] = []
        requests = requests_of(src, settings, format_name, level, stack, refused)
        checked = check(requests, options, tally, refused)
        result, unwritten = None, None
        if fix is not None and checked.sources:
            from centernet_cli.datasets.check.repair import write_mended

            try:
                written = write_mended(checked, fix, images, tally)
            except CenterNetError as failure:
                unwritten = failure  # what was found is told all the same
            else:
                again = None if images == "none" else check([each.request for each in written], options, tally)
                result = _Result(written, again)
    for error in checked.unreadable:
        console.problem(error)
    code = _exit_code(checked, result, strict=strict) if unwritten is None else unwritten.exit_code
    _summarise(checked, result)
    if as_json:
        console.write_json(_as_json(checked, result, code))
    else:
        _write(checked.findings, fixed=result is not None)
    if unwritten is not None:
        raise unwritten
    return code


@dataclass(frozen=True, slots=True)
class _Result:
    """What `--fix` wrote, and what is still wrong with it; None if it wasn't looked at again."""

    written: list[Written]
    again: Checked | None


def _exit_code(checked: Checked, result: _Result | None, *, strict: bool) -> ExitCode:
    """Return 10 if there are errors, or warnings that count; after mending, those that are left."""
    if not checked.sources:
        return ExitCode.INPUT
    severities = {"error", "warning"} if strict else {"error"}
    found = checked.findings.sorted() if result is None or result.again is None else result.again.findings.sorted()
    if result is not None and result.again is None:
        found = [each for each in found if each.count > sum(each.repaired.values())]
    bad = any(each.severity in severities for each in found)
    return ExitCode.GATE if bad or (result is not None and checked.unreadable) else ExitCode.OK


def _write(findings: Findings, *, fixed: bool) -> None:
    """Write the findings for people."""
    for finding in findings.sorted():
        console.write(finding.line())
        for place in finding.places:
            console.write(f"    {place}")
        if finding.count > len(finding.places) > 0:
            console.write(f"    … and {finding.count - len(finding.places):,} more")
        for repair, count in finding.repaired.items():
            console.write(f"    {'fixed' if fixed else '--fix'}: {count:,} × {printable(repair)}")


def _summarise(checked: Checked, result: _Result | None) -> None:
    pages = sum(len(source.dataset.pages) for source in checked.sources)
    boxes = sum(len(page.annotations) for source in checked.sources for page in source.dataset.pages)
    console.say(f"{pages:,} pages, {boxes:,} boxes: {_counts(checked.findings)}")
    if result is None:
        return
    for each in result.written:
        console.say(f"mended: {printable(str(each.path))}, {each.pages:,} pages")
    if result.again is not None:
        console.say(f"checked again: {_counts(result.again.findings)}")


def _counts(findings: Findings) -> str:
    kinds = findings.count("error"), findings.count("warning"), findings.count("info")
    return "kinds of errors: {}, of warnings: {}, of notices: {}".format(*kinds)


def _as_json(checked: Checked, result: _Result | None, code: ExitCode) -> dict[str, object]:
    found = checked.findings
    sources = [
        {
            "path": str(source.path),
            "format": source.format,
            "split": source.request.split,
            "pages": len(source.dataset.pages),
            "annotations": sum(len(page.annotations) for page in source.dataset.pages),
            "classes": list(source.dataset.classes),
        }
        for source in checked.sources
    ]
    value: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "ok": code == ExitCode.OK,
        "sources": sources,
        "summary": {
            "errors": found.count("error"),
            "warnings": found.count("warning"),
            "infos": found.count("info"),
        },
        "findings": [finding.as_json() for finding in found.sorted()],
        "fixed": None,
    }
    if result is not None:
        left = None if result.again is None else [each.as_json() for each in result.again.findings.sorted()]
        outputs = [{"path": str(each.path), "pages": each.pages} for each in result.written]
        value["fixed"] = {"outputs": outputs, "findings_left": left}
    return value
