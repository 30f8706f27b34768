"""Masks and things in parts: drawn, traced and written in every format, compared with pycocotools and shapely."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import accumulate, pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pycocotools import mask as masks
from pycocotools.coco import COCO

from centernet_cli.cli import main
from centernet_cli.core.records import Annotation, PageInfo, RunLengths
from centernet_cli.datasets.formats import FORMATS, read_dataset
from centernet_cli.datasets.formats.coco_masks import compressed, mask_area, runs_of
from centernet_cli.datasets.formats.coco_segmentation import mask_pixels_area, read_segmentation
from centernet_cli.datasets.formats.fit import Losses
from centernet_cli.datasets.formats.fit_masks import one_polygon
from centernet_cli.datasets.formats.label_studio_brush import brush_mask, brush_rle
from centernet_cli.datasets.formats.mask_outlines import joined, outlines
from centernet_cli.datasets.formats.mask_pixels import from_rows, is_drawable, mask_of, pixels_of, row_runs

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Pixels = npt.NDArray[np.bool_]

PIXELS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda size: arrays(np.bool_, size))


def encoded(pixels: Pixels) -> dict[str, Any]:
    found: dict[str, Any] = masks.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {"size": found["size"], "counts": found["counts"].decode()}


def run_lengths(pixels: Pixels) -> RunLengths:
    height, width = pixels.shape
    return RunLengths(width=width, height=height, counts=encoded(pixels)["counts"])


@given(PIXELS)
def test_runs_are_those_of_pycocotools(pixels: Pixels) -> None:
    text = encoded(pixels)["counts"]
    assert compressed(list(runs_of(text))) == text
    assert mask_area(text) == masks.area(encoded(pixels)) == pixels.sum()
    height, width = pixels.shape
    if pixels.any():
        cut, left, top = pixels_of(run_lengths(pixels))
        found = mask_of(cut, left, top, (width, height))
        assert found is not None
        assert found.counts == text
    assert mask_of(pixels, 0, 0, (width, height)) == (run_lengths(pixels) if pixels.any() else None)
    ends = list(accumulate(row_runs(pixels), initial=0))
    spans = [(start, end) for start, end in zip(ends[1::2], ends[2::2], strict=False) if start < end]
    again = from_rows(spans, width, 0, 0, (width, height))
    assert (None if again is None else again[1]) == (run_lengths(pixels) if pixels.any() else None)


@given(PIXELS.filter(lambda pixels: pixels.any()))
def test_brush_strokes_are_read_as_written(pixels: Pixels) -> None:
    mask = run_lengths(pixels)
    found = brush_mask(brush_rle(mask), mask.width, mask.height)
    assert found is not None
    assert found[1] == mask


def test_long_runs_of_a_brush() -> None:
    pixels = np.zeros((700, 900), np.bool_)
    pixels[10:600, 5:] = True
    found = brush_mask(brush_rle(run_lengths(pixels)), 900, 700)
    assert found is not None
    assert found[1] == run_lengths(pixels)


def test_a_mask_over_the_edge_of_its_page_is_cut_off() -> None:
    mask = mask_of(np.ones((4, 4), np.bool_), -1, 2, (10, 5))
    assert mask is not None
    cut, left, top = pixels_of(mask)
    assert (cut.shape, left, top) == ((3, 3), 0, 2)
    assert mask_of(np.ones((4, 4), np.bool_), 10, 0, (10, 5)) is None


@given(PIXELS)
def test_outlines_run_along_the_pixels(pixels: Pixels) -> None:
    """What is enclosed are the pixels and the holes in their parts, which touch nowhere but at corners."""
    found = outlines(run_lengths(pixels))
    assert found is not None
    height, width = pixels.shape
    squares = [shapely.box(x, y, x + 1, y + 1) for y, x in zip(*np.nonzero(pixels), strict=True)]
    covered = shapely.union_all(squares)
    # A hole that is open at a corner to the outside is one of squares that only touch there.
    filled = shapely.union_all([shapely.make_valid(shapely.Polygon(outline)) for outline in found])
    assert filled.difference(covered).area + covered.area == pytest.approx(filled.area)
    assert covered.difference(filled).area == 0
    padded = np.pad(pixels, 1)
    outside = np.zeros_like(padded)
    outside[0, 0] = True
    while True:  # the outside reaches pixels over corners too, as inside does not
        grown = outside.copy()
        for y, x in product((-1, 0, 1), (-1, 0, 1)):
            grown |= np.roll(outside, (y, x), (0, 1))
        grown &= ~padded
        if (grown == outside).all():
            break
        outside = grown
    assert filled.area == (~outside[1:-1, 1:-1]).sum()
    assert height * width >= filled.area
    whole = joined(found)
    if whole is not None:
        assert shapely.Polygon(whole).bounds == filled.bounds


def test_parts_hang_together_at_their_nearest_corners() -> None:
    left, right = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0)), ((9.0, 5.0), (6.0, 5.0), (9.0, 0.0))
    whole = joined((left, right))
    assert whole is not None
    assert shapely.make_valid(shapely.Polygon(whole)).area == pytest.approx(8 + 7.5)
    assert ((4.0, 4.0), (6.0, 5.0)) in set(pairwise(whole))
    assert joined([left] * 1001) is None


def test_noise_becomes_a_box() -> None:
    pixels = np.zeros((200, 200), np.bool_)
    pixels[::3, ::3] = True
    losses = Losses()
    annotation = Annotation(label="a", box=(0, 0, 200, 200), mask=run_lengths(pixels))
    found = one_polygon(annotation, losses)
    assert (found.polygon, found.mask, losses.reductions) == (None, None, ["to its box"])


PARTS = [[10.0, 10.0, 40.0, 10.0, 40.0, 30.0], [30.0, 12.0, 60.0, 12.0, 60.0, 33.0, 30.0, 33.0]]
HOLED = np.zeros((80, 100), np.bool_)
HOLED[20:60, 30:70] = True
HOLED[30:40, 40:50] = False
HOLED[65:70, 80:90] = True


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A dataset with each kind of segmentation."""
    plain = {"size": [80, 100], "counts": list(runs_of(encoded(HOLED)["counts"]))}
    kinds: list[Any] = [PARTS, encoded(HOLED), plain, [PARTS[0]], []]
    annotations = [
        {"id": i, "image_id": 1, "category_id": 1, "segmentation": kind, "iscrowd": int(kind is plain)}
        | {"bbox": [10, 10, 50, 23] if i in {1, 4, 5} else [30, 20, 60, 50]}
        for i, kind in enumerate(kinds, start=1)
    ]
    annotations[3]["bbox"] = [10, 10, 30, 20]
    image = {"id": 1, "file_name": "a.png", "width": 100, "height": 80}
    value = {"images": [image], "categories": [{"id": 1, "name": "region"}], "annotations": annotations}
    path = tmp_path / "in" / "annotations.json"
    path.parent.mkdir()
    path.write_text(json.dumps(value))
    Image.new("L", (100, 80), 255).save(path.parent / "a.png")
    return path


