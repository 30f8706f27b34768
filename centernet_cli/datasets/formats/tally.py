"""The account of a conversion: what became of every shape, so that nothing is lost unseen."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Item = TypeVar("Item")
_STEPS = 500
LOT = 1_000
"""Items that are too many to be counted one by one are counted by so many."""
Outcome = Literal["converted", "reduced", "dropped"]


@dataclass(slots=True)
class Tally:
    """Counts of a conversion.

    Attributes:
        shapes: How often each kind of input shape of each label had which outcome, and why; the counts sum to the
            shapes read.
        outlines: How many of the kept shapes of each kind and label have a polygon; the others are only boxes.
        notes: How often something happened that loses no shape, such as an ignored key.
        files: The files that were read, which no output may replace.
        watch: Called with what is done and how many times before long work; gives what to call for each part done.
    """

    shapes: Counter[tuple[str, str, Outcome, str]] = field(default_factory=Counter)
    outlines: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)
    watch: Callable[[str, int], AbstractContextManager[Callable[[int], None]]] | None = None

    def each(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        """Yield items, telling whoever watches how many are done."""
        if self.watch is None:
            yield from items
            return
        stride = max(len(items) // _STEPS, 1)  # watching costs more than many an item
        with self.watch(what, len(items)) as advance:
            for number, item in enumerate(items, start=1):
                yield item
                if number % stride == 0:
                    advance(stride)

    def lots(self, what: str, total: int) -> Iterator[int]:
        """Yield where lots of `LOT` of `total` items start, telling whoever watches how many are done."""
        starts = range(0, total, LOT)
        if self.watch is None:
            yield from starts
            return
        with self.watch(what, total) as advance:
            for start in starts:
                yield start
                advance(min(LOT, total - start))

    def converted_all(self, shape: str, counts: Mapping[str, int]) -> None:
        """Count shapes, boxes all, that are kept whole: how many of each label."""
        for label, count in counts.items():
            self.shapes[shape, label, "converted", ""] += count

    def converted(self, shape: str, label: str, *, outline: bool = False) -> None:
        """Count a shape that is kept whole; `outline` if as a polygon."""
        self.shapes[shape, label, "converted", ""] += 1
        if outline:
            self.outlines[shape, label] += 1

    def reduced(self, shape: str, label: str, why: str, *, outline: bool = False) -> None:
        """Count a shape of which less than all is kept, such as the box of a mask; `outline` if as a polygon."""
        self.shapes[shape, label, "reduced", why] += 1
        if outline:
            self.outlines[shape, label] += 1

    def dropped(self, shape: str, label: str, why: str) -> None:
        """Count a shape that is not kept."""
        self.shapes[shape, label, "dropped", why] += 1

    def drop_labels(self, labels: Iterable[str], why: str) -> None:
        """Count the kept shapes of some labels as dropped after all."""
        gone = set(labels)
        for key in list(self.shapes):
            shape, label, outcome, _ = key
            if label in gone and outcome != "dropped":
                self.shapes[shape, label, "dropped", why] += self.shapes.pop(key)
                del self.outlines[shape, label]

    def rename_labels(self, names: Mapping[str, str]) -> None:
        """Count under new labels, as the shapes have them from now on."""
        shapes, outlines = self.shapes, self.outlines
        self.shapes, self.outlines = Counter(), Counter()
        for (shape, label, outcome, why), count in shapes.items():
            self.shapes[shape, names.get(label, label), outcome, why] += count
        for (shape, label), count in outlines.items():
            self.outlines[shape, names.get(label, label)] += count

    def lose(
        self,
        label: str,
        outcome: Literal["reduced", "dropped"],
        why: str,
        count: int = 1,
        *,
        outline: bool = False,
        likely: Collection[str] = (),
    ) -> None:
        """Count shapes that were kept in reading as reduced or dropped in writing.

        Which input shapes they were is not known any more: some of this label and with a polygon (`outline`) or
        without, first those that are whole, and of kinds that are `likely`; so the sums are right. Shapes that nobody
        counted are counted now. What is reduced loses its polygon.
        """
        for was in ("converted", "reduced"):
            keys = [key for key in self.shapes if key[1] == label and key[2] == was]
            for key in sorted(keys, key=lambda key: key[0] not in likely):
                shape = key[0]
                outlined = min(self.outlines[shape, label], self.shapes[key])
                moved = min(count, outlined if outline else self.shapes[key] - outlined)
                if not moved:
                    continue
                count -= moved
                if outline:
                    self.outlines[shape, label] -= moved
                if was != outcome:  # what is less than whole stays as it is counted
                    self.shapes[key] -= moved
                    self.shapes[shape, label, outcome, why] += moved
                if not self.shapes[key]:
                    del self.shapes[key]
        if count:
            self.shapes["polygon" if outline else "box", label, outcome, why] += count

    def note(self, text: str, count: int = 1) -> None:
        """Count something that loses no shape."""
        self.notes[text] += count

    def total(self, *outcomes: Outcome) -> int:
        """Return how many shapes had one of some outcomes, or any if none are named."""
        return sum(count for (_, _, was, _), count in self.shapes.items() if was in outcomes or not outcomes)

    def rows(self) -> list[tuple[str, Outcome, str, int]]:
        """Return shape, outcome, reason and count, over all labels; the most frequent of a shape first."""
        sums: Counter[tuple[str, Outcome, str]] = Counter()
        for (shape, _, outcome, why), count in self.shapes.items():
            sums[shape, outcome, why] += count
        return sorted(((*key, count) for key, count in sums.items()), key=lambda row: (row[0], -row[3], row[1:3]))
