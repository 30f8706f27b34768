"""`centernet data synth`: make annotated pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from centernet_cli.cli import console
from centernet_cli.core.errors import ExitCode, MissingRequirementError, UsageError


def synth(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the two datasets, lines and regions.")
    ],
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="KIND,…", help="Kinds of pages, taken in turn: see below; `all` for every one."),
    ] = "all",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Pages.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, kinds and fonts give the same pages.")] = 0,
    scan: Annotated[
        bool | None,
        typer.Option(
            "--scan/--clean",
            help="All pages scanned or photographed, or none. [default: as each kind is met]",
            show_default=False,
        ),
    ] = None,
    long_side: Annotated[int, typer.Option("--long-side", min=256, max=8192, help="Pixels.")] = 1280,
    language: Annotated[
        str,
        typer.Option(
            "--language",
            metavar="CODE,…",
            help="Languages of the pages, for example `en,de` or `ar`. [default: all that the fonts allow]",
            show_default=False,
        ),
    ] = "",
    loose: Annotated[
        bool,
        typer.Option(
            "--loose", help="Lines of scanned pages with a little paper around them, as annotators draw them."
        ),
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes.")] = 1,
) -> int:
    """Make pages with exact boxes of every text line and region.

    Examples:
        centernet data synth --out pages/ --count 200
        centernet data synth --kind form,receipt --count 50 --seed 7 --scan --out pages/
        centernet data synth --kind report,newspaper --language ar,ja --count 20 --out pages/

    Kinds: form, receipt, invoice, letter, table, newspaper, magazine, report, paper, slides, notes
    (handwriting), oldprint, book, typescript, index, act, contents.

    Languages: bg, cs, de, el, en, es, fr, hu, it, la, nl, pl, pt, ru, sv, tr, uk; and, where fonts of their scripts
    are installed, ar, he, hi, ja, ko, zh.

    DIR/lines and DIR/regions are COCO datasets over the same images. Text is set in the fonts that this machine has:
    the more, the better. `CENTERNET_FONTS` names other folders to take fonts from. Words come from /usr/share/dict
    where it has word lists, and are made up otherwise.
    """
    from centernet_cli.datasets.synth.fonts import default_book
    from centernet_cli.datasets.synth.generate import KINDS
    from centernet_cli.datasets.synth.write import write_pages

    kinds = list(KINDS) if kind == "all" else [name.strip() for name in kind.split(",") if name.strip()]
    unknown = [name for name in kinds if name not in KINDS]
    if unknown or not kinds:
        raise UsageError(
            "U320", f"unknown kind '{', '.join(unknown)}'", path="--kind", hint=f"one of {', '.join(KINDS)}"
        )
    languages = _languages(language)
    fonts = default_book().summary()
    console.say(f"fonts: {', '.join(f'{number} {role}' for role, number in fonts.items())} families")
    if sum(fonts.values()) < 20:
        console.warn("few fonts are installed: pages will look alike; more font packages make better training data")
    with console.progress("made", total=count) as task:
        lines, regions = write_pages(
            out,
            kinds,
            count,
            seed,
            scan=scan,
            long_side=long_side,
            workers=workers,
            languages=languages,
            loose=loose,
            progress=task.advance,
        )
    console.say(f"{count:,} pages, {lines:,} text lines, {regions:,} regions: {out}")
    return ExitCode.OK


def _languages(chosen: str) -> tuple[str, ...]:
    """Return the languages asked for that the fonts allow; say which scripts go without.

    Raises:
        UsageError: U320 for an unknown language.
        MissingRequirementError: E716 when no font draws any of those asked for.
    """
    from centernet_cli.datasets.synth.fonts import default_book
    from centernet_cli.datasets.synth.languages import LANGUAGES, OTHER_SCRIPTS, script_of
    from centernet_cli.datasets.synth.scripts import can_shape

    names = [name.strip() for name in chosen.split(",") if name.strip()]
    unknown = [name for name in names if name not in LANGUAGES]
    if unknown or (chosen and not names):
        raise UsageError(
            "U320",
            f"unknown language '{', '.join(unknown)}'",
            path="--language",
            hint=f"one of {', '.join(sorted(LANGUAGES))}",
        )
    book = default_book()
    missing = sorted(
        name for name in names or LANGUAGES if script_of(name) in OTHER_SCRIPTS and not book.script(script_of(name))
    )
    why = "no fonts draw" if can_shape() else "without the library FriBiDi text can't be shaped for"
    if missing:
        console.say(f"left out: {why} {', '.join(missing)}")
    kept = tuple(name for name in names if name not in missing)
    if names and not kept:
        raise MissingRequirementError("E716", f"{why} {', '.join(missing)}", hint="docs/synth.md names font packages")
    return kept
