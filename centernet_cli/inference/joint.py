"""Several models over the same pages: their streams run side by side, and what they found on a page is put together."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from centernet_cli.core.records import Failure
from centernet_cli.inference.stream import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from centernet_cli.inference.sinks.sink import SeenPage


def joined(streams: Sequence[Iterator[Done]]) -> Iterator[Done]:
    """Yield each page once, with the boxes of all models, best first; what fails in one stream has failed.

    Args:
        streams: Of one model each, over the same files in the same order.
    """
    if len(streams) == 1:
        yield from streams[0]
        return
    files = [groupby(stream, key=lambda done: done.path) for stream in streams]
    for groups in zip(*files, strict=True):
        for several in zip_longest(*(pages for _, pages in groups)):
            there = [done for done in several if done is not None]
            if len(there) < len(several) or len({_key(done) for done in there}) > 1:
                # Something befell one of the streams in this file, such as a time limit: they are not in step any more.
                yield from _broken(there)
                break
            yield _together(there)


def _key(done: Done) -> tuple[str, int | None]:
    result = done.result
    if isinstance(result, Failure):
        return result.source, result.page
    return result.record.info.source, result.record.info.page


def _broken(there: Sequence[Done]) -> Iterator[Done]:
    """Yield a failure for the rest of a file."""
    failed = next((done for done in there if isinstance(done.result, Failure)), None)
    if failed is None:
        failed = there[0]
        message = "the models did not get the same pages of this file"
        failed = replace(failed, result=Failure(source=str(failed.path), code="R705", message=message))
    yield failed


def _together(there: Sequence[Done]) -> Done:
    failed = next((done for done in there if isinstance(done.result, Failure)), None)
    if failed is not None:
        return failed
    if all(done.known for done in there):  # what an earlier run kept is together already
        return there[0]
    pages: list[SeenPage] = [done.result for done in there if not isinstance(done.result, Failure)]
    first = pages[0]
    found = [one for page in pages for one in page.record.annotations]
    found.sort(key=lambda one: -(one.score or 0.0))
    page = replace(
        first,
        record=replace(first.record, annotations=tuple(found)),
        network_size=max(page.network_size for page in pages),
        capped=any(page.capped for page in pages),
        tiles=next((page.tiles for page in pages if page.tiles is not None), None),
    )
    return replace(there[0], result=page)


def joint_classes(classes: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return the classes of several models, each once, in the order of the models."""
    return tuple(dict.fromkeys(name for names in classes for name in names))
