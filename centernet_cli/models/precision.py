"""Single precision for what half precision would spoil."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def single_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return a context without autocast on `device`; devices that have none, such as `meta`, need nothing."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
