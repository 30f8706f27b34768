from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.codec import draw as draw_module
from centernet_cli.codec.draw import draw, windows
from centernet_cli.codec.gaussian import Spread

H, W = 12, 20

objects = st.lists(
    st.tuples(
        st.integers(0, W - 1), st.integers(0, H - 1), st.floats(0.2, 4.0), st.floats(0.2, 4.0), st.integers(0, 2)
    ),
    max_size=12,
)


def slow(x: int, y: int, sigma_x: float, sigma_y: float, page: int) -> dict[int, float]:
    """Cells of one Gaussian, drawn as far as three sigmas, with their values."""
    cells = {}
    for row in range(H):
        for column in range(W):
            dx, dy = abs(column - x), abs(row - y)
            if dx <= 3 * sigma_x and dy <= 3 * sigma_y:
                cells[(page * H + row) * W + column] = math.exp(-(dx**2 / (2 * sigma_x**2) + dy**2 / (2 * sigma_y**2)))
    return cells


def drawn(found) -> tuple[list[int], list[dict[int, float]]]:
    """How many cells each part has, and the cells of each object with their values."""
    centres = torch.tensor([each[:2] for each in found], dtype=torch.float32).reshape(-1, 2)
    sigma_x, sigma_y = (torch.tensor([each[i] for each in found], dtype=torch.float32) for i in (2, 3))
    page = torch.tensor([each[4] for each in found], dtype=torch.long)
    window = windows(centres, page, Spread(sigma_x, sigma_y, 3 * sigma_x, 3 * sigma_y), (H, W))
    cells: list[dict[int, float]] = [{} for _ in found]
    lengths = []
    for part in draw(window, W):
        lengths.append(len(part.cells))
        for which, cell, value in zip(part.objects.tolist(), part.cells.tolist(), part.values.tolist(), strict=True):
            assert cell not in cells[which]
            cells[which][cell] = value
    return lengths, cells


@pytest.mark.parametrize("chunk", [1, 7, 60, 10**6])
@given(found=objects)
def test_every_object_is_drawn_once_however_the_list_is_cut(chunk, found):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(draw_module, "CHUNK", chunk)
        lengths, cells = drawn(found)
    for (x, y, sigma_x, sigma_y, page), values in zip(found, cells, strict=True):
        rounded_x, rounded_y = torch.tensor([sigma_x, sigma_y], dtype=torch.float32).tolist()
        expected = slow(x, y, rounded_x, rounded_y, page)
        assert values == pytest.approx(expected, abs=1e-6)
        assert values[(page * H + y) * W + x] == 1
    # Bounded: never more than asked for and what one object has.
    assert all(length <= chunk + H * W for length in lengths)
    assert all(lengths)
