"""What happens to paper and picture between press and pixel: light, dirt, ink, optics, sensors, compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from centernet_cli.datasets.synth.figures import photo, random_colour

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    from centernet_cli.datasets.synth.display import Colour

    Pixels = npt.NDArray[np.uint8]
    Reals = npt.NDArray[np.float32]


def _noise(rng: Random) -> np.random.Generator:
    return np.random.default_rng(rng.getrandbits(63))


def clouds(rng: Random, height: int, width: int, cells: int) -> Reals:
    """Return smooth noise `(H, W)`, about -1 to 1."""
    coarse = _noise(rng).normal(0, 0.5, (max(2, round(cells * height / width)), max(2, cells))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def multiply(pixels: Pixels, factor: Reals) -> Pixels:
    """Multiply brightness by `(H, W)` factors."""
    return np.asarray(np.clip(pixels * factor[..., None], 0, 255), np.uint8)


def paper_texture(pixels: Pixels, rng: Random, strength: float) -> Pixels:
    """Add blotches, fibres and foxing."""
    height, width = pixels.shape[:2]
    factor = 1 + strength * (0.05 * clouds(rng, height, width, 5) + 0.03 * clouds(rng, height, width, 40))
    grain = _noise(rng).normal(0, 0.02 * strength, (height // 2 + 1, width // 2 + 1)).astype(np.float32)
    factor += cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    result = multiply(pixels, factor.astype(np.float32))
    for _ in range(rng.choice((0, 0, 0, 2, 8)) if strength > 0.5 else 0):
        dot = np.zeros((height, width), np.float32)
        cv2.circle(dot, (rng.randint(0, width), rng.randint(0, height)), rng.randint(2, max(3, width // 14)), 1.0, -1)
        spot = np.asarray(cv2.GaussianBlur(dot, (0, 0), rng.uniform(2, 14)), np.float32)
        result = multiply(result, 1 - spot * rng.uniform(0.04, 0.2))
    return result


def uneven_light(pixels: Pixels, rng: Random, strength: float) -> Pixels:
    """Brighten one side, darken another; shadows of a spine, a hand or the camera."""
    height, width = pixels.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    angle = rng.uniform(0, 6.28)
    factor = 1 + strength * (
        0.25 * (np.cos(angle) * x + np.sin(angle) * y) + 0.15 * clouds(rng, height, width, 3) - 0.1 * (x * x + y * y)
    )
    if rng.random() < 0.35:
        side = rng.choice((-1, 1))
        factor -= strength * 0.7 * np.exp(-((x - side) ** 2) / rng.uniform(0.005, 0.08))
    if rng.random() < 0.3 * min(1.0, strength * 2):
        edge = (
            rng.uniform(-0.8, 0.8)
            + rng.uniform(-0.6, 0.6) * y
            + rng.uniform(-0.2, 0.2) * np.sin(3 * y + rng.uniform(0, 6))
        )
        soft = rng.uniform(0.02, 0.3)
        factor *= 1 - strength * rng.uniform(0.2, 0.5) / (1 + np.exp(np.clip(-(x - edge) / soft, -30, 30)))
    return multiply(pixels, np.clip(factor, 0.15, 1.6).astype(np.float32))


def bleed_through(pixels: Pixels, other: Pixels, rng: Random) -> Pixels:
    """Let the page's back shine through, mirrored and soft."""
    height, width = pixels.shape[:2]
    back = cv2.cvtColor(cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA)[:, ::-1], cv2.COLOR_RGB2GRAY)
    shifted = np.roll(
        cv2.GaussianBlur(back, (0, 0), rng.uniform(0.7, 2.5)), (rng.randint(-40, 40), rng.randint(-40, 40)), axis=(0, 1)
    )
    return multiply(pixels, (1 - rng.uniform(0.06, 0.28) * (255 - shifted.astype(np.float32)) / 255).astype(np.float32))


def ink_spread(pixels: Pixels, rng: Random) -> Pixels:
    """Thicken, thin, fade or break the ink."""
    roll = rng.random()
    small = np.ones((2, 2), np.uint8)
    if roll < 0.3:
        mixed = cv2.addWeighted(pixels, 1 - (share := rng.uniform(0.3, 0.9)), cv2.erode(pixels, small), share, 0)
        return np.asarray(mixed, np.uint8)
    if roll < 0.5:
        mixed = cv2.addWeighted(pixels, 1 - (share := rng.uniform(0.15, 0.5)), cv2.dilate(pixels, small), share, 0)
        return np.asarray(mixed, np.uint8)
    height, width = pixels.shape[:2]
    fade = np.clip(rng.uniform(0.1, 0.35) + 0.35 * clouds(rng, height, width, rng.choice((4, 12, 60))), 0, 0.62)[
        ..., None
    ]
    ground = float(np.median(pixels))
    return np.asarray(pixels + (ground - pixels) * fade, np.float32).clip(0, 255).astype(np.uint8)


