from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.records import Failure, Page
from centernet_cli.pages.options import PageOptions, parse_page_ranges
from centernet_cli.pages.reader import FileReader
from centernet_cli.pages.source import read_pages


def many(path: Path, frames: int) -> Path:
    first, *others = (Image.new("L", (20 + number, 30), 255) for number in range(1, frames + 1))
    first.save(path, save_all=True, append_images=others)
    return path


def numbers(items: list[Page | Failure]) -> list[int | None]:
    return [item.page if isinstance(item, Failure) else item.info.page for item in items]


def one_after_another(reader: FileReader) -> list[Page | Failure]:
    items: list[Page | Failure] = []
    after = None
    while (item := reader.frame(after)) is not None:
        items.append(item)
        after = item.page if isinstance(item, Failure) else item.info.page
        if after is None:
            break
    return items


@pytest.mark.parametrize("pages", [None, "2-3", "1,4", "2-9", "2-", "4-", "5-"])
def test_frames_are_those_of_read_pages(tmp_path: Path, pages: str | None) -> None:
    path = many(tmp_path / "fax.tif", 4)
    options = PageOptions(pages=None if pages is None else parse_page_ranges(pages))
    reader = FileReader(path, options)
    assert reader.count is None
    assert numbers(one_after_another(reader)) == numbers(list(read_pages(path, options)))
    # Another process may go on where one died.
    for after in (1, 3):
        expected = [number for number in numbers(list(read_pages(path, options))) if number is None or number > after]
        item = FileReader(path, options).frame(after)
        assert numbers([] if item is None else [item]) == expected[:1]


@pytest.mark.parametrize("pages", [None, "1-2", "1-4", "2-"])
def test_the_end_is_not_where_others_go_on(tmp_path: Path, pages: str | None) -> None:
    # The same file is given twice, and its pages are asked for in turns.
    path = many(tmp_path / "fax.tif", 4)
    options = PageOptions(pages=None if pages is None else parse_page_ranges(pages))
    reader = FileReader(path, options)
    expected = one_after_another(reader)
    numbers_there = numbers(expected)
    for after, number in zip([None, *numbers_there], numbers_there, strict=False):
        item = FileReader(path, options).frame(numbers_there[-1])
        assert item is None or isinstance(item, Failure)
        reader.frame(numbers_there[-1])
        found = reader.frame(after)
        assert found is not None
        assert numbers([found]) == [number]


def test_pages_of_a_pdf_come_in_any_order(tmp_path: Path) -> None:
    path = many(tmp_path / "a.pdf", 3)
    reader = FileReader(path, PageOptions())
    assert reader.count == 3
    assert numbers([reader.page(3), reader.page(1), reader.page(9)]) == [3, 1, 9]
    assert isinstance(reader.page(9), Failure)
    reader.close()


def test_what_cannot_be_opened_is_one_failure(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"nothing")
    for name in ("a.pdf", "missing.png"):
        reader = FileReader(tmp_path / name, PageOptions())
        assert reader.count is None
        assert isinstance(reader.frame(), Failure)


@pytest.mark.parametrize(
    ("size", "enough", "expected"),
    [
        ((1000, 800), 500, (500, 400)),
        ((1000, 800), 501, (1000, 800)),
        ((999, 64), 100, (500, 32)),
        ((3, 900), 100, None),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_large_jpegs_are_decoded_smaller(
    tmp_path: Path, size: tuple[int, int], enough: int, expected: tuple[int, int] | None, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", size, (200, 120, 40)).save(tmp_path / "a.jpg", exif=exif)
    (page,) = read_pages(tmp_path / "a.jpg", PageOptions(enough=enough))
    (whole,) = read_pages(tmp_path / "a.jpg")
    assert isinstance(page, Page)
    assert isinstance(whole, Page)
    assert page.info == whole.info
    if expected is not None:
        shape = expected if orientation == 6 else expected[::-1]
        assert page.pixels.shape[:2] == shape
    assert max(page.pixels.shape[:2]) >= min(enough, max(size))
    assert abs(page.pixels.reshape(-1, 3).mean(axis=0) - whole.pixels.reshape(-1, 3).mean(axis=0)).max() < 2


def test_other_pictures_keep_their_pixels(tmp_path: Path) -> None:
    pixels = np.zeros((400, 300, 3), np.uint8)
    for name in ("a.png", "a.tif", "a.webp"):
        Image.fromarray(pixels).save(tmp_path / name)
        (page,) = read_pages(tmp_path / name, PageOptions(enough=10))
        assert isinstance(page, Page)
        assert page.pixels.shape == (400, 300, 3)
