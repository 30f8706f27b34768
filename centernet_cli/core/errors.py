"""Exit codes and the one exception family that reaches the user.

Every problem a user can cause or meet is a `CenterNetError`; the command line prints it as one line,
`path[:line[:col]]: CODE message (hint)`, and ends with its exit code. Anything else is a bug (exit 1).
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from centernet_cli.core.shown_paths import shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitCode(IntEnum):
    """Exit statuses of the program; documented in `docs/errors.md`."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    RECIPE = 3
    INPUT = 4
    PARTIAL = 5
    MODEL = 6
    ENVIRONMENT = 7
    OUTPUT = 8
    DIVERGED = 9
    GATE = 10
    SIGINT = 130
    SIGTERM = 143


def printable(text: str) -> str:
    """Return `text` with control characters and lone surrogates escaped, so that it fits on one line."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode() for char in text
    )


class CenterNetError(Exception):
    """A problem to tell the user about, with the place, a stable code and a hint.

    Args:
        code: Stable code listed in `docs/errors.md`, such as `I101`.
        message: What is wrong, one line, no trailing full stop.
        path: File, option or URL the problem is in.
        line: Line from 1.
        col: Column from 1.
        hint: What the user can do about it.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: object = None,
        line: int | None = None,
        col: int | None = None,
        hint: str | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.path = None if path is None else shown(path)
        self.line = line
        self.col = col
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        place = ""
        if self.path is not None:
            place = printable(self.path)
            if self.line is not None:
                place += f":{self.line}"
                if self.col is not None:
                    place += f":{self.col}"
            place += ": "
        hint = f" ({printable(self.hint)})" if self.hint else ""
        return f"{place}{self.code} {printable(self.message)}{hint}"

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel between worker processes; keyword-only arguments need help to be pickled.
        return (_rebuild, (type(self), self.code, self.message, self.path, self.line, self.col, self.hint))

    def lines(self) -> list[str]:
        """Return what to print, one problem a line."""
        return [str(self)]


def _rebuild(
    kind: type[CenterNetError],
    code: str,
    message: str,
    path: str | None,
    line: int | None,
    col: int | None,
    hint: str | None,
) -> CenterNetError:
    return kind(code, message, path=path, line=line, col=col, hint=hint)


class UsageError(CenterNetError):
    """An option or argument is wrong (exit 2)."""

    exit_code = ExitCode.USAGE


class RecipeError(CenterNetError):
    """A recipe is wrong (exit 3); may carry several problems, all printed at once."""

    exit_code = ExitCode.RECIPE

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: object = None,
        line: int | None = None,
        col: int | None = None,
        hint: str | None = None,
        others: Sequence[RecipeError] = (),
    ) -> None:
        self.others = list(others)
        super().__init__(code, message, path=path, line=line, col=col, hint=hint)

    def lines(self) -> list[str]:
        return [str(self), *(line for other in self.others for line in other.lines())]


class InputError(CenterNetError):
    """A page, document or annotation cannot be used (exit 4)."""

    exit_code = ExitCode.INPUT


class PartialError(CenterNetError):
    """Some inputs failed, the rest were written (exit 5)."""

    exit_code = ExitCode.PARTIAL


class ModelError(CenterNetError):
    """A model or checkpoint cannot be used (exit 6)."""

    exit_code = ExitCode.MODEL


class MissingRequirementError(CenterNetError):
    """An extra, device or system program is missing (exit 7)."""

    exit_code = ExitCode.ENVIRONMENT


class OutputError(CenterNetError):
    """An output cannot be written (exit 8)."""

    exit_code = ExitCode.OUTPUT


class DivergedError(CenterNetError):
    """Training produced NaN or infinite losses (exit 9)."""

    exit_code = ExitCode.DIVERGED


class GateError(CenterNetError):
    """A threshold asked for on the command line was not met (exit 10)."""

    exit_code = ExitCode.GATE
