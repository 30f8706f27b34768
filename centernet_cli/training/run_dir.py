"""The folder of a training run."""

from __future__ import annotations

import contextlib
import json
import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torchvision

from centernet_cli import __version__
from centernet_cli.core.errors import OutputError
from centernet_cli.core.recipe_file import recipe_to_yaml
from centernet_cli.core.safe_io import atomic_write_text, dump_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from centernet_cli.core.recipe import Recipe


@dataclass(frozen=True, slots=True)
class RunDir:
    """Paths of a run's files."""

    root: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe."""
        return self.root / "recipe.resolved.yaml"

    @property
    def metrics(self) -> Path:
        """One JSON object a line: training every few steps, validation every few epochs."""
        return self.root / "metrics.jsonl"

    @property
    def last(self) -> Path:
        """Resume state."""
        return self.root / "checkpoints" / "last.pt"

    @property
    def best(self) -> Path:
        """Weights of the best validation so far."""
        return self.root / "checkpoints" / "best.safetensors"

    @property
    def weights(self) -> Path:
        """The result: what `--model` of other commands reads."""
        return self.root / "weights.safetensors"

    @property
    def report(self) -> Path:
        """Everything worth seeing in one HTML file."""
        return self.root / "report.html"

    @property
    def card(self) -> Path:
        """The model card."""
        return self.root / "card.md"

    @property
    def plots(self) -> Path:
        """Folder of the report's plots as SVG."""
        return self.root / "plots"

    @property
    def batches(self) -> Path:
        """Folder of pictures of the first batches."""
        return self.root / "batches"

    @property
    def validation(self) -> Path:
        """Folder of pictures of validation pages, with their truth and what is found on them."""
        return self.root / "validation"

    @property
    def log(self) -> Path:
        """What was said."""
        return self.root / "log.txt"

    def read_metrics(self) -> list[dict[str, Any]]:
        """Return the lines of the metrics; those that cannot be read are left out."""
        if not self.metrics.is_file():
            return []
        lines = []
        for text in self.metrics.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                lines.append(json.loads(text))
        return [line for line in lines if isinstance(line, dict) and "step" in line]

    def check_free(self) -> None:
        """See that nothing would be overwritten.

        Raises:
            OutputError: The folder exists and isn't empty.
        """
        if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise OutputError("O803", "exists and is not empty", path=self.root, hint="--resume, or another --out")

    def create(self, recipe: Recipe, *, replace: bool = False) -> None:
        """Make the folder with what is known before training.

        Args:
            recipe: To keep in it.
            replace: Whether there may be one already, of a run that crashed before it saved anything to go on from.

        Raises:
            OutputError: It exists and isn't empty, or cannot be written.
        """
        if not replace:
            self.check_free()
        try:
            self.last.parent.mkdir(parents=True, exist_ok=True)
            self.best.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError("O801", f"cannot create: {error.strerror}", path=self.root) from error
        self.keep_recipe(recipe)
        dump_json(self.root / "environment.json", environment())

    def keep_recipe(self, recipe: Recipe) -> None:
        """Write the recipe of the part of the run that begins.

        Raises:
            OutputError: It cannot be written.
        """
        atomic_write_text(self.recipe, recipe_to_yaml(recipe))

    def trim_metrics(self, step: int, epoch: int) -> None:
        """Drop the metrics of steps and epochs that a resumed run does again, and a last line cut short by a crash.

        Args:
            step: Steps done.
            epoch: Epochs done.

        Raises:
            OutputError: The file cannot be written.
        """
        self._keep(lambda line: _belongs(line, step, epoch))

    def drop_validation(self, step: int) -> None:
        """Drop the scores after a step, which are about to be measured again.

        Raises:
            OutputError: The file cannot be written.
        """
        self._keep(lambda line: not _scores_after(line, step))

    def _keep(self, wanted: Callable[[str], bool]) -> None:
        if not self.metrics.is_file():
            return
        text = self.metrics.read_text(encoding="utf-8", errors="replace")
        kept = "".join(line for line in text.splitlines(keepends=True) if wanted(line))
        if kept != text:
            atomic_write_text(self.metrics, kept)

    def append_metrics(self, values: dict[str, object]) -> None:
        """Add a line to the metrics.

        Raises:
            OutputError: The disk is full or the folder is gone.
        """
        try:
            with self.metrics.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values, allow_nan=False) + "\n")
        except OSError as error:
            raise OutputError("O801", f"cannot write: {error.strerror}", path=self.metrics) from error


def _belongs(line: str, step: int, epoch: int) -> bool:
    try:
        values = json.loads(line)
        return line.endswith("\n") and bool(values["step"] <= step and values["epoch"] <= epoch)
    except (ValueError, KeyError, TypeError):
        return False


def _scores_after(line: str, step: int) -> bool:
    try:
        values = json.loads(line)
        return bool("score" in values and values["step"] == step)
    except (ValueError, KeyError, TypeError):
        return False


def environment() -> dict[str, object]:
    """Return versions and hardware, for the record."""
    return {
        "centernet": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "platform": platform.platform(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "cuda": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "argv": sys.argv[1:],
    }
