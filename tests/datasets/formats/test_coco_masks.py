"""Boxes of run-length masks, compared with pycocotools."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as masks

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats.coco import read_coco
from centernet_cli.datasets.formats.coco_masks import mask_box

if TYPE_CHECKING:
    from pathlib import Path


@given(
    st.integers(1, 40).flatmap(lambda height: st.tuples(st.just(height), st.integers(1, 40))),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39), st.integers(1, 20), st.integers(1, 20)), max_size=4),
)
def test_boxes_are_those_of_pycocotools(size: tuple[int, int], parts: list[tuple[int, int, int, int]]) -> None:
    pixels = np.zeros(size, np.uint8, order="F")
    for y, x, height, width in parts:
        pixels[y : y + height, x : x + width] = 1
    encoded = masks.encode(pixels)
    flat = pixels.flatten(order="F")
    edges = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
    counts = ([0] if flat[0] else []) + [end - start for start, end in pairwise(edges)]

    compressed = mask_box(encoded["counts"].decode(), size)

    assert compressed == mask_box(counts, size)
    if pixels.any():
        x, y, width, height = masks.toBbox(encoded).tolist()
        assert compressed == (x, y, x + width, y + height)
    else:
        assert compressed is None


@pytest.mark.parametrize(
    ("counts", "size"),
    [
        ([5, 5], [3, 3]),
        ([10, -1], [3, 3]),
        ([4.5, 4.5], [3, 3]),
        ([9], [9]),
        ([], [0, 0]),
        ("P", [3, 3]),
        ("é", [3, 3]),
        ("o" * 100, [3, 3]),
    ],
)
def test_broken_masks_are_refused(counts: str | list[float], size: list[float]) -> None:
    with pytest.raises(ValueError, match=r"its|run"):
        mask_box(counts, size)


def _write(path: Path, segmentation: object) -> Path:
    image = {"id": 1, "file_name": "a.png", "width": 10, "height": 8}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 1, "segmentation": segmentation}
    value = {"images": [image], "categories": [{"id": 1, "name": "line"}], "annotations": [annotation]}
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_a_mask_without_a_box_becomes_its_box(tmp_path: Path) -> None:
    # Column 2, rows 3 to 4, and column 3, row 3.
    path = _write(tmp_path / "a.json", {"counts": [19, 2, 6, 1, 52], "size": [8, 10]})

    (annotation,) = read_coco(path).pages[0].annotations

    assert (annotation.box, annotation.crowd) == ((2.0, 3.0, 4.0, 5.0), True)


@pytest.mark.parametrize(("counts", "code"), [([80], "D009"), ([3], "D011"), ("~", "D011")])
def test_masks_without_box_or_pixels(tmp_path: Path, counts: object, code: str) -> None:
    path = _write(tmp_path / "a.json", {"counts": counts, "size": [8, 10]})

    with pytest.raises(InputError) as caught:
        read_coco(path)

    assert caught.value.code == code
