"""How many entries a ZIP file has, found out without keeping them: millions of them would fill the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_END, _END_BYTES = b"PK\5\6", 22
_END64, _END64_BYTES = b"PK\6\6", 56
_LOCATOR, _LOCATOR_BYTES = b"PK\6\7", 20
_ENTRY, _ENTRY_BYTES = b"PK\1\2", 46
_MAX_COMMENT = 65_535


def has_more_entries(path: Path, limit: int) -> bool:
    """Tell whether the directory at the end of a ZIP file has more than `limit` entries.

    Source: APPNOTE 6.3, 4.3.12 to 4.3.16. The entries themselves are counted, as the number beside them may be
    anything. Of what is no ZIP file, or a damaged one, the answer is no: whoever opens it will tell.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as handle:
        start = _directory_start(handle)
        if start is None:
            return False
        handle.seek(start)
        for _ in range(limit + 1):
            head = handle.read(_ENTRY_BYTES)
            if len(head) < _ENTRY_BYTES or not head.startswith(_ENTRY):
                return False
            # Lengths of name, extra field and comment
            handle.seek(sum(_number(head, place, 2) for place in (28, 30, 32)), 1)
    return True


def _directory_start(handle: BinaryIO) -> int | None:
    size = handle.seek(0, 2)
    before = max(size - _END_BYTES - _MAX_COMMENT - _LOCATOR_BYTES, 0)
    handle.seek(before)
    tail = handle.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        return None
    end, length = before + at, _number(tail, at + 12, 4)
    if tail[max(at - _LOCATOR_BYTES, 0) : at].startswith(_LOCATOR):
        end64 = end - _LOCATOR_BYTES - _END64_BYTES
        handle.seek(max(end64, 0))
        record = handle.read(_END64_BYTES)
        if record.startswith(_END64):
            end, length = end64, _number(record, 40, 8)
    return end - length if length <= end else None


def _number(data: bytes, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "little")
