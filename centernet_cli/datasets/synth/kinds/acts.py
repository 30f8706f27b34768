"""Acts, by-laws, minutes and terms: numbered provisions, nested items, references, tables of contents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.flow import Flow, page_body
from centernet_cli.datasets.synth.typeset import set_paragraph

if TYPE_CHECKING:
    from centernet_cli.core.records import Box
    from centernet_cli.datasets.synth.context import Context
    from centernet_cli.datasets.synth.display import Sheet

SIGNS = ("§ {}.", "Art. {}.", "Artikel {}", "§ {}", "Article {}", "Rozdział {}", "{}.")
LEVELS = (("{}.", "{})", "–"), ("{})", "{c})", "–"), ("({})", "{c})", "•"), ("•", "–", "·"), ("{c})", "–", "-"))
"""Marks of items by depth: `{}` takes a number, `{c}` a letter."""


def make_act(ctx: Context) -> Sheet:
    """A page of provisions: centred headings, numbered paragraphs, items within items, each item a list region."""
    rng = ctx.rng
    sheet = ctx.sheet()
    size = rng.uniform(9.5, 13.0)
    look = ctx.look(size=size)
    look = replace(look, leading=size * rng.choice((1.15, 1.2, 1.35, 1.5)), head_scale=min(look.head_scale, 1.3))
    if rng.random() < 0.7:
        look = replace(look, head_align="center")
    if rng.random() < 0.6:
        look = replace(look, align="justify")
    flow = Flow(sheet, rng, ctx.words, look, [page_body(sheet, rng, ctx.words, look, short=0.35)])
    provisions = _Provisions(flow)
    if rng.random() < 0.2:
        flow.heading(0)
    steps = rng.choice(
        (
            (provisions.section, provisions.items, provisions.paragraph, provisions.items),
            (provisions.items, provisions.items, flow.paragraph),
            (provisions.section, provisions.paragraph, provisions.paragraph, provisions.items),
            (provisions.references,),
            (provisions.section, provisions.items, flow.table),
        )
    )
    for _ in range(60):
        if flow.full or flow.room() < look.leading:
            break
        rng.choice(steps)()
    return sheet


class _Provisions:
    """Sets the parts of an act, counting as it goes."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        rng = flow.rng
        self.sign = rng.choice(SIGNS)
        self.number = rng.randint(1, 60)
        self.levels = rng.choice(LEVELS)
        self.step = flow.look.size * rng.uniform(1.2, 2.4)
        self.spread = flow.look.leading * rng.choice((0.0, 0.0, 0.15, 0.3, 0.6))
        self.body = flow.look.text(indent=0.0)

    def section(self) -> None:
        """A heading such as "§ 7.", with or without a title on its line or below."""
        flow, rng = self.flow, self.flow.rng
        self.number += 1
        said = self.sign.format(self.number)
        if rng.random() < 0.4:
            said += f" {flow.words.phrase(2, 6)}"
        flow.gap(flow.look.leading * rng.uniform(0.2, 0.8))
        flow.heading(rng.choice((1, 2, 3)), said)

    def paragraph(self) -> None:
        """A provision as running text, often with its number before it."""
        flow = self.flow
        words = flow.words.paragraph(10, flow.rng.choice((25, 60, 100)))
        if flow.rng.random() < 0.5:
            words = [f"{flow.rng.randint(1, 15)}.", *words]
        flow.paragraph(words)

    def items(self) -> None:
        """Items, some with items of their own."""
        rng = self.flow.rng
        if rng.random() < 0.6:
            self.flow.paragraph([*self.flow.words.sentence(5, 18)[:-1], ":"])
        base = rng.choice((0.0, 0.0, 1.0))
        for at in range(rng.randint(2, 9)):
            if not self._item(at, 0, base):
                return
            for inner in range(rng.randint(2, 4) if rng.random() < 0.15 else 0):
                if not self._item(inner, 1, base + 1):
                    return

    def references(self) -> None:
        """A bibliography, each entry with a hanging indent and no mark, or numbered."""
        flow, rng = self.flow, self.flow.rng
        flow.heading(1)
        numbered, hang = rng.random() < 0.4, flow.look.size * rng.uniform(1.0, 2.5)
        for at in range(rng.randint(6, 40)):
            if flow.room() < flow.look.leading:
                return
            text = [flow.words.name() + ",", *flow.words.sentence(6, 26), str(rng.randint(1900, 2024)), "."]
            if numbered:
                flow.list_region(flow.item(f"[{at + 1}]", text, self.body, 0.0, hang))
            else:
                boxes: list[Box] = []
                set_paragraph(flow.sheet, text, self.body.at(indent=-hang), flow.frame, boxes=boxes)
                flow.list_region(boxes)
            flow.gap(self.spread)

    def _item(self, at: int, depth: int, steps: float) -> bool:
        flow, rng = self.flow, self.flow.rng
        if flow.room() < flow.look.leading:
            return False
        mark = self.levels[depth].format(at + 1, c=chr(97 + at % 26))
        text = flow.words.sentence(2, rng.choice((6, 14, 30, 60)))
        boxes = flow.item(mark, text, self.body, steps * self.step, 1.3 * self.body.size)
        flow.list_region(boxes)
        flow.gap(self.spread)
        return True
