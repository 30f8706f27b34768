"""What use does to paper: crumples, curls, thermal print that fades, staples, fingers that hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from centernet_cli.datasets.synth.degrade import clouds, multiply

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]


def _noise(rng: Random) -> np.random.Generator:
    return np.random.default_rng(rng.getrandbits(63))


def crumple(pixels: Pixels, rng: Random) -> Pixels:
    """Shade facets between creases, as paper once balled up has them."""
    height, width = pixels.shape[:2]
    noise = _noise(rng)
    count = rng.randint(6, 30)
    # Facets: each of a few planes is lit by its own tilt; the nearest seed in a bent metric decides.
    seeds = noise.uniform(0, 1, (count, 2)).astype(np.float32)
    tilts = noise.normal(0, 1, (count, 2)).astype(np.float32)
    small_h, small_w = max(8, height // 8), max(8, width // 8)
    y, x = np.meshgrid(
        np.linspace(0, 1, small_h, dtype=np.float32), np.linspace(0, 1, small_w, dtype=np.float32), indexing="ij"
    )
    distance = (x[None] - seeds[:, 0, None, None]) ** 2 + (y[None] - seeds[:, 1, None, None]) ** 2
    nearest = distance.argmin(axis=0)
    lit = tilts[nearest, 0] * (x - seeds[nearest, 0]) + tilts[nearest, 1] * (y - seeds[nearest, 1])
    lit = cv2.resize(lit.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    strength = rng.uniform(0.15, 0.7)
    factor = 1 + np.clip(strength * lit, -0.3, 0.2) + 0.02 * clouds(rng, height, width, 30)
    return multiply(pixels, factor.astype(np.float32))


def thermal(pixels: Pixels, rng: Random) -> Pixels:
    """Fade print in bands and patches, as heads wear out and slips age."""
    height, width = pixels.shape[:2]
    fade = np.full((height, width), rng.uniform(0.0, 0.35), np.float32)
    if rng.random() < 0.5:
        fade += 0.25 * clouds(rng, height, width, rng.choice((2, 5, 12)))
    if rng.random() < 0.35:
        stripes = np.clip(_noise(rng).normal(0, 0.25, (1, max(4, width // rng.choice((3, 8, 20))))), 0, 0.7)
        fade += cv2.resize(stripes.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:
        fade += cv2.resize(
            np.clip(_noise(rng).normal(0, 0.2, (max(4, height // 6), 1)), 0, 0.6).astype(np.float32), (width, height)
        )
    ground = np.median(pixels.reshape(-1, 3)[:: max(1, height * width // 5000)], axis=0).astype(np.float32)
    fade = np.clip(fade, 0, 0.72)[..., None]
    return np.asarray(pixels + (ground - pixels) * fade, np.float32).clip(0, 255).astype(np.uint8)


def dot_matrix(pixels: Pixels, rng: Random, pitch: float) -> Pixels:
    """Break strokes into rows of dots, `pitch` pixels apart."""
    height, width = pixels.shape[:2]
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    step = max(2.0, pitch)
    gaps = 0.5 + 0.5 * np.cos(6.2832 * y / step) if rng.random() < 0.6 else np.zeros_like(y)
    gaps = np.maximum(gaps, 0.5 + 0.5 * np.cos(6.2832 * x / step))
    share = rng.uniform(0.2, 0.55) * gaps[..., None].astype(np.float32)
    ground = np.median(pixels.reshape(-1, 3)[:: max(1, height * width // 5000)], axis=0).astype(np.float32)
    return np.asarray(pixels + (ground - pixels) * share, np.float32).clip(0, 255).astype(np.uint8)


def staple(pixels: Pixels, rng: Random) -> None:
    """Draw a staple or a paper clip near a corner, in place."""
    height, width = pixels.shape[:2]
    size = width * rng.uniform(0.015, 0.03)
    x, y = rng.choice((0.04, 0.5, 0.93)) * width, rng.uniform(0.01, 0.04) * height
    angle = rng.uniform(-0.8, 0.8)
    ends = [(round(x + k * size * np.cos(angle)), round(y + k * size * np.sin(angle))) for k in (-1, 1)]
    grey = rng.randint(70, 170)
    cv2.line(pixels, ends[0], ends[1], (grey, grey, grey), max(1, round(size / 8)), cv2.LINE_AA)
    shade = tuple(max(0, grey - 50) for _ in range(3))
    cv2.line(pixels, (ends[0][0], ends[0][1] + 2), (ends[1][0], ends[1][1] + 2), shade, 1, cv2.LINE_AA)


def fingers(pixels: Pixels, rng: Random, reach: float) -> None:
    """Lay one to four finger tips over an edge of the picture, in place.

    Args:
        pixels: Picture `(H, W, 3)`.
        rng: Chance.
        reach: How far they come in at most, pixels.
    """
    height, width = pixels.shape[:2]
    skin = np.array(rng.choice(((224, 172, 140), (198, 134, 98), (141, 85, 54), (92, 58, 40), (240, 200, 175))), float)
    side = rng.choice(("l", "r", "b"))
    thick = max(4, round(reach * rng.uniform(0.35, 0.6)))
    at = rng.uniform(0.3, 0.8)
    for k in range(rng.randint(1, 4) if side != "b" else rng.randint(1, 2)):
        depth = reach * rng.uniform(0.5, 1.0)
        along = at * (width if side == "b" else height) + k * thick * 2.3
        if side == "b":
            start, end = (along, height + thick), (along + rng.gauss(0, thick), height - depth)
        else:
            start = (-thick if side == "l" else width + thick, along + rng.gauss(0, thick))
            end = (depth if side == "l" else width - depth, along)
        a, b = (tuple(round(value) for value in point) for point in (start, end))
        colour = skin * rng.uniform(0.85, 1.05)
        cv2.line(pixels, a, b, (colour * 0.75).clip(0, 255).tolist(), thick * 2 + 2, cv2.LINE_AA)
        cv2.line(pixels, a, b, colour.clip(0, 255).tolist(), thick * 2 - 2, cv2.LINE_AA)
        cv2.circle(pixels, b, max(2, round(thick * 0.55)), (colour * 1.1).clip(0, 255).tolist(), -1, cv2.LINE_AA)
