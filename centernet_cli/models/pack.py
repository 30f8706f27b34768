"""A trained model made fit for passing on: compact, and saying what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safetensors.torch import load_file

from centernet_cli.models.meta import read_meta
from centernet_cli.models.zoo import find_model, save_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from centernet_cli.models.meta import ModelMeta


def pack_model(
    source: str,
    out: Path,
    *,
    name: str | None = None,
    threshold: float | None = None,
    facts: Mapping[str, object] | None = None,
    half: bool = True,
) -> ModelMeta:
    """Write a model with more said about it; return its metadata.

    Args:
        source: Shipped name, run folder or file.
        out: File to write.
        name: New name.
        threshold: New default threshold.
        facts: Added to those it has; None as a value takes one away.
        half: Store convolution weights in half precision. Normalisation keeps float32: its variances can be
            too small for it. Loading widens them again, so that the arithmetic stays that of the runtime.

    Raises:
        ModelError: The source cannot be used.
        OutputError: The file cannot be written.
    """
    path = find_model(source)
    meta = read_meta(path)
    state = load_file(path)
    if half:
        state = {key: value.half() if value.ndim > 1 else value for key, value in state.items()}
    merged = {key: value for key, value in {**meta.facts, **(facts or {})}.items() if value is not None}
    described = replace(
        meta,
        name=name or meta.name,
        threshold=meta.threshold if threshold is None else threshold,
        facts=merged,
    )
    return save_model(state, described, out)
