from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation, PageInfo, PageRecord
from centernet_cli.core.safe_io import sha256_file
from centernet_cli.inference.ledger import Ledger, ledger_path, options_key
from centernet_cli.inference.sinks.sink import SeenPage

ANNOTATION = st.builds(
    lambda label, box, score: Annotation(label=label, box=box, score=score),
    st.sampled_from(["text_line", "ä\ud800"]),
    st.tuples(*[st.floats(0, 1e5)] * 4),
    st.floats(0, 1),
)
PAGES = st.builds(
    lambda annotations, number, dpi, tiles: SeenPage(
        record=PageRecord(
            info=PageInfo(source="a.pdf", width=100, height=200, page=number, dpi=dpi, width_pt=10.5, rotation=90),
            annotations=tuple(annotations),
        ),
        network_size=1024,
        tiles=tiles,
    ),
    st.lists(ANNOTATION, max_size=4),
    st.none() | st.integers(1, 9),
    st.none() | st.floats(1, 600),
    st.none() | st.tuples(st.integers(1, 4), st.integers(1, 4)),
)


def page(number: int | None = None, score: float = 0.5) -> SeenPage:
    info = PageInfo(source="a.pdf", width=100, height=200, page=number)
    annotation = Annotation(label="text_line", box=(1.0, 2.0, 3.0, 4.125), score=score)
    return SeenPage(record=PageRecord(info=info, annotations=(annotation,)), network_size=640)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"content")
    return path


@given(pages=st.lists(PAGES, max_size=4))
def test_results_come_back_as_they_were(tmp_path_factory, pages) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    file = folder / "a.pdf"
    file.write_bytes(b"content")
    digest = sha256_file(file)
    with Ledger(folder / "x.ledger", "key", resume=True) as ledger:
        for one in pages:
            ledger.add(digest, 9, one)
    with Ledger(folder / "x.ledger", "key", resume=True) as ledger:
        known = ledger.known(file, None)
        last = {one.record.info.page: one for one in pages}
        assert ledger.found == len(last)
        assert (known is None) == (not pages)
        for number, one in last.items():
            assert known is not None
            got = known.page(number)
            assert got is not None
            assert got.record.annotations == one.record.annotations
            assert (got.network_size, got.tiles, got.record.info.dpi) == (1024, one.tiles, one.record.info.dpi)
            assert got.record.info.source == str(file)


@pytest.mark.parametrize("cut", range(1, 200, 7))
def test_cut_off_anywhere_whole_results_stay(tmp_path: Path, file: Path, cut: int) -> None:
    path = tmp_path / "x.ledger"
    digest = sha256_file(file)
    with Ledger(path, "key", resume=False) as ledger:
        for number in (1, 2, 3):
            ledger.add(digest, 3, page(number, number / 8))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with Ledger(path, "key", resume=True) as ledger:
        known = ledger.known(file, None)
        done = [number for number in (1, 2, 3) if known is not None and known.page(number) is not None]
        assert done == [1, 2, 3][: len(done)]
        for number in (1, 2, 3):
            if number not in done:
                ledger.add(digest, 3, page(number, number / 8))
    assert path.read_bytes() == whole


def test_other_options_begin_anew(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "x.ledger"
    for key, resume, foreign in (
        ("one", False, False),
        ("two", True, True),
        ("two", True, False),
        ("two", False, False),
    ):
        with Ledger(path, key, resume=resume) as ledger:
            assert ledger.foreign == foreign
            expected = 1 if (key, resume, foreign) == ("two", True, False) else 0
            assert ledger.found == expected
            if not expected:
                ledger.add(sha256_file(file), None, page())
    assert options_key({"a": 1, "b": None}) == options_key({"b": None, "a": 1}) != options_key({"a": 2, "b": None})


@pytest.mark.parametrize("content", [b"", b"\0\xff", b"[]\n", b'{"ledger": 99}\n', b"x" * 99])
def test_anything_else_is_no_ledger(tmp_path: Path, file: Path, content: bytes) -> None:
    path = tmp_path / "x.ledger"
    path.write_bytes(content)
    with Ledger(path, "key", resume=True) as ledger:
        assert ledger.known(file, None) is None
        ledger.add(sha256_file(file), None, page())
    with Ledger(path, "key", resume=True) as ledger:
        assert ledger.found == 1


def test_files_are_known_by_their_content(tmp_path: Path, file: Path) -> None:
    with Ledger(tmp_path / "x.ledger", "key", resume=True) as ledger:
        ledger.add(sha256_file(file), None, page())
    (tmp_path / "copy.png").write_bytes(file.read_bytes())
    file.write_bytes(b"changed")
    with Ledger(tmp_path / "x.ledger", "key", resume=True) as ledger:
        assert ledger.known(file, None) is None
        assert ledger.known(tmp_path / "missing.png", None) is None
        known = ledger.known(tmp_path / "copy.png", None)
        assert known is not None
        found = known.page(None)
        assert found is not None
        assert found.record.info.source == str(tmp_path / "copy.png")


@pytest.mark.parametrize(
    ("done", "wanted", "frames"),
    [((1, 2, 4), None, [1, 2]), ((2, 3), None, []), ((2, 3), ((2, None),), [2, 3]), ((1, 4), ((1, 1), (4, 5)), [1, 4])],
)
def test_frames_are_used_up_to_the_first_that_is_missing(tmp_path, file, done, wanted, frames) -> None:
    with Ledger(tmp_path / "x.ledger", "key", resume=False) as ledger:
        for number in done:
            ledger.add(sha256_file(file), None, page(number))
    with Ledger(tmp_path / "x.ledger", "key", resume=True) as ledger:
        known = ledger.known(file, wanted)
        assert known is not None
        assert known.frames() == frames


def test_its_place_is_beside_the_output() -> None:
    assert ledger_path(Path("x/boxes.json")) == Path("x/boxes.json.ledger")
    assert ledger_path(Path("x/folder/")) == Path("x/folder.ledger")
