"""Resume state: tensors and plain values only, loadable with `torch.load(weights_only=True)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, cast

import torch

from centernet_cli.core.errors import ModelError
from centernet_cli.core.safe_io import atomic_path

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

VERSION = 1


class State(TypedDict):
    """Everything needed to go on as if nothing had happened.

    `epoch` and `batch` say where in the plan the next step is; `seconds` is the time spent so far.
    """

    version: int
    recipe: str
    model: dict[str, Tensor]
    ema: dict[str, Tensor] | None
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    rng: Tensor
    step: int
    epoch: int
    batch: int
    seconds: float
    best_score: float
    best_epoch: int


def save_checkpoint(state: State, path: Path) -> None:
    """Write atomically: a crash or a full disk leaves the previous checkpoint.

    Raises:
        OutputError: It cannot be written.
    """
    # Straight into the file: with the optimiser's state it is several times as large as the model.
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        try:
            torch.save(dict(state), file)
        except RuntimeError as error:
            # torch's writer has its own words for what the system said.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from error
            raise


def load_checkpoint(path: Path) -> State:
    """Read a checkpoint without unpickling code.

    Raises:
        ModelError: Missing, damaged or of another version.
    """
    if not path.is_file():
        raise ModelError("M503", "no such checkpoint", path=path, hint="has this run saved one yet?")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError("M509", f"not a readable checkpoint: {first}", path=path) from error
    if not isinstance(state, dict) or state.get("version") != VERSION or set(State.__annotations__) - set(state):
        raise ModelError("M510", "a checkpoint of another program or version", path=path)
    return cast("State", state)
