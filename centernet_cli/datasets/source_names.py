"""Short names of datasets that are told apart: in tables, and wherever scores are those of each source."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def source_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for each dataset: its file or folder, with as much of the path as tells it from the others.

    Args:
        paths: Of files or folders; equal ones get the same name.
    """
    places = [Path(path.absolute().as_posix()) for path in paths]
    known = Counter(_plain(place) for place in dict.fromkeys(places))
    # `letters.json` beside the folder `letters`: each in full.
    plain = [_plain(place) if known[_plain(place)] == 1 else place for place in places]
    length = dict.fromkeys(plain, 1)
    while clashes := _clashes(length):
        for place in clashes:
            length[place] += 1
    return [_name(place, length[place]) for place in plain]


def _plain(place: Path) -> Path:
    """Return what the name is taken from: of `letters/annotations.json` its folder, of `letters.json` the stem."""
    if place.name == "annotations.json":
        return place.parent
    return place.with_suffix("") if place.suffix.lower() == ".json" else place


def _name(place: Path, length: int) -> str:
    return "/".join(place.parts[-length:])


def _clashes(length: dict[Path, int]) -> list[Path]:
    """Return the places whose names are those of others and can be made longer."""
    named: dict[str, list[Path]] = {}
    for place, count in length.items():
        named.setdefault(_name(place, count), []).append(place)
    return [
        place for places in named.values() if len(places) > 1 for place in places if length[place] < len(place.parts)
    ]
