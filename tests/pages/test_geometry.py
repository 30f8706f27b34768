from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.pages.geometry import PdfPageSize, Raster, raster_of
from centernet_cli.pages.options import PageOptions

sides = st.floats(0.01, 20_000)


@given(sides, sides, st.floats(1, 1200))
def test_a_resolution_gives_the_nearest_whole_pixels(width_pt, height_pt, dpi):
    raster = raster_of(PdfPageSize(width_pt, height_pt, 0), PageOptions(dpi=dpi))
    assert raster.dpi == dpi
    for pixels, points in ((raster.width, width_pt), (raster.height, height_pt)):
        assert pixels == max(1, round(points * dpi / 72))


@given(sides, sides, st.integers(1, 10_000))
def test_without_a_resolution_the_long_side_has_the_target(width_pt, height_pt, target):
    raster = raster_of(PdfPageSize(width_pt, height_pt, 90), PageOptions(target_long_side=target))
    assert max(raster.width, raster.height) == target
    assert raster.dpi == pytest.approx(72 * target / max(width_pt, height_pt))


def test_a_letter_page():
    assert raster_of(PdfPageSize(612, 792, 0), PageOptions(dpi=300)) == Raster(2550, 3300, 300)
    assert raster_of(PdfPageSize(612, 792, 0), PageOptions()) == Raster(1583, 2048, 72 * 2048 / 792)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((595, 842), (1447, 2048)),
        ((842, 1191), (1448, 2048)),
        ((2384, 3370), (3642, 5149)),
        ((14400, 14400), (2047, 2047)),
    ],
)
def test_large_sheets_get_more_pixels(size: tuple[int, int], expected: tuple[int, int]) -> None:
    limit = 4.2 if size[0] == 14400 else 250
    raster = raster_of(PdfPageSize(*size, 0), PageOptions(least_dpi=110, max_megapixels=limit))
    assert abs(raster.width - expected[0]) <= 4
    assert abs(raster.height - expected[1]) <= 4
