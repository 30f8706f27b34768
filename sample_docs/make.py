"""Make the sample documents again, with the truth about every line and region: `python sample_docs/make.py`.

Needs the program, reportlab, and the fonts named in README.md; with other fonts the documents look different, and are as true.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from making import articles, business, newspaper, scans, tools  # noqa: E402

from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord  # noqa: E402
from centernet_cli.datasets.formats.coco import write_coco  # noqa: E402
from centernet_cli.datasets.formats.labelme import write_labelme  # noqa: E402
from centernet_cli.datasets.synth import pdf  # noqa: E402
from centernet_cli.datasets.synth.generate import SynthPage, picture_of  # noqa: E402
from centernet_cli.datasets.synth.write import LINE_CLASSES, REGION_CLASSES  # noqa: E402

if TYPE_CHECKING:
    from centernet_cli.datasets.synth.display import Sheet

LONG_SIDE = 1400
NEWSPAPER_SIDE = 1800
INFO = {"description": "Sample documents of centernet: all texts and names invented", "licence": "CC0-1.0"}


@dataclass(frozen=True, slots=True)
class Made:
    """One page: its truth, and the document it belongs to."""

    name: str
    group: str
    page: SynthPage
    quality: int


def printed(out: Path, name: str, sheets: list[Sheet], title: str, *, long_side: int = LONG_SIDE) -> list[Made]:
    """Write a PDF with real text; its pages are rendered for the truth."""
    pdf.write(sheets, out / f"{name}.pdf", title=title, author="centernet sample documents")
    pages = [picture_of(sheet, tools.chance(name), "clean", long_side=long_side) for sheet in sheets]
    return [Made(name if len(pages) == 1 else f"{name}-{n}", name, page, 0) for n, page in enumerate(pages, 1)]


def pictured(
    out: Path, name: str, sheet: Sheet, profile: str, *, long_side: int = LONG_SIDE, quality: int = 68
) -> list[Made]:
    """Write a JPEG of a scanned or photographed page."""
    page = picture_of(sheet, tools.chance(f"{name}/picture"), profile, long_side=long_side)
    Image.fromarray(page.pixels).save(out / f"{name}.jpg", quality=quality, dpi=(150, 150))
    return [Made(name, name, page, quality)]


def scanned(out: Path, name: str, sheets: list[Sheet], title: str, *, quality: int = 45) -> list[Made]:
    """Write a PDF that holds nothing but page pictures."""
    pages = [
        picture_of(sheet, tools.chance(f"{name}/{n}"), "scan", long_side=LONG_SIDE) for n, sheet in enumerate(sheets)
    ]
    grey = [np.asarray(Image.fromarray(page.pixels).convert("L").convert("RGB")) for page in pages]
    pdf.write_pictures([(pixels, *tools.A4) for pixels in grey], out / f"{name}.pdf", title=title, quality=quality)
    return [Made(f"{name}-{n}", name, page, quality) for n, page in enumerate(pages, 1)]


def make(out: Path) -> None:
    """Write all documents into `out`, and the truth into `out/.truth`."""
    made = [
        *printed(out, "article-en", [articles.paper()], "How Thin May a Line Be?"),
        *pictured(out, "form-pl", business.form(), "scan"),
        *printed(out, "invoice-fr", [business.invoice()], "Facture 2024-0317"),
        *printed(out, "letter-de", [business.letter()], "Angebot"),
        *scanned(out, "minutes-el", scans.minutes(), "Πρακτικά"),
        *printed(out, "newspaper-en", [newspaper.newspaper()], "The Harrow Quay Messenger", long_side=NEWSPAPER_SIDE),
        *pictured(out, "note-en", scans.note(), "scan", long_side=1200),
        *pictured(out, "oldbook-de", scans.old_page(), "old", long_side=1200, quality=60),
        *pictured(out, "receipt-es", business.receipt(), "photo", long_side=1200),
        *printed(out, "report-it", [articles.report()], "Relazione annuale 2024"),
    ]
    write_truth(out / ".truth", made)


def write_truth(folder: Path, made: list[Made]) -> None:
    """Write page pictures, `lines.json` and `regions.json` (COCO) and a labelme file for each page."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pages").mkdir(parents=True)
    lines, regions, both = [], [], []
    for each in made:
        height, width = each.page.pixels.shape[:2]
        picture = Image.fromarray(each.page.pixels)
        name = f"{each.name}.jpg" if each.quality else f"{each.name}.png"
        if each.quality:
            picture.save(folder / "pages" / name, quality=each.quality)
        else:
            # Few colours are enough for print, and keep the folder small.
            picture.quantize(40, dither=Image.Dither.NONE).save(folder / "pages" / name, optimize=True)
        info = PageInfo(source=f"pages/{name}", width=width, height=height)
        line_notes = tuple(
            Annotation(label=LINE_CLASSES[0], box=box, polygon=outline) for box, outline in each.page.lines
        )
        region_notes = tuple(
            Annotation(label=label, box=box, polygon=outline) for label, box, outline in each.page.regions
        )
        lines.append(PageRecord(info=info, annotations=line_notes, group=each.group))
        regions.append(PageRecord(info=info, annotations=region_notes, group=each.group))
        both.append(PageRecord(info=info, annotations=region_notes + line_notes, group=each.group))
    facts: dict[str, object] = dict(INFO)
    write_coco(Dataset(classes=LINE_CLASSES, pages=tuple(lines), root=folder, info=facts), folder / "lines.json")
    write_coco(Dataset(classes=REGION_CLASSES, pages=tuple(regions), root=folder, info=facts), folder / "regions.json")
    write_labelme(Dataset(classes=(*REGION_CLASSES, *LINE_CLASSES), pages=tuple(both), root=folder, info=facts), folder)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    target.mkdir(parents=True, exist_ok=True)
    make(target)
