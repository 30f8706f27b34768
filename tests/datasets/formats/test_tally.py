"""The account: sums stay right whatever happens to shapes later."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def test_losses_in_writing_are_taken_from_what_was_kept() -> None:
    tally = Tally()
    tally.converted("rectangle", "a")
    tally.converted("polygon", "a", outline=True)
    tally.converted("polygon", "a", outline=True)
    tally.converted("polygon", "b", outline=True)
    tally.reduced("mask", "a", "to its box")
    tally.lose("a", "reduced", "to its box", 2, outline=True)
    assert tally.rows() == [
        ("mask", "reduced", "to its box", 1),
        ("polygon", "reduced", "to its box", 2),
        ("polygon", "converted", "", 1),
        ("rectangle", "converted", "", 1),
    ]
    # Now only boxes: the rectangle goes first, as it is whole, then what is reduced already.
    tally.lose("a", "dropped", "too small", 2)
    assert tally.total() == 5
    assert tally.total("dropped") == 2
    assert ("rectangle", "dropped", "too small", 1) in tally.rows()
    tally.lose("a", "reduced", "cut off", 2)
    assert tally.total() == 5
    tally.lose("c", "dropped", "nobody counted it", outline=True)
    assert tally.rows()[-1] == ("rectangle", "dropped", "too small", 1)
    assert ("polygon", "dropped", "nobody counted it", 1) in tally.rows()


def test_labels_that_are_renamed_can_be_lost_by_their_new_names() -> None:
    tally = Tally()
    tally.converted("box", "a")
    tally.converted("polygon", "b", outline=True)
    tally.rename_labels({"a": "b", "b": "a"})
    tally.lose("a", "reduced", "to its box", outline=True)
    assert tally.rows() == [("box", "converted", "", 1), ("polygon", "reduced", "to its box", 1)]


def test_who_watches_hears_of_all_that_is_done() -> None:
    heard: list[object] = []

    @contextmanager
    def watch(what: str, total: int) -> Iterator[Callable[[int], None]]:
        heard.append((what, total))
        yield heard.append

    assert list(Tally(watch=watch).each("reading", range(3))) == [0, 1, 2]
    assert heard == [("reading", 3), 1, 1, 1]
    heard.clear()
    list(Tally(watch=watch).each("reading", range(2000)))
    assert sum(count for count in heard[1:] if isinstance(count, int)) == 2000
    assert len(heard) < 600
    assert list(Tally().each("reading", range(3))) == [0, 1, 2]
