"""One run at a time may write into a folder on any file system: a file there says whose turn it is."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import OutputError
from centernet_cli.inference.fs_folder import create, read_bytes, remove, write_bytes

if TYPE_CHECKING:
    from typing import Self

LOCK = "run.lock"
BEAT_SECONDS = 30.0
"""How often a run says that it is still there."""
STALE_SECONDS = 600.0
"""A run on another machine that hasn't said so for as long is taken for dead."""


class RunLock:
    """The right to write into a folder; use it in a `with` block.

    A run whose process is gone from this machine, or that wasn't heard of for ten minutes, has lost it.

    Args:
        folder: Folder or address of the lock file.

    Attributes:
        id: Of this run; who works for it may ask with `held_by` whether it is still its turn.

    Raises:
        OutputError: O805, another run writes there; O801.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.id = secrets.token_hex(8)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="run-lock", daemon=True)

    def __enter__(self) -> Self:
        for _ in range(3):
            if create(self._folder, LOCK, self._content()):
                break
            other = _read(self._folder)
            if other is not None and _is_alive(other):
                raise self._busy(other)
            remove(self._folder, [LOCK])  # of a run that was killed
        self.check()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(OutputError):
            if held_by(self._folder, self.id):
                remove(self._folder, [LOCK])

    def check(self) -> None:
        """Make sure that it is still this run's turn.

        Raises:
            OutputError: O805, another run has taken over.
        """
        other = _read(self._folder)
        if other is None or other.get("id") != self.id:
            raise self._busy(other or {})

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            with suppress(OutputError):  # it may be back the next time
                if held_by(self._folder, self.id):
                    write_bytes(self._folder, LOCK, self._content())

    def _content(self) -> bytes:
        host, pid = _host(), os.getpid()
        who = {"id": self.id, "host": host, "pid": pid, "start": _start(pid), "beat": time.time()}
        return json.dumps(who).encode()

    def _busy(self, other: dict[str, Any]) -> OutputError:
        who = ""
        if "host" in other:
            age = max(0, round(time.time() - float(other.get("beat", 0))))
            name = str(other["host"]).split("/", 1)[0]
            who = f": process {other.get('pid')} on {name}, heard of {age} s ago"
        hint = f"wait for it to end; if it is gone, delete {self._folder}/{LOCK}"
        return OutputError("O805", f"another run writes here{who}", path=self._folder, hint=hint)


def held_by(folder: str, run: str) -> bool:
    """Say whether it is a run's turn.

    Raises:
        OutputError: O801.
    """
    return (_read(folder) or {}).get("id") == run


def _read(folder: str) -> dict[str, Any] | None:
    content = read_bytes(folder, LOCK)
    if content is None:
        return None
    with suppress(ValueError):
        value = json.loads(content)
        if isinstance(value, dict):
            return value
    return {"beat": time.time()}  # it is just being written


def _is_alive(other: dict[str, Any]) -> bool:
    if other.get("host") == _host() and os.name == "posix":
        pid = int(other.get("pid", 0))
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return pid != os.getpid() and _start(pid) == other.get("start")
    return time.time() - float(other.get("beat", 0)) < STALE_SECONDS


def _host() -> str:
    """Return a name of this machine that another one with the same host name hasn't."""
    boot = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{socket.gethostname()}/{boot}"


def _start(pid: int) -> str | None:
    """Return when a process was started, where that can be had: numbers of processes are used again."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[19]
    return None
