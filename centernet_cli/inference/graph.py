"""The one graph that every runtime runs: pixels in, candidates out.

Torch runs it as it is; ONNX, OpenVINO and TorchScript files are made of it. Normalisation, the order of the channels,
sigmoid, peaks, the best of them and their boxes are inside, so decoding is written once, in `codec`.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from centernet_cli.codec.decode import Candidates, averaged_maps, candidates_of

if TYPE_CHECKING:
    from centernet_cli.models.centernet import CenterNet
    from centernet_cli.models.meta import ModelMeta

INPUTS = ("pixels", "mirror")
OUTPUTS = ("boxes", "scores", "classes")


class PageGraph(nn.Module):
    """A network with all that comes before and after it on the device.

    Args:
        network: In evaluation mode.
        meta: Its description; `top_k` and `peak_window` are built in, whatever else it says of decoding comes later.
        autocast: Precision of the network under torch's autocast; None: as its weights are. All else is float32.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, network: CenterNet, meta: ModelMeta, autocast: torch.dtype | None = None) -> None:
        super().__init__()
        self.network = network
        self._decode, self._stride, self._bgr, self._autocast = meta.decode, meta.stride, meta.bgr, autocast
        # Pixels are 0 to 255, the statistics 0 to 1.
        self.register_buffer("pixel_mean", 255 * torch.tensor(meta.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("pixel_std", 255 * torch.tensor(meta.std).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor, looks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the best peaks: what is exported.

        Args:
            pixels: RGB uint8 `(B, H, W, 3)`, H and W multiples of what the network asks for.
            looks: `(n,)`, of which only the length says something: 2 averages with the mirror image of each page, 1
                doesn't. Sizes of tensors torch's exporter can reckon with, unlike values: a number of pages that is
                known only when the graph runs is more than it can do for a network.

        Returns:
            `boxes (B, k, 4)` float32 xyxy in pixels, `scores (B, k)` float32 and `classes (B, k)` int64, best first;
            k is the model's `top_k` and one more. Scores of 0 mean that there were fewer.
        """
        pages, copies = pixels.shape[0], looks.shape[0]
        # Copied before it is turned round: with no copies, that costs nothing.
        mirrored = pixels.unsqueeze(0).expand(copies - 1, -1, -1, -1, -1).flatten(0, 1).flip(2)
        maps = self._maps(torch.cat([pixels, mirrored]), pages, copies)
        return candidates_of(maps, self._decode, self._stride)

    def run(self, pixels: Tensor, *, mirror: bool) -> Candidates:
        """As `forward`, but with a plain truth value and without a copy of the pages."""
        return candidates_of(self.maps(pixels, mirror=mirror), self._decode, self._stride)

    def maps(self, pixels: Tensor, *, mirror: bool) -> dict[str, Tensor]:
        """Return what `run` finds candidates on: the network's maps, averaged, with probabilities as `heatmap`."""
        both = torch.cat([pixels, pixels.flip(2)]) if mirror else pixels
        return self._maps(both, pixels.shape[0], 2 if mirror else 1)

    def _maps(self, both: Tensor, pages: int, copies: int) -> dict[str, Tensor]:
        # uint8 (B, H, W, 3) seen as (B, 3, H, W) is channels_last as it is.
        images = both.permute(0, 3, 1, 2)
        images = (images.flip(1) if self._bgr else images).float()
        images = (images - self.pixel_mean) / self.pixel_std
        with self._precision(images.device):
            outputs = self.network(images)
        return averaged_maps(outputs, pages, copies)

    def _precision(self, device: torch.device) -> torch.autocast | nullcontext[None]:
        return nullcontext() if self._autocast is None else torch.autocast(device.type, dtype=self._autocast)
