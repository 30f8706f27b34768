"""From errors raised inside this room to the `Failure` records that leave it."""

from __future__ import annotations

from centernet_cli.core.errors import CenterNetError
from centernet_cli.core.records import Failure


def failure_of(error: CenterNetError, source: str, page: int | None = None) -> Failure:
    """Return the record of `error`; a record has no field for the hint, so it ends the message in brackets."""
    message = f"{error.message} ({error.hint})" if error.hint else error.message
    return Failure(source=source, code=error.code, message=message, page=page)
