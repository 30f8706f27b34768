"""Large runs of `centernet predict` in parts: on several machines, or cut off and taken up again."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from centernet_cli.cli.predict_job import PredictJob
    from centernet_cli.inference.ledger import Ledger
    from centernet_cli.inference.output import Target

_SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})", re.ASCII)


def part_of(paths: Sequence[Path], shard: str | None) -> list[Path]:
    """Return the files that belong to a shard such as `2/8`: of every 8 files the second.

    Raises:
        UsageError: U111.
    """
    if shard is None:
        return list(paths)
    match = _SHARD.fullmatch(shard)
    number, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= count:
        raise UsageError("U111", f"must be I/N with I from 1 to N, not '{shard}'", path="--shard", hint="such as 2/8")
    return list(paths[number - 1 :: count])


def ledger_of(target: Target) -> Path | None:
    """Return where the ledger of an output is; None for stdout, devices and pipes, which have none."""
    from centernet_cli.inference.ledger import ledger_path

    out = target.path
    if out is None or (out.exists() and not (out.is_file() or out.is_dir())):
        return None
    return ledger_path(out)


@contextmanager
def open_ledger(job: PredictJob, path: Path | None, overlay: Path | None, *, resume: bool) -> Iterator[Ledger | None]:
    """Give the ledger at `path`, if there is to be one.

    It stays if the run was cut off with pages done, or if it is a run with `--resume`; else it goes.
    """
    from centernet_cli.inference.ledger import Ledger, options_key

    if path is None:
        yield None
        return
    key = options_key(job.key() | {"overlay": None if overlay is None else str(overlay.absolute())})
    with Ledger(path, key, resume=resume) as ledger:
        name = printable(str(ledger.path))
        if resume and ledger.foreign:
            console.warn(f"{name}: of another model, program or options; beginning anew")
        elif resume:
            console.say(f"{ledger.found:,} page{' is' if ledger.found == 1 else 's are'} done already")
        try:
            yield ledger
        except BaseException:
            count = ledger.found + ledger.added
            if count and ledger.path.is_file():  # its folder may have been removed
                console.say(f"{count:,} page{' is' if count == 1 else 's are'} kept in {name}; --resume goes on there")
            else:
                ledger.remove()
            raise
        if not resume:
            ledger.remove()
