"""The work behind `centernet convert`: read and join sources, map classes, write the output, show the account."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centernet_cli.cli import console
from centernet_cli.cli.watch import watch
from centernet_cli.core.errors import ExitCode, InputError, UsageError, printable
from centernet_cli.datasets.conversion import Conversion, Target, target_path
from centernet_cli.datasets.formats import FORMATS, detect_format, level_of_each, read_dataset
from centernet_cli.datasets.formats.split_folders import split_folders
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.join import join_datasets
from centernet_cli.datasets.unzip import is_zip, unpacked

if TYPE_CHECKING:
    from centernet_cli.core.records import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the user asked for; see the options of `convert`."""

    source_format: str
    target_format: str
    sources: tuple[Path, ...]
    out: Path | None = None
    class_map: Path | None = None
    level: str | None = None
    images: Literal["copy", "link", "none"] = "none"
    strict: bool = False
    dry_run: bool = False
    force: bool = False
    summary: bool = False

    @property
    def place(self) -> str:
        """The sources, as errors name them."""
        return ", ".join(map(str, self.sources))


def run(job: Job) -> int:
    """Do it.

    Raises:
        CenterNetError: It cannot be done; nothing is written then.
    """
    _check_format(job.source_format, ["auto", *FORMATS], "FROM")
    _check_format(job.target_format, list(FORMATS), "TO")
    mapping = None if job.class_map is None else _read_map(job.class_map)
    tally = Tally(watch=watch)
    with ExitStack() as stack:
        dataset, source_formats, places = _read(job, tally, stack)
        if not dataset.pages:
            raise InputError("D030", "the dataset has no pages", path=job.place)
        _refuse_losses(job, tally)
        if mapping is not None:
            dataset = _apply_map(dataset, mapping, job.class_map, tally)
        asked_for = tally.total("reduced", "dropped")
        path = target_path(job.target_format, job.out)
        target = Target(format=job.target_format, path=path, images=job.images, force=job.force)
        conversion = Conversion(dataset, places, target, tally)
        _refuse_losses(job, tally, asked_for)
        if not job.dry_run:
            conversion.run()
        if conversion.images_are_apart():
            console.warn("the images are not where the output says; --images copy or link puts them there")
    dataset = conversion.dataset
    if not any(page.annotations for page in dataset.pages):
        console.warn("no annotations")
    _show_table(tally)
    _show_result(job, source_formats, path, dataset, tally)
    if job.summary:
        console.write_json(_account(job, source_formats, path, dataset, tally))
    return ExitCode.OK


def _read(job: Job, tally: Tally, stack: ExitStack) -> tuple[Dataset, str, list[Path]]:
    """Read all sources; return their pages as one dataset, the formats, and the folders or files that were read."""
    parts, formats, places, sources = [], [], [], []
    for source in job.sources:
        whole = source
        if is_zip(source):
            whole = stack.enter_context(unpacked(source, tally))
            tally.files.append(source)
        for place in split_folders(whole, job.source_format):
            formats.append(detect_format(place) if job.source_format == "auto" else job.source_format)
            places.append(place)
            sources.append(source / place.relative_to(whole))
    levels = level_of_each(formats, job.level)
    for source, place, name, level in zip(sources, places, formats, levels, strict=True):
        parts.append((source, read_dataset(place, name, tally=tally, level=level)))
    return join_datasets(parts), ", ".join(dict.fromkeys(formats)), places


def _read_map(path: Path) -> dict[str, str]:
    from centernet_cli.datasets.class_map import read_class_map

    return read_class_map(path)


def _apply_map(dataset: Dataset, mapping: dict[str, str], path: Path | None, tally: Tally) -> Dataset:
    from centernet_cli.datasets.class_map import apply_class_map, unused_names

    for sentence in unused_names(dataset.classes, mapping):
        console.warn(f"{printable(str(path))}: {printable(sentence)}")
    return apply_class_map(dataset, mapping, tally)


def _refuse_losses(job: Job, tally: Tally, asked_for: int = 0) -> None:
    """End a strict conversion in which shapes were lost, beyond those that the user asked to drop.

    Raises:
        InputError: D033.
    """
    if not job.strict or tally.total("reduced", "dropped") <= asked_for:
        return
    _show_table(tally)
    lost = f"{_some(tally.total('reduced'), 'shape')} would be reduced and {tally.total('dropped'):,} dropped"
    raise InputError("D033", f"{lost}; nothing was written", path=job.place, hint="leave --strict out to go on")


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


def _show_result(job: Job, source_formats: str, path: Path, dataset: Dataset, tally: Tally) -> None:
    done = "would go" if job.dry_run else "->"
    console.say(
        f"{source_formats} {done} {job.target_format}: {_some(len(dataset.pages), 'page')}, "
        f"{_some(tally.total(), 'shape')} ({tally.total('converted'):,} converted, "
        f"{tally.total('reduced'):,} reduced, {tally.total('dropped'):,} dropped), "
        f"{_some(len(dataset.classes), 'class', 'classes')}: {printable(str(path))}"
    )


def _account(job: Job, source_formats: str, path: Path, dataset: Dataset, tally: Tally) -> dict[str, object]:
    return {
        "from": source_formats,
        "to": job.target_format,
        "source": job.place,
        "output": str(path),
        "dry_run": job.dry_run,
        "pages": len(dataset.pages),
        "annotations": sum(len(page.annotations) for page in dataset.pages),
        "classes": list(dataset.classes),
        "shapes": [
            {"shape": shape, "outcome": outcome, "why": why, "count": count}
            for shape, outcome, why, count in tally.rows()
        ],
        "notes": [{"note": note, "count": count} for note, count in sorted(tally.notes.items())],
    }
