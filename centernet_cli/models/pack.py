"""A trained model made fit for passing on: compact, and saying what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safetensors.torch import load_file

from centernet_cli.models.level_classes import level_classes
from centernet_cli.models.meta import read_meta
from centernet_cli.models.zoo import find_model, save_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from centernet_cli.models.meta import ModelMeta


def pack_model(
    source: str,
    out: Path,
    *,
    name: str | None = None,
    threshold: float | None = None,
    class_thresholds: Mapping[str, float] | None = None,
    facts: Mapping[str, object] | None = None,
    half: bool = True,
) -> ModelMeta:
    """Write a model with more said about it; return its metadata.

    Args:
        source: Shipped name, run folder or file.
        out: File to write.
        name: New name.
        threshold: New default threshold.
        class_thresholds: Scores at which classes are kept now; they get the default threshold there (`level_classes`).
        facts: Added to those it has; None as a value takes one away.
        half: Store convolution weights in half precision. Normalisation keeps float32: its variances can be
            too small for it. Loading widens them again, so that the arithmetic stays that of the runtime.

    Raises:
        ModelError: The source cannot be used.
        UsageError: Thresholds of classes that it hasn't, or not between 0 and 1.
        OutputError: The file cannot be written.
    """
    path = find_model(source)
    meta = read_meta(path)
    state: dict[str, Tensor] = load_file(path)
    meta = replace(meta, name=name or meta.name, threshold=meta.threshold if threshold is None else threshold)
    if class_thresholds:
        state = level_classes(state, meta, class_thresholds)
    if half:
        state = {key: value.half() if value.ndim > 1 else value for key, value in state.items()}
    merged = {key: value for key, value in {**meta.facts, **(facts or {})}.items() if value is not None}
    return save_model(state, replace(meta, facts=merged), out)
