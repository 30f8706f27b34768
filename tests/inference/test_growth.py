"""Workers of long runs look at pages themselves: the same comes out, whatever befalls them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe import TestSection
from centernet_cli.core.records import Failure
from centernet_cli.inference import growth, stream
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.pipeline import PipelineOptions
from centernet_cli.inference.runtime import RuntimeOptions
from centernet_cli.inference.sinks.sink import SeenPage
from centernet_cli.inference.stream import Done, StreamOptions, predict_files
from centernet_cli.inference.tasks import FinishTask, Read, ShowTask
from centernet_cli.inference.worker_pool import PageWorkerHandle
from centernet_cli.pages.options import PageOptions

if TYPE_CHECKING:
    from centernet_cli.inference.runtime import Runtime
    from tests.inference.fakes import Crash, DarkRuntime, Portable, picture
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from fakes import Crash, DarkRuntime, Portable, picture

SAMPLES = Path(__file__).parents[2] / "sample_docs"
PAGES = PageOptions(target_long_side=400)


@pytest.fixture
def seen_there(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs are long from the third page on; the files of pages that workers looked at themselves."""
    monkeypatch.setattr(growth, "LONG_RUN", 3)
    found: list[str] = []
    take = stream._Run._take

    def watched(self, worker, reply):
        if isinstance(reply, Read) and reply.found is not None:
            assert reply.page is not None
            found.append(Path(reply.page.info.source).name)
        take(self, worker, reply)

    monkeypatch.setattr(stream._Run, "_take", watched)
    return found


def run(paths: list[Path], runtime: Portable, stream: StreamOptions, pages: PageOptions = PAGES) -> list[Done]:
    return list(predict_files(paths, pages, lambda: runtime, PipelineOptions(), stream))


def results(done: list[Done]) -> list[object]:
    return [item.result.record if isinstance(item.result, SeenPage) else item.result for item in done]


def codes(done: list[Done]) -> list[str]:
    return [item.result.code for item in done if isinstance(item.result, Failure)]


@pytest.mark.parametrize("test", [TestSection(), TestSection(ink="lines"), TestSection(scales=(0.5, 1.0))])
@pytest.mark.parametrize("drawn", [False, True])
def test_the_same_comes_out(many_files: list[Path], seen_there: list[str], test: TestSection, drawn: bool) -> None:
    paths = many_files * 3
    work = (lambda _: Crash()) if drawn else None
    done = run(paths, Portable(test), StreamOptions(workers=2, work=work, digest=True))
    assert len(seen_there) > 10
    alone = run(paths, Portable(test), StreamOptions(workers=0, work=work, digest=True))
    assert results(done) == results(alone)
    assert [item.made for item in done] == [item.made for item in alone]
    assert [(item.digest, item.count) for item in done] == [(item.digest, item.count) for item in alone]


def test_pages_need_no_more_tasks(many_files: list[Path], seen_there: list[str], monkeypatch) -> None:
    sent = []
    send = PageWorkerHandle.send

    def watched(self, task):
        sent.append(task)
        send(self, task)

    monkeypatch.setattr(PageWorkerHandle, "send", watched)
    run(many_files * 6, Portable(TestSection(ink="lines")), StreamOptions(workers=2))
    later = [task for task in sent if isinstance(task, (ShowTask, FinishTask))]
    assert len(seen_there) + len({task.ticket for task in later}) == 60


@pytest.mark.parametrize("drawn", [False, True])
def test_the_network_here_gives_its_memory_back(many_files: list[Path], seen_there: list[str], drawn: bool) -> None:
    runtime = Portable()
    work = (lambda _: Crash()) if drawn else None
    run(many_files * 3, runtime, StreamOptions(workers=2, work=work))
    assert seen_there
    assert runtime.rested


@pytest.mark.parametrize(("processors", "expected"), [(2, False), (4, True)])
def test_models_side_by_side_share_the_processors(
    many_files: list[Path], seen_there: list[str], monkeypatch, processors: int, expected: bool
) -> None:
    monkeypatch.setattr(growth, "available_cpus", lambda: processors)
    monkeypatch.setattr(growth, "thread_count", lambda: processors)
    run(many_files * 2, Portable(), StreamOptions(streams=2))
    assert bool(seen_there) == expected


@pytest.mark.parametrize(("processors", "expected"), [(2, False), (1, True)])
def test_one_worker_has_a_network_where_there_is_one_processor(
    many_files: list[Path], seen_there: list[str], monkeypatch, processors: int, expected: bool
) -> None:
    monkeypatch.setattr(growth, "available_cpus", lambda: 2)
    monkeypatch.setattr(growth, "thread_count", lambda: processors)
    run(many_files, Portable(), StreamOptions(workers=1))
    assert bool(seen_there) == expected


