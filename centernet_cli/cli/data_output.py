"""Where the commands of `centernet data` write datasets, and in which format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from centernet_cli.cli import console
from centernet_cli.core.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.conversion import Conversion
    from centernet_cli.datasets.formats.tally import Tally


@dataclass(frozen=True, slots=True)
class Output:
    """How to write.

    Attributes:
        format: A key of `FORMATS`.
        images: Copy or link them, or leave them alone.
        force: Replace existing files.
        sources: What was read.
    """

    format: str
    images: Literal["copy", "link", "none"]
    force: bool
    sources: list[Path]

    def prepare(self, dataset: Dataset, path: Path, tally: Tally) -> Conversion:
        """Return what writes a dataset to a folder, or file; all that can be wrong before is raised now."""
        from centernet_cli.datasets.conversion import Conversion, Target
        from centernet_cli.datasets.formats.tally import Tally as Account

        # An account for each output: what is written isn't what was read.
        account = Account(files=list(tally.files), watch=tally.watch)
        target = Target(format=self.format, path=path, images=self.images, force=self.force)
        return Conversion(dataset, self.sources, target, account)

    def path_of(self, out: Path, name: str) -> Path:
        """Return where part `name` of a dataset goes: a folder, or a file if images stay where they are."""
        from centernet_cli.datasets.formats import FORMATS

        entry = FORMATS[self.format]
        if entry.files is not None:
            return out / name
        if self.images == "none":
            return out / f"{name}{Path(entry.output).suffix}"
        return out / name / entry.output


def output_format(to: str | None, found: Sequence[str]) -> str:
    """Return the format to write: the one asked for, else that of all sources, else COCO.

    Raises:
        UsageError: U301, there is no such format.
    """
    from centernet_cli.datasets.formats import FORMATS

    if to is None:
        return found[0] if len(set(found)) == 1 else "coco"
    name = to.replace("-", "_")
    if name not in FORMATS:
        raise UsageError("U301", f"unknown format '{to}'", path="--to", hint=f"one of {', '.join(FORMATS)}")
    return name


def say_losses(conversion: Conversion) -> None:
    """Warn of what the format could not hold."""
    reduced, dropped = conversion.tally.total("reduced"), conversion.tally.total("dropped")
    if reduced or dropped:
        console.warn(f"{conversion.target.format} cannot hold all: {reduced:,} shapes reduced, {dropped:,} dropped")
    if conversion.target.force and (others := conversion.others()):
        console.warn(f"other files that count as well lie in {printable(str(conversion.target.folder))}: {others:,}")
    if conversion.images_are_apart():
        console.warn("the images are not where the output says; --images copy or link puts them there")


def say_written(conversion: Conversion, what: str = "") -> None:
    """Say what was written."""
    pages = conversion.dataset.pages
    boxes = sum(len(page.annotations) for page in pages)
    name = f"{what}: " if what else ""
    console.say(f"{name}{len(pages):,} pages, {boxes:,} boxes: {printable(str(conversion.target.path))}")
