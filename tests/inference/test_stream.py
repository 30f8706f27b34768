from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.errors import ModelError, OutputError
from centernet_cli.core.recipe import TestSection
from centernet_cli.core.records import Failure
from centernet_cli.inference.pipeline import PipelineOptions, predict_pages
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.inference.sinks.sink import SeenPage
from centernet_cli.inference.stream import Done, StreamOptions, predict_files
from centernet_cli.pages.options import PageOptions, parse_page_ranges
from centernet_cli.pages.source import read_pages

if TYPE_CHECKING:
    from tests.inference.fakes import Crash, DarkRuntime, Hang, picture
else:
    # Workers unpickle what the tests give them to do, from a module that they find as well.
    sys.path.insert(0, str(Path(__file__).parent))
    from fakes import Crash, DarkRuntime, Hang, picture

PAGES = PageOptions(target_long_side=400)


def run(
    paths: list[Path],
    runtime: DarkRuntime | None = None,
    options: PipelineOptions | None = None,
    stream: StreamOptions | None = None,
    pages: PageOptions = PAGES,
) -> list[Done]:
    runtime = runtime or DarkRuntime()
    return list(predict_files(paths, pages, lambda: runtime, options or PipelineOptions(), stream))


def simply(paths: list[Path], pages: PageOptions = PAGES, **options) -> list[object]:
    """What reading and predicting one page after the other gives."""
    items = (item for path in paths for item in read_pages(path, pages))
    return list(predict_pages(items, DarkRuntime(**options), PipelineOptions()))


def results(done: list[Done]) -> list[object]:
    return [item.result.record if isinstance(item.result, SeenPage) else item.result for item in done]