def test_workers_are_started_for_as_long_as_the_network_starves(monkeypatch) -> None:
    class Few:
        def __init__(self) -> None:
            self.workers = [0]

        def grow(self, count: int) -> None:
            self.workers += [0] * count

    monkeypatch.setattr(growth, "available_cpus", lambda: 3)
    monkeypatch.setattr(growth, "STARVED_SECONDS", 0.0)
    pool: Any = Few()
    grown = growth.Growth(pool, None, finish=True)
    runtime = DarkRuntime()  # of which there is one only
    for _ in range(9):
        grown.look(starving=True)
        grown.settle(growth.LONG_RUN, runtime, PipelineOptions().plan(runtime))
    assert len(pool.workers) == 3


def test_batches_leave_the_network_where_it_is(many_files: list[Path], seen_there: list[str]) -> None:
    options = PipelineOptions(batch_size=2)
    list(predict_files(many_files, PAGES, Portable, options, StreamOptions(workers=2)))
    assert seen_there == []


@pytest.mark.parametrize(
    ("processors", "memory", "expected"), [(2, 1 << 40, True), (1, 1 << 40, True), (2, 1, False), (1, 1, False)]
)
def test_as_many_as_there_is_room_for(
    many_files: list[Path], seen_there: list[str], monkeypatch, processors: int, memory: int, expected: bool
) -> None:
    monkeypatch.setattr(growth, "available_cpus", lambda: processors)
    monkeypatch.setattr(growth, "thread_count", lambda: processors)
    monkeypatch.setattr(growth, "available_memory", lambda: memory)
    done = run(many_files * 3, Portable(), StreamOptions())
    assert bool(seen_there) == expected
    assert len(done) == 39


def test_a_worker_without_room_for_the_model_goes_on_as_before(many_files: list[Path], seen_there: list[str]) -> None:
    done = run(many_files, Portable(there="no room"), StreamOptions(workers=2))
    assert seen_there == []
    assert results(done) == results(run(many_files, Portable(), StreamOptions(workers=0)))


@pytest.mark.parametrize(("there", "code"), [("crash", "R703"), ("break", "R701")])
def test_a_page_that_breaks_the_network_fails_alone(
    tmp_path: Path, seen_there: list[str], there: str, code: str
) -> None:
    for number in range(12):
        picture(number).save(tmp_path / f"{number:02}.png")
    picture(3, 400, 300).save(tmp_path / "09.png")
    done = run(sorted(tmp_path.iterdir()), Portable(there=there), StreamOptions(workers=2))
    failed = {item.path.name: item.result for item in done if isinstance(item.result, Failure)}
    assert {name: failure.code for name, failure in failed.items()} == {"09.png": code}
    assert len(done) == 12
    assert len(seen_there) > 3, "the worker that follows one that crashed has a network, too"


def test_an_error_of_the_model_ends_the_run(tmp_path: Path, seen_there: list[str]) -> None:
    for number in range(12):
        picture(number).save(tmp_path / f"{number:02}.png")
    picture(3, 400, 300).save(tmp_path / "09.png")
    with pytest.raises(ModelError, match="gone"):
        run(sorted(tmp_path.iterdir()), Portable(there="end"), StreamOptions(workers=2))
    assert seen_there


def test_tiles_show_all_pixels_of_a_reduced_jpeg(tmp_path: Path, seen_there: list[str]) -> None:
    picture(7).resize((1500, 2000), Image.Resampling.NEAREST).save(tmp_path / "a.jpg", quality=95)
    pages = replace(PAGES, enough=450)
    paths = [tmp_path / "a.jpg"] * 8
    runtime = Portable(TestSection(second_look=True), "tiny")
    done = run(paths, runtime, StreamOptions(workers=2), pages)
    assert len(seen_there) >= 2
    assert codes(done) == []
    assert results(done) == results(run(paths, runtime, StreamOptions(workers=0), pages))
    assert all(isinstance(item.result, SeenPage) and item.result.tiles for item in done)


def test_the_default_model(seen_there: list[str]) -> None:
    def opened() -> Runtime:
        return open_runtime("lines", RuntimeOptions(runtime="openvino"))

    paths = sorted(path for path in SAMPLES.iterdir() if path.suffix in {".png", ".jpg", ".pdf"})
    options = PageOptions(enough=1600)
    there = list(predict_files(paths, options, opened, PipelineOptions(size=512), StreamOptions(workers=2)))
    assert seen_there
    here = list(predict_files(paths, options, opened, PipelineOptions(size=512), StreamOptions(workers=0)))
    assert results(there) == results(here)