def optics(pixels: Pixels, rng: Random, *, strong: bool) -> Pixels:
    """Blur by defocus or motion, or by fewer pixels."""
    roll = rng.random()
    height, width = pixels.shape[:2]
    if roll < 0.45:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.35, 1.3 if strong else 0.8)), np.uint8)
    if roll < 0.8:
        share = rng.uniform(0.5 if strong else 0.65, 0.95)
        small = cv2.resize(pixels, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA)
        return np.asarray(
            cv2.resize(small, (width, height), interpolation=rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC))), np.uint8
        )
    if roll < 0.9 and strong:
        length = rng.randint(2, 4)
        kernel = np.ones((1, length) if rng.random() < 0.5 else (length, 1), np.float32) / length
        return np.asarray(cv2.filter2D(pixels, -1, kernel), np.uint8)
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.2)
    return np.asarray(cv2.addWeighted(pixels, 1 + (gain := rng.uniform(0.3, 1.2)), soft, -gain, 0), np.uint8)


def sensor_noise(pixels: Pixels, rng: Random, sigma: float) -> Pixels:
    """Add grain, coloured or grey."""
    noise = _noise(rng)
    height, width = pixels.shape[:2]
    # A quarter of the noise, repeated with shifts, looks the same and costs a quarter.
    tile = noise.normal(0, sigma, (height // 2 + 1, width // 2 + 1, 3 if rng.random() < 0.4 else 1)).astype(np.int16)
    whole = np.tile(tile, (2, 2, 1))[:height, :width]
    return np.asarray(np.clip(pixels.astype(np.int16) + whole, 0, 255), np.uint8)


def tone(pixels: Pixels, rng: Random) -> Pixels:
    """Change contrast, brightness, gamma and tint."""
    gamma = rng.uniform(0.7, 1.4)
    low, high = rng.uniform(0, 60), rng.uniform(200, 255)
    curve = low + (high - low) * (np.arange(256) / 255.0) ** gamma
    result = cv2.LUT(pixels, curve.clip(0, 255).astype(np.uint8))
    if rng.random() < 0.4:
        tint = np.array([rng.uniform(0.9, 1.05), rng.uniform(0.92, 1.02), rng.uniform(0.82, 1.05)], np.float32)
        result = np.clip(result * tint, 0, 255).astype(np.uint8)
    return np.asarray(result, np.uint8)


def negative(pixels: Pixels, rng: Random) -> Pixels:
    """Turn dark on light into light on dark: night modes of screens, microfilm."""
    ground = np.array(rng.choice(((0, 0, 0), (18, 18, 18), (30, 34, 42), (10, 20, 45), (40, 40, 40))), np.float32)
    light = np.array(rng.choice(((255, 255, 255), (220, 220, 220), (200, 210, 190), (240, 220, 180))), np.float32)
    share = (255 - pixels.astype(np.float32)) / 255
    return np.asarray(ground + (light - ground) * share, np.uint8)


def to_grey(pixels: Pixels) -> Pixels:
    """Drop the colour."""
    return np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def to_bilevel(pixels: Pixels, rng: Random) -> Pixels:
    """Threshold as fax machines and old scanners do, with specks."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if rng.random() < 0.5:
        block = 2 * rng.randint(8, 30) + 1
        flat = cv2.adaptiveThreshold(
            grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, rng.uniform(8, 18)
        )
    else:
        level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
        _, flat = cv2.threshold(grey, level + rng.uniform(-20, 15), 255, cv2.THRESH_BINARY)
    specks = _noise(rng).random(flat.shape, np.float32)
    share = rng.choice((0.0, 0.0002, 0.001, 0.003))
    flat = np.where(specks < share, 0, np.where(specks > 1 - share, 255, flat)).astype(np.uint8)
    return np.repeat(flat[..., None], 3, axis=2)


def photocopy(pixels: Pixels, rng: Random) -> Pixels:
    """Copy, threshold and shrink, as archives of office papers were made: grey by averaging, few pixels, dirt."""
    height, width = pixels.shape[:2]
    if rng.random() < 0.5:
        pixels = ink_spread(pixels, rng)
    if rng.random() < 0.75:
        pixels = to_bilevel(np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 0.9)), np.uint8), rng)
    if rng.random() < 0.4:
        side = rng.choice((0, 1))
        dirt = (_noise(rng).random((height, width), np.float32) < rng.uniform(0.001, 0.01)).astype(np.uint8)
        edge = np.zeros((height, width), bool)
        band = max(2, round(width * rng.uniform(0.01, 0.06)))
        edge[:, :band] = side == 0
        edge[:, -band:] = side == 1
        spots = cv2.dilate(dirt, np.ones((2, 3), np.uint8)) > 0
        pixels = pixels.copy()
        pixels[spots & edge] = rng.randint(0, 60)
    share = rng.uniform(0.45, 0.95)
    small = cv2.resize(pixels, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA)
    grown = cv2.resize(small, (width, height), interpolation=rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC)))
    if rng.random() < 0.4:
        grown = tone(np.asarray(grown, np.uint8), rng)
    return jpeg(to_grey(np.asarray(grown, np.uint8)), rng, 35, 92)


def jpeg(pixels: Pixels, rng: Random, low: int, high: int) -> Pixels:
    """Compress and decompress."""
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(low, high)])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) if done else pixels


def blemishes(pixels: Pixels, rng: Random) -> Pixels:
    """Add folds, punch holes, scanner streaks, dark borders, staples, rubber stamps."""
    height, width = pixels.shape[:2]
    result = pixels.copy()
    if rng.random() < 0.15:
        y = round(height * rng.choice((0.33, 0.5, 0.66)) + rng.gauss(0, 10))
        if 4 < y < height - 4:
            band = result[y - 2 : y + 2].astype(np.float32) * rng.uniform(0.75, 1.2)
            result[y - 2 : y + 2] = band.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        x = round(width * rng.uniform(0.015, 0.03))
        for share in rng.choice(((0.4, 0.6), (0.15, 0.4, 0.6, 0.85), (0.1, 0.5, 0.9))):
            cv2.circle(result, (x, round(height * share)), max(4, width // 110), (45, 45, 45), -1, cv2.LINE_AA)
    if rng.random() < 0.12:
        x = rng.randint(0, width - 2)
        result[:, x : x + rng.randint(1, 2)] = result[:, x : x + 1] // 2 + rng.randint(0, 120)
    if rng.random() < 0.2:
        edge, thick = rng.choice(("l", "r", "t", "b")), max(2, round(width * rng.uniform(0.003, 0.025)))
        sides = {"l": result[:, :thick], "r": result[:, -thick:], "t": result[:thick], "b": result[-thick:]}
        sides[edge][:] = rng.randint(0, 60)
    if rng.random() < 0.15:
        _rubber_stamp(result, rng)
    return result


def _rubber_stamp(pixels: Pixels, rng: Random) -> None:
    """Draw round or square rings with a star, in stamp ink; no letters, so nothing to label."""
    height, width = pixels.shape[:2]
    radius = round(width * rng.uniform(0.04, 0.08))
    x, y = rng.randint(radius, width - radius), rng.randint(radius, max(radius + 1, height - radius))
    layer = np.full_like(pixels, 255)
    colour = rng.choice(((40, 50, 170), (170, 30, 50), (60, 60, 70), (30, 120, 90)))
    for factor, thick in ((1.0, 3), (0.9, 1), (0.6, 1)):
        cv2.circle(layer, (x, y), round(radius * factor), colour, thick, cv2.LINE_AA)
    for k in range(24):
        at = np.array([np.cos(k * 0.2618), np.sin(k * 0.2618)])
        a, b = (np.array([x, y]) + at * radius * share for share in (0.7, 0.82))
        if rng.random() < 0.7:
            cv2.line(layer, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), colour, 2, cv2.LINE_AA)
    share = rng.uniform(0.3, 0.8)
    np.copyto(pixels, np.minimum(pixels, (255 - (255 - layer) * share).astype(np.uint8)))


def surface(rng: Random, width: int, height: int) -> Pixels:
    """Return what a photographed paper lies on: wood, cloth, stone, a desk with things."""
    roll = rng.random()
    if roll < 0.35:
        grain = clouds(rng, height, 4, 3)[:, :1] * 0.4 + cv2.resize(
            _noise(rng).normal(0, 0.5, (height, 6)).astype(np.float32), (width, height)
        )
        base = np.array(rng.choice(((150, 105, 65), (90, 60, 40), (190, 150, 110), (60, 40, 30))), np.float32)
        ground = base * (1 + 0.15 * cv2.GaussianBlur(grain.astype(np.float32), (0, 0), 2))[..., None]
    elif roll < 0.6:
        ground = photo(rng, width // 2, height // 2).astype(np.float32)
        ground = cv2.resize(ground, (width, height))
    else:
        base = np.array(random_colour(rng, 15, 215), np.float32)
        base = base * 0.35 + base.mean() * 0.65
        ground = base * (1 + 0.12 * clouds(rng, height, width, 4) + 0.05 * clouds(rng, height, width, 120))[..., None]
    return np.asarray(np.clip(ground, 0, 255), np.uint8)


def dark_border(rng: Random) -> Colour:
    """Return the colour around a scanned page: white, grey or nearly black."""
    level = rng.choice((255, 255, 250, 235, 180, 40, 10))
    return level, level, level
