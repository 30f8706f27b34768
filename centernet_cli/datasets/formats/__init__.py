"""Annotation formats: each is a reader into records, a writer from them, and a way to recognise it.

The names below are imported when they are first used: `predict` writes one format, and starts sooner without the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from centernet_cli.datasets.formats.table import FORMATS, detect_format, level_of_each, read_dataset

__all__ = ["FORMATS", "detect_format", "level_of_each", "read_dataset"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value: object = getattr(import_module(f"{__name__}.table"), name)
    return value
