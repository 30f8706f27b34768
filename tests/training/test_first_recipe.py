"""Recipes for somebody's own pages: they say what the pages ask for, pass the check, and train."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.errors import InputError
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.training.data import load_data
from centernet_cli.training.first_recipe import Schedule, first_recipe


def make(folder: Path, names: list[str], label: str = "title", *, per_page: int = 30) -> Path:
    """Write a COCO dataset of small pages with boxes as thick as lines."""
    folder.mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, name in enumerate(names, start=1):
        Image.new("L", (600, 800), 255).save(folder / name)
        images.append({"id": number, "file_name": name, "width": 600, "height": 800})
        for row in range(per_page):
            box = [40, 20 + row * 24, 500, 16]
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, "bbox": box})
    data = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": label}]}
    path = folder / "annotations.json"
    path.write_text(json.dumps(data))
    return path


def test_a_recipe_passes_the_check_and_its_data_can_be_loaded(tmp_path: Path) -> None:
    data = make(tmp_path / "data", [f"{name}.png" for name in "abcdefgh"])
    (tmp_path / "recipes").mkdir()
    out = tmp_path / "recipes" / "mine.yaml"
    assert main(["recipe", "init", "--from", str(data), "--task", "lines", "--out", str(out)]) == 0
    assert main(["recipe", "check", str(out)]) == 0
    recipe = load_recipe(out)
    assert recipe.data.classes == ("title",)
    assert recipe.model.init == "lines"
    assert recipe.decode.top_k == recipe.eval.max_dets == 300
    assert recipe.eval.score == "ap"
    loaded = load_data(recipe)
    assert loaded.train
    assert loaded.val
    text = out.read_text()
    assert "path: ../data/annotations.json" in text
    assert text.startswith("# Fine-tunes the model `lines` on 8 pages with 240 boxes.\n# Score: ")
    assert f"Validated on {len(loaded.val)} of 8 documents" in text


@pytest.mark.parametrize("names", [["a.png", "b.png"], ["x.png", "y.png", "z.png"], [f"d{n}x.png" for n in range(40)]])
def test_some_documents_are_held_out_and_some_are_not(tmp_path: Path, names: list[str]) -> None:
    path = make(tmp_path, names, per_page=2)
    found = first_recipe([(path, read_dataset(path))], "lines", tmp_path)
    (tmp_path / "r.yaml").write_text(found.text)
    loaded = load_data(load_recipe(tmp_path / "r.yaml"))
    assert len(loaded.val) == found.held_out >= 1
    assert len(loaded.train) == len(names) - found.held_out >= 1
    assert found.documents == len(names)


@pytest.mark.parametrize("first", [0, 8, 16, 20])
def test_of_few_documents_a_fifth_is_held_out(tmp_path: Path, first: int) -> None:
    # Of four 0.8 are wanted. By their names it would be two of the first, none of the second, two and one.
    path = make(tmp_path, [f"d{first + n}x.png" for n in range(4)], per_page=2)
    assert first_recipe([(path, read_dataset(path))], "lines", tmp_path).held_out == 1


def test_one_document_is_judged_by_itself(tmp_path: Path) -> None:
    path = make(tmp_path, ["a-1.png", "a-2.png"])
    found = first_recipe([(path, read_dataset(path))], "lines", tmp_path)
    assert found.held_out == 0
    assert "the score will be too good" in found.text
    (tmp_path / "r.yaml").write_text(found.text)
    loaded = load_data(load_recipe(tmp_path / "r.yaml"))
    assert len(loaded.val) == len(loaded.train) == 2


@pytest.mark.parametrize(
    ("pages", "looks", "samples"), [(1, 40, 320), (20, 40, 800), (100, 18, 1800), (300, 12, 3600), (5000, None, 4000)]
)
def test_the_fewer_pages_the_more_looks_at_each(pages: int, looks: int | None, samples: int) -> None:
    schedule = Schedule.of(pages)
    assert schedule.epochs * schedule.samples_per_epoch == samples
    assert looks in {schedule.epochs, None}
    assert 4 <= schedule.epochs // schedule.val_every <= 12
    assert schedule.val_every < schedule.patience < schedule.epochs


def test_values_are_explained(tmp_path: Path) -> None:
    path = make(tmp_path, ["a.png", "b.png"], "# no: lr: 3")
    text = first_recipe([(path, read_dataset(path))], "regions", tmp_path).text
    (tmp_path / "r.yaml").write_text(text)
    assert load_recipe(tmp_path / "r.yaml").data.classes == ("# no: lr: 3",)
    unexplained = {found[1] for line in text.splitlines() if (found := re.match(r"  (\w+):[^#]*$", line))}
    assert unexplained <= {"classes", "train", "backbone", "context_blocks"}


@pytest.mark.parametrize(("task", "label", "boxes"), [("lines", "text_line", 1), ("regions", "text", 2)])
def test_regions_or_lines_of_page_formats(tmp_path: Path, task: str, label: str, boxes: int) -> None:
    region = '<TextRegion id="r{0}"><Coords points="10,{0}0 500,{0}0 500,{0}90 10,{0}90"/>{1}</TextRegion>'
    line = '<TextLine id="l"><Coords points="20,120 400,120 400,140 20,140"/></TextLine>'
    for name in "ab":
        Image.new("L", (600, 800), 255).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.xml").write_text(
            '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">'
            f'<Page imageWidth="600" imageHeight="800" imageFilename="{name}.png">'
            f"{region.format(1, line)}{region.format(4, '')}</Page></PcGts>"
        )
    out = tmp_path / "r.yaml"
    assert main(["recipe", "init", "--from", str(tmp_path), "--task", task, "--out", str(out)]) == 0
    recipe = load_recipe(out)
    assert recipe.data.classes == (label,)
    assert [len(page.boxes) for page in load_data(recipe).train] == [boxes]


def test_what_others_call_lines_keeps_the_trained_head(tmp_path: Path) -> None:
    path = make(tmp_path, ["a.png", "b.png"], "TextLine")
    (tmp_path / "r.yaml").write_text(first_recipe([(path, read_dataset(path))], "lines", tmp_path).text)
    recipe = load_recipe(tmp_path / "r.yaml")
    assert recipe.data.classes == ("text_line",)
    assert recipe.data.class_map == {"TextLine": "text_line"}
    assert sum(len(page.boxes) for page in load_data(recipe).train) == 30


def test_several_datasets_for_regions(tmp_path: Path) -> None:
    first, second = make(tmp_path / "one", ["a.png"]), make(tmp_path / "two", ["b.png"], "no")
    parts = [(path, read_dataset(path)) for path in (first, second)]
    (tmp_path / "r.yaml").write_text(first_recipe(parts, "regions", tmp_path).text)
    recipe = load_recipe(tmp_path / "r.yaml")
    assert recipe.data.classes == ("title", "no")
    assert recipe.model.context_blocks == 3
    assert [Path(source.path).name for source in recipe.data.train] == ["annotations.json"] * 2
    assert recipe.eval.score == "ap"


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path / "data", ["a.png", "b.png"])
    out = tmp_path / "recipe.yaml"
    words = ["recipe", "init", "--from", str(path), "--task", "lines", "--out"]
    out.write_text("mine")
    assert main([*words, str(out)]) == 8
    assert "O803" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main([*words, str(path), "--force"]) == 8
    assert "O802" in capsys.readouterr().err
    (tmp_path / "data" / "b.png").unlink()
    assert main([*words, str(out), "--force"]) == 4
    assert "b.png: D016 1 images of the dataset are missing" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main(["recipe", "init", "--from", str(tmp_path / "no"), "--task", "lines"]) == 4
    assert main(["recipe", "init", "--from", str(path), "--task", "words"]) == 2
    empty = make(tmp_path / "empty", ["a.png"], per_page=0)
    with pytest.raises(InputError, match="D030 no page has a box"):
        first_recipe([(empty, read_dataset(empty))], "lines", tmp_path)
