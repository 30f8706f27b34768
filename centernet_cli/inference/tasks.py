"""What the main process and its page workers say to each other: tasks go one way, replies the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.core.errors import CenterNetError
    from centernet_cli.core.records import Annotation, Failure, Page, PageInfo
    from centernet_cli.inference.overrides import Ink
    from centernet_cli.inference.plan import Plan, SeenBoxes
    from centernet_cli.inference.preprocess import NetworkInput
    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.views import FirstLook, PageSize, View
    from centernet_cli.pages.options import PageOptions


class PageWork(Protocol):
    """Something to do with a page when its boxes are known, such as drawing it.

    It and what it returns can be pickled: where there are page workers, one of them does it.
    """

    def __call__(self, page: Page, annotations: Sequence[Annotation]) -> object:
        """Do it.

        Args:
            page: Its pixels may be fewer than `page.info` says, and are gone when the call is over.
            annotations: In page pixels.

        Raises:
            CenterNetError: Ends the run.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTask:
    """Read a page into a buffer.

    Attributes:
        ticket: Of the page; replies carry it.
        buffer: Number of the buffer.
        path: The file.
        options: How files are read.
        number: Page of a PDF whose length is known.
        after: Frame that the wanted one follows.
        first: Whether this is the file's first page: its length is told beforehand.
        digest: Whether the file's SHA-256 is wanted with it.
        look: How pages are shown, once the model is known.
        again: Whether it is a page that was read before at reduced scale, all of whose pixels are needed after all.
    """

    ticket: int
    buffer: int
    path: Path
    options: PageOptions
    number: int | None = None
    after: int | None = None
    first: bool = False
    digest: bool = False
    look: FirstLook | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPage:
    """A page in a buffer: everything about it but the pixels, so that any worker can go on with it.

    Attributes:
        info: Of the page.
        shape: Of its pixels, at the beginning of the buffer.
    """

    info: PageInfo
    shape: tuple[int, ...]

    @property
    def reduced(self) -> bool:
        """Whether it was decoded at less than its own size."""
        return max(self.shape[:2]) < max(self.info.width, self.info.height)

    @property
    def size(self) -> PageSize:
        """Return what a plan needs to know."""
        from centernet_cli.inference.views import PageSize

        return PageSize(width=self.info.width, height=self.info.height, decoded=max(self.shape[:2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTask:
    """Prepare views of the page in a buffer."""

    ticket: int
    buffer: int
    page: HeldPage
    views: tuple[View, ...]
    multiple: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishTask:
    """Make annotations of what was found on the page in a buffer, and do the rest of the work on it."""

    ticket: int
    buffer: int
    page: HeldPage
    found: SeenBoxes
    classes: tuple[str, ...]
    ink: Ink
    work: PageWork | None


Task = ReadTask | ShowTask | FinishTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a worker needs to run the network itself: from then on it reads a page and says what is on it.

    Attributes:
        open_runtime: Opens the model.
        plan: How pages are looked at.
        finish: Whether it finishes the boxes as well, for nothing else is wanted of the page.
    """

    open_runtime: Callable[[], Runtime]
    plan: Plan
    finish: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has started; the first thing it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipped:
    """A worker has been given its equipment.

    Attributes:
        usable: Whether it can run the network; otherwise it goes on as before.
    """

    usable: bool


@dataclass(frozen=True, slots=True)
class GoingOn:
    """A long task isn't done yet, but a part of it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file is open: how many pages it has, if it is a PDF. More replies follow."""

    ticket: int
    count: int | None
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Network inputs are ready in the buffer.

    Attributes:
        ticket: Of the page.
        inputs: Without their pixels.
        places: Where in the buffer the pixels of each begin.
        shapes: Of those pixels.
    """

    ticket: int
    inputs: tuple[NetworkInput, ...]
    places: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A page is in the buffer.

    Attributes:
        ticket: Of the page.
        page: The page; None where the file ended before.
        shown: What the network is to see of it, if the task said how.
        found: What the worker found on it, if it can.
        boxes: Those of `found`, finished, if nothing else is wanted of the page; it is in no buffer then.
    """

    ticket: int
    page: HeldPage | None
    shown: Shown | None = None
    found: SeenBoxes | None = None
    boxes: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A page's annotations, and what the work on it gave."""

    ticket: int
    boxes: npt.NDArray[np.float64]
    made: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A task failed: a page that cannot be read or processed, or an error that ends the run."""

    ticket: int
    failure: Failure | CenterNetError


Reply = Ready | Equipped | GoingOn | Opened | Read | Shown | Finished | Failed
