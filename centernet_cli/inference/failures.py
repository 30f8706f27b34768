"""Records of pages that broke something on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.records import Failure
from centernet_cli.inference.tasks import ReadTask

if TYPE_CHECKING:
    from centernet_cli.core.records import PageInfo
    from centernet_cli.inference.tasks import Task


def page_failure(info: PageInfo, error: Exception) -> Failure:
    """Return the R7xx of a page that broke something."""
    if isinstance(error, MemoryError):
        code = "R702"
        message = f"out of memory on a page of {info.width} x {info.height} px (try a smaller --size or --device cpu)"
    else:
        code = "R701"
        first_line = next(iter(str(error).splitlines()), "")
        message = f"the page could not be processed: {type(error).__name__}: {first_line}".rstrip(": ")
    return Failure(source=info.source, page=info.page, code=code, message=message)


def lost_page(task: Task, number: int | None, *, hung: bool, seconds: float) -> Failure:
    """Return the R703 or R704 of a page whose worker crashed or took too long.

    Args:
        task: That it was at.
        number: Of the page, if that is known.
        hung: Whether it took too long.
        seconds: How long it was given.
    """
    if isinstance(task, ReadTask):
        source, doing = str(task.path), "reading"
    else:
        source, number, doing = task.page.info.source, task.page.info.page, "processing"
    if hung:
        message = f"{doing} the page took more than {seconds:g} s (a longer --page-timeout may help)"
        return Failure(source=source, page=number, code="R704", message=message)
    message = f"{doing} the page crashed, or took more memory than there is"
    return Failure(source=source, page=number, code="R703", message=message)
