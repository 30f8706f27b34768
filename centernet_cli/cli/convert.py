"""`centernet convert`: annotations from one format to another, with an account of every shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from centernet_cli.cli import console
from centernet_cli.core.errors import ExitCode, InputError, UsageError, printable

if TYPE_CHECKING:
    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally


def convert(
    from_: Annotated[str, typer.Argument(metavar="FROM", help="Format to read: labelme, coco, or auto.")],
    to: Annotated[str, typer.Argument(metavar="TO", help="Format to write: labelme or coco.")],
    src: Annotated[Path, typer.Argument(metavar="[SRC]", help="File or folder to read.", show_default=".")] = Path(),
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="File or folder to write. [default: annotations.json, or the folder labelme]",
        ),
    ] = None,
    class_map: Annotated[
        Path | None,
        typer.Option(
            "--class-map", metavar="FILE", help="YAML lines `old name: new name`; an empty new name drops the class."
        ),
    ] = None,
    images: Annotated[
        Literal["copy", "link", "none"],
        typer.Option("--images", help="Copy or hard-link the images next to the output, or leave them alone."),
    ] = "none",
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing if a shape would be reduced or dropped.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count; write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files, though never an input.")] = False,
    summary: Annotated[bool, typer.Option("--json", help="Print the account as JSON to stdout.")] = False,
) -> int:
    """Convert annotations from one format to another.

    Examples:
        centernet convert labelme coco
        centernet convert labelme coco scans/ --out dataset/ --images copy
        centernet convert coco labelme annotations.json --out labels --class-map names.yaml

    A closing table accounts for every shape: converted, reduced (a mask to its box) or dropped, and why. File names in
    the output are relative to it where the images lie below it. If anything in the input is wrong, all of it is
    reported and nothing is written (exit code 4).
    """
    from centernet_cli.datasets.class_map import apply_class_map, read_class_map, unused_names
    from centernet_cli.datasets.conversion import Conversion, Target, target_path
    from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
    from centernet_cli.datasets.formats.tally import Tally

    _check_format(from_, ["auto", *FORMATS], "FROM")
    _check_format(to, list(FORMATS), "TO")
    mapping = None if class_map is None else read_class_map(class_map)
    source_format = detect_format(src) if from_ == "auto" else from_
    tally = Tally()
    dataset = read_dataset(src, source_format, tally=tally)
    if not dataset.pages:
        raise InputError("D030", "the dataset has no pages", path=src)
    if strict and tally.total("reduced", "dropped"):
        _show_table(tally)
        lost = f"{_some(tally.total('reduced'), 'shape')} would be reduced and {tally.total('dropped'):,} dropped"
        raise InputError("D033", f"{lost}; nothing was written", path=src, hint="leave --strict out to go on")
    if mapping is not None:
        for sentence in unused_names(dataset, mapping):
            console.warn(f"{printable(str(class_map))}: {printable(sentence)}")
        dataset = apply_class_map(dataset, mapping, tally)
    target = Target(format=to, path=target_path(to, out), images=images, force=force)
    conversion = Conversion(dataset, src, target, tally)
    if not dry_run:
        conversion.run()
    if conversion.images_are_apart():
        console.warn("the images are not where the output says; --images copy or link puts them there")
    if not any(page.annotations for page in dataset.pages):
        console.warn("no annotations")
    _show_table(tally)
    done = "would go" if dry_run else "->"
    console.say(
        f"{source_format} {done} {to}: {_some(len(dataset.pages), 'page')}, {_some(tally.total(), 'shape')} "
        f"({tally.total('converted'):,} converted, {tally.total('reduced'):,} reduced, "
        f"{tally.total('dropped'):,} dropped), "
        f"{_some(len(dataset.classes), 'class', 'classes')}: {printable(str(target.path))}"
    )
    if summary:
        console.write_json(_account(source_format, src, target.format, target.path, dataset, tally, dry_run=dry_run))
    return ExitCode.OK


def _check_format(name: str, known: list[str], argument: str) -> None:
    if name in known:
        return
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"one of {', '.join(known)}"
    raise UsageError("U301", f"unknown format '{name}'", path=argument, hint=hint)


def _some(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _show_table(tally: Tally) -> None:
    """Write what became of the shapes, and the notes, to stderr."""
    rows: list[tuple[str, str, str, str]] = [
        (printable(shape), outcome, f"{number:,}", printable(why)) for shape, outcome, why, number in tally.rows()
    ]
    if rows:
        rows.insert(0, ("shape", "outcome", "count", "why"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for shape, outcome, digits, why in rows:
            console.say(f"{shape:{widths[0]}}  {outcome:{widths[1]}}  {digits:>{widths[2]}}  {why}".rstrip())
    for note, count in sorted(tally.notes.items()):
        console.say(f"note: {printable(note)}: {count:,}")


def _account(
    source_format: str, source: Path, to: str, path: Path, dataset: Dataset, tally: Tally, *, dry_run: bool
) -> dict[str, object]:
    return {
        "from": source_format,
        "to": to,
        "source": str(source),
        "output": str(path),
        "dry_run": dry_run,
        "pages": len(dataset.pages),
        "annotations": sum(len(page.annotations) for page in dataset.pages),
        "classes": list(dataset.classes),
        "shapes": [
            {"shape": shape, "outcome": outcome, "why": why, "count": count}
            for shape, outcome, why, count in tally.rows()
        ],
        "notes": [{"note": note, "count": count} for note, count in sorted(tally.notes.items())],
    }
