"""File systems that fsspec knows (S3, Google Cloud, SSH, HTTP, local): opened, and asked again when they fail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"})
"""File systems where a file appears when all of it is there, which have no real folders."""
_HOPELESS = frozenset({"NoCredentialsError", "PartialCredentialsError", "NotImplementedError", "ParamValidationError"})
"""Errors of other libraries, by name, that trying again doesn't heal."""
TRIES = 4
FIRST_PAUSE = 0.5
"""Seconds; doubled after each try."""


def retried(work: Callable[[], Any]) -> Any:
    """Do something that may fail for reasons that pass: up to four times, with growing pauses.

    What isn't there, or may not be touched, is not tried again.
    """
    for left in range(TRIES - 1, -1, -1):
        try:
            return work()
        except (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError):
            raise
        except Exception as error:
            if not left or type(error).__name__ in _HOPELESS:
                raise
            time.sleep(FIRST_PAUSE * 2 ** (TRIES - 1 - left))
    return None  # pragma: no cover - the last try returns or raises


def filesystem(name: str) -> tuple[Any, str]:
    """Return the file system of a name, and what the file or folder is called in it.

    Raises:
        UsageError: U719.
    """
    from fsspec.core import url_to_fs

    try:
        fs, place = url_to_fs(name)
    except (ImportError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UsageError("U719", f"no such file system: {reason}", path=name) from error
    return fs, str(place)


def protocols(fs: Any) -> tuple[str, ...]:
    """Return what addresses of a file system begin with."""
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def is_whole(fs: Any) -> bool:
    """Say whether files appear there when all of them is there, and folders are but names."""
    return not _WHOLE.isdisjoint(protocols(fs))


def reason_of(error: Exception) -> str:
    """Return what an error of a library says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
