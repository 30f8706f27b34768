"""`centernet data preview`: pages with their boxes, and what a recipe makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from centernet_cli.cli import console
from centernet_cli.cli.data_options import FormatOption, LevelOption, RecipeOption, ReplaceOption, SourcesArgument
from centernet_cli.cli.data_reports import check_no_input, check_reports
from centernet_cli.cli.data_sources import unzipped
from centernet_cli.core.errors import CenterNetError, ExitCode, InputError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack

    from PIL import Image

    from centernet_cli.core.records import Page, PageInfo

    Row = tuple[str, list[tuple[str, Image.Image]]]

SHEET, PAGE = "sheet.png", "preview.html"
SIDE = 900
"""Longer side of pictures in the HTML page, in pixels."""


def preview(
    src: SourcesArgument = None,
    recipe: RecipeOption = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for sheet.png and preview.html.")
    ] = Path("preview"),
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=500, help="Pages, of each class in turn.")] = 12,
    variants: Annotated[
        int, typer.Option("--variants", min=1, max=20, help="With --recipe: samples of each page.")
    ] = 2,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another one shows other pages and samples.")] = 0,
    format_name: FormatOption = "auto",
    level: LevelOption = None,
    force: ReplaceOption = False,
) -> int:
    """Show some pages with their boxes, as one picture and as an HTML page.

    Examples:
        centernet data preview scans/ --out preview
        centernet data preview --recipe recipes/smoke.yaml --count 6 --variants 3
        centernet data preview annotations.json --recipe lines

    With --recipe, each page is followed by samples of it as training would see them, augmented, with the heatmap that
    the network is to learn over them; without SRC, pages are those the recipe trains on. What a sample shows only in
    part or a source doesn't annotate is crossed out: it takes no loss.
    """
    from contextlib import ExitStack

    places = [out / SHEET, out / PAGE]
    check_reports(places, force=force)
    with ExitStack() as stack:
        if recipe is None:
            rows, classes = _plain(src, format_name, level, count, seed, places, stack)
        else:
            rows, classes = _with_recipe(src, recipe, format_name, (count, variants, seed), places, stack)
        shown, failed = [], 0
        with console.progress("drawn") as task:
            for row in rows:
                if isinstance(row, CenterNetError):
                    console.problem(row)
                    failed += 1
                else:
                    shown.append(row)
                task.advance()
    if not shown:
        return ExitCode.INPUT
    _write(out, shown, classes, augmented=recipe is not None)
    console.say(f"{len(shown):,} pages: {', '.join(printable(str(place)) for place in places)}")
    return ExitCode.PARTIAL if failed else ExitCode.OK


def _plain(
    src: list[Path] | None,
    format_name: str,
    level: str | None,
    count: int,
    seed: int,
    places: Sequence[Path],
    stack: ExitStack,
) -> tuple[Iterator[Row | CenterNetError], Sequence[str]]:
    """Return pages with their boxes, and all classes."""
    from centernet_cli.cli.data_sources import read_joined
    from centernet_cli.cli.watch import watch
    from centernet_cli.datasets.formats.fit import used_classes
    from centernet_cli.datasets.formats.tally import Tally
    from centernet_cli.datasets.sampling import sample_pages

    tally = Tally(watch=watch)
    dataset, _ = read_joined(src, format_name, level, tally, stack)
    check_no_input(places, tally.files, [dataset])
    classes = used_classes(dataset)
    chosen = [dataset.pages[number] for number in sample_pages(dataset.pages, count, seed=seed, each_class=True)]

    def rows() -> Iterator[Row | CenterNetError]:
        from centernet_cli.rendering.overlay import draw_overlay

        for record in chosen:
            try:
                page = _read(dataset.root, record.info.source, record.info.page)
            except CenterNetError as error:
                yield error
                continue
            picture = draw_overlay(_sized(page, record.info), record.annotations, classes, max_side=SIDE)
            yield record.info.name, [(f"{len(record.annotations):,} boxes", picture)]

    return rows(), classes


def _with_recipe(
    src: list[Path] | None,
    recipe: Path,
    format_name: str,
    numbers: tuple[int, int, int],
    places: Sequence[Path],
    stack: ExitStack,
) -> tuple[Iterator[Row | CenterNetError], Sequence[str]]:
    """Return pages before and after augmentation, and the recipe's classes."""
    from centernet_cli.core.recipe import Source
    from centernet_cli.core.recipe_file import find_recipe, load_recipe
    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.split_folders import split_folders
    from centernet_cli.datasets.sampling import sample_pages
    from centernet_cli.training.preview import as_record, training_pages, with_sources
    from centernet_cli.training.preview import variants as variants_of

    count, variants, seed = numbers
    base = Source(path=".")
    sources = [
        base.model_copy(update={"path": str(place), "format": format_name})
        for path in src or ()
        for place in split_folders(unzipped(path, stack), format_name)
    ]
    settings = with_sources(load_recipe(find_recipe(recipe)), sources)
    classes = settings.data.classes
    pages = training_pages(settings)
    records = [as_record(page, classes) for page in pages]
    check_no_input(places, (), [Dataset(classes=classes, pages=tuple(records))])
    chosen = sample_pages(records, count, seed=seed, each_class=True)

    def rows() -> Iterator[Row | CenterNetError]:
        from centernet_cli.rendering.heat import draw_heat
        from centernet_cli.rendering.overlay import draw_overlay

        for number in chosen:
            record = records[number]
            try:
                page = _read(None, record.info.source, record.info.page)
                made = variants_of(settings, pages, number, variants, seed)
            except CenterNetError as error:
                yield error
                continue
            before = draw_overlay(_sized(page, record.info), record.annotations, classes, max_side=SIDE)
            pictures = [(f"the page, {len(record.annotations):,} boxes", before)]
            for each in made:
                sample = each.sample
                picture = draw_heat(sample.pixels, each.heatmap, sample.boxes, sample.labels, sample.ignore)
                height, width = sample.pixels.shape[:2]
                pictures.append((f"sample of {width} x {height} pixels, {len(sample.boxes):,} boxes", picture))
            yield _short(record.info), pictures

    return rows(), classes


