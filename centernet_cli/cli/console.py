"""What the program says: data on stdout; notices, progress and errors on stderr.

`out` and `err` behave like `rich.console.Console` but import rich when first used.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import traceback
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import CenterNetError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import Task as RichTask
    from rich.progress import TaskID
    from rich.text import Text

QUIET, NORMAL, VERBOSE, DEBUG = -1, 0, 1, 2
PLAIN_SECONDS = 30.0
"""Without a terminal, progress is one line each so many seconds."""
WIDE = 100
"""Columns of a terminal from which bars are long: on a narrower one there is more to be read than to be looked at."""


class _LazyConsole:
    """A console that is made when first used: importing rich takes longer than everything else in `--help`."""

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr
        self._console: Console | None = None

    def __getattr__(self, name: str) -> Any:
        if self._console is None:
            from rich.console import Console

            # No markup, emoji or highlighting: file names may look like any of them.
            self._console = Console(stderr=self._stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)
        return getattr(self._console, name)


if TYPE_CHECKING:
    out: Console
    err: Console
else:
    out = _LazyConsole(stderr=False)
    err = _LazyConsole(stderr=True)

_level = NORMAL
_log: Path | None = None


def verbosity() -> int:
    """Return QUIET, NORMAL, VERBOSE or DEBUG."""
    return _level


def reset_verbosity() -> None:
    """Go back to NORMAL, without a log."""
    global _level, _log  # one process, one command line
    _level, _log = NORMAL, None


def keep_log(path: Path) -> None:
    """Append what is said from now on to a file as well, also with `-q`."""
    global _log  # noqa: PLW0603
    _log = path


def quieten(value: bool) -> None:
    """Say nothing but errors from now on, if `value`."""
    global _level  # noqa: PLW0603
    if value:
        _level = QUIET


def raise_verbosity(value: int) -> None:
    """Say more: 1 for details, 2 and above for debugging."""
    global _level  # noqa: PLW0603
    if value:
        _level = max(_level, min(value, DEBUG))


def say(message: str, level: int = NORMAL) -> None:
    """Write a line for people to stderr, if they want to hear things of this `level`."""
    if _level >= level:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
    if _log is not None and level <= NORMAL:
        # What was said has been said: a full disk is told by those who write what matters.
        with contextlib.suppress(OSError), _log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now().astimezone().isoformat(timespec='seconds')} {message}\n")


def warn(message: str) -> None:
    """Write a warning line to stderr, unless `-q`."""
    say(f"warning: {message}")


def problem(error: CenterNetError | str) -> None:
    """Write an error to stderr, whatever the verbosity."""
    for line in error.lines() if isinstance(error, CenterNetError) else [error]:
        say(line, QUIET)


def show_traceback(error: BaseException) -> None:
    """Write where `error` comes from to stderr, with `-vv`."""
    if _level >= DEBUG:
        say("".join(traceback.format_exception(error)).rstrip(), DEBUG)


def write(text: str) -> None:
    """Write a line of data to stdout."""
    sys.stdout.write(text + "\n")


def write_json(value: object) -> None:
    """Write `value` to stdout as one line of JSON, or indented on a terminal; NaN is a ValueError."""
    write(json.dumps(value, allow_nan=False, indent=2 if sys.stdout.isatty() else None))


class Progress:
    """A running task: call `advance` per item; `note` is shown behind the bar, such as the current loss."""

    def __init__(self, description: str, total: float | None, unit: str) -> None:
        self.description, self.total, self.unit = description, total, unit
        self.done = 0.0
        self._start = self._last = time.monotonic()
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def advance(self, count: float = 1, note: str | None = None) -> None:
        """Count `count` more items as done."""
        self.done += count
        if self._bar is not None and self._task is not None:
            if note is None:
                self._bar.update(self._task, advance=count)
            else:
                self._bar.update(self._task, advance=count, note=printable(note))
        elif _level > QUIET and time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            say(self.line(note))

    def line(self, note: str | None = None) -> str:
        """Return the state as one plain line: share done, speed and time left."""
        seconds = max(time.monotonic() - self._start, 1e-9)
        speed = self.done / seconds
        text = f"{self.description}: {self.done:g}"
        if self.total:
            text += f"/{self.total:g}"
        text += f" {self.unit}, {speed:.3g}/s"
        if self.total and speed > 0:
            text += f", {duration(max(self.total - self.done, 0) / speed)} left"
        return f"{text}, {note}" if note else text


@contextmanager
def progress(description: str, total: float | None = None, unit: str = "pages") -> Iterator[Progress]:
    """Show progress on stderr: a bar with the time left on a terminal, else a line each 30 s, nothing with `-q`."""
    task = Progress(description, total, unit)
    if _level <= QUIET or not sys.stderr.isatty() or err.is_dumb_terminal:
        yield task
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    class Note(TextColumn):
        """What is cut where the line is too long: all else would be cut a little otherwise, times to `0:0…`."""

        def render(self, task: RichTask) -> Text:
            text = super().render(task)
            text.no_wrap, text.overflow = True, "ellipsis"
            return text

    inside: Console = getattr(err, "_console")  # noqa: B009 - the lazy one's inside
    whole = Column(no_wrap=True)
    columns = (
        TextColumn("{task.description}", markup=False, table_column=whole),
        BarColumn(40 if inside.width >= WIDE else 10, table_column=whole),
        MofNCompleteColumn(table_column=whole),
        TimeElapsedColumn(table_column=whole),
        TimeRemainingColumn(table_column=whole),
        Note("{task.fields[note]}", markup=False, table_column=Column(no_wrap=False)),
    )
    with Bar(*columns, console=inside, transient=True) as bar:
        task._bar = bar
        task._task = bar.add_task(printable(description), total=total, note="")
        yield task


def duration(seconds: float) -> str:
    """Write a time span for people: `42s`, `3m05s`, `2h10m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
