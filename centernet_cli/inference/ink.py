"""Sides of boxes to the ink, on pages where paper and ink can be told apart: born-digital ones.

The network sees a page at a fraction of its size, so its sides are a pixel or three off, and differ with every way of
rendering the same page. Where the paper is one colour (rendered PDFs, screenshots, clean black-and-white scans), the
letters themselves say where a line or region ends. On photographs and grey scans nothing is changed: what counts as the
edge of a letter is a matter of opinion there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Boxes = npt.NDArray[np.float64]
    Grey = npt.NDArray[np.uint8]

Kind = Literal["lines", "regions"]

CLEAN = 0.7
"""Share of the near-paper pixels that have exactly the paper's grey value, above which a page counts as clean."""
NEAR = 16
"""Grey values that still are paper."""
INK = 48
"""Grey values away from the paper from which on a pixel is ink: about a fifth of black ink's coverage."""
MOVE_X, MOVE_Y = 1.2, 0.35
"""How far a side may be from the ink, in line heights."""
MEET = 0.5
"""How much of the way to the ink the top and the bottom of a line go. Annotators of scans leave some paper above and
below the letters, which the network learns from how a page looks; the ink is exact. Half-way serves both."""
GAP = 0.35
"""Gap, in line heights, over which a letter beyond the box's end still belongs to the line."""
TALL, WIDE = 1.5, 6.0
"""Height and width, in line heights, above which connected ink is a rule or a picture, not a letter."""
LEAST_IOU = 0.4
"""A result that overlaps the network's box less than this isn't believed."""
MOVE_REGION = 0.025
"""How far a region's side may move, as a share of the page's longer side."""
FOLLOW = 0.004
"""Gap beyond a region's side, as a share of the page's longer side, over which a letter still belongs to its lines."""
LETTER = 0.02
"""Height and width of the largest letter that may follow, likewise."""
MARGIN_X, MARGIN_Y = 0.0005, 0.0004
"""Paper left around the ink of a region, as a share of the page's longer side: about what annotators of modern
documents leave (docs/models.md has figures). On a title one line high it decides between a good box and a better."""


def to_ink(pixels: npt.NDArray[np.uint8], boxes: Boxes, kind: Kind) -> Boxes:
    """Move the sides of boxes to what is printed inside them, if the page is clean.

    Args:
        pixels: RGB uint8 `(H, W, 3)` of the page.
        boxes: `(N, 4)` xyxy, page pixels.
        kind: `lines`: rules and neighbouring lines don't count, letters just beyond an end do. `regions`: everything
            counts that lies at least half inside.

    Returns:
        `(N, 4)`; sides that no ink decides, and all boxes of other pages, stay as they were.
    """
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if not len(boxes):
        return boxes
    paper, purity = _paper(grey)
    if purity < CLEAN:
        return boxes
    boxes = boxes.astype(np.float64)
    if kind == "lines":
        return np.stack([_tight(grey, box) for box in boxes])
    pieces = _pieces(grey, paper)
    long_side = max(grey.shape)
    margin = long_side * np.array([-MARGIN_X, -MARGIN_Y, MARGIN_X, MARGIN_Y])
    page = np.array(grey.shape[::-1] * 2, dtype=np.float64)
    return np.stack([_around(pieces, box, long_side, margin) for box in boxes]).clip(0, page)


def _pieces(grey: Grey, paper: int) -> Boxes:
    """Return the boxes `(N, 4)` of connected ink."""
    away = cv2.absdiff(grey, np.full_like(grey, paper))
    ink = cv2.threshold(away, INK, 1, cv2.THRESH_BINARY)[1]
    # Two bytes a pixel take half of the time of four, and are enough unless every fourth pixel could be a piece.
    most = -(-ink.shape[0] // 2) * -(-ink.shape[1] // 2)
    number = cv2.CV_16U if most < 2**16 else cv2.CV_32S
    pieces = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=number)[2][1:, :4].astype(np.float64)
    pieces[:, 2:] += pieces[:, :2]
    return pieces


