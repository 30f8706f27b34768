"""Several processes that train one model: who they are, and the few things they tell each other.

`torchrun` starts them, each with the whole program; everything here does nothing in a process that is alone. All of
them follow one plan: each takes its share of every batch, so that steps, rates and what is learnt don't depend on how
many there are, and a run may go on with fewer or more.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch._C._distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from centernet_cli.core.errors import MissingRequirementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from centernet_cli.models.centernet import CenterNet

T = TypeVar("T")

PATIENCE = timedelta(hours=1)
"""How long processes wait for each other: one may be reading data or scoring while others are done."""


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of a training, seen from one of them.

    Attributes:
        rank: Number of this one, from 0.
        world: How many there are.
        local_rank: Number of this one on its machine.
        restarts: How often `torchrun` has started them again after a crash.
    """

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    restarts: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and talks."""
        return self.rank == 0

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Return this process's part of what all of them do together."""
        return items[self.rank :: self.world]

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' `values`."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def largest(self, *values: float) -> list[float]:
        """Return the largest of all processes' numbers, each by itself."""
        if self.world == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return tensor.tolist()

    def collect(self, part: list[T]) -> list[T]:
        """Put together, in the first process, what `share` took apart; the others get an empty list."""
        if self.world == 1:
            return part
        parts: list[list[T] | None] | None = [None] * self.world if self.leads else None
        dist.gather_object(part, parts)
        whole: list[Any] = [None] * sum(len(each or ()) for each in parts or ())
        for rank, each in enumerate(parts or ()):
            whole[rank :: self.world] = each or ()
        return whole

    def tell(self, value: T | None) -> T:
        """Return the first process's `value` in all of them."""
        box = [value]
        if self.world > 1:
            dist.broadcast_object_list(box)
        return box[0]  # type: ignore[return-value]

    def wrap(self, network: CenterNet) -> nn.Module:
        """Return a module that maps images to the outputs of every stack, and adds up gradients of all processes."""
        module = EveryStack(network)
        if self.world == 1:
            return module
        device = next(network.parameters()).device
        return DistributedDataParallel(module, device_ids=[device.index] if device.type == "cuda" else None)


class EveryStack(nn.Module):
    """`CenterNet.every_stack` as the `forward` that torch's wrapper calls."""

    def __init__(self, network: CenterNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> list[dict[str, Tensor]]:
        """Return the outputs of every stack."""
        return self.network.every_stack(images)


def without_exchange(module: nn.Module) -> AbstractContextManager[None]:
    """Keep gradients to this process for now, where several train together."""
    return module.no_sync() if isinstance(module, DistributedDataParallel) else nullcontext()


def group_of(environ: Mapping[str, str] = os.environ) -> Group:
    """Return what `torchrun` says of this process."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
    if not all(name in environ for name in names) or int(environ["WORLD_SIZE"]) == 1:
        return Group(restarts=int(environ.get("TORCHELASTIC_RESTART_COUNT", "0")))
    rank, world, local_rank = (int(environ[name]) for name in names[:3])
    return Group(rank, world, local_rank, int(environ.get("TORCHELASTIC_RESTART_COUNT", "0")))


@contextmanager
def connected(group: Group, device: torch.device) -> Iterator[None]:
    """Connect the processes: by NCCL for tensors on GPUs, by gloo for all else.

    Raises:
        MissingRequirementError: They don't find each other, or another one is gone.
    """
    if group.world == 1:
        yield
        return
    try:
        _meet(group, "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not any(word in str(error) for word in ("gloo", "NCCL")):
            raise
        first = str(error).strip().splitlines()[0]
        message = f"process {group.rank}: another process of this training is gone: {first}"
        raise MissingRequirementError("E714", message, hint="what it said tells why") from error
    if dist.is_initialized():
        dist.destroy_process_group()


def _meet(group: Group, backend: str) -> None:
    """Let the processes find each other, those of this start only.

    Addresses of the start before may still lie in the store that `torchrun` keeps, and be taken for those of now
    (pytorch issue 135712). On one machine the number of starts tells them apart; on several each counts its own,
    and `torchrun` has to be told to make a new store (docs/training.md).
    """
    store, rank, world = next(rendezvous("env://", group.rank, group.world, timeout=PATIENCE))
    if os.environ.get("LOCAL_WORLD_SIZE") == str(group.world):
        store = PrefixStore(f"start {group.restarts}", store)
    dist.init_process_group(backend, store=store, rank=rank, world_size=world, timeout=PATIENCE)
