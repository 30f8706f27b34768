from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from centernet_cli.datasets.synth.cells import cell_text, random_rows
from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.raster import draw
from centernet_cli.datasets.synth.tables import RULES, Cell, Column, Row, TableStyle, draw_table, random_style
from centernet_cli.datasets.synth.words import Words

COLUMNS = [Column(2, "left"), Column(1, "right"), Column(1, "right")]
ROWS = [
    Row((Cell("", span=1), Cell("over two columns", span=2, align="center")), "head"),
    Row((Cell("item"), Cell("1989"), Cell("1990")), "head"),
    Row((Cell("a section:", span=3),), "section"),
    Row((Cell("first"), Cell("12"), Cell("1,345"))),
    Row((Cell("", joined=True), Cell("13"), Cell("(346)"))),
    Row((Cell("sum"), Cell("25"), Cell("999")), "total"),
]


def plain(vera, rules: str) -> TableStyle:
    return TableStyle(family=vera.families[0], size=10, rules=rules, rule_width=1.0)


@pytest.mark.parametrize("rules", sorted(set(RULES)))
def test_a_tables_box_is_that_of_its_ink_and_rules(vera, rules):
    sheet, scale = Sheet(400, 260), 2.0
    box = draw_table(sheet, plain(vera, rules), COLUMNS, ROWS, 40, 40, 300, 250)
    assert box is not None
    assert sheet.regions == [("table", box)]
    dark = draw(sheet, scale).min(axis=2) < 190
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    drawn = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / scale
    # Where only some sides are ruled the box still holds the cells; dashes may end before the edge.
    loose = {"stripes": 12.0, "header": 12.0, "sparse": 12.0, "typed": 3.2}.get(rules, 1.8)
    assert np.abs(drawn - np.array(box)).max() <= loose
    assert len(sheet.lines) == 13


def test_rows_that_find_no_room_are_left_out(vera):
    sheet = Sheet(400, 260)
    box = draw_table(sheet, plain(vera, "grid"), COLUMNS, ROWS, 40, 40, 300, 95)
    assert box is not None
    assert box[3] <= 95
    assert 2 <= len(sheet.lines) < 13
    assert draw_table(Sheet(400, 260), plain(vera, "grid"), COLUMNS, ROWS, 40, 40, 300, 50) is None


def test_rows_of_texts_have_a_head(vera):
    sheet = Sheet(400, 200)
    style = replace(plain(vera, "frame"), bold_head=True)
    assert draw_table(sheet, style, COLUMNS, [["a", "b", "c"], ["d", "e", "f"]], 40, 40, 300, 190)
    faces = [item.face for item in sheet.items if hasattr(item, "face")]
    assert faces == [vera.families[0].bold] * 3 + [vera.families[0].regular] * 3


def test_upright_heads_are_lines(vera):
    sheet = Sheet(400, 200)
    rows = [
        Row((Cell("item"), Cell("upright", turned=True), Cell("c")), "head"),
        Row((Cell("a"), Cell("1"), Cell("2"))),
    ]
    assert draw_table(sheet, plain(vera, "grid"), COLUMNS, rows, 40, 40, 300, 190)
    tall = [box for box in sheet.lines if box[3] - box[1] > 2 * (box[2] - box[0])]
    assert len(tall) == 1


def test_random_rows_fill_their_columns(vera):
    for seed in range(60):
        rng = random.Random(seed)
        columns, rows = random_rows(rng, Words(rng, "en"), rng.randint(2, 12), rng.randint(2, 20))
        assert rows
        assert all(sum(cell.span for cell in row.cells) == len(columns) for row in rows)
        sheet = Sheet(600, 800)
        draw_table(sheet, random_style(rng, vera.families[0], 8), columns, rows, 20, 20, 560, 780)
        assert all(box[0] >= 15 and box[3] <= 790 for box in sheet.lines)


def test_every_kind_of_cell():
    rng = random.Random(1)
    for kind in ("number", "amount", "decimal", "code", "date", "percent", "mark", "text", "words"):
        assert cell_text(rng, Words(rng, "en"), kind)
