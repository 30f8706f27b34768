"""Opening files that may be anything: only regular files are read, and nothing blocks."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from centernet_cli.core.errors import InputError

_KINDS = (
    (stat.S_ISDIR, "is a folder, not a page"),
    (stat.S_ISFIFO, "is a named pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


def open_regular(path: Path) -> BinaryIO:
    """Open the regular file `path` for reading, following symlinks.

    Raises:
        InputError: I110, when it cannot be opened or is a folder, pipe, socket or device. Opening never blocks.
    """
    try:
        # Looked at before opening, as opening a device may already do something (rewind a tape) ...
        _check_regular(os.stat(path).st_mode, path)  # noqa: PTH116 - Path.stat() is the same; this one takes any name
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
    except OSError as error:
        raise access_error(error, path) from error
    except ValueError as error:  # NUL in the name
        raise InputError("I110", f"cannot be opened: {error}", path=path) from error
    try:
        # ... and after it, as it may have been replaced in between; O_NONBLOCK kept a pipe from blocking.
        _check_regular(os.fstat(descriptor).st_mode, path)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def access_error(error: OSError, path: Path) -> InputError:
    """Return the I110 that tells the user what the operating system said."""
    reason = error.strerror or type(error).__name__
    return InputError("I110", f"cannot be opened: {reason[:1].lower()}{reason[1:]}", path=path)


def _check_regular(mode: int, path: Path) -> None:
    if stat.S_ISREG(mode):
        return
    message = next((text for test, text in _KINDS if test(mode)), "is not a file")
    raise InputError("I110", message, path=path)
