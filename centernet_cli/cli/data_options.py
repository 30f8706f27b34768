"""Options that `convert` and the commands of `centernet data` have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

SourcesArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[SRC]...", help="Files, folders or ZIP files to read.", show_default="."),
]
FormatOption = Annotated[
    str,
    typer.Option("--format", "-f", metavar="NAME", help="Format of the sources, as in `convert`."),
]
LevelOption = Annotated[
    str | None,
    typer.Option("--level", metavar="NAME", help="What to read of PAGE, ALTO and hOCR, such as line or region."),
]
RecipeOption = Annotated[
    Path | None, typer.Option("--recipe", metavar="RECIPE", help="File, or the name of a shipped recipe.")
]
DatasetOption = Annotated[
    Path, typer.Option("--out", "-o", metavar="PATH", help="Folder to write, or file of formats of one file.")
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="FORMAT", help="Format to write. [default: the sources' own; coco if they differ]"),
]
ImagesOption = Annotated[
    Literal["copy", "link", "none"],
    typer.Option("--images", help="Copy or hard-link the images next to the output, or leave them alone."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files, though never an input.")]
ReplaceOption = Annotated[
    bool, typer.Option("--force", help="Replace files that aren't reports of this program, though never an input.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
