"""Pages of coloured rectangles, and recipes that train on them in seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from centernet_cli.core.recipe import Recipe
from centernet_cli.training.loop import Trainer, prepare
from centernet_cli.training.run_dir import RunDir

COLOURS = {"box": (20, 20, 20), "red": (220, 30, 30), "blue": (30, 30, 220)}


def write_pages(
    folder: Path,
    names: list[str],
    *,
    labels: tuple[str, ...] = ("box",),
    classes: tuple[str, ...] | None = None,
    size: tuple[int, int] = (96, 64),
    seed: int = 0,
    groups: dict[str, str] | None = None,
) -> Path:
    """Draw pages, each with one to four rectangles that are apart, and write them as a COCO dataset."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    classes = classes or labels
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    places = [(x, y) for x in range(0, size[0] - 31, 32) for y in range(0, size[1] - 31, 32)]
    for i, name in enumerate(names, 1):
        pixels = np.full((size[1], size[0], 3), 255, np.uint8)
        for place in rng.choice(len(places), min(int(rng.integers(1, 5)), len(places)), replace=False):
            label = labels[int(rng.integers(len(labels)))]
            width, height = int(rng.integers(12, 27)), int(rng.integers(10, 23))
            x, y = (
                places[place][0] + int(rng.integers(2, 30 - width)),
                places[place][1] + int(rng.integers(2, 30 - height)),
            )
            pixels[y : y + height, x : x + width] = COLOURS[label]
            category = classes.index(label) + 1
            box = {"bbox": [x, y, width, height], "area": width * height, "category_id": category, "iscrowd": 0}
            annotations.append({"id": len(annotations) + 1, "image_id": i, **box})
        Image.fromarray(pixels).save(folder / name)
        image = {"id": i, "file_name": name, "width": size[0], "height": size[1]}
        if groups and name in groups:
            image["group"] = groups[name]
        images.append(image)
    categories = [{"id": i, "name": label} for i, label in enumerate(classes, 1)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def make_recipe(source: Path, **sections: dict[str, Any]) -> Recipe:
    """A recipe of the smallest network on small windows, one thread's work for a fraction of a second a step."""
    base: dict[str, dict[str, Any]] = {
        "data": {"classes": ["box"], "train": [{"path": str(source)}], "holdout": 0.0},
        "model": {"backbone": "mobilenet_v3_small", "neck_channels": 8, "head_channels": 8, "context_blocks": 0},
        "augment": {"scale": [0.9, 1.1], "photometric": 0.0, "degrade": 0.0},
        "optim": {"lr": 0.002, "warmup_steps": 2, "ema": 0.9},
        "train": {"epochs": 2, "batch_size": 2, "input": [96, 64], "page_size": 96, "precision": "fp32"},
    }
    merged = {key: {**base.get(key, {}), **sections.get(key, {})} for key in base | sections}
    # By JSON: recipes are strict, and Python's lists are not tuples.
    return Recipe.model_validate_json(json.dumps(merged))


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> Path:
    """Six pages of six documents with boxes of one class."""
    names = [f"{letter}.png" for letter in "abcdef"]
    return write_pages(tmp_path_factory.mktemp("data") / "pages", names)


@pytest.fixture(scope="session")
def draw_pages() -> Callable[..., Path]:
    return write_pages


@pytest.fixture(scope="session")
def recipe_for() -> Callable[..., Recipe]:
    return make_recipe


@pytest.fixture
def start(tmp_path) -> Callable[..., Trainer]:
    """Begin a run: `start(recipe)`, or go on with one: `start(recipe, name, resume=True)`."""

    def begin(recipe: Recipe, name: str = "run", *, resume: bool = False) -> Trainer:
        torch.manual_seed(12345)  # nothing may depend on what came before
        run = RunDir(tmp_path / name)
        trainer = prepare(recipe, run, torch.device("cpu"), resume=resume)
        if resume:
            trainer.restore()
        else:
            run.create(recipe)
        return trainer

    return begin
