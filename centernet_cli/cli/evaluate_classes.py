"""`evaluate --class-map`: the same names on both sides, whichever of them the map is written for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import printable

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from centernet_cli.core.records import Dataset


@dataclass(slots=True)
class Renaming:
    """New names of classes.

    Attributes:
        path: The class map, if one is given.
        mapping: New names by old ones; an empty one drops the class.
        met: Names that some dataset or model had.
    """

    path: Path | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    met: dict[str, None] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> Renaming:
        """Read a class map; without one, nothing is renamed.

        Raises:
            UsageError: U303 or R3xx, it is none.
        """
        if path is None:
            return cls()
        from centernet_cli.datasets.class_map import read_class_map

        return cls(path, read_class_map(path))

    def names(self, classes: Collection[str]) -> list[str]:
        """Return the new names of classes, each once."""
        self.met |= dict.fromkeys(classes)
        return list(dict.fromkeys(filter(None, (self.mapping.get(name, name) for name in classes))))

    def apply(self, dataset: Dataset) -> Dataset:
        """Rename the classes of a dataset or of predictions."""
        if not self.mapping:
            return dataset
        from centernet_cli.datasets.class_map import apply_class_map
        from centernet_cli.datasets.formats.tally import Tally

        self.names(dataset.classes)
        return apply_class_map(dataset, self.mapping, Tally())

    def tell_of_unused(self) -> None:
        """Warn of names that neither side had: most likely slips."""
        from centernet_cli.datasets.class_map import unused_names

        for sentence in unused_names(self.met, self.mapping):
            console.warn(f"{printable(str(self.path))}: {printable(sentence)}")
