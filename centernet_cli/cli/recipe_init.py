"""`centernet recipe init`: a recipe for somebody's own pages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from centernet_cli.cli import console
from centernet_cli.core.errors import OutputError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def write_first_recipe(sources: Sequence[Path], task: Literal["lines", "regions"], out: Path, *, force: bool) -> None:
    """Read datasets and write a recipe for them.

    Raises:
        CenterNetError: A dataset cannot be read or trained on, or the recipe cannot be written.
    """
    from centernet_cli.core.recipe_file import load_recipe
    from centernet_cli.core.safe_io import atomic_write_text
    from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
    from centernet_cli.datasets.formats.tally import Tally
    from centernet_cli.training.first_recipe import first_recipe

    if os.path.lexists(out) and not force:
        raise OutputError("O803", "exists already", path=out, hint="--force replaces it, or choose another --out")
    tally = Tally()
    parts, levels = [], {}
    for source in sources:
        name = detect_format(source)
        if FORMATS[name].levels:
            levels[source] = "line" if task == "lines" else "region"
        parts.append((source, read_dataset(source, name, tally=tally, level=levels.get(source))))
    if os.path.realpath(out) in {os.path.realpath(file) for file in tally.files}:
        raise OutputError("O802", "the output is one of the inputs", path=out, hint="choose another --out")
    found = first_recipe(parts, task, out.parent, levels)
    atomic_write_text(out, found.text)
    load_recipe(out)  # what isn't right here is a bug
    judged = f"{found.held_out} of {found.documents} documents held out" if found.held_out else "one document"
    console.say(f"{printable(str(out))}: {judged}, about {max(1, round(found.minutes))} min on two cores")
    console.say(f"next: centernet train {printable(str(out))}")
