from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.datasets.original_colours import EIGENVALUES, EIGENVECTORS, original_colours


def oracle(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same in the original's terms: BGR shares, channel by channel, float64."""
    blue, green, red = (rgb[:, :, i] / 255.0 for i in (2, 1, 0))
    grey = 0.114 * blue + 0.587 * green + 0.299 * red
    mean = grey.mean()
    channels = [blue, green, red]
    for name in (("brightness", "contrast", "saturation")[i] for i in rng.permutation(3)):
        alpha = rng.uniform(0.6, 1.4)
        other = {"brightness": 0.0, "contrast": mean, "saturation": grey}[name]
        channels = [alpha * channel + (1 - alpha) * other for channel in channels]
    alphas = rng.normal(0, 0.1, 3)
    values = (0.2141788, 0.01817699, 0.00341571)
    rows = (
        (-0.58752847, -0.69563484, 0.41340352),
        (-0.5832747, 0.00994535, -0.81221408),
        (-0.56089297, 0.71832671, 0.41158938),
    )
    out = []
    for channel, row in zip(channels, rows, strict=True):
        shift = sum(a * b * c for a, b, c in zip(row, values, alphas, strict=True))
        out.append(np.clip(channel + shift, 0, 1) * 255)
    return np.stack(out[::-1], axis=2)


def picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@given(seed=st.integers(0, 2**32), height=st.integers(1, 20), width=st.integers(1, 20))
def test_it_agrees_with_the_formulas(seed, height, width):
    pixels = picture(seed, height, width)
    before = pixels.copy()
    changed = original_colours(pixels, np.random.default_rng(seed))
    assert changed.dtype == np.uint8
    assert changed.shape == pixels.shape
    assert np.abs(changed - oracle(pixels, np.random.default_rng(seed))).max() <= 0.51
    assert (pixels == before).all()
    assert (changed == original_colours(pixels, np.random.default_rng(seed))).all()


def test_the_axes_are_orthonormal_and_the_lighting_is_mostly_grey():
    assert np.abs(EIGENVECTORS.T @ EIGENVECTORS - np.eye(3)).max() < 1e-6
    assert EIGENVALUES[0] > 10 * EIGENVALUES[1]
    assert np.ptp(EIGENVECTORS[:, 0]) < 0.03


def test_red_and_blue_are_not_exchanged():
    # Along the second axis blue loses what red wins; it is less than a level mostly, hence many draws.
    grey = np.full((2, 2, 3), 128, np.uint8)
    found = [original_colours(grey, np.random.default_rng(seed))[0, 0].astype(float) for seed in range(400)]
    wanted = [oracle(grey, np.random.default_rng(seed))[0, 0] for seed in range(400)]
    red_less_blue = np.array([x[0] - x[2] for x in found])
    assert np.corrcoef(red_less_blue, [x[0] - x[2] for x in wanted])[0, 1] > 0.5


def test_it_spreads_as_far_as_it_should():
    grey = np.full((2, 2, 3), 100, np.uint8)
    means = np.array([original_colours(grey, np.random.default_rng(seed)).mean() for seed in range(400)])
    # Brightness moves an even picture to 60 or 140; after it contrast and saturation, whose greys are those of before,
    # move it on by up to 1.4 each: to 21.6 or 178.4, and the lighting by a few levels.
    assert 15 < means.min() < 55
    assert 145 < means.max() < 190
    assert abs(means.mean() - 100) < 5
