"""The folder that a run on many machines writes: parts, and a ledger that tells which files each of them holds.

A part's entry in the ledger is written after the part. A part without one is of a run that was cut off: it is deleted,
and its files are done again.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import OutputError
from centernet_cli.inference.fs_folder import listing, read_bytes, read_many, remove, write_bytes
from centernet_cli.inference.fs_paths import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from centernet_cli.inference.fs_paths import InputFile

HEADER = "run.json"
VERSION = 1
_PART = re.compile(r"part-[0-9a-f]{16}\.(jsonl|parquet)")
_LEFT = re.compile(r"\.part-[0-9a-f]{16}\.(jsonl|parquet|json)\.[0-9a-f]{8}\.tmp")
_ENTRY = re.compile(r"part-[0-9a-f]{16}\.json")
_TRIES = re.compile(r"part-[0-9a-f]{16}\.tries")


def ledger_of(out: str) -> str:
    """Return the folder of a folder's ledger."""
    return f"{out.rstrip('/')}/_ledger"


@dataclass(slots=True)
class Remaining:
    """What is left to do, and what earlier runs have done of the same files.

    Attributes:
        files: That are not done.
        done: How many are.
        pages: How many of their pages succeeded.
        failed: How many pages or files failed for good.
        boxes: How many boxes of each class they have.
    """

    files: list[InputFile]
    done: int = 0
    pages: int = 0
    failed: int = 0
    boxes: Counter[str] = field(default_factory=Counter)


def prepare_folder(
    files: Sequence[InputFile], out: str, options: dict[str, Any], *, resume: bool, force: bool
) -> Remaining:
    """Make a folder ready for a run that has its lock, and return what is left to do.

    Parts that are in no ledger are deleted, and those that hold a file which has changed since, so that no page is
    there twice.

    Args:
        files: To be done.
        out: The folder.
        options: What decides which boxes are found.
        resume: Whether to go on with what is there.
        force: Whether to delete parts of an earlier run that cannot or shall not be gone on with.

    Raises:
        OutputError: O801; O803, there are parts of an earlier run.
    """
    ledger = ledger_of(out)
    names = [name for name in listing(ledger) if _ENTRY.fullmatch(name)]
    known = _options(read_bytes(ledger, HEADER))
    if known is not None or names:
        why = _why_not(known, options, resume=resume)
        if names and why and not force:
            raise OutputError("O803", f"holds boxes of an earlier run{why[0]}", path=out, hint=why[1])
        if why:
            remove(ledger, [*names, HEADER])
            names, known = [], None
        _clean(out, ledger, names)
    if known is None:
        write_bytes(ledger, HEADER, json.dumps({"version": VERSION, "options": options}, default=str).encode())
    return _left(files, out, ledger, names)


def _why_not(known: dict[str, Any] | None, options: dict[str, Any], *, resume: bool) -> tuple[str, str] | None:
    """Say why a run cannot go on with what is there, and what to do."""
    other = _differing(known, options)
    if other:
        return f" with other options: {', '.join(other)}", "choose another --out; --force does them anew"
    if not resume:
        return "", "--resume goes on with it; --force does them anew"
    return None


def _options(content: bytes | None) -> dict[str, Any] | None:
    try:
        value = json.loads(content or b"{}")
    except ValueError:
        return None
    options = value.get("options") if isinstance(value, dict) and value.get("version") == VERSION else None
    return options if isinstance(options, dict) else None


def _differing(known: dict[str, Any] | None, options: dict[str, Any]) -> list[str]:
    if known is None:
        return ["version of the ledger"]
    now = json.loads(json.dumps(options, default=str))
    return sorted(name for name in known.keys() | now.keys() if known.get(name) != now.get(name))


def _clean(out: str, ledger: str, entries: Iterable[str]) -> None:
    """Delete what runs that were cut off have left."""
    complete = {name.removesuffix(".json") for name in entries}
    there = listing(out)
    lost = [name for name in there if _PART.fullmatch(name) and name.split(".", 1)[0] not in complete]
    remove(out, [*lost, *filter(_LEFT.fullmatch, there)])
    remove(ledger, [name for name in listing(ledger) if _TRIES.fullmatch(name) or _LEFT.fullmatch(name)])


def _left(files: Sequence[InputFile], out: str, ledger: str, names: Sequence[str]) -> Remaining:
    wanted = {file.place: file.identity for file in files}
    done: set[str] = set()
    left = Remaining(files=[])
    for name, content in read_many(ledger, names):
        entry = _entry(content)
        its = set(entry["files"]) if entry else set()
        changed = any(wanted.get(place_of(one), one) != one for one in its)
        if entry is None or changed or not its.isdisjoint(done):
            # The entry goes first: without it the part is nobody's.
            remove(ledger, [name])
            stem = name.removesuffix(".json")
            remove(out, [f"{stem}.jsonl", f"{stem}.parquet"])
            continue
        done |= its
        if any(place_of(one) in wanted for one in its):
            left.pages += entry["pages"]
            left.failed += len(entry["failures"])
            left.boxes.update(entry["boxes"])
    left.files = [file for file in files if file.identity not in done]
    left.done = len(files) - len(left.files)
    return left


def _entry(content: bytes) -> dict[str, Any] | None:
    """Return an entry; None if it is damaged."""
    try:
        entry = json.loads(content)
        if all(isinstance(one, str) for one in entry["files"]):
            return {**entry, "pages": int(entry["pages"]), "boxes": dict(entry["boxes"]), "failures": entry["failures"]}
    except (ValueError, KeyError, TypeError):
        pass
    return None
