"""Test-time settings that a user chooses in place of the model's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.errors import UsageError

if TYPE_CHECKING:
    from centernet_cli.models.meta import ModelMeta

Resize = Literal["page", "keep", "fixed"]
Nms = float | Literal["none", "soft"]
Ink = Literal["off", "lines", "regions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What to do otherwise than the model says; None: as it says.

    Attributes:
        flip: Average with the mirrored page.
        scales: Look at each of these sizes, relative to the usual one.
        resize: How pages are shown to the network.
        nms: IoU from which overlapping boxes are dropped, `none`, or `soft` to lower their scores.
        ink: Whether, and how, sides of boxes move to the ink on clean pages.
        size: For `page`, the long side, in pixels; for `fixed`, both sides.
    """

    flip: bool | None = None
    scales: tuple[float, ...] | None = None
    resize: Resize | None = None
    nms: Nms | None = None
    ink: Ink | None = None
    size: int | None = None

    def apply(self, meta: ModelMeta, multiple: int) -> ModelMeta:
        """Return the model's description with these settings instead of its own.

        The size for `page` isn't part of it: that is an option of the pipeline.

        Args:
            meta: Of the model.
            multiple: Both sides of what its network sees are multiples of this.

        Raises:
            UsageError: U707, U111; settings that don't go together, or with this model.
        """
        chosen = {"flip": self.flip, "scales": self.scales, "resize": self.resize, "ink": self.ink}
        test = meta.test.model_copy(update={key: value for key, value in chosen.items() if value is not None})
        if self.size is not None and test.resize != "page":
            test = test.model_copy(update={"size": self._side(test.resize, multiple)})
        if self.nms not in {None, "soft"} and len(test.scales) > 1:
            raise UsageError(
                "U707", "several scales are always merged by soft suppression", path="--nms", hint="or --scales 1"
            )
        return replace(meta, test=test, decode=meta.decode.model_copy(update=self._suppression()))

    def options(self) -> dict[str, object]:
        """Return what was chosen, for the `info` of outputs; null where the model decides."""
        scales = None if self.scales is None else list(self.scales)
        chosen = {"size": self.size, "flip": self.flip, "scales": scales, "resize": self.resize}
        return {**chosen, "nms": self.nms, "ink": self.ink}

    def _side(self, resize: Resize, multiple: int) -> tuple[int, int]:
        if self.size is None or resize == "keep":
            raise UsageError(
                "U707", "`keep` shows pages in their own size", path="--size", hint="--resize page, or --scales"
            )
        if self.size % multiple:
            message = f"must be a multiple of {multiple} for this model with `fixed`, not {self.size}"
            raise UsageError("U111", message, path="--size")
        return self.size, self.size

    def _suppression(self) -> dict[str, object]:
        if self.nms is None:
            return {}
        if self.nms == "soft":
            return {"soft_nms": True}
        if self.nms == "none":
            return {"soft_nms": False, "nms_iou": None, "rivals": 0.0}
        return {"soft_nms": False, "nms_iou": self.nms}