def _around(
    pieces: Boxes, box: npt.NDArray[np.float64], long_side: int, margin: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    shared = np.minimum(pieces[:, 2:], box[2:]) - np.maximum(pieces[:, :2], box[:2])
    inside = 2 * shared.clip(min=0).prod(axis=1) >= (pieces[:, 2:] - pieces[:, :2]).prod(axis=1)
    if not inside.any():
        return box
    hull = np.concatenate([pieces[inside, :2].min(axis=0), pieces[inside, 2:].max(axis=0)])
    middle = (pieces[:, 1] + pieces[:, 3]) / 2
    small = (pieces[:, 2:] - pieces[:, :2]).max(axis=1) <= LETTER * long_side
    beside = pieces[small & ~inside & (middle > hull[1]) & (middle < hull[3])]
    hull[0], hull[2] = _followed(beside, hull[0], hull[2], FOLLOW * long_side)
    return np.where(np.abs(hull - box) <= MOVE_REGION * long_side, hull + margin, box)


def _followed(letters: Boxes, left: float, right: float, gap: float) -> tuple[float, float]:
    """Return the ends of lines with the letters that follow them without a wide gap."""
    while True:
        near = letters[(letters[:, 0] < right + gap) & (letters[:, 2] > left - gap)]
        ends = near[:, 0].min(initial=left), near[:, 2].max(initial=right)
        if ends == (left, right):
            return left, right
        left, right = ends


def _paper(grey: Grey) -> tuple[int, float]:
    """Return the commonest grey value and its share among the values near it."""
    # Every other row tells as much. Several times faster than numpy's bincount, which makes 64-bit numbers of pixels.
    counts = cv2.calcHist([grey[::2]], [0], None, [256], [0, 256]).ravel()
    paper = int(counts.argmax())
    near = counts[max(0, paper - NEAR) : paper + NEAR + 1].sum()
    return paper, float(counts[paper] / max(near, 1))


def _tight(grey: Grey, box: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    height = float(box[3] - box[1])
    window, left, top = _window(grey, box, MOVE_X * height + 2, MOVE_Y * height + 2)
    if not window.size:
        return box
    # The paper about the line itself: cells of tables and boxes in colour have their own.
    letters = _pieces(window, _paper(window)[0])
    letters += (left, top, left, top)
    letters = letters[_plausible(letters, box, height, top, top + window.shape[0], grey.shape[0])]
    hull = _hull(letters, box, height)
    if hull is None:
        return box
    moved = box.copy()
    for side, (end, reach, share) in enumerate(zip(hull, (MOVE_X, MOVE_Y) * 2, (1.0, MEET) * 2, strict=True)):
        if abs(end - box[side]) <= reach * height:
            moved[side] += share * (end - box[side])
    return moved if _iou(moved, box) >= LEAST_IOU else box


def _window(grey: Grey, box: npt.NDArray[np.float64], around_x: float, around_y: float) -> tuple[Grey, int, int]:
    """Return what lies within `box` and so many pixels around it, with its place."""
    left, top = max(0, int(box[0] - around_x)), max(0, int(box[1] - around_y))
    return grey[top : int(box[3] + around_y) + 1, left : int(box[2] + around_x) + 1], left, top


def _plausible(
    letters: Boxes, box: npt.NDArray[np.float64], height: float, top: int, bottom: int, page: int
) -> npt.NDArray[np.bool_]:
    """Say which pieces of ink may be letters of the line: sized like letters, mostly within its height, not cut off."""
    wide, tall = (letters[:, 2:] - letters[:, :2]).T
    shared = np.minimum(letters[:, 3], box[3]) - np.maximum(letters[:, 1], box[1])
    cut = ((letters[:, 1] <= top) & (top > 0)) | ((letters[:, 3] >= bottom) & (bottom < page))
    kept: npt.NDArray[np.bool_] = (tall <= TALL * height) & (wide <= WIDE * height) & (shared > tall / 2) & ~cut
    return kept


def _hull(letters: Boxes, box: npt.NDArray[np.float64], height: float) -> tuple[float, ...] | None:
    """Return the hull of the letters inside the box and of those that follow at its ends; None without any."""
    starts, ends = letters[:, 0], letters[:, 2]
    shared = np.minimum(ends, box[2]) - np.maximum(starts, box[0])
    member = 2 * shared >= ends - starts
    if not member.any():
        return None
    gap = GAP * height
    while True:
        own = letters[member]
        left, top = own[:, :2].min(axis=0).tolist()
        right, bottom = own[:, 2:].max(axis=0).tolist()
        reached = (starts < right + gap) & (ends > left - gap)
        reached |= member
        if np.array_equal(reached, member):
            return left, top, right, bottom
        member = reached


def _iou(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = a.tolist(), b.tolist()
    shared = max(0.0, min(ax1, bx1) - max(ax0, bx0)) * max(0.0, min(ay1, by1) - max(ay0, by0))
    return float(shared / max((ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - shared, 1e-9))
