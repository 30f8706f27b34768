"""Where models are: shipped in the package, in run folders, in files. Needs no torch."""

from __future__ import annotations

import difflib
from pathlib import Path

from centernet_cli.core.errors import ModelError

WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"
PARITY_PAGE = WEIGHTS_FOLDER / "page.jpg"
"""The page that exported graphs are compared with torch on, one of the sample documents."""
RUN_WEIGHTS = "weights.safetensors"


def shipped_models() -> dict[str, Path]:
    """Return the models inside the package: name to file."""
    return {path.stem: path for path in sorted(WEIGHTS_FOLDER.glob("*/*.safetensors"))}


def find_model(name: str) -> Path:
    """Return the weights file of a shipped model's name, a run folder or a file.

    Raises:
        ModelError: Nothing there.
    """
    shipped = shipped_models()
    if name in shipped:
        return shipped[name]
    path = Path(name)
    if path.is_dir():
        inside = path / RUN_WEIGHTS
        if inside.is_file():
            return inside
        raise ModelError("M501", f"no {RUN_WEIGHTS} in this folder", path=path, hint="give a run folder of `train`")
    if path.is_file():
        return path
    close = difflib.get_close_matches(name, shipped, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"shipped models: {', '.join(shipped) or 'none'}"
    raise ModelError("M501", "no such model", path=name, hint=hint)


def model_card(weights: Path) -> Path | None:
    """Return the model card beside a weights file, None if there is none."""
    return next((card for card in sorted(weights.parent.glob("*.md"))), None)
