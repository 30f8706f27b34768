"""Which document a page belongs to, so that its pages stay together."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from centernet_cli.core.records import PageRecord

PAGE_NUMBER = re.compile(r"[-_. ]*(?:p|page|f|seite)?[-_]?\d+$", re.IGNORECASE)
_GENERIC = frozenset(
    {"", "page", "pages", "p", "img", "image", "scan", "seite", "folio", "dsc", "doc", "document", "pg"}
)


def document_of(record: PageRecord) -> str:
    """Return the document a page belongs to: its `group`, else its name without a page number at the end."""
    if record.group:
        return record.group
    stem = PurePosixPath(record.info.source).stem
    return PAGE_NUMBER.sub("", stem) or stem


def names_document(record: PageRecord) -> bool:
    """Tell whether a page says which document it is of; one called `0001.png` or `page-2.png` doesn't."""
    if record.group:
        return True
    document = document_of(record)
    return document != PurePosixPath(record.info.source).stem and document.casefold().strip("-_ .") not in _GENERIC


def holdout_place(group: str) -> float:
    """Return a number from 0 to 1 that depends on a document's name alone; what is below a share is held out.

    Not on a training's seed either: a model trained on from another one's weights would learn from pages that the
    other held out, and two seeds could not be compared.
    """
    # The number in front belongs to the shares of the models that are shipped.
    digest = hashlib.sha256(f"0:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
