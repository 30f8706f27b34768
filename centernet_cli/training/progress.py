"""What the loop tells while it runs; the command line draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from centernet_cli.training.validate import Validation


class Progress:
    """Listens and says nothing: the base of what the command line shows."""

    def epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None:
        """Epoch number `epoch` (from 0) of `epochs` starts; `done` of its `batches` were done before."""

    def step(self, terms: dict[str, float], share: float, batches: int = 1) -> None:
        """A step of so many batches is done; `terms` holds its losses, `share` how much of the training lies behind."""

    def notice(self, message: str) -> None:
        """Something is wrong that people should know of; the training goes on."""

    def remark(self, message: str) -> None:
        """Something worth knowing happened, as the recipe wanted it."""

    def validation(self, pages: int) -> None:
        """Validation over `pages` starts."""

    def validated(self) -> None:
        """One more page is validated."""

    def unjudged(self, epoch: int) -> None:
        """After `epoch` epochs there is no validation."""

    def scores(self, epoch: int, result: Validation, *, best: bool) -> None:
        """Validation after `epoch` epochs is done."""
