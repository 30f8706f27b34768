from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.inference.fakes import picture
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from fakes import picture


@pytest.fixture
def many_files(tmp_path: Path) -> list[Path]:
    """Ten pages in files of all kinds, with unreadable ones between them."""
    picture(1).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    pages = [picture(number, 300 + 30 * (number % 2)) for number in range(2, 6)]
    pages[0].save(tmp_path / "c.pdf", save_all=True, append_images=pages[1:], resolution=72)
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.4 no more")
    pages[0].convert("L").save(
        tmp_path / "e.tif", save_all=True, append_images=[page.convert("L") for page in pages[1:3]]
    )
    picture(9, 320, 200).save(tmp_path / "f.jpg", quality=95)
    return [*sorted(tmp_path.iterdir()), tmp_path / "missing.png", tmp_path / "a.png"]
