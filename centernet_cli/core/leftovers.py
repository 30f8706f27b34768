"""Temporary files whose process was killed before it could remove them: the next one that writes there does.

Their names tell the process: its number, and where that number means something, which is the same start of the same
machine and, on Linux, the same namespace of processes. A number that somebody else has got in the meantime only means
that a file stays; files of other machines that write to the same folder are left to these.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
from functools import cache
from pathlib import Path

_NAME = re.compile(r"\.centernet-([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp")
_swept: set[str] = set()


def temporary_name() -> str:
    """Return a name that no other file has, for a file or folder of this process."""
    return f".centernet-{_place()}-{os.getpid()}-{secrets.token_hex(8)}.tmp"


def sweep(folder: Path) -> None:
    """Remove temporary files and folders of processes that are gone; a folder is looked at once in a process.

    What cannot be removed stays, without an error.
    """
    name = os.path.realpath(folder)
    if os.name == "nt" or name in _swept:  # Windows cannot be asked for a process without risk to it
        return
    _swept.add(name)
    with contextlib.suppress(OSError), os.scandir(name) as entries:
        gone = [entry for entry in entries if _orphaned(entry.name)]
        for entry in gone:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _orphaned(name: str) -> bool:
    match = _NAME.fullmatch(name)
    if match is None or match[1] != _place():
        return False
    try:
        os.kill(int(match[2]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # somebody else's, so it is alive; or no number of a process
        return False
    return False


@cache
def _place() -> str:
    """Return eight digits for what a process number depends on."""
    facts = [platform.node()]
    with contextlib.suppress(OSError):
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]
