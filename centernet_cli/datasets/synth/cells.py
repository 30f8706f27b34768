"""What tables say: plain lists, accounts, cross tables with heads over several columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.tables import Cell, Column, Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from centernet_cli.datasets.synth.words import Words

_SHARES = {"words": 2.0, "text": 3.4, "date": 1.3, "code": 1.5}


def random_rows(rng: Random, words: Words, columns: int, rows: int) -> tuple[list[Column], list[Row]]:
    """Return columns, and rows with one to three head rows, sections and totals here and there."""
    if columns > 2 and rng.random() < 0.25:
        return _accounts(rng, words, columns, rows)
    kinds = [rng.choice(("words", "words", "text", "code", "number"))] + [
        rng.choice(("number", "number", "amount", "words", "code", "date", "percent", "mark", "decimal"))
        for _ in range(columns - 1)
    ]
    if rng.random() < 0.3:
        kinds[1:] = [rng.choice(("decimal", "percent", "number", "amount"))] * (columns - 1)
    if rng.random() < 0.15:
        kinds[-1] = "text"
    made = [
        Column(
            _SHARES.get(kind, 1.0) * rng.uniform(0.85, 1.2),
            rng.choice(("left", "left", "center"))
            if kind in _SHARES
            else rng.choice(("right", "right", "center", "center")),
        )
        for kind in kinds
    ]
    empty = rng.choice((0.0, 0.0, 0.1, 0.3))
    lines = _heads(rng, words, columns)
    sections = rng.random() < 0.2
    groups = rng.random() < 0.2
    while len(lines) < rows + 1:
        if sections and rng.random() < 0.2:
            lines.append(
                Row((Cell(words.phrase(1, 4), span=columns, align=rng.choice(("left", "center"))),), "section")
            )
        filled = tuple(
            Cell("" if at and rng.random() < empty else cell_text(rng, words, kind)) for at, kind in enumerate(kinds)
        )
        if groups and lines and lines[-1].kind == "body" and rng.random() < 0.6:
            filled = (Cell("", joined=True), *filled[1:])
        lines.append(Row(filled))
    if rng.random() < 0.2:
        lines.append(
            Row((Cell(words.phrase(1, 2)), *(Cell(cell_text(rng, words, kind)) for kind in kinds[1:])), "total")
        )
    return made, lines


def _heads(rng: Random, words: Words, columns: int) -> list[Row]:
    """Return head rows: one, or several with cells over groups of columns, or with upright text."""
    turned = columns > 4 and rng.random() < 0.12
    leaf = [Cell(words.phrase(1, 2), turned=turned and at > 0) for at in range(columns)]
    if columns < 4 or turned or rng.random() < 0.65:
        return [Row(tuple(leaf), "head")] if rng.random() < 0.93 else []
    rows = []
    for _ in range(rng.choice((1, 1, 2))):
        cells, at = [Cell("" if rng.random() < 0.6 else words.phrase(1, 1))], 1
        while at < columns:
            span = min(columns - at, rng.choice((1, 2, 2, 3, 4)))
            cells.append(Cell(words.phrase(1, 3), span=span, align="center" if span > 1 else None))
            at += span
        rows.append(Row(tuple(cells), "head"))
    if rng.random() < 0.4:
        short = [Cell(rng.choice((str(rng.randint(1990, 2030)), "%", "No.", words.word()[:6]))) for _ in leaf[1:]]
        leaf = [leaf[0], *short]
    leaf[0] = Cell(leaf[0].text, joined=not rows[-1].cells[0].text)
    return [*rows, Row(tuple(leaf), "head")]


def _accounts(rng: Random, words: Words, columns: int, rows: int) -> tuple[list[Column], list[Row]]:
    """A balance sheet or the like: years as heads, items indented under sections, sums."""
    count = min(columns, rng.randint(3, 6))
    made = [Column(rng.uniform(2.5, 5.0), "left"), *(Column(1.0, "right") for _ in range(count - 1))]
    year = rng.randint(1975, 2029)
    sign = rng.choice(("", "", "$ ", "€ "))
    lines = []
    if rng.random() < 0.4:
        lines.append(Row((Cell(""), Cell(words.phrase(2, 4), span=count - 1, align="center")), "head"))
    lines.append(Row((Cell(words.phrase(1, 2)), *(Cell(str(year - at)) for at in range(count - 1))), "head"))

    def figures() -> tuple[Cell, ...]:
        return tuple(
            Cell(rng.choice(("—", "-")) if rng.random() < 0.06 else _figure(rng, sign)) for _ in range(count - 1)
        )

    while len(lines) < rows:
        roll = rng.random()
        if roll < 0.1:
            lines.append(Row((Cell(words.phrase(1, 3) + ":", span=count),), "section"))
        elif roll < 0.22 and lines[-1].kind == "body":
            lines.append(Row((Cell(words.phrase(1, 3)), *figures()), "total"))
        else:
            lines.append(Row((Cell(words.phrase(1, 6)), *figures())))
    lines.append(Row((Cell(words.phrase(1, 3)), *figures()), "total"))
    return made, lines


def _figure(rng: Random, sign: str) -> str:
    number = f"{int(rng.random() ** 3 * 900000) + 10:,}"
    return f"({number})" if rng.random() < 0.15 else sign + number if rng.random() < 0.2 else number


def cell_text(rng: Random, words: Words, kind: str) -> str:
    """Return what a cell of a kind of column says."""
    makers: dict[str, Callable[[], str]] = {
        "number": words.number,
        "amount": words.amount,
        "decimal": lambda: f"{rng.uniform(-2, 100):.{rng.choice((1, 2, 2, 3))}f}",
        "code": words.code,
        "date": words.date,
        "percent": lambda: f"{rng.uniform(-20, 100):.1f}{rng.choice(('%', '%', ''))}",
        "mark": lambda: rng.choice(("x", "-", "+", "X", "1", "0", "A", "B", "n/a", "YES", "-0-")),
        "text": lambda: " ".join(words.sentence(2, 9)).rstrip("."),
        "words": lambda: words.phrase(1, 3),
    }
    return makers[kind]()