def names(done: list[Done]) -> list[str]:
    found = []
    for item in done:
        if isinstance(item.result, Failure):
            page = "" if item.result.page is None else f"#{item.result.page}"
            found.append(f"{Path(item.result.source).name}{page} {item.result.code}")
        else:
            found.append(Path(item.result.record.info.name).name)
    return found


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_same_comes_out_as_one_after_the_other(many_files: list[Path], workers: int, batch_size: int) -> None:
    done = run(many_files, options=PipelineOptions(batch_size=batch_size), stream=StreamOptions(workers=workers))
    assert results(done) == simply(many_files)
    assert len(done) == 13


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.timeout(60)
def test_a_pipe_is_told_and_not_waited_for_when_digests_are_asked_for(many_files: list[Path], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    done = run([pipe, many_files[0]], stream=StreamOptions(workers=0, digest=True))
    assert names(done)[0] == "pipe.png I110"
    assert done[0].digest is None
    assert done[1].digest is not None


@pytest.mark.parametrize("pages", ["1", "2-3", "2-9", "7", "3,1"])
@pytest.mark.parametrize("workers", [0, 2])
def test_chosen_pages(many_files: list[Path], pages: str, workers: int) -> None:
    options = replace(PAGES, pages=parse_page_ranges(pages))
    assert results(run(many_files, stream=StreamOptions(workers=workers), pages=options)) == simply(many_files, options)


def test_which_pages_run_together_does_not_depend_on_the_workers(many_files: list[Path]) -> None:
    shapes = []
    for workers in (0, 1, 2):
        runtime = DarkRuntime()
        run(many_files, runtime, PipelineOptions(batch_size=2), StreamOptions(workers=workers))
        shapes.append(runtime.shapes)
    assert shapes[0] == shapes[1] == shapes[2]
    assert max(shape[0] for shape in shapes[0]) == 2


def test_later_looks_and_several_scales(many_files: list[Path]) -> None:
    for test in (TestSection(scales=(0.5, 1.0)), TestSection(ink="lines"), TestSection(resize="keep")):
        runtime = DarkRuntime(test)
        done = run(many_files, runtime, PipelineOptions(batch_size=2), StreamOptions(workers=1))
        assert results(done) == simply(many_files, test=test)


class SmallLines(DarkRuntime):
    """Finds small lines unless it looks closely."""

    def _find(self, image: np.ndarray) -> RawBoxes:
        count = 12 if max(image.shape) <= 320 else 3
        boxes = np.array([[0, 4 * i, 60, 4 * i + 3] for i in range(count)], np.float32)
        return RawBoxes(boxes, np.full(count, 0.9, np.float32), np.zeros(count, np.int64))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_second_look(many_files: list[Path], workers: int) -> None:
    done = run(many_files, SmallLines(TestSection(second_look=True)), stream=StreamOptions(workers=workers))
    seen = [item.result for item in done if isinstance(item.result, SeenPage)]
    assert {page.network_size for page in seen if max(page.record.info.width, page.record.info.height) == 400} == {400}
    assert {page.network_size for page in seen if page.record.info.height == 200} == {320}


def test_work_is_done_on_every_page(many_files: list[Path]) -> None:
    asked = []

    def work(info):
        asked.append(Path(info.name).name)
        return Crash()

    done = run(many_files, stream=StreamOptions(workers=2, work=work, digest=True))
    pages = [item for item in done if isinstance(item.result, SeenPage)]
    assert [item.made for item in pages] == [1] * len(pages)
    assert asked == names(pages), "in input order"
    digests = {item.path.name: item.digest for item in done}
    assert len({digest for digest in digests.values() if digest}) == len(digests) - 1
    assert {item.count for item in done if item.path.name == "c.pdf"} == {4}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_page_that_crashes_its_worker_fails_alone(many_files: list[Path], workers: int) -> None:
    work = Crash("a.png", "e.tif")
    done = run(many_files, stream=StreamOptions(workers=workers, work=lambda _: work))
    expected = ["c.pdf#1", "c.pdf#2", "c.pdf#3", "c.pdf#4", "f.jpg"]
    assert [name for name in names(done) if " " not in name] == expected
    assert names(done)[0] == "a.png R703"
    assert [name for name in names(done) if name.startswith("e.tif")] == [
        "e.tif#1 R703",
        "e.tif#2 R703",
        "e.tif#3 R703",
    ]


def test_a_page_that_hangs_its_worker_fails_alone(many_files: list[Path]) -> None:
    # The others get the same time, so it must do for a busy machine.
    options = replace(PAGES, timeout=6.0)
    work = Hang("f.jpg")
    done = run(many_files, stream=StreamOptions(workers=1, work=lambda _: work), pages=options)
    assert [name for name in names(done) if "R704" in name] == ["f.jpg R704"]
    assert names(done)[-1] == "a.png"
    (failure,) = (item.result for item in done if isinstance(item.result, Failure) and item.result.code == "R704")
    assert "--page-timeout" in failure.message


def test_a_reader_that_crashes_or_hangs_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A module that workers import as their reader of PDFs: the real one with traps.
    traps = tmp_path / "traps"
    traps.mkdir()
    (traps / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "if 'centernet_cli.inference.page_worker' in ' '.join(sys.orig_argv):\n"
        "    from centernet_cli.pages import pdf\n"
        "    read, init = pdf.PdfPages.read, pdf.PdfPages.__init__\n"
        "    def trapped(self, number):\n"
        "        if 'bad' in self._source and number == 2: os._exit(11)\n"
        "        if 'slow' in self._source and number == 1: time.sleep(1000)\n"
        "        return read(self, number)\n"
        "    def opening(self, path, options):\n"
        "        if 'worst' in str(path): os.kill(os.getpid(), 9)\n"
        "        init(self, path, options)\n"
        "    pdf.PdfPages.read, pdf.PdfPages.__init__ = trapped, opening\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(traps), os.environ.get("PYTHONPATH", "")]))
    paths = []
    for name in ("bad.pdf", "worst.pdf", "slow.pdf", "good.pdf"):
        picture(1).save(tmp_path / name, save_all=True, append_images=[picture(2), picture(3)])
        paths.append(tmp_path / name)
    done = run(paths, stream=StreamOptions(workers=1), pages=replace(PAGES, timeout=6.0))
    assert names(done) == [
        *("bad.pdf#1", "bad.pdf#2 R703", "bad.pdf#3"),
        "worst.pdf R703",
        *("slow.pdf#1 R704", "slow.pdf#2", "slow.pdf#3"),
        *("good.pdf#1", "good.pdf#2", "good.pdf#3"),
    ]


def test_an_error_of_the_work_ends_the_run(many_files: list[Path]) -> None:
    with pytest.raises(OutputError, match="O801"):
        run(many_files, stream=StreamOptions(workers=1, work=lambda _: Full()))


class Full:
    def __call__(self, *_):
        raise OutputError("O801", "cannot be written: no room")


def test_a_bad_model_ends_the_run_if_there_is_a_page(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"no picture")
    picture().save(tmp_path / "c.png")

    def open_runtime() -> DarkRuntime:
        raise ModelError("M501", "no such model")

    for workers in (0, 1):
        stream = StreamOptions(workers=workers)
        arguments = (PAGES, open_runtime, PipelineOptions(), stream)
        assert names(list(predict_files([tmp_path / "b.png"], *arguments))) == ["b.png I102"]
        with pytest.raises(ModelError):
            list(predict_files([tmp_path / "b.png", tmp_path / "c.png"], *arguments))


def children() -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(path.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_workers_end_with_the_run(many_files: list[Path]) -> None:
    before = children()
    stream: Any = predict_files(many_files, PAGES, DarkRuntime, PipelineOptions(), StreamOptions(workers=2))
    next(stream)
    assert len(children() - before) == 2
    stream.close()
    assert children() == before


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_worker_killed_from_outside_is_replaced(many_files: list[Path]) -> None:
    before = children()
    whole = names(run(many_files, stream=StreamOptions(workers=1)))
    stream = predict_files(many_files * 3, PAGES, DarkRuntime, PipelineOptions(), StreamOptions(workers=1))
    done = []
    for number, item in enumerate(stream):
        done.append(item)
        if number in {0, 13, 26}:
            for worker in children() - before:
                os.kill(worker, signal.SIGKILL)
    assert names(done) == whole * 3


def test_large_jpegs_give_the_same_boxes_from_fewer_pixels(tmp_path: Path) -> None:
    picture(7).resize((3000, 4000), Image.Resampling.NEAREST).save(tmp_path / "a.jpg", quality=95)
    (whole,) = run([tmp_path / "a.jpg"], stream=StreamOptions(workers=0))
    (reduced,) = run([tmp_path / "a.jpg"], stream=StreamOptions(workers=1), pages=replace(PAGES, enough=900))
    records: list[Any] = results([whole, reduced])
    assert records[0].info == records[1].info
    boxes = [np.array(record.annotations[0].box) for record in records]
    assert abs(boxes[0] - boxes[1]).max() <= 4000 / 320


class Tiny(DarkRuntime):
    """Finds very small lines, so that tiles are asked for."""

    def _find(self, image: np.ndarray) -> RawBoxes:
        del image
        boxes = np.array([[0, 3 * i, 60, 3 * i + 2] for i in range(12)], np.float32)
        return RawBoxes(boxes, np.full(12, 0.9, np.float32), np.zeros(12, np.int64))


@pytest.mark.parametrize("workers", [0, 1])
def test_tiles_show_all_pixels_of_a_reduced_jpeg(tmp_path: Path, workers: int) -> None:
    picture(7).resize((3000, 4000), Image.Resampling.NEAREST).save(tmp_path / "a.jpg", quality=95)
    paths = [tmp_path / "a.jpg"] * 2
    work = Shape()
    done = run(
        paths,
        Tiny(TestSection(second_look=True)),
        stream=StreamOptions(workers=workers, work=lambda _: work),
        pages=replace(PAGES, enough=900),
    )
    assert [item.made for item in done] == [(4000, 3000, 3)] * 2
    assert all(isinstance(item.result, SeenPage) and item.result.tiles for item in done)


class Shape:
    def __call__(self, page, _):
        return page.pixels.shape


def test_a_slow_consumer_is_no_hanging_worker(many_files: list[Path]) -> None:
    stream = predict_files(
        many_files, replace(PAGES, timeout=3.0), DarkRuntime, PipelineOptions(), StreamOptions(workers=1)
    )
    done = [next(stream)]
    time.sleep(4)
    done += stream
    assert [name for name in names(done) if "R70" in name] == []
