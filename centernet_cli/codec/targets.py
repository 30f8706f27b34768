"""What a batch's boxes are, and what the network is to learn from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Objects:
    """The boxes of a batch of B equally large pages: what data workers hand over, far smaller than the maps.

    Attributes:
        boxes: `(N, 4)` xyxy in pixels of the network's input.
        labels: `(N,)` int64 class indices.
        page: `(N,)` int64, from 0 to B - 1.
        ignore: `(M, 4)` areas in pixels without heatmap loss.
        ignore_page: `(M,)` int64.
        annotated: `(B, K)` bool, classes that the page's source labels; the others take no heatmap loss.
    """

    boxes: Tensor
    labels: Tensor
    page: Tensor
    ignore: Tensor
    ignore_page: Tensor
    annotated: Tensor

    def to(self, device: torch.device) -> Objects:
        """Return them on `device`."""
        return Objects(**{each.name: getattr(self, each.name).to(device, non_blocking=True) for each in fields(self)})

    def pin_memory(self) -> Objects:
        """Return them in pinned memory, from which CUDA copies without waiting."""
        return Objects(**{each.name: getattr(self, each.name).pin_memory() for each in fields(self)})


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a batch that learn C values each.

    Attributes:
        index: `(M,)` int64, flat through the batch: `(b * h + y) * w + x`.
        values: `(M, C)`, cells.
        weight: `(M,)`, above 0.
        label: `(M,)` int64, class of the object they learn of.
    """

    index: Tensor
    values: Tensor
    weight: Tensor
    label: Tensor

    def to(self, device: torch.device) -> Cells:
        """Return them on `device`."""
        return Cells(self.index.to(device), self.values.to(device), self.weight.to(device), self.label.to(device))


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets of a batch (of one page, without the dimension B, from `encode`).

    Attributes:
        heatmap: `(B, K, h, w)`, 1 at centre cells.
        mask: Like `heatmap`; 0 where it takes no loss (ignored areas, classes not annotated). None: it does everywhere.
        index: `(N,)` int64, the objects' flat centre cells, as in `Cells`.
        label: `(N,)` int64, their classes.
        size: `(N, 2)` their width and height in cells.
        offset: `(N, 2)` their centre minus centre cell, x and y, in [0, 1] cells.
        dense_size: Where sizes are trained, if not at the centre cells alone.
        ltrb: Distances from cells' centres to the left, top, right and bottom side; None if they weren't asked for.
    """

    heatmap: Tensor
    mask: Tensor | None
    index: Tensor
    label: Tensor
    size: Tensor
    offset: Tensor
    dense_size: Cells | None
    ltrb: Cells | None

    @property
    def sizes(self) -> Cells:
        """Cells that learn width and height."""
        return self.dense_size if self.dense_size is not None else self._at_centres(self.size)

    @property
    def offsets(self) -> Cells:
        """Cells that learn the offset."""
        return self._at_centres(self.offset)

    def to(self, device: torch.device) -> Targets:
        """Return them on `device`."""
        return Targets(
            self.heatmap.to(device),
            None if self.mask is None else self.mask.to(device),
            index=self.index.to(device),
            label=self.label.to(device),
            size=self.size.to(device),
            offset=self.offset.to(device),
            dense_size=None if self.dense_size is None else self.dense_size.to(device),
            ltrb=None if self.ltrb is None else self.ltrb.to(device),
        )

    def _at_centres(self, values: Tensor) -> Cells:
        return Cells(self.index, values, values.new_ones(len(values)), self.label)
