"""Geometry of scanning and photographing: skew, perspective and curl, with boxes that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Pixels = npt.NDArray[np.uint8]

_EDGE_STEPS = 8
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Warp:
    """A map of flat page pixels to picture pixels: bend, then a homography.

    Attributes:
        matrix: Homography `(3, 3)` from bent page to picture.
        width: Of the picture.
        height: Of the picture.
        bends: Waves `(ax, ay, kx, ky, phase)`: a point is moved by `(ax, ay) * sin(kx*x + ky*y + phase)`.
    """

    matrix: Floats
    width: int
    height: int
    bends: tuple[tuple[float, float, float, float, float], ...] = ()

    def _shift(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for ax, ay, kx, ky, phase in self.bends:
            wave = np.sin(kx * x + ky * y + phase)
            dx = dx + ax * wave
            dy = dy + ay * wave
        return dx, dy

    def points(self, points: Floats) -> Floats:
        """Map page points `(n, 2)` to picture points `(n, 2)`."""
        x, y = points[:, 0].copy(), points[:, 1].copy()
        if self.bends:
            # The image map is defined backwards (page = bent - shift(bent)); a few rounds solve it for the bent point.
            for _ in range(_ROUNDS):
                dx, dy = self._shift(x, y)
                x, y = points[:, 0] + dx, points[:, 1] + dy
        mapped = np.stack([x, y, np.ones_like(x)], axis=1) @ self.matrix.T
        return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)

    def image(self, pixels: Pixels, fill: tuple[int, int, int] | Pixels) -> Pixels:
        """Return the picture of the page; outside it `fill`, a colour or a whole picture."""
        inverse = np.linalg.inv(self.matrix)
        size = (self.width, self.height)
        # OpenCV's pixel centres are at integers, ours at halves.
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        if self.bends:
            y, x = np.mgrid[: self.height, : self.width]
            flat = np.stack([x.ravel() + 0.5, y.ravel() + 0.5, np.ones(x.size)]).astype(np.float32)
            bent = inverse.astype(np.float32) @ flat
            bx, by = bent[0] / bent[2], bent[1] / bent[2]
            dx, dy = self._shift(bx, by)
            map_x = (bx - dx - 0.5).reshape(size[::-1]).astype(np.float32)
            map_y = (by - dy - 0.5).reshape(size[::-1]).astype(np.float32)
            warped = cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            inside = (map_x > -0.5) & (map_x < pixels.shape[1] - 0.5) & (map_y > -0.5) & (map_y < pixels.shape[0] - 0.5)
        else:
            matrix = np.linalg.inv(half) @ self.matrix @ half
            warped = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            whole = np.full(pixels.shape[:2], 255, np.uint8)
            inside = cv2.warpPerspective(whole, matrix, size, flags=cv2.INTER_NEAREST) > 0
        ground = np.empty((self.height, self.width, 3), np.uint8)
        ground[:] = fill
        return np.where(inside[..., None], warped, ground).astype(np.uint8)

    def boxes(self, boxes: Floats) -> tuple[Floats, Floats]:
        """Return upright boxes `(n, 4)` around the mapped `boxes` `(n, 4)`, and their mapped outlines `(n, 8, 2)`."""
        x0, y0, x1, y1 = (boxes[:, k, None] for k in range(4))
        t = np.linspace(0, 1, _EDGE_STEPS + 1)[None, :-1]
        one = np.ones_like(t)
        xs = np.concatenate([x0 + (x1 - x0) * t, x1 * one, x1 - (x1 - x0) * t, x0 * one], axis=1)
        ys = np.concatenate([y0 * one, y0 + (y1 - y0) * t, y1 * one, y1 - (y1 - y0) * t], axis=1)
        mapped = self.points(np.stack([xs.ravel(), ys.ravel()], axis=1)).reshape(len(boxes), -1, 2)
        around = np.concatenate([mapped.min(axis=1), mapped.max(axis=1)], axis=1)
        return around, mapped[:, :: _EDGE_STEPS // 2]


def scanner(rng: Random, width: int, height: int, *, skew: float) -> Warp:
    """Return a small rotation about the centre, now and then with a little wave, in a picture of the page's size."""
    angle = math.radians(max(-3.0, min(3.0, rng.gauss(0, skew))))
    cos, sin = math.cos(angle), math.sin(angle)
    cx, cy = width / 2, height / 2
    shift_x, shift_y = rng.gauss(0, 0.004) * width, rng.gauss(0, 0.004) * height
    matrix = np.array(
        [[cos, -sin, cx - cos * cx + sin * cy + shift_x], [sin, cos, cy - sin * cx - cos * cy + shift_y], [0, 0, 1]]
    )
    bends: tuple[tuple[float, float, float, float, float], ...] = ()
    if rng.random() < 0.15:
        bends = ((0.0, rng.uniform(0.5, 3.0) * height / 1280, rng.uniform(1, 5) / width, 0.0, rng.uniform(0, 6.28)),)
    return Warp(matrix, width, height, bends)


def camera(rng: Random, width: int, height: int, *, long_side: int, tilt: float) -> Warp:
    """Return a page on a surface seen askew, sometimes curled, in a picture of `long_side`."""
    aspect = rng.uniform(0.68, 0.8)
    if height > 1.6 * width and rng.random() < 0.6:
        # People hold slips close, so that they fill the picture.
        aspect = min(0.8, max(0.3, rng.uniform(1.05, 1.7) * width / height))
    out_w, out_h = round(long_side * aspect), long_side
    if width > height * 1.1:
        out_w, out_h = out_h, out_w
    share = rng.uniform(0.8, 0.98)
    scale = min(out_w / width, out_h / height) * share
    angle = math.radians(rng.gauss(0, tilt))
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    centred = (corners - (width / 2, height / 2)) * scale
    cos, sin = math.cos(angle), math.sin(angle)
    turned = centred @ np.array([[cos, sin], [-sin, cos]])
    reach = np.abs(turned).max(axis=0)
    turned *= min(1.0, out_w * 0.495 / reach[0], out_h * 0.495 / reach[1])
    size = min(np.ptp(turned[:, 0]), np.ptp(turned[:, 1]))
    turned += np.array([(rng.gauss(0, 0.02) * size, rng.gauss(0, 0.02) * size) for _ in range(4)])
    room = np.array([out_w, out_h]) / 2 - np.abs(turned).max(axis=0)
    centre = np.array(
        [out_w / 2 + rng.uniform(-0.8, 0.8) * max(0.0, room[0]), out_h / 2 + rng.uniform(-0.8, 0.8) * max(0.0, room[1])]
    )
    target = turned + centre
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target.astype(np.float32)).astype(np.float64)
    bends = []
    for _ in range(rng.choice((0, 1, 1, 2))):
        lift = rng.uniform(0.001, 0.006) * height
        if rng.random() < 0.5:
            bends.append(
                (
                    lift * rng.uniform(-0.3, 0.3),
                    lift,
                    rng.uniform(1.5, 5) / width,
                    rng.uniform(-1, 1) / height,
                    rng.uniform(0, 6.28),
                )
            )
        else:
            bends.append(
                (
                    lift,
                    lift * rng.uniform(-0.5, 0.5),
                    rng.uniform(-1, 1) / width,
                    rng.uniform(2, 6) / height,
                    rng.uniform(0, 6.28),
                )
            )
    return Warp(matrix, out_w, out_h, tuple(bends))
