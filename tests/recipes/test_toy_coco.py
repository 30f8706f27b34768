"""A published recipe on a few pictures laid out as COCO is: from the command line to boxes, on a CPU."""

from __future__ import annotations

import json
import re
import signal

import numpy as np
import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.recipe_file import load_recipe, shipped_recipes

CLASSES = load_recipe(next(path for path in shipped_recipes() if path.stem == "coco")).data.classes
USED = (17, 18, 90)
"""Category ids that occur: cat, dog and toothbrush, as COCO counts them, with gaps."""
IDS = [i for i in range(1, 91) if i not in {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}]


@pytest.fixture(autouse=True)
def _handlers():
    """The program leaves its own SIGTERM handler behind."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def write_split(root, name, count, seed):
    """Write `count` pictures and their file as COCO has them."""
    rng = np.random.default_rng(seed)
    (root / "annotations").mkdir(exist_ok=True)
    (root / name).mkdir()
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for i in range(count):
        width, height = (160, 120) if i % 2 else (100, 140)
        pixels = np.full((height, width, 3), 90, np.uint8)
        file_name = f"{i + 9:012d}.jpg"
        for category in USED:
            x, y = int(rng.integers(0, width - 40)), int(rng.integers(0, height - 40))
            pixels[y : y + 30, x : x + 40] = (category, 255 - category, 2 * category)
            box = {"bbox": [x, y, 40, 30], "area": 1200, "iscrowd": 0, "segmentation": [], "category_id": category}
            annotations.append({"id": len(annotations) + 1, "image_id": i + 9, **box})
        Image.fromarray(pixels).save(root / name / file_name)
        images.append({"id": i + 9, "file_name": file_name, "width": width, "height": height, "license": 1})
    categories = [{"id": i, "name": label, "supercategory": "x"} for i, label in zip(IDS, CLASSES, strict=True)]
    content = {"info": {}, "licenses": [], "images": images, "annotations": annotations, "categories": categories}
    (root / "annotations" / f"instances_{name}.json").write_text(json.dumps(content))


def test_a_published_recipe_trains_and_predicts(tmp_path, capsys):
    root, run = tmp_path / "coco", tmp_path / "run"
    root.mkdir()
    write_split(root, "train2017", 4, seed=0)
    write_split(root, "val2017", 2, seed=1)
    changes = [
        f"data.train=[{{path: {root / 'annotations' / 'instances_train2017.json'}}}]",
        f"data.val=[{{path: {root / 'annotations' / 'instances_val2017.json'}}}]",
        "data.workers=0",
        "model.pretrained=null",
        "train.input=[128,128]",
        "train.batch_size=2",
        "train.epochs=1",
    ]
    options = [part for change in changes for part in ("--set", change)]
    assert main(["train", "coco_resdcn_18", *options, "--out", str(run), "--device", "cpu"]) == 0
    told = capsys.readouterr().err
    assert "14.44 M parameters" in told
    assert re.search(r"epoch 1: loss [\d.]+ heatmap [\d.]+ size [\d.]+ offset [\d.]+ ", told)
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 2
    judged = {label for label, score in last["per_class"].items() if score is not None}
    assert judged == {"cat", "dog", "toothbrush"}

    boxes = tmp_path / "boxes.json"
    arguments = ["--model", str(run), "--threshold", "0", "--device", "cpu", "--out", str(boxes)]
    assert main(["predict", str(root / "val2017"), *arguments]) == 0
    found = json.loads(boxes.read_text())
    assert [category["name"] for category in found["categories"]] == list(CLASSES)
    sizes = {image["id"]: (image["width"], image["height"]) for image in found["images"]}
    assert sorted(sizes.values()) == [(100, 140), (160, 120)]
    # The original keeps its hundred best peaks, whatever their scores.
    counts = [sum(box["image_id"] == i for box in found["annotations"]) for i in sizes]
    assert all(0 < count <= 100 for count in counts)
    for box in found["annotations"]:
        x, y, width, height = box["bbox"]
        right, bottom = sizes[box["image_id"]]
        assert x >= 0
        assert y >= 0
        assert x + width <= right + 0.01
        assert y + height <= bottom + 0.01
