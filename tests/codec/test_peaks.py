from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from centernet_cli.codec.peaks import find_peaks, top_peaks

# Few values, so that there are ties.
HEATMAPS = arrays(np.float32, (2, 2, 5, 7), elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))


def naive_peaks(heatmap: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    out = np.zeros_like(heatmap)
    half_w, half_h = window[0] // 2, window[1] // 2
    for b, k, y, x in np.ndindex(heatmap.shape):
        around = heatmap[b, k, max(0, y - half_h) : y + half_h + 1, max(0, x - half_w) : x + half_w + 1]
        if heatmap[b, k, y, x] == around.max():
            out[b, k, y, x] = heatmap[b, k, y, x]
    return out


@pytest.mark.parametrize("window", [(1, 1), (3, 3), (5, 3), (1, 5), (9, 3)])
@given(heatmap=HEATMAPS)
def test_peaks_are_the_largest_of_their_window(window, heatmap):
    assert (find_peaks(torch.from_numpy(heatmap), window).numpy() == naive_peaks(heatmap, window)).all()


def test_a_wide_window_joins_what_lies_side_by_side_only():
    heatmap = torch.zeros(1, 1, 9, 9)
    heatmap[0, 0, 4, 1], heatmap[0, 0, 4, 4], heatmap[0, 0, 8, 4] = 0.5, 0.9, 0.4
    assert find_peaks(heatmap, (7, 3)).nonzero()[:, 2:].tolist() == [[4, 4], [8, 4]]
    assert find_peaks(heatmap, (3, 9)).nonzero()[:, 2:].tolist() == [[4, 1], [4, 4]]


def test_equal_neighbours_are_both_peaks():
    heatmap = torch.zeros(1, 1, 3, 4)
    heatmap[0, 0, 1, 1] = heatmap[0, 0, 1, 2] = 0.5
    assert find_peaks(heatmap).count_nonzero() == 2


@given(HEATMAPS, st.integers(1, 100))
def test_top_peaks_for_any_k(heatmap, k):
    peaks = top_peaks(torch.from_numpy(heatmap), k)
    cells = heatmap[0].size
    for page in range(len(heatmap)):
        ordered = np.sort(heatmap[page].ravel())[::-1]
        assert peaks.scores[page].tolist() == [*ordered[:k].tolist(), *([0.0] * (k - cells))]
        places = [values[page].numpy() for values in (peaks.classes, peaks.ys, peaks.xs)]
        found = peaks.scores[page].numpy() > 0
        assert (heatmap[page][tuple(places)] == peaks.scores[page].numpy())[found].all()
        assert len(set(zip(*(p[found].tolist() for p in places), strict=True))) == found.sum()


@pytest.mark.parametrize("k", [1, 3, 8, 40])
def test_classes_share_k(k):
    heatmap = torch.tensor([[0.9, 0.5, 0.1, 0.3], [0.8, 0.7, 0.6, 0.2]]).view(1, 2, 1, 4)
    peaks = top_peaks(heatmap, k)
    expected = [(0, 0), (1, 0), (1, 1), (1, 2), (0, 1), (0, 3), (1, 3), (0, 2)][:k]
    assert list(zip(peaks.classes[0].tolist(), peaks.xs[0].tolist(), strict=True))[:8] == expected
    assert peaks.scores.shape == (1, k)
    assert peaks.scores[0, 8:].count_nonzero() == 0
    assert peaks.ys.count_nonzero() == 0
