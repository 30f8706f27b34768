from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from centernet_cli.core.errors import OutputError
from centernet_cli.rendering.plot_parts import COLOURS
from centernet_cli.rendering.plot_png import draw_histogram, histogram_png


def colour(index):
    text = COLOURS[index].lstrip("#")
    return tuple(int(text[at : at + 2], 16) for at in (0, 2, 4))


def share(picture, index):
    return (np.asarray(picture) == colour(index)).all(axis=2).sum()


@pytest.mark.parametrize("log", [False, True])
def test_bars_are_as_high_as_their_counts(log):
    edges = [1, 10, 100] if log else [0, 1, 2]
    one = draw_histogram(edges, [("a", [10, 5])], title="t", log_x=log)
    half = draw_histogram(edges, [("a", [10, 0])], title="t", log_x=log)
    assert share(half, 0) / share(one, 0) == pytest.approx(2 / 3, abs=0.02)


def test_series_stand_on_each_other():
    picture = draw_histogram([0, 1, 2], [("a", [4, 4]), ("b", [4, 0])], title="t")
    legend = 19 * 19
    assert share(picture, 0) - legend == pytest.approx(2 * (share(picture, 1) - legend), rel=0.03)


def test_many_series_with_any_names():
    series = [(f"\u0000{number}" * 30, [1, 2]) for number in range(30)]
    assert draw_histogram([0, 1, 2], series, title="🙂\n", x_label="x").size == (1120, 640)
    assert draw_histogram([0, 1], [], title="none").size == (1120, 640)


def test_files(tmp_path):
    histogram_png(tmp_path / "a.png", [0, 1], [("", [3])], title="t")
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
    with pytest.raises(OutputError, match="O801"):
        histogram_png(tmp_path, [0, 1], [("", [3])], title="t")
