"""Collecting what is wrong with a dataset, to report it together instead of one fault a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.leniency import hearer

if TYPE_CHECKING:
    from pathlib import Path

LISTED = 20
_LEFT_OUT = {"D004", "D005", "D008", "D009", "D010"}
_HINT = "`centernet data check --fix OUT` writes a copy without such shapes"


class DatasetError(InputError):
    """A dataset has one or more problems; the first is the error itself, `others` are printed after it.

    Attributes:
        others: Further problems, at most `LISTED - 1`.
        unlisted: How many more there are.
    """

    def __init__(self, first: InputError, others: tuple[InputError, ...] = (), unlisted: int = 0) -> None:
        self.others = others
        self.unlisted = unlisted
        super().__init__(first.code, first.message, path=first.path, line=first.line, col=first.col, hint=first.hint)

    def __reduce__(self) -> tuple[object, ...]:
        first = InputError(self.code, self.message, path=self.path, line=self.line, col=self.col, hint=self.hint)
        return (type(self), (first, self.others, self.unlisted))

    def lines(self) -> list[str]:
        found = [str(self), *(str(other) for other in self.others)]
        if self.unlisted:
            found.append(str(InputError("D000", f"{self.unlisted:,} more problems are not listed", path=self.path)))
        return found


class Problems:
    """Collects problems of one dataset; in lenient reading, tells who hears of them instead.

    Args:
        path: File or folder that is read, named by problems that name no file of their own.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listed: list[InputError] = []
        self._count = 0
        self._hearer = hearer()

    def add(self, code: str, message: str, *, at: str = "", path: Path | None = None, hint: str | None = None) -> None:
        """Add a problem; `at` is the JSON pointer of the value that is wrong."""
        self.add_error(InputError(code, f"{at}: {message}" if at else message, path=path or self.path, hint=hint))

    def add_error(self, error: InputError) -> None:
        """Add a problem that was raised."""
        if self._hearer is not None:
            self._hearer.problem(error)
            return
        self._count += 1
        if len(self._listed) < LISTED:
            self._listed.append(error)

    def raise_if_any(self) -> None:
        """Raise what was collected.

        Raises:
            DatasetError: There are problems.
        """
        for index, error in enumerate(self._listed):
            if error.code in _LEFT_OUT and error.hint is None:  # once is enough
                self._listed[index] = InputError(
                    error.code, error.message, path=error.path, line=error.line, col=error.col, hint=_HINT
                )
                break
        if self._listed:
            raise DatasetError(self._listed[0], tuple(self._listed[1:]), self._count - len(self._listed))