def _read(root: Path | None, source: str, number: int | None) -> Page:
    """Read a page's picture.

    Raises:
        InputError: It cannot be read, or its name leads out of the data folder.
    """
    from centernet_cli.core.records import Failure
    from centernet_cli.core.safe_io import resolve_inside
    from centernet_cli.pages.options import PageOptions
    from centernet_cli.pages.source import read_pages

    path = Path(source) if root is None else resolve_inside(root, source)
    frame = number or 1
    options = PageOptions(pages=((frame, frame),), target_long_side=2 * SIDE)
    page = next(iter(read_pages(path, options)), None)
    if page is None or isinstance(page, Failure):
        code, message = ("P204", f"no page {frame} in the file") if page is None else (page.code, page.message)
        raise InputError(code, message, path=path)
    return page


def _short(info: PageInfo) -> str:
    """Return a page's name, from the current folder if its image is below that."""
    path = Path(info.source)
    below = path.is_absolute() and path.is_relative_to(Path.cwd())
    return replace(info, source=str(path.relative_to(Path.cwd()))).name if below else info.name


def _sized(page: Page, info: PageInfo) -> Page:
    """Return a page whose boxes are those of an image of another size, such as a PDF's at another resolution."""
    return replace(page, info=replace(page.info, width=info.width, height=info.height))


def _write(out: Path, rows: Sequence[Row], classes: Sequence[str], *, augmented: bool) -> None:
    """Write sheet and page, both or none."""
    from centernet_cli.core.safe_io import atomic_folder
    from centernet_cli.rendering.contact_sheet import contact_sheet
    from centernet_cli.rendering.own_files import png_mark
    from centernet_cli.rendering.preview_report import preview_report

    note = f"{len(rows):,} pages with their boxes"
    if augmented:
        note += ", each before augmentation and in samples as training sees them, with the heatmap it learns"
    tiles = [
        (name if not index else caption, picture) for name, row in rows for index, (caption, picture) in enumerate(row)
    ]
    with atomic_folder(out) as stage:
        contact_sheet(tiles, columns=len(rows[0][1]) * 2 if augmented else None).save(stage / SHEET, pnginfo=png_mark())
        page = preview_report("What the data looks like", note, classes, rows)
        (stage / PAGE).write_text(page, encoding="utf-8", errors="backslashreplace")
