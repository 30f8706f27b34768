"""Taking some pages of a dataset: always the same ones of a seed, and more of them keep the fewer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from centernet_cli.datasets.split import hash_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import PageRecord


def sample_pages(
    pages: Sequence[PageRecord],
    count: int,
    *,
    seed: int = 0,
    each_class: bool = False,
    only: frozenset[str] = frozenset(),
) -> list[int]:
    """Return the numbers of some pages, in their order.

    Args:
        pages: To choose from.
        count: How many; fewer if there are no more.
        seed: Another one gives other pages.
        each_class: Take pages of each class in turn, the rarest first, so that all are there.
        only: Pages that have one of these classes; empty for any page.
    """
    labels = [frozenset(annotation.label for annotation in page.annotations) for page in pages]
    order = sorted(
        (number for number in range(len(pages)) if not only or labels[number] & only),
        key=lambda number: (hash_of(seed, pages[number].info.name), number),
    )
    if not each_class:
        return sorted(order[:count])
    counts = Counter(label for number in order for label in labels[number] if not only or label in only)
    turns = [
        iter([number for number in order if label in labels[number]])
        for label in sorted(counts, key=lambda label: (counts[label], label))
    ]
    turns.append(iter([number for number in order if not labels[number]]))
    chosen: dict[int, None] = {}
    while turns and len(chosen) < count:
        for turn in list(turns):
            number = next((each for each in turn if each not in chosen), None)
            if number is None:
                turns.remove(turn)
            elif len(chosen) < count:
                chosen[number] = None
    return sorted(chosen)
