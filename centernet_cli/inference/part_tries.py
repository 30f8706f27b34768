"""What is remembered of a part while it is being done, so that a file that kills its actor is found and left out."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.inference.fs_folder import read_bytes, remove, write_bytes

if TYPE_CHECKING:
    from centernet_cli.inference.fs_paths import InputFile

DEADLY = 2
"""So many actors may die of a file; then it has failed."""
_STARTS = 5


class PartTries:
    """The tries of a part.

    When an actor has died, the next one does the part file by file, and writes down before each which it is. That is
    how the file that kills actors is found: memory that runs out in the network, say, kills the actor itself.

    Args:
        ledger: Folder of the file.
        name: Of the part.

    Raises:
        MissingRequirementError: E719, actors die and it isn't for a file.
        OutputError: O801.
    """

    def __init__(self, ledger: str, name: str) -> None:
        self._ledger, self._name = ledger, f"{name}.tries"
        known: dict[str, Any] = {}
        with suppress(ValueError):
            known = json.loads(read_bytes(ledger, self._name) or b"{}")
        self._deaths: dict[str, int] = known.get("deaths", {})
        self._aimless = int(known.get("aimless", 0))
        self.careful = bool(known)
        if self.careful:
            at = known.get("at")
            if at is None:
                self._aimless += 1
            else:
                self._deaths[at] = self._deaths.get(at, 0) + 1
        if self._aimless >= _STARTS:
            raise MissingRequirementError(
                "E719",
                f"actors die before they have done a file ({self._aimless} times)",
                path="--engine",
                hint="most likely there is not enough memory for the model: use fewer --workers",
            )
        self._write(None)

    def deadly(self, file: InputFile) -> bool:
        """Say whether a file has killed actors before, too often to try again."""
        return self._deaths.get(file.identity, 0) >= DEADLY

    def begin(self, file: InputFile) -> None:
        """Write down which file is being done."""
        self._write(file.identity)

    def end(self) -> None:
        """Forget all this: the part is done."""
        remove(self._ledger, [self._name])

    def _write(self, at: str | None) -> None:
        known = {"at": at, "deaths": self._deaths, "aimless": self._aimless}
        write_bytes(self._ledger, self._name, json.dumps(known).encode())
