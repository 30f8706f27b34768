"""What scanners, cameras and time do to a page, without moving anything on it.

Every function takes RGB uint8 `(H, W, 3)` and returns the same; randomness comes from the generator given.
"""

from __future__ import annotations

import cv2
import numpy as np

from centernet_cli.datasets.resize import Pixels


def colours(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Change contrast, brightness and gamma, tint the paper, drop the colours, seldom invert."""
    ramp = np.linspace(0.0, 1.0, 256)
    ramp = ramp ** np.exp(rng.normal(0, 0.25))
    ramp = (ramp - 0.5) * rng.uniform(0.6, 1.25) + 0.5 + rng.uniform(-0.12, 0.12)
    if rng.random() < 0.03:
        ramp = 1.0 - ramp
    if rng.random() < 0.35:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        pixels = np.repeat(grey[:, :, None], 3, axis=2)
    tint = 1.0 - np.abs(rng.normal(0, 0.06, 3)) * (rng.random() < 0.5)
    tables = [np.clip(ramp * channel * 255, 0, 255).astype(np.uint8) for channel in tint]
    toned: Pixels = np.stack([table[pixels[:, :, i]] for i, table in enumerate(tables)], axis=2)
    return toned


def light(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Darken smoothly, as a curved page or a lamp does."""
    height, width = pixels.shape[:2]
    coarse = rng.uniform(rng.uniform(0.45, 0.85), 1.0, (3, 3)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(pixels * np.clip(field, 0.2, 1.1)[:, :, None], 0, 255), dtype=np.uint8)


def noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Add Gaussian noise, the same in all channels."""
    height, width = pixels.shape[:2]
    grain = np.empty((height, width), dtype=np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(grain, np.zeros(1), np.full(1, rng.uniform(2, 16)))
    return np.asarray(np.clip(pixels.astype(np.int16) + grain[:, :, None], 0, 255), dtype=np.uint8)


def blur(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Blur slightly."""
    sigma = float(rng.uniform(0.3, 1.3))
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def coarsen(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Lose resolution: shrink and grow again."""
    height, width = pixels.shape[:2]
    factor = rng.uniform(0.5, 0.9)
    size = (max(1, int(width * factor)), max(1, int(height * factor)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def jpeg(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Compress and decompress."""
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 75))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def stroke(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Thicken or thin the ink."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2, 2) if rng.random() < 0.7 else (3, 3))
    change = cv2.erode if rng.random() < 0.6 else cv2.dilate
    return np.asarray(change(pixels, kernel), dtype=np.uint8)


def threshold(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Make it black and white, as fax machines and old digitisation projects did."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    binary = np.where(grey > level + rng.uniform(-20, 20), 255, 0).astype(np.uint8)
    return np.repeat(binary[:, :, None], 3, axis=2)


def bleed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Let the mirrored page shine through."""
    other = cv2.GaussianBlur(pixels[:, ::-1], (0, 0), 1.2)
    share = float(rng.uniform(0.05, 0.2))
    ghost = 255 - share * (255 - other.astype(np.float32))
    return np.minimum(pixels, ghost.astype(np.uint8))


DEGRADATIONS = (light, noise, blur, coarsen, jpeg, stroke, threshold, bleed)
ODDS = np.array([0.2, 0.15, 0.15, 0.15, 0.15, 0.1, 0.04, 0.06])


def degrade(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Apply one to three of `DEGRADATIONS`, in random order."""
    chosen = rng.choice(len(DEGRADATIONS), size=int(rng.integers(1, 4)), replace=False, p=ODDS)
    for i in chosen:
        pixels = DEGRADATIONS[i](pixels, rng)
    return pixels
