from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.errors import OutputError
from centernet_cli.core.records import Annotation, Page, PageInfo
from centernet_cli.rendering.overlay_folder import OverlayFolder


def info(source: str, page: int | None = None) -> PageInfo:
    return PageInfo(source=source, width=40, height=30, page=page)


def names(folder: OverlayFolder, *infos: PageInfo) -> list[str]:
    return [folder.path_for(one).name for one in infos]


def test_pages_have_numbers_and_images_none(tmp_path: Path) -> None:
    folder = OverlayFolder(tmp_path)
    found = names(folder, info("x/a.pdf", 3), info("x/a.pdf", 1234), info("b.c.png"))
    assert found == ["a-p003.jpg", "a-p1234.jpg", "b.c.jpg"]


def test_equal_stems_stay_apart(tmp_path: Path) -> None:
    folder = OverlayFolder(tmp_path)
    found = names(
        folder, info("x/a.png"), info("y/a.png"), info("y/A.jpg"), info("a-2.png"), info("a-p001.png"), info("a.pdf", 1)
    )
    assert found == ["a.jpg", "a-2.jpg", "A-3.jpg", "a-2-2.jpg", "a-p001.jpg", "a-p001-2.jpg"]
    assert len({name.casefold() for name in found}) == len(found)


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "scan.jpg"
    Image.new("RGB", (40, 30)).save(source)
    before = source.read_bytes()
    folder = OverlayFolder(tmp_path, [source])
    page = Page(info=info(str(source)), pixels=np.zeros((30, 40, 3), np.uint8))
    written = folder.write(page, [Annotation(label="a", box=(1, 1, 20, 10))], ("a",))
    assert written == tmp_path / "scan-2.jpg"
    assert source.read_bytes() == before
    with Image.open(written) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (40, 30)


@pytest.mark.parametrize("stem", ["a b", "новости", "🗞", "-x", "a\nb", "bad\udcff", "x" * 250, "é" * 125])
def test_any_name_can_be_written(tmp_path: Path, stem: str) -> None:
    folder = OverlayFolder(tmp_path / "new" / "folder")
    page = Page(info=info(f"{stem}.png", 2), pixels=np.zeros((30, 40, 3), np.uint8))
    path = folder.write(page, [], ("a",))
    assert path.parent == tmp_path / "new" / "folder"
    assert path.stat().st_size > 0
    assert path.name.isprintable()


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    page = Page(info=info("a.png"), pixels=np.zeros((30, 40, 3), np.uint8))
    with pytest.raises(OutputError):
        OverlayFolder(tmp_path / "file").write(page, [], ("a",))
