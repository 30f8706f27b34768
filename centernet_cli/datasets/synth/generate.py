"""Pages by number: the same seed, kind and fonts give the same page, whatever was made before."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.datasets.synth import degrade
from centernet_cli.datasets.synth.context import Context
from centernet_cli.datasets.synth.fonts import FontBook, default_book
from centernet_cli.datasets.synth.kinds import acts, books, business, documents, forms, press, receipt, slides
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
    "paper": documents.make_paper,
    "slides": slides.make_slides,
    "notes": books.make_notes,
    "oldprint": books.make_oldprint,
    "typescript": documents.make_typescript,
    "index": documents.make_index,
    "act": acts.make_act,
}
"""Layout functions by name; the order is part of the seed's meaning only through the names."""

_PROFILES = {
    "form": ("scan", "scan", "clean", "photo", "fax"),
    "receipt": ("photo", "photo", "scan", "scan", "clean"),
    "invoice": ("scan", "clean", "fax", "photo"),
    "letter": ("scan", "clean", "fax", "photo"),
    "table": ("scan", "clean", "fax"),
    "newspaper": ("old", "scan", "fax", "clean"),
    "report": ("clean", "clean", "scan", "fax"),
    "paper": ("clean", "clean", "scan", "fax"),
    "slides": ("clean", "clean", "clean", "photo"),
    "notes": ("scan", "scan", "photo", "old", "clean"),
    "oldprint": ("old", "old", "old", "fax"),
    "typescript": ("scan", "old", "fax", "scan"),
    "index": ("clean", "scan", "fax", "old"),
    "act": ("clean", "clean", "clean", "scan", "fax"),
}
_OLD_SPELLING = 0.5
_LEAST_SIDE, _LEAST_SEEN = 2.0, 0.4


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


def make_sheet(kind: str, seed: int | str, *, book: FontBook | None = None) -> Sheet:
    """Return the layout of page `seed` of a kind."""
    rng = random.Random(f"{kind}/{seed}")
    old = kind == "oldprint" and rng.random() < _OLD_SPELLING
    context = Context(rng, book or default_book(), old=old)
    if old and not context.family("serif").regular.covers("ſ"):
        context.words.old = False
    sheet = KINDS[kind](context)
    sheet.facts["kind"] = kind
    return sheet


def make_page(
    kind: str, seed: int | str, *, long_side: int = 1280, profile: str | None = None, book: FontBook | None = None
) -> SynthPage:
    """Return page `seed` of a kind.

    Args:
        kind: One of `KINDS`.
        seed: Number or name of the page.
        long_side: Pixels.
        profile: `clean`, `scan`, `photo`, `fax`, `old`; `scanned`: any but clean; None: as the kind is usually met.
        book: Fonts; None: the system's.
    """
    sheet = make_sheet(kind, seed, book=book)
    rng = random.Random(f"{kind}/{seed}/picture")
    usual = _PROFILES[kind]
    if profile == "scanned":
        usual = tuple(name for name in usual if name != "clean") or ("scan",)
    chosen = rng.choice(usual) if profile in {None, "scanned"} else profile
    return picture_of(
        sheet, rng, str(chosen), long_side=long_side, back=lambda: make_sheet(kind, f"{seed}/back", book=book)
    )


def picture_of(
    sheet: Sheet, rng: random.Random, profile: str, *, long_side: int, back: Callable[[], Sheet] | None = None
) -> SynthPage:
    """Return a sheet as a picture with its annotations.

    Args:
        sheet: The page.
        rng: Chance.
        profile: `clean`, `scan`, `photo`, `fax` or `old`.
        long_side: Pixels.
        back: Makes what is printed on the back and may shine through.
    """
    scale = long_side / max(sheet.width, sheet.height)
    pixels, warp = _picture(
        draw(sheet, scale), rng, profile, long_side, None if back is None else lambda: _back(back(), sheet, scale)
    )
    height, width = pixels.shape[:2]
    lines = [found for found in _place(sheet.lines, scale, warp, width, height) if found is not None]
    labels = [label for label, _ in sheet.regions]
    placed = zip(labels, _place([box for _, box in sheet.regions], scale, warp, width, height), strict=True)
    regions = [(label, *found) for label, found in placed if found is not None]
    return SynthPage(
        pixels=pixels,
        lines=tuple(lines),
        regions=tuple(regions),
        kind=sheet.facts.get("kind", ""),
        profile=profile,
        facts=dict(sheet.facts),
    )


def _back(other: Sheet, sheet: Sheet, scale: float) -> Pixels:
    """Draw the other side of the leaf at half size: it is blurred anyway."""
    other.paper = (255, 255, 255)
    return draw(other, scale * 0.5 * max(sheet.width, sheet.height) / max(other.width, other.height))


def _place(
    boxes: Sequence[Box], scale: float, warp: Warp | None, width: int, height: int
) -> list[tuple[Box, Polygon | None] | None]:
    """Map boxes in points to the picture, cut at its edges; None for those of which little is seen."""
    scaled = np.array(boxes, np.float64).reshape(-1, 4) * scale
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
    pixels: Pixels, rng: random.Random, profile: str, long_side: int, back: Callable[[], Pixels] | None
) -> tuple[Pixels, Warp | None]:
    height, width = pixels.shape[:2]
    if profile == "clean":
        if rng.random() < 0.25:
            pixels = degrade.jpeg(pixels, rng, 40, 90)
        return pixels, None
    if back is not None and profile in {"old", "scan", "photo"} and rng.random() < (0.6 if profile == "old" else 0.15):
        pixels = degrade.bleed_through(pixels, back(), rng)
    if rng.random() < {"old": 0.8, "scan": 0.4, "fax": 0.6, "photo": 0.3}[profile]:
        pixels = degrade.ink_spread(pixels, rng)
    if profile in {"old", "photo", "scan"}:
        pixels = degrade.paper_texture(
            pixels, rng, {"old": 1.2, "photo": 0.6, "scan": 0.4}[profile] * rng.uniform(0.3, 1.5)
        )
    if profile == "photo":
        # Upright boxes around long tilted lines would swallow their neighbours; narrow slips may lie more askew.
        tilts = (1.0, 3.0, 6.0) if height > 1.6 * width else (0.6, 1.5, 2.5)
        warp = camera(rng, width, height, long_side=long_side, tilt=rng.choice(tilts))
        pixels = warp.image(pixels, degrade.surface(rng, warp.width, warp.height))
        pixels = degrade.uneven_light(pixels, rng, rng.uniform(0.3, 1.0))
        pixels = degrade.optics(pixels, rng, strong=True)
        pixels = degrade.sensor_noise(pixels, rng, rng.uniform(1, 9))
    else:
        pixels = degrade.blemishes(pixels, rng)
        warp = scanner(rng, width, height, skew=rng.choice((0.15, 0.5, 0.9)))
        pixels = warp.image(pixels, degrade.dark_border(rng))
        if profile == "old" or (profile == "scan" and rng.random() < 0.5):
            pixels = degrade.uneven_light(pixels, rng, rng.uniform(0.1, 0.5))
        pixels = degrade.optics(pixels, rng, strong=profile == "old")
        if rng.random() < 0.7:
            pixels = degrade.sensor_noise(pixels, rng, rng.uniform(0.5, 7))
    if profile == "fax":
        return degrade.to_bilevel(pixels, rng), warp
    if rng.random() < 0.6:
        pixels = degrade.tone(pixels, rng)
    if rng.random() < 0.35:
        pixels = degrade.to_grey(pixels)
    return degrade.jpeg(pixels, rng, 30, 92), warp
