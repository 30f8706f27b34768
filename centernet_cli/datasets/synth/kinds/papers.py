"""Scientific articles: one or two columns, formulas, figures of many panels, tables, references, notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import union
from centernet_cli.datasets.synth.flow import ROMAN, Flow, running_head
from centernet_cli.datasets.synth.formulas import set_formula
from centernet_cli.datasets.synth.kinds.front_matter import front_matter
from centernet_cli.datasets.synth.plots import draw_panels
from centernet_cli.datasets.synth.typeset import Frame, Look, random_look, set_paragraph, split

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Sheet

MIXES = (
    {"paragraph": 8, "heading": 2, "figure": 1, "table": 1, "formula": 1},
    {"paragraph": 6, "heading": 2, "list": 3, "formula": 1},
    {"paragraph": 4, "heading": 1, "table": 2, "figure": 2},
    {"paragraph": 5, "formula": 5, "heading": 1},
    {"paragraph": 6, "heading": 1, "code": 2, "figure": 1},
    {"references": 1},
    {"paragraph": 3, "references": 3, "heading": 1},
)


def make_paper(ctx: Context) -> Sheet:
    """A page of an article, sometimes its first one."""
    rng = ctx.rng
    sheet = ctx.sheet(rng.choice(((595.3, 841.9), (612.0, 792.0))), (255, 255, 255))
    size = rng.uniform(7.8, 10.5)
    body = ctx.family("serif", "serif", "serif", "sans")
    look = random_look(rng, body, body if rng.random() < 0.6 else ctx.family("sans"), size=size)
    look = replace(
        look,
        align="justify" if rng.random() < 0.9 else "left",
        leading=size * rng.uniform(1.08, 1.25),
        head_scale=min(look.head_scale, 1.9),
    )
    roman = rng.random() < 0.2
    if roman:
        look = replace(look, head_align="center", head_scale=rng.uniform(1.0, 1.25))
    margin, top, bottom = sheet.width * rng.uniform(0.07, 0.14), sheet.height * 0.075, sheet.height * 0.925
    running_head(
        sheet, rng, ctx.words, look, left=margin, right=sheet.width - margin, top=top * 0.6, bottom=sheet.height * 0.963
    )
    frame = Frame(margin, top, sheet.width - 2 * margin, bottom)
    if rng.random() < 0.35:
        front_matter(ctx, sheet, replace(look, head_align=rng.choice(("center", "center", "left"))), frame)
    count = 2 if rng.random() < 0.75 else 1
    if count == 1 and rng.random() < 0.3:
        look = replace(look, leading=look.size * rng.uniform(1.5, 2.1))
    gutter = rng.uniform(13, 24)
    if count == 2 and rng.random() < 0.4:
        _across(ctx, sheet, look, frame)
    flow = _Article(sheet, rng, ctx.words, look, split(margin, frame.y, frame.width, frame.bottom, count, gutter))
    flow.roman = roman
    flow.foot_note(rng.random() < 0.25)
    flow.fill(rng.choice(MIXES))
    if count == 1 and rng.random() < 0.15:
        _line_numbers(sheet, look, margin)
    return sheet


def _across(ctx: Context, sheet: Sheet, look: Look, frame: Frame) -> None:
    """Put a table or figure over both columns, at the top or at the foot."""
    rng = ctx.rng
    high = (frame.bottom - frame.y) * rng.uniform(0.25, 0.5)
    at_foot = rng.random() < 0.3
    start = frame.bottom - high if at_foot else frame.y
    wide = _Article(sheet, rng, ctx.words, look, [Frame(frame.x, start, frame.width, start + high)])
    rng.choice((wide.table, wide.figure))()
    if at_foot:
        frame.bottom = start - look.leading
    else:
        frame.y = wide.frame.y + look.leading


class _Article(Flow):
    """A flow with what articles have besides; a list is one region, as datasets of articles label it."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given, whole_lists=True)  # type: ignore[arg-type]  # Flow's own arguments, handed on
        self.equation = self.rng.randint(0, 20)
        self.numbered = self.rng.random() < 0.7
        self.reference = self.rng.randint(1, 30)
        self.roman = False
        self.section = self.rng.randint(0, 5)

    def block(self, name: str) -> None:
        """Set one block."""
        match name:
            case "formula":
                self.formula()
            case "code":
                self.code()
            case "references":
                self.references()
            case _:
                super().block(name)

    def heading(self, level: int = 1, text: str | None = None) -> None:
        """Set a heading; sections of some journals have Roman numbers and capitals, in the middle of the column."""
        if self.roman and level == 1:
            said = text or self.words.phrase(1, 6)
            self.section = self.section % len(ROMAN) + 1
            text = (said if text else f"{ROMAN[self.section - 1]}. {said}").upper()
        super().heading(level, text)

    def figure(self, *, height: float | None = None, grey: bool = False, captioned: bool | None = None) -> None:
        """Draw a photograph, a chart or several panels."""
        if self.rng.random() < 0.35 or self.full:
            super().figure(height=height, grey=grey, captioned=captioned)
            return
        rng, look = self.rng, self.look
        high = height or min(self.frame.width * rng.uniform(0.4, 1.0), 260.0, self.frame.bottom - self.frame.y - 60)
        if high < 60 or not self.need(high + 4 * look.leading):
            return
        self.gap(look.leading * 0.5)
        frame = self.frame
        before = len(self.sheet.items)
        box = (frame.x, frame.y, frame.x + frame.width, frame.y + high)
        draw_panels(self.sheet, rng, self.words, look.head.regular, box, ink=look.ink)
        if len(self.sheet.items) > before:
            self.sheet.region("figure", [box])
        frame.y += high + look.size * rng.uniform(0.3, 0.9)
        if rng.random() < 0.9:
            self.caption("figure")
        self.gap(look.leading * rng.uniform(0.6, 1.2))

    def formula(self) -> None:
        """Set one to four formulas, with or without numbers; each is labelled `other`."""
        rng, look = self.rng, self.look
        self.gap(look.leading * 0.4)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            if not self.need(look.leading * 3.2):
                return
            frame = self.frame
            box = set_formula(self.sheet, rng, look, frame)
            if box is None:
                return
            if self.numbered:
                self.equation += 1
                y = (box[1] + box[3]) / 2 + look.size * 0.33
                number = f"({self.equation})"
                right = frame.x + frame.width
                if box[2] + look.size * 3 < right:
                    tag = self.sheet.text(
                        right, y, number, look.body.regular, look.size, colour=look.ink, align="right"
                    )
                    box = union([box, tag])
            self.sheet.region("other", [box])
        self.gap(look.leading * 0.5)

    def code(self) -> None:
        """Set a listing or an algorithm, between rules or in a frame."""
        rng, look = self.rng, self.look
        size = look.size * rng.uniform(0.75, 0.95)
        count = rng.randint(4, 14)
        if not self.need((count + 3) * size * 1.2):
            return
        frame, face = self.frame, look.body.regular
        self.gap(look.leading * 0.6)
        top = frame.y
        boxes: list[Box] = []
        depth = 0
        for at in range(count):
            depth = max(0, min(4, depth + rng.choice((-1, 0, 0, 1))))
            text = f"{at + 1}: " + " ".join(self.words.sentence(1, 6))
            x = frame.x + size * (0.6 + 1.3 * depth)
            while face.width(text) * size > frame.x + frame.width - x and " " in text:
                text = text.rpartition(" ")[0]
            frame.y += size * 1.2
            boxes.append(self.sheet.text(x, frame.y, text, face, size, colour=look.ink))
        for y in (top, frame.y + size * 0.5):
            self.sheet.rule(frame.x, y, frame.x + frame.width, y, width=0.6, colour=look.ink)
        frame.y += size * 0.6
        self.sheet.region("text", boxes)
        self.gap(look.leading)

    def references(self) -> None:
        """Set a bibliography, one list."""
        rng = self.rng
        if rng.random() < 0.7:
            self.heading(1, rng.choice(("References", "REFERENCES", "Literature", "Bibliography")))
        look = self.look
        small = rng.choice((0.8, 0.88, 1.0))
        style = look.text(size=look.size * small, leading=look.leading * small, indent=0.0)
        mark = rng.choice(("[{}]", "[{}]", "{}.", "({})", ""))
        boxes: list[Box] = []
        for _ in range(rng.randint(6, 40)):
            if self.room() < style.leading * 2:
                self.list_region(boxes)
                boxes = []
                if not self.advance():
                    return
            text = [*self.words.name().split(), *self.words.sentence(6, 24), self.words.number()]
            self.reference += 1
            if mark:
                boxes += self.item(mark.format(self.reference), text, style, 0.0, style.size * 1.6)
            else:
                set_paragraph(self.sheet, text, style.at(indent=-style.size * 1.2), self.frame, boxes=boxes)
        self.list_region(boxes)
        self.gap(look.gap)

    def foot_note(self, wanted: bool) -> None:  # chance decides, right where it is called
        """Set a note at the foot of the first column."""
        if not wanted or self.full:
            return
        frame, look = self.frame, self.look
        style = look.text(size=look.size * 0.8, leading=look.leading * 0.82, indent=0.0)
        lines = self.rng.randint(1, 4)
        top = frame.bottom - lines * style.leading
        if top - frame.y < 8 * look.leading:
            return
        self.sheet.rule(frame.x, top - 3, frame.x + frame.width * 0.35, top - 3, width=0.5)
        boxes: list[Box] = []
        note = Frame(frame.x, top, frame.width, frame.bottom + 0.1)
        set_paragraph(self.sheet, self.words.paragraph(lines * 6, lines * 9), style, note, boxes=boxes)
        self.sheet.region("text", boxes)
        frame.bottom = top - look.leading


def _line_numbers(sheet: Sheet, look: Look, margin: float) -> None:
    """Number the lines in the margin, as manuscripts under review have it."""
    size = look.size * 0.7
    inside = sorted({round(box[3], 0) for box in sheet.lines if box[2] - box[0] > 200})
    for at, y in enumerate(inside):
        box = sheet.text(margin - size * 2.2, y - size * 0.2, str(at + 1), look.body.regular, size, align="right")
        sheet.region("other", [box])
