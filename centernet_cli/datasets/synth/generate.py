"""Pages by number: the same seed, kind and fonts give the same page, whatever was made before."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from centernet_cli.datasets.synth import degrade, wear
from centernet_cli.datasets.synth.context import Context
from centernet_cli.datasets.synth.fonts import FontBook, default_book
from centernet_cli.datasets.synth.kinds import (
    acts,
    books,
    business,
    contents,
    documents,
    forms,
    magazine,
    notes,
    papers,
    press,
    receipt,
    slides,
    volumes,
)
from centernet_cli.datasets.synth.languages import RIGHT_TO_LEFT
from centernet_cli.datasets.synth.raster import draw
from centernet_cli.datasets.synth.warp import Warp, camera, scanner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Box, Polygon
    from centernet_cli.datasets.synth.display import Sheet

    Pixels = npt.NDArray[np.uint8]

KINDS: dict[str, Callable[[Context], Sheet]] = {
    "form": forms.make_form,
    "receipt": receipt.make_receipt,
    "invoice": business.make_invoice,
    "letter": documents.make_letter,
    "table": business.make_table,
    "newspaper": press.make_newspaper,
    "report": documents.make_report,
    "magazine": magazine.make_magazine,
    "paper": papers.make_paper,
    "slides": slides.make_slides,
    "notes": notes.make_notes,
    "oldprint": books.make_oldprint,
    "book": volumes.make_book,
    "typescript": documents.make_typescript,
    "index": documents.make_index,
    "act": acts.make_act,
    "contents": contents.make_contents,
}
"""Layout functions by name; the order is part of the seed's meaning only through the names."""