def convert(before: str, after: str, path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    words = ["convert", before, after, str(path), "--out", str(out), "--images", "copy", "--json"]
    assert main(words) == 0
    account: dict[str, Any] = json.loads(capsys.readouterr().out)
    return account


def counts(account: dict[str, Any]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in account["shapes"]:
        key = (row["outcome"], row["why"] if "why" in row else row["reason"])
        found[key] = found.get(key, 0) + row["count"]
    return found


def test_coco_keeps_all_as_pycocotools_reads_it(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = convert("coco", "coco", source, tmp_path / "out" / "out.json", capsys)
    assert {row["outcome"] for row in account["shapes"]} == {"converted"}
    before, after = COCO(source), COCO(tmp_path / "out" / "out.json")
    for old, new in zip(before.dataset["annotations"], after.dataset["annotations"], strict=True):
        assert new["segmentation"] == old["segmentation"]
        assert (new["bbox"], new["iscrowd"]) == (old["bbox"], old["iscrowd"])
        if new["segmentation"]:
            rle = after.annToRLE(new)
            assert masks.area(rle) == pytest.approx(new["area"], rel=0.06)
            assert masks.toBbox(rle).tolist() == pytest.approx(new["bbox"], abs=1)
    # Of parts that overlap, what both cover counts once.
    assert after.dataset["annotations"][0]["area"] == pytest.approx(300 + 30 * 21 - 10 * (34 / 3 + 18) / 2, abs=1e-3)
    assert after.dataset["annotations"][1]["area"] == HOLED.sum()


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # within pycocotools
@pytest.mark.parametrize("other", ["jsonl", "parquet", "labelme", "cvat"])
def test_formats_that_hold_masks_give_them_back(
    other: str, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if other == "parquet":
        pytest.importorskip("pyarrow")
    there = tmp_path / "there" / ("" if FORMATS[other].files else FORMATS[other].output)
    account = convert("coco", other, source, there, capsys)
    back = convert(other, "coco", there, tmp_path / "back" / "back.json", capsys)
    assert {row["outcome"] for row in [*account["shapes"], *back["shapes"]]} == {"converted"}
    assert back["annotations"] == 5
    before, after = COCO(source), COCO(tmp_path / "back" / "back.json")
    for old, new in zip(before.dataset["annotations"], after.dataset["annotations"], strict=True):
        assert new["bbox"] == old["bbox"]
        assert new["iscrowd"] == old["iscrowd"]
        if old["segmentation"]:
            assert (after.annToMask(new) == before.annToMask(old)).all()


@pytest.mark.parametrize(
    ("other", "reductions"),
    [
        ("label_studio", {"to one polygon, its parts joined": 1}),
        *(
            (name, {"to one polygon, its parts joined": 1, "to the outline of its pixels, parts joined": 2})
            for name in ("via", "csv", "page", "alto", "hocr")
        ),
        ("yolo_segment", {"to one polygon, its parts joined": 1, "to the outline of its pixels, parts joined": 1}),
        ("voc", {"to its box": 4}),
        ("yolo", {"to its box": 3}),
    ],
)
def test_what_other_formats_lose_is_counted(
    other: str, reductions: dict[str, int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there" / ("" if FORMATS[other].files else FORMATS[other].output)
    account = convert("coco", other, source, there, capsys)
    found = counts(account)
    assert {why: count for (outcome, why), count in found.items() if outcome == "reduced"} == reductions
    assert sum(found.values()) == 5
    (page,) = read_dataset(there, other).pages
    boxes = [tuple(map(round, item.box)) for item in page.annotations]
    expected = [(10, 10, 60, 33), (30, 20, 90, 70), (30, 20, 90, 70), (10, 10, 40, 30), (10, 10, 60, 33)]
    if other.startswith("yolo"):
        del expected[2]  # a crowd
    assert sorted(boxes) == sorted(expected)


def test_what_is_lost_is_counted_of_its_own_kind(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = convert("coco", "label_studio", source, tmp_path / "out" / "tasks.json", capsys)
    (reduced,) = (row for row in account["shapes"] if row["outcome"] == "reduced")
    assert (reduced["shape"], reduced["count"]) == ("polygon in parts", 1)


def test_a_mask_of_another_size_or_without_pixels_is_left_as_its_box() -> None:
    info = PageInfo(source="a.png", width=100, height=80)
    for value in ({"size": [100, 80], "counts": [8000 - 5, 5]}, {"size": [80, 100], "counts": [8000]}):
        found = read_segmentation(value, info)
        assert found.mask is None
        assert found.reduced.startswith("to its box: ")
    assert read_segmentation([[1, 1, 2, 2], PARTS[0]], info).reduced == "to its parts of at least 3 points"


def test_endless_and_countless_parts() -> None:
    info = PageInfo(source="a.png", width=100, height=80)
    with pytest.raises(ValueError, match="beyond"):
        read_segmentation([[1e308, 1e308, -1e308, 5, 6, 7], [0, 0, 1, 0, 1, 1]], info)
    flat = ((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))
    assert mask_pixels_area((flat,) * 5000) == 0


def test_area_of_parts_apart_is_their_sum() -> None:
    one, two = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0)), ((5.0, 0.0), (9.0, 0.0), (9.0, 4.0))
    assert mask_pixels_area((one, two)) == 16
    assert mask_pixels_area((one, one)) == pytest.approx(8)


def test_formats_load_without_numpy() -> None:
    """It takes as long to load as many a conversion."""
    code = "import sys; import centernet_cli.datasets.formats.table; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_few_bytes_that_mean_many_pixels_are_not_drawn() -> None:
    assert from_rows([(0, 9_000_000)], 3000, 5, 7, (4000, 4000)) == ((5.0, 7.0, 3005.0, 3007.0), None)
    line = mask_of(np.ones((1, 10), np.bool_), 10, 1000, (4000, 4000))
    found = from_rows([(3000 * 1000 + 10, 3000 * 1000 + 20)], 3000, 0, 0, (4000, 4000))
    assert found == ((10.0, 1000.0, 20.0, 1001.0), line)
    whole = RunLengths(width=3000, height=3000, counts=compressed([0, 9_000_000]))
    assert not is_drawable(whole)
    box = brush_mask(brush_rle(RunLengths(width=900, height=900, counts=compressed([0, 810_000]))), 900, 900)
    assert box is not None
    assert box[1] is not None
    columns = [1_000, *[2_000, 1_000] * 3000]
    assert is_drawable(RunLengths(width=3001, height=3000, counts=compressed([*columns[:-1], 3_000])))
