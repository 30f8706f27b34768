"""Geometry of augmentation: one affine map for the pixels and the boxes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from centernet_cli.datasets.resize import PAPER, Pixels, resize

Matrix = npt.NDArray[np.float64]
Boxes = npt.NDArray[np.float32]
ORIGINAL_STEP = 0.1
ORIGINAL_BORDER = 128
"""Pixels."""


@dataclass(frozen=True, slots=True)
class View:
    """A window onto a scaled and rotated page.

    Attributes:
        scale: Window pixels per page pixel.
        degrees: Rotation of the page about its centre, counter-clockwise as seen.
        x: Left edge of the window on the scaled page, pixels.
        y: Top edge.
        width: Of the window.
        height: Of the window.
        mirror: Whether the window is mirrored left to right.
    """

    scale: float
    degrees: float
    x: float
    y: float
    width: int
    height: int
    mirror: bool = False


def view_matrix(view: View, page_width: int, page_height: int) -> Matrix:
    """Return the 2x3 affine map from page pixels to window pixels (continuous coordinates)."""
    angle = np.deg2rad(view.degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    cx, cy = page_width / 2, page_height / 2
    rotate = np.array([[cos, sin, cx - cos * cx - sin * cy], [-sin, cos, cy + sin * cx - cos * cy]])
    matrix = view.scale * rotate
    matrix[:, 2] -= (view.x, view.y)
    if view.mirror:
        matrix[0] *= -1
        matrix[0, 2] += view.width
    return matrix


def look(pixels: Pixels, view: View, *, beyond: int = PAPER, average: bool = True) -> Pixels:
    """Return what the window shows, RGB `(view.height, view.width, 3)`.

    Args:
        pixels: RGB `(H, W, 3)`.
        view: Window.
        beyond: Value of what lies beyond the page; the original has 0.
        average: Whether to average pixels where the page shrinks; the original only interpolates.
    """
    height, width = pixels.shape[:2]
    if average and view.scale < 1:
        # Averaging first: sampling a page at half its size would break thin strokes, which prediction doesn't do.
        shrunk = resize(pixels, max(1, round(width * view.scale)), max(1, round(height * view.scale)))
    else:
        shrunk = pixels
    back = np.array([[width / shrunk.shape[1], 0, 0], [0, height / shrunk.shape[0], 0], [0, 0, 1.0]])
    matrix = view_matrix(view, width, height) @ back
    # warpAffine takes pixel centres as integers, we as halves.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    warped = cv2.warpAffine(
        shrunk,
        matrix,
        (view.width, view.height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(beyond, beyond, beyond),
    )
    return np.asarray(warped, dtype=np.uint8)


def map_points(points: npt.NDArray[np.float64], matrix: Matrix) -> npt.NDArray[np.float64]:
    """Map points `(..., 2)` by a 2x3 affine matrix."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def map_boxes(boxes: Boxes, matrix: Matrix) -> Boxes:
    """Return the upright hulls `(N, 4)` of mapped boxes, not clipped."""
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    mapped = map_points(corners, matrix)
    return np.concatenate([mapped.min(1), mapped.max(1)], axis=1).astype(np.float32)


def clip_boxes(
    boxes: Boxes, width: int, height: int, min_visible: float
) -> tuple[Boxes, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Clip boxes to a window.

    Args:
        boxes: `(N, 4)` xyxy in pixels of the window.
        width: Of the window.
        height: Of the window.
        min_visible: Share of its area that a box to learn must keep, at more than a pixel a side; 0: whatever is
            left of it is learnt, however thin, as in the original.

    Returns:
        Clipped boxes `(N, 4)`; which of them to learn (enough is visible); which to ignore (a stub is visible).
    """
    clipped = boxes.copy()
    clipped[:, 0::2] = boxes[:, 0::2].clip(0, width)
    clipped[:, 1::2] = boxes[:, 1::2].clip(0, height)
    area = np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1e-6)
    sides = clipped[:, 2:] - clipped[:, :2]
    seen = sides[:, 0] * sides[:, 1]
    learn = (seen / area >= min_visible) & (sides > 1).all(1) if min_visible > 0 else seen > 0
    return clipped, learn, (seen > 0) & ~learn


def original_scale(rng: np.random.Generator, low: float, high: float) -> float:
    """Choose among `low`, `low` + 0.1, … up to `high`: for 0.6 and 1.3 the original's eight scales."""
    steps = int((high - low) / ORIGINAL_STEP + 1e-6)
    return low + ORIGINAL_STEP * int(rng.integers(steps + 1))


def original_border(side: int) -> int:
    """Return how near to the edge the original lets centres of windows come: 128 pixels, halved until there is room."""
    border = ORIGINAL_BORDER
    while side - border <= border:
        border //= 2
    return border


def original_view(
    rng: np.random.Generator,
    page: tuple[int, int],
    window: tuple[int, int],
    *,
    scale: float,
    degrees: float = 0.0,
    mirror: bool = False,
) -> View:
    """Centre the window on a random point of the page, as the original does with photographs.

    The long side of the page times `scale` fills the long side of the window, so a smaller scale shows less of the
    page, larger. (The original divides by the window's width, which differs only where windows aren't square.)
    """
    factor = max(window) / (max(page) * scale)
    x, y = (rng.uniform(border, side - border) for side, border in ((side, original_border(side)) for side in page))
    return View(factor, degrees, x * factor - window[0] / 2, y * factor - window[1] / 2, *window, mirror)


def random_view(
    rng: np.random.Generator,
    page: tuple[int, int],
    window: tuple[int, int],
    *,
    scale: float,
    degrees: float,
    anchors: Boxes,
    mirror: bool = False,
) -> View:
    """Choose a window somewhere on the scaled page, usually near one of the boxes `anchors` (page pixels)."""
    page_width, page_height = page[0] * scale, page[1] * scale
    width, height = window
    low_x, high_x = sorted((0.0, page_width - width))
    low_y, high_y = sorted((0.0, page_height - height))
    x, y = rng.uniform(low_x, high_x), rng.uniform(low_y, high_y)
    if len(anchors) and rng.random() < 0.7:
        box = anchors[rng.integers(len(anchors))] * scale
        x = np.clip((box[0] + box[2]) / 2 - width * rng.uniform(0.2, 0.8), low_x, high_x)
        y = np.clip((box[1] + box[3]) / 2 - height * rng.uniform(0.1, 0.9), low_y, high_y)
    return View(scale, degrees, float(x), float(y), width, height, mirror)


def fit_view(
    rng: np.random.Generator,
    page: tuple[int, int],
    window: tuple[int, int],
    *,
    scale: float,
    degrees: float,
    mirror: bool = False,
) -> View:
    """Place the whole page, scaled by `scale` of what fits, at a random place of the window."""
    fitted = min(window[0] / page[0], window[1] / page[1]) * scale
    free_x, free_y = window[0] - page[0] * fitted, window[1] - page[1] * fitted
    x = -rng.uniform(min(0.0, free_x), max(0.0, free_x))
    y = -rng.uniform(min(0.0, free_y), max(0.0, free_y))
    return View(fitted, degrees, x, y, window[0], window[1], mirror)