_PROFILES = {
    "form": ("copy", "copy", "copy", "scan", "scan", "fax", "photo", "clean"),
    "receipt": ("photo", "photo", "scan", "scan", "copy", "clean"),
    "invoice": ("scan", "clean", "copy", "photo"),
    "letter": ("scan", "clean", "copy", "photo"),
    "table": ("scan", "clean", "clean", "copy"),
    "newspaper": ("old", "old", "scan", "copy", "fax", "clean"),
    "report": ("clean", "clean", "scan", "fax"),
    "magazine": ("clean", "clean", "clean", "scan", "photo"),
    "paper": ("clean", "clean", "clean", "scan", "copy"),
    "slides": ("clean", "clean", "clean", "clean", "clean", "photo"),
    "notes": ("scan", "scan", "photo", "old", "clean"),
    "oldprint": ("old", "old", "old", "fax"),
    "book": ("clean", "scan", "scan", "old", "photo", "copy"),
    "typescript": ("scan", "old", "fax", "copy"),
    "index": ("clean", "scan", "fax", "old"),
    "act": ("clean", "clean", "clean", "scan", "fax"),
    "contents": ("clean", "clean", "clean", "scan", "fax"),
}
_OLD_SPELLING = 0.5
_OFTEN_ENGLISH, _ENGLISH = frozenset({"notes", "form", "receipt", "table", "paper"}), 0.4
"""Kinds whose pages outside, too, are more often English than others' are."""
_DARK = 0.04
"""Share of pages on screens and copies that are light on dark."""
_LEAST_SIDE, _LEAST_SEEN = 2.0, 0.4
_LOOSE = (-0.12, -0.08, 0.12, 0.03)
"""Paper that annotators of scans leave around a line (left, top, right, bottom), in line heights: between none and the
0.2 or so of the loosest of the public datasets we looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthPage:
    """A page and what is on it: boxes and outlines in pixels.

    Attributes:
        pixels: RGB uint8 `(H, W, 3)`.
        lines: Box and outline of each text line.
        regions: Label, box and outline of each region.
        kind: Layout.
        profile: Degradation.
        facts: Language and the like.
    """

    pixels: Pixels
    lines: tuple[tuple[Box, Polygon | None], ...]
    regions: tuple[tuple[str, Box, Polygon | None], ...]
    kind: str
    profile: str
    facts: dict[str, str]


def make_sheet(kind: str, seed: int | str, *, book: FontBook | None = None, languages: Sequence[str] = ()) -> Sheet:
    """Return the layout of page `seed` of a kind, in one of `languages` (none: any that the fonts allow)."""
    rng = random.Random(f"{kind}/{seed}")
    old = kind == "oldprint" and rng.random() < _OLD_SPELLING
    english = kind in _OFTEN_ENGLISH and rng.random() < _ENGLISH
    language = rng.choice(languages) if languages else "en" if english else None
    context = Context(rng, book or default_book(), language=language, old=old)
    if old and not context.family("serif").regular.covers("ſ"):
        context.words.old = False
    sheet = KINDS[kind](context)
    if context.script in RIGHT_TO_LEFT:
        sheet.mirror()
    sheet.facts["kind"] = kind
    return sheet


def make_page(
    kind: str,
    seed: int | str,
    *,
    long_side: int = 1280,
    profile: str | None = None,
    book: FontBook | None = None,
    languages: Sequence[str] = (),
    loose: bool = False,
) -> SynthPage:
    """Return page `seed` of a kind.

    Args:
        kind: One of `KINDS`.
        seed: Number or name of the page.
        long_side: Pixels.
        profile: `clean`, `scan`, `photo`, `fax`, `copy`, `old`; `scanned`: any but clean; None: as the kind is met.
        book: Fonts; None: the system's.
        languages: Of the page, one of them by chance; none: any that the fonts allow.
        loose: Lines of pages that aren't clean with a little paper around them, as annotators of scans draw them.
    """
    sheet = make_sheet(kind, seed, book=book, languages=languages)
    rng = random.Random(f"{kind}/{seed}/picture")
    usual = _PROFILES[kind]
    if profile == "scanned":
        usual = tuple(name for name in usual if name != "clean") or ("scan",)
    chosen = rng.choice(usual) if profile in {None, "scanned"} else profile
    return picture_of(
        sheet,
        rng,
        str(chosen),
        long_side=long_side,
        back=lambda: make_sheet(kind, f"{seed}/back", book=book, languages=languages),
        loose=loose,
    )


def picture_of(
    sheet: Sheet,
    rng: random.Random,
    profile: str,
    *,
    long_side: int,
    back: Callable[[], Sheet] | None = None,
    loose: bool = False,
) -> SynthPage:
    """Return a sheet as a picture with its annotations.

    Args:
        sheet: The page.
        rng: Chance.
        profile: `clean`, `scan`, `photo`, `fax`, `copy` or `old`.
        long_side: Pixels.
        back: Makes what is printed on the back and may shine through.
        loose: See `make_page`.
    """
    scale = long_side / max(sheet.width * sheet.stretch, sheet.height)
    flat = draw(sheet, scale)
    if sheet.stretch != 1.0:
        wide = max(1, round(flat.shape[1] * sheet.stretch))
        flat = np.asarray(cv2.resize(flat, (wide, flat.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
    scales = (flat.shape[1] / sheet.width, scale)
    pixels, warp = _picture(
        flat, rng, profile, long_side, None if back is None else lambda: _back(back(), sheet, scale), sheet.facts
    )
    height, width = pixels.shape[:2]
    drawn = [_loosened(box) for box in sheet.lines] if loose and profile != "clean" else sheet.lines
    lines = [found for found in _place(drawn, scales, warp, width, height) if found is not None]
    labels = [label for label, _ in sheet.regions]
    placed = zip(labels, _place([box for _, box in sheet.regions], scales, warp, width, height), strict=True)
    regions = [(label, *found) for label, found in placed if found is not None]
    return SynthPage(
        pixels=pixels,
        lines=tuple(lines),
        regions=tuple(regions),
        kind=sheet.facts.get("kind", ""),
        profile=profile,
        facts=dict(sheet.facts),
    )


def _loosened(box: Box) -> Box:
    height = min(box[2] - box[0], box[3] - box[1])
    left, top, right, bottom = (side + share * height for side, share in zip(box, _LOOSE, strict=True))
    return (left, top, right, bottom)


def _back(other: Sheet, sheet: Sheet, scale: float) -> Pixels:
    """Draw the other side of the leaf at half size: it is blurred anyway."""
    other.paper = (255, 255, 255)
    return draw(other, scale * 0.5 * max(sheet.width, sheet.height) / max(other.width, other.height))


def _place(
    boxes: Sequence[Box], scales: tuple[float, float], warp: Warp | None, width: int, height: int
) -> list[tuple[Box, Polygon | None] | None]:
    """Map boxes in points to the picture, cut at its edges; None for those of which little is seen."""
    scaled = np.array(boxes, np.float64).reshape(-1, 4) * (scales * 2)
    outlines: list[Polygon | None] = [None] * len(boxes)
    if warp is not None and len(boxes):
        scaled, points = warp.boxes(scaled)
        points = points.clip(0.0, (width, height))
        outlines = [tuple((float(x), float(y)) for x, y in outline) for outline in points]
    cut = np.stack(
        [scaled[:, 0].clip(0), scaled[:, 1].clip(0), scaled[:, 2].clip(None, width), scaled[:, 3].clip(None, height)],
        axis=1,
    )
    sides = cut[:, 2:] - cut[:, :2]
    seen = (sides.min(axis=1) >= _LEAST_SIDE) & (
        sides.prod(axis=1) >= _LEAST_SEEN * (scaled[:, 2:] - scaled[:, :2]).prod(axis=1)
    )
    return [
        ((float(box[0]), float(box[1]), float(box[2]), float(box[3])), outline) if kept else None
        for box, outline, kept in zip(cut, outlines, seen, strict=True)
    ]


def _picture(
    pixels: Pixels,
    rng: random.Random,
    profile: str,
    long_side: int,
    back: Callable[[], Pixels] | None,
    facts: dict[str, str],
) -> tuple[Pixels, Warp | None]:
    if profile in {"clean", "copy", "fax"} and facts.get("kind") not in {"receipt", "slides"} and rng.random() < _DARK:
        pixels = degrade.negative(pixels, rng)
    if profile == "clean":
        if rng.random() < 0.25:
            pixels = degrade.jpeg(pixels, rng, 40, 90)
        return pixels, None
    pixels = _paper(pixels, rng, profile, back, slip=facts.get("kind") == "receipt")
    if profile == "photo":
        return _photographed(pixels, rng, long_side)
    height, width = pixels.shape[:2]
    pixels = degrade.blemishes(pixels, rng)
    warp = scanner(rng, width, height, skew=rng.choice((0.15, 0.5, 0.9)))
    pixels = warp.image(pixels, degrade.dark_border(rng))
    if profile == "old" or (profile == "scan" and rng.random() < 0.5):
        pixels = degrade.uneven_light(pixels, rng, rng.uniform(0.1, 0.5))
    if profile == "copy":
        return degrade.photocopy(pixels, rng), warp
    pixels = degrade.optics(pixels, rng, strong=profile == "old")
    if rng.random() < 0.7:
        pixels = degrade.sensor_noise(pixels, rng, rng.uniform(0.5, 7))
    if profile == "fax":
        return degrade.to_bilevel(pixels, rng), warp
    return _saved(pixels, rng), warp


def _paper(
    pixels: Pixels, rng: random.Random, profile: str, back: Callable[[], Pixels] | None, *, slip: bool
) -> Pixels:
    """Print, age and wear the page, before it is scanned or photographed."""
    through = {"old": 0.6, "scan": 0.15, "photo": 0.15}.get(profile, 0.0)
    if back is not None and rng.random() < through:
        pixels = degrade.bleed_through(pixels, back(), rng)
    if slip and rng.random() < 0.2:
        pixels = wear.dot_matrix(pixels, rng, pixels.shape[1] / rng.uniform(150, 300))
    elif slip and rng.random() < 0.6:
        pixels = wear.thermal(pixels, rng)
    elif rng.random() < {"old": 0.8, "scan": 0.4, "fax": 0.6, "photo": 0.3, "copy": 0.5}[profile]:
        pixels = degrade.ink_spread(pixels, rng)
    if profile in {"old", "photo", "scan"}:
        pixels = degrade.paper_texture(
            pixels, rng, {"old": 1.2, "photo": 0.6, "scan": 0.4}[profile] * rng.uniform(0.3, 1.5)
        )
    if rng.random() < {"photo": 0.25, "scan": 0.06}.get(profile, 0.0) + 0.35 * slip:
        pixels = wear.crumple(pixels, rng)
    if rng.random() < 0.08:
        pixels = pixels.copy()
        wear.staple(pixels, rng)
    return pixels


def _photographed(pixels: Pixels, rng: random.Random, long_side: int) -> tuple[Pixels, Warp]:
    height, width = pixels.shape[:2]
    # Upright boxes around long tilted lines would swallow their neighbours; narrow slips may lie more askew.
    tilts = (1.0, 3.0, 6.0) if height > 1.6 * width else (0.6, 1.5, 2.5)
    warp = camera(rng, width, height, long_side=long_side, tilt=rng.choice(tilts))
    pixels = warp.image(pixels, degrade.surface(rng, warp.width, warp.height))
    if rng.random() < 0.08:
        wear.fingers(pixels, rng, 0.05 * min(warp.width, warp.height))
    pixels = degrade.uneven_light(pixels, rng, rng.uniform(0.3, 1.0))
    pixels = degrade.optics(pixels, rng, strong=True)
    pixels = degrade.sensor_noise(pixels, rng, rng.uniform(1, 9))
    return _saved(pixels, rng), warp


def _saved(pixels: Pixels, rng: random.Random) -> Pixels:
    if rng.random() < 0.6:
        pixels = degrade.tone(pixels, rng)
    if rng.random() < 0.35:
        pixels = degrade.to_grey(pixels)
    return degrade.jpeg(pixels, rng, 30, 92)
