"""`centernet evaluate`: scores, gates, notices and refusals, through the command line."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lxml import html
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.cli.evaluate_job import _shortfall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from _pytest.capture import CaptureFixture

TORCH = ("--runtime", "torch", "--device", "cpu")
"""For models whose graph would have to be exported first."""
LINES = [[10, 10, 80, 10], [10, 30, 80, 10], [10, 50, 80, 10], [10, 70, 80, 10]]


def coco(
    path: Path,
    pages: Mapping[str, Sequence[Sequence[float]]],
    *,
    scores: Sequence[float] | None = None,
    classes: Sequence[str] = ("text_line",),
    label: int = 1,
    **extra: object,
) -> str:
    """Write a COCO file; `pages` maps file names to boxes, `scores` makes them predictions."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image, (name, boxes) in enumerate(pages.items(), 1):
        images.append({"id": image, "file_name": name, "width": 100, "height": 100})
        if scores is not None:
            images[-1] |= {"status": "ok", "source": name}
        for index, box in enumerate(boxes):
            entry = {"id": len(annotations) + 1, "image_id": image, "category_id": label, "bbox": list(box)}
            entry |= {"area": box[2] * box[3], "iscrowd": 0}
            if scores is not None:
                entry["score"] = scores[index]
            annotations.append(entry)
    categories = [{"id": number, "name": name} for number, name in enumerate(classes, 1)]
    document = {"images": images, "annotations": annotations, "categories": categories, **extra}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


@pytest.fixture
def truth(tmp_path: Path) -> str:
    coco(tmp_path / "letters" / "annotations.json", {"p1.png": LINES, "p2.png": LINES[:2]})
    return str(tmp_path / "letters")


@pytest.fixture
def boxes(tmp_path: Path) -> str:
    """Three of four lines on the first page, and one too many; both of the second."""
    found = {"p1.png": [*LINES[:3], [0, 90, 100, 5]], "p2.png": LINES[:2]}
    return coco(tmp_path / "boxes.json", found, scores=[0.9, 0.8, 0.7, 0.6])


def run_json(capsys: CaptureFixture[str], *args: str) -> dict[str, Any]:
    assert main(["evaluate", *args, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_scores_as_json(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    document = run_json(capsys, boxes, truth)
    half, strict = document["boxes"]
    assert (half["iou"], strict["iou"]) == (0.5, 0.75)
    assert half["threshold"] == 0.7
    assert half["threshold_chosen"] is True
    assert half["f1"] == pytest.approx(2 * 5 / (6 + 5))
    assert half["per_source"]["letters"] == {
        "pages": 2,
        "truths": 6,
        "detections": 5,
        "matched": 5,
        "precision": 1,
        "recall": pytest.approx(5 / 6),
        "f1": pytest.approx(10 / 11),
    }
    assert document["coco"]["max_dets"] == document["max_dets"] == 2000
    # Recall reaches 5/6: 84 of COCO's 101 points have precision 1.
    assert document["coco"]["ap"] == pytest.approx(84 / 101)
    assert document["schema_version"] == 1
    assert document["pages"] == {"truth": 2, "missing": [], "extra": 0, "rescaled": 0}
    assert document["threshold"] is None


def test_fixed_threshold_and_ious(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    document = run_json(capsys, boxes, truth, "--threshold", "0.85", "--iou", "0.6", "--max-dets", "7")
    assert document["threshold"] == 0.85
    assert document["max_dets"] == 7
    (scores,) = document["boxes"]
    assert scores["iou"] == 0.6
    assert scores["threshold_chosen"] is False
    assert scores["pooled"]["detections"] == 2


def test_table_names_threshold_and_max_dets(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    assert main(["eval", boxes, truth, "--max-dets", "300"]) == 0
    out, err = capsys.readouterr()
    assert "at IoU 0.5; threshold 0.700" in out
    assert "maxDets 300" in out
    assert "F1@0.75" in out
    assert "letters" in out
    assert "\x1b" not in out
    assert err == ""


def test_table_on_a_terminal(
    capsys: CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, boxes: str, truth: str
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["evaluate", boxes, truth, "--max-dets", "300"]) == 0
    out = capsys.readouterr().out
    assert "maxDets 300" in out
    assert "F1@0.5" in out
    assert "0.909" in out


def test_several_sources(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("a", "b"):
        coco(tmp_path / name / "annotations.json", {"images/p1.png": LINES})
    found = {f"{tmp_path}/a/images/p1.png": LINES, f"{tmp_path}/b/images/p1.png": LINES[:1]}
    boxes = coco(tmp_path / "boxes.json", found, scores=[0.9, 0.8, 0.7, 0.6])
    document = run_json(capsys, boxes, str(tmp_path / "a"), str(tmp_path / "b"), "--threshold", "0.5")
    scores = document["boxes"][0]
    assert scores["per_source"]["a"]["f1"] == 1
    assert scores["per_source"]["b"]["f1"] == pytest.approx(2 / 5)
    assert scores["f1"] == pytest.approx(0.7)
    assert document["coco"]["per_source"]["a"]["ap"] == 1


def test_missing_and_extra_pages_are_told(capsys: CaptureFixture[str], tmp_path: Path, truth: str) -> None:
    failures = [{"source": "p2.png", "code": "I101", "message": "image is truncated"}]
    boxes = coco(tmp_path / "b.json", {"p1.png": LINES, "p9.png": LINES}, scores=[0.9] * 4, failures=failures)
    assert main(["evaluate", boxes, truth, "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["pages"] == {"truth": 2, "missing": ["letters: p2.png"], "extra": 1, "rescaled": 0}
    assert document["boxes"][0]["pooled"]["recall"] == pytest.approx(4 / 6)
    assert document["failures"][0]["code"] == "I101"
    assert "1 of 2 pages have no predictions and count as all missed: letters: p2.png" in err
    assert "1 predicted page is not in the truth and doesn't count" in err
    assert "no box was found" not in err
    assert "p2.png: I101 image is truncated" in err


def test_predictions_without_a_box_are_told(capsys: CaptureFixture[str], tmp_path: Path, truth: str) -> None:
    boxes = coco(tmp_path / "b.json", {"p1.png": [], "p2.png": []}, scores=[])
    assert main(["evaluate", boxes, truth]) == 0
    assert "warning: no box was found on any page: all of the truth counts as missed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "least", "text"), [(None, 0.5, "undefined"), (0.83, 0.9, "0.8300"), (0.89999, 0.9, "0.89999")]
)
def test_a_gate_says_no_score_that_would_meet_it(value: float | None, least: float, text: str) -> None:
    assert _shortfall(value, least) == text


def test_gates(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    assert main(["evaluate", boxes, truth, "--min-f1", "0.9", "--min-ap", "0.8"]) == 0
    capsys.readouterr()
    assert main(["evaluate", boxes, truth, "--min-f1", "0.95", "--min-ap", "0.99", "--json"]) == 10
    out, err = capsys.readouterr()
    gates = json.loads(out)["gates"]
    assert [(gate["name"], gate["met"]) for gate in gates] == [("--min-ap", False), ("--min-f1", False)]
    assert "G101 --min-ap 0.99 not met: 0.8317; --min-f1 0.95 not met: 0.9091" in err


def test_gate_of_perfect_predictions(tmp_path: Path, truth: str) -> None:
    perfect = coco(tmp_path / "b.json", {"p1.png": LINES, "p2.png": LINES[:2]}, scores=[0.5] * 4)
    assert main(["evaluate", perfect, truth, "--min-f1", "1", "--min-ap", "1", "-q"]) == 0


def test_report_folder(capsys: CaptureFixture[str], tmp_path: Path, truth: str) -> None:
    found = {"p1.png": LINES, "p2.png": []}
    boxes = coco(tmp_path / "boxes.json", found, scores=[0.5] * 4)
    document = run_json(capsys, boxes, truth, "--report", str(tmp_path / "new" / "report"))
    folder = tmp_path / "new" / "report"
    assert json.loads((folder / "scores.json").read_text(encoding="utf-8")) == document
    rows = csv.DictReader((folder / "pages.csv").read_text(encoding="utf-8").splitlines())
    assert [(row["page"], row["f1"]) for row in rows] == [("p2.png", "0.0000"), ("p1.png", "1.0000")]


def test_page_names_are_no_formulas(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    name = '=HYPERLINK("x").png'
    truth = coco(tmp_path / "truth.json", {name: LINES})
    boxes = coco(tmp_path / "boxes.json", {name: LINES}, scores=[0.5] * 4)
    run_json(capsys, boxes, truth, "--report", str(tmp_path / "report"))
    rows = csv.DictReader((tmp_path / "report" / "pages.csv").read_text(encoding="utf-8").splitlines())
    assert next(rows)["page"] == f"'{name}"


def test_report_that_cannot_be_written(capsys: CaptureFixture[str], tmp_path: Path, boxes: str, truth: str) -> None:
    (tmp_path / "file").write_text("")
    assert main(["evaluate", boxes, truth, "--report", str(tmp_path / "file" / "report")]) == 8
    assert "O801" in capsys.readouterr().err


def test_classes_are_compared_by_name(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    truth = coco(tmp_path / "truth.json", {"p1.png": LINES}, classes=("table", "text", "seal"), label=2)
    boxes = coco(tmp_path / "boxes.json", {"p1.png": LINES}, scores=[0.5] * 4, classes=("text", "figure", "table"))
    assert main(["evaluate", boxes, truth, "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["classes"] == ["table", "text"]
    assert document["classes_left_out"] == {"truth": ["seal"], "predictions": ["figure"]}
    assert document["coco"]["per_class"]["text"]["ap"] == 1
    assert document["coco"]["per_class"]["table"]["ap"] is None
    assert document["coco"]["ap"] == 1
    assert "not scored, as nothing predicts them: seal" in err
    assert run_json(capsys, boxes, truth, "--class", "text")["classes"] == ["text"]
    assert main(["evaluate", boxes, truth, "--class", "seal"]) == 2


def test_sources_that_annotate_only_some_classes(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    tables = coco(tmp_path / "tables.json", {"t.png": LINES[:1]}, classes=("table",))
    everything = coco(tmp_path / "all.json", {"a.png": LINES[:2]}, classes=("text", "table"))
    found = {"t.png": LINES[:2], "a.png": LINES[:2]}
    # All four boxes are text: on t.png that can't be judged, so only the table missed there counts.
    boxes = coco(tmp_path / "boxes.json", found, scores=[0.5] * 4, classes=("text", "table"))
    document = run_json(capsys, boxes, tables, everything)
    assert document["coco"]["per_class"]["text"]["ap"] == 1
    assert document["coco"]["per_class"]["table"]["ap"] == 0
    assert document["boxes"][0]["per_source"]["tables"]["detections"] == 0


def test_no_class_in_common(capsys: CaptureFixture[str], tmp_path: Path, truth: str) -> None:
    boxes = coco(tmp_path / "boxes.json", {"p1.png": LINES}, scores=[0.5] * 4, classes=("text", "table"))
    assert main(["evaluate", boxes, truth]) == 6
    out, err = capsys.readouterr()
    assert out == ""
    assert "M502" in err
    assert [line.split() for line in err.splitlines()[:3]] == [
        ["predicted", "in", "the", "truth"],
        ["text", "text_line"],
        ["table"],
    ]


@pytest.mark.parametrize("line", ["paragraph: text", "text: paragraph"])
def test_a_class_map_makes_names_the_same(capsys: CaptureFixture[str], tmp_path: Path, line: str) -> None:
    """Whichever side it is written for."""
    truth = coco(tmp_path / "truth.json", {"p1.png": LINES}, classes=("paragraph", "seal"))
    boxes = coco(tmp_path / "boxes.json", {"p1.png": LINES}, scores=[0.5] * 4, classes=("text",))
    assert main(["evaluate", boxes, truth]) == 6
    assert "--class-map FILE renames classes" in capsys.readouterr().err
    (tmp_path / "names.yaml").write_text(f"{line}\nseal: ''\npragraph: text\n")
    assert main(["evaluate", boxes, truth, "--class-map", str(tmp_path / "names.yaml"), "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["classes"] == [line.partition(": ")[2]]
    assert document["classes_left_out"] == {"truth": [], "predictions": []}
    assert document["coco"]["ap"] == 1
    assert "no class 'pragraph' here, did you mean 'paragraph'?" in err
    assert err.count("names.yaml") == 1


def test_a_class_map_for_what_a_model_finds(
    capsys: CaptureFixture[str], tmp_path: Path, truth: str, model: str
) -> None:
    from PIL import Image

    for name in ("p1.png", "p2.png"):
        Image.new("RGB", (100, 100), "white").save(tmp_path / "letters" / name)
    (tmp_path / "names.yaml").write_text("text_line: line\n")
    document = run_json(capsys, model, truth, *TORCH, "--class-map", str(tmp_path / "names.yaml"))
    assert document["classes"] == ["line"]
    assert document["coco"]["per_class"]["line"]["detections"] > 0


def test_a_class_map_that_is_none(capsys: CaptureFixture[str], boxes: str, truth: str, tmp_path: Path) -> None:
    assert main(["evaluate", boxes, truth, "--class-map", str(tmp_path / "none.yaml")]) == 2
    assert "U303" in capsys.readouterr().err


def test_the_level_of_page_formats(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    truth = coco(tmp_path / "truth.json", {"p1.png": [[5, 5, 90, 80]]}, classes=("table",))
    lines = coco(tmp_path / "lines.json", {"p1.png": LINES}, classes=("text_line",))
    both = str(tmp_path / "both")
    assert main(["data", "merge", truth, lines, "--to", "page", "--out", both, "--images", "none"]) == 0
    boxes = coco(tmp_path / "boxes.json", {"p1.png": [[5, 5, 90, 80]]}, scores=[0.5], classes=("table",))
    assert main(["evaluate", boxes, both]) == 6
    assert run_json(capsys, boxes, both, "--level", "region")["coco"]["ap"] == 1
    assert main(["evaluate", boxes, truth, "--level", "region"]) == 2
    assert "U304" in capsys.readouterr().err


def test_predictions_without_scores(capsys: CaptureFixture[str], truth: str) -> None:
    assert main(["evaluate", f"{truth}/annotations.json", truth, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["coco"]["ap"] == 1
    assert "have no scores" in err


def test_predictions_taken_for_the_truth_are_told_of(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    assert main(["evaluate", boxes, boxes]) == 0
    assert f"'{boxes}' has scores, as predictions have, and is taken for the truth" in capsys.readouterr().err
    assert main(["evaluate", boxes, truth]) == 0
    assert "is taken for the truth" not in capsys.readouterr().err


def test_one_box_without_a_score(capsys: CaptureFixture[str], boxes: str, truth: str, tmp_path: Path) -> None:
    content = json.loads(Path(boxes).read_text())
    del content["annotations"][0]["score"]
    (tmp_path / "some.json").write_text(json.dumps(content))
    assert main(["evaluate", str(tmp_path / "some.json"), truth]) == 0
    assert f"1 of {len(content['annotations'])} boxes of " in capsys.readouterr().err


def test_a_coco_results_list(capsys: CaptureFixture[str], boxes: str, truth: str, tmp_path: Path) -> None:
    """What other detectors write: boxes that refer to the truth's pages and classes by number."""
    known, found = (json.loads(Path(path).read_text()) for path in (f"{truth}/annotations.json", boxes))
    pages = {Path(image["file_name"]).name: image["id"] for image in known["images"]}
    names = {image["id"]: pages[Path(image["file_name"]).name] for image in found["images"]}
    classes = {item["id"]: item["name"] for item in found["categories"]}
    numbers = {item["name"]: item["id"] for item in known["categories"]}
    results = [
        {
            "image_id": names[item["image_id"]],
            "category_id": numbers[classes[item["category_id"]]],
            "bbox": item["bbox"],
            "score": item["score"],
        }
        for item in found["annotations"]
    ]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results))
    scores = []
    for what in (boxes, str(path)):
        assert main(["evaluate", what, truth, "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out))
    assert scores[0]["coco"] == scores[1]["coco"]
    assert scores[0]["boxes"] == scores[1]["boxes"]
    path.write_text("[]")
    assert main(["evaluate", str(path), truth]) == 0
    results[1]["image_id"] = 99999
    path.write_text(json.dumps(results))
    assert main(["evaluate", str(path), truth]) == 4
    assert f"{path}: D004 /annotations/1: no image has id 99999" in capsys.readouterr().err
    # With several datasets nobody knows whose numbers they are.
    other = coco(tmp_path / "other" / "annotations.json", {"q.png": LINES})
    assert main(["evaluate", str(path), truth, other]) == 4
    assert "D001 a COCO results list" in capsys.readouterr().err


def test_more_boxes_than_max_dets_is_told(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    assert main(["evaluate", boxes, truth, "--max-dets", "3"]) == 0
    assert "1 pages have more boxes of a class than --max-dets 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--iou", "0"],
        ["--iou", "1.5"],
        ["--iou", "nan"],
        ["--threshold", "2"],
        ["--threshold", "nan"],
        ["--min-ap", "-1"],
        ["--min-f1", "85"],
        ["--max-dets", "0"],
        ["--max-dets", "many"],
        ["--format", "nonsense"],
        ["--scales", "1,x"],
        ["--nms", "2"],
        ["--resize", "keep", "--size", "640"],
        ["--flip"],
        ["--no-flip"],
        ["--size", "640"],
    ],
)
def test_impossible_options(capsys: CaptureFixture[str], boxes: str, truth: str, options: list[str]) -> None:
    assert main(["evaluate", boxes, truth, *options]) == 2
    assert capsys.readouterr().out == ""


def test_the_same_dataset_twice(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    assert main(["evaluate", boxes, truth, f"{truth}/annotations.json"]) == 2
    assert "given twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"images": [], "annotations": [], "categories": []',
        '{"images": 1, "annotations": [], "categories": []}',
        '{"images": [], "annotations": [], "categories": []}',
        "\0\1\2",
        "[" * 100_000,
        '{"images": [{"id": 1, "file_name": "p1.png", "width": 0, "height": 0}], "categories": [], "annotations": []}',
    ],
)
@pytest.mark.parametrize("side", ["truth", "predictions"])
def test_hostile_files(
    capsys: CaptureFixture[str], tmp_path: Path, boxes: str, truth: str, content: str, side: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content, encoding="utf-8")
    arguments = [boxes, str(bad)] if side == "truth" else [str(bad), truth]
    assert main(["evaluate", *arguments]) in {4, 6}
    out, err = capsys.readouterr()
    assert out == ""
    assert "internal error" not in err


@pytest.mark.parametrize(("what", "code"), [("nothing-here.json", 4), ("nothing-here", 6), ("none.safetensors", 6)])
def test_nothing_to_evaluate(capsys: CaptureFixture[str], tmp_path: Path, truth: str, what: str, code: int) -> None:
    assert main(["evaluate", str(tmp_path / what), truth]) == code
    assert what in capsys.readouterr().err


def test_pages_of_something_else(capsys: CaptureFixture[str], tmp_path: Path, truth: str) -> None:
    boxes = coco(tmp_path / "boxes.json", {"other.png": LINES}, scores=[0.5] * 4)
    assert main(["evaluate", boxes, truth]) == 4
    assert f"{boxes}: D062 none of the 2 pages" in capsys.readouterr().err


def test_predictions_without_any_box(capsys: CaptureFixture[str], tmp_path: Path, truth: str) -> None:
    document = run_json(capsys, coco(tmp_path / "boxes.json", {"p1.png": [], "p2.png": []}, scores=[]), truth)
    assert document["boxes"][0]["f1"] == 0
    assert document["coco"]["ap"] == 0


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A small network that has learnt nothing."""
    import torch

    from centernet_cli.core.recipe import DecodeSection, ModelSection
    from centernet_cli.models.centernet import CenterNet
    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.models.zoo import save_model

    torch.manual_seed(0)
    section = ModelSection(backbone="mobilenet_v3_small", neck_channels=8, head_channels=8, context_blocks=0)
    meta = ModelMeta(
        name="tiny", classes=("text_line",), page_size=64, model=section, decode=DecodeSection(min_score=0.0)
    )
    path = tmp_path / "run" / "weights.safetensors"
    path.parent.mkdir()
    save_model(CenterNet(section, 1).state_dict(), meta, path)
    return str(path.parent)


def test_a_model(capsys: CaptureFixture[str], tmp_path: Path, truth: str, model: str) -> None:
    from PIL import Image

    for name in ("p1.png", "p2.png"):
        Image.new("RGB", (100, 100), "white").save(tmp_path / "letters" / name)
    document = run_json(capsys, model, truth, *TORCH)
    assert document["model"]["name"] == "tiny"
    assert document["pages"] == {"truth": 2, "missing": [], "extra": 0, "rescaled": 0}
    assert document["coco"]["per_class"]["text_line"]["detections"] > 0
    # A page that can't be read is missed, told, and ends in exit 5.
    (tmp_path / "letters" / "p2.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert main(["evaluate", model, truth, *TORCH, "--json"]) == 5
    out, err = capsys.readouterr()
    assert json.loads(out)["pages"]["missing"] == ["letters: p2.png"]
    assert f"{model}: D065 1 pages could not be read" in err
    # A gate says more than that.
    assert main(["evaluate", model, truth, *TORCH, "--min-f1", "1"]) == 10
    (tmp_path / "letters" / "p1.png").unlink()
    assert main(["evaluate", model, truth, *TORCH]) == 4
    assert "D063" in capsys.readouterr().err


def test_a_model_on_pages_of_a_pdf(capsys: CaptureFixture[str], tmp_path: Path, model: str) -> None:
    from PIL import Image

    pages = [Image.new("RGB", (100, 100), "white") for _ in range(3)]
    pages[0].save(tmp_path / "doc.pdf", save_all=True, append_images=pages[1:])
    truth = coco(tmp_path / "truth.json", {"doc.pdf#1": LINES, "doc.pdf#3": LINES})
    document = json.loads((tmp_path / "truth.json").read_text())
    for image, number in zip(document["images"], (1, 3), strict=True):
        image |= {"source": "doc.pdf", "page": number, "orientation": 1}
    (tmp_path / "truth.json").write_text(json.dumps(document))
    scores = run_json(capsys, model, truth, *TORCH)
    # Only the annotated pages are read, and their boxes are scaled to the truth's resolution.
    assert scores["pages"] == {"truth": 2, "missing": [], "extra": 0, "rescaled": 2}


def test_a_model_of_other_classes(capsys: CaptureFixture[str], tmp_path: Path, model: str) -> None:
    truth = coco(tmp_path / "truth.json", {"p1.png": LINES}, classes=("table",))
    assert main(["evaluate", model, truth]) == 6
    assert "M502" in capsys.readouterr().err


def test_a_model_shown_pages_in_other_ways(capsys: CaptureFixture[str], tmp_path: Path, truth: str, model: str) -> None:
    from PIL import Image, ImageDraw

    for name in ("p1.png", "p2.png"):
        image = Image.new("RGB", (100, 100), "white")
        ImageDraw.Draw(image).rectangle((10, 10, 90, 20), fill="black")
        image.save(tmp_path / "letters" / name)
    usual = run_json(capsys, model, truth, *TORCH)
    assert set(usual["model"]["options"].values()) == {None}
    args = ("--flip", "--scales", "0.5,1,1.5", "--resize", "keep", "--nms", "soft", "--max-dets", "100")
    document = run_json(capsys, model, truth, *TORCH, *args)
    assert document["model"]["options"] == {
        "size": None,
        "flip": True,
        "scales": [0.5, 1.0, 1.5],
        "resize": "keep",
        "nms": "soft",
        "ink": None,
    }
    assert document["coco"]["per_class"]["text_line"] != usual["coco"]["per_class"]["text_line"]
    assert main(["evaluate", model, truth, *TORCH, "--scales", "0.5,1", "--nms", "none"]) == 2
    assert "U707" in capsys.readouterr().err


def test_runtimes_and_exported_graphs(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    from PIL import Image, ImageDraw

    from centernet_cli.models.shelf import find_model

    folder = tmp_path / "letters"
    folder.mkdir()
    image = Image.new("RGB", (320, 320), "white")
    for top in range(20, 300, 20):
        ImageDraw.Draw(image).text((20, top), "a line of words to be found", fill="black")
    image.save(folder / "p.png")
    truth = coco(folder / "annotations.json", {"p.png": [[20, top, 160, 12] for top in range(20, 300, 20)]})
    document = json.loads(Path(truth).read_text())
    document["images"][0] |= {"width": 320, "height": 320}
    Path(truth).write_text(json.dumps(document))
    usual = ("--size", "320", "--device", "cpu", "--bootstrap", "0")
    known = run_json(capsys, "lines", truth, *usual, "--precision", "fp32")
    facts = {name: known["model"][name] for name in ("runtime", "device", "precision")}
    assert facts == {"runtime": "openvino", "device": "cpu", "precision": "fp32"}
    assert known["coco"]["per_class"]["text_line"]["detections"] >= 14
    graph = str(find_model("lines").with_suffix(".onnx"))
    exported = run_json(capsys, graph, truth, *usual, "--precision", "fp32")
    assert exported["model"]["sha256"] == known["model"]["sha256"]
    assert exported["coco"] == known["coco"]
    torch = run_json(capsys, "lines", truth, *usual, "--runtime", "torch")
    assert (torch["model"]["runtime"], torch["model"]["precision"]) == ("torch", "fp32")
    assert torch["coco"]["ap"] == pytest.approx(known["coco"]["ap"], abs=0.01)
    assert main(["evaluate", graph, truth, "--runtime", "torch"]) == 2
    assert "U709" in capsys.readouterr().err
    assert main(["evaluate", truth, truth, "--precision", "fp32"]) == 2
    assert "--precision: U707" in capsys.readouterr().err


def test_photographs_of_eighty_classes(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    """The folders, ids with gaps, grey pictures, crowds and pages without boxes of COCO itself."""
    import torch
    from PIL import Image

    from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
    from centernet_cli.models.centernet import CenterNet
    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.models.zoo import save_model

    names = tuple(f"thing {number}" for number in range(80))
    images, annotations = [], []
    (tmp_path / "val2017").mkdir()
    for number, mode in enumerate(("RGB", "L", "RGB"), 139):
        name = f"{number:012}.jpg"
        noise = np.random.default_rng(number).integers(0, 256, (90, 120), dtype=np.uint8)
        Image.fromarray(noise).convert(mode).save(tmp_path / "val2017" / name)
        images.append({"id": number, "file_name": name, "width": 120, "height": 90})
    for index in range(40):
        box = [index % 7 * 12.5, index % 5 * 15.25, 30.5, 20.0]
        entry = {"id": index + 1, "image_id": 139 + index % 2, "category_id": 2 * index + 1, "bbox": box}
        annotations.append(entry | {"area": 300.0, "iscrowd": int(index == 7)})
    categories = [{"id": 2 * index + 1, "name": name} for index, name in enumerate(names)]
    truth = tmp_path / "annotations" / "instances_val2017.json"
    truth.parent.mkdir()
    truth.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    section = ModelSection(
        backbone="mobilenet_v3_small", neck_channels=8, head_channels=8, context_blocks=0, box="size_offset"
    )
    meta = ModelMeta(
        name="photographs",
        classes=names,
        page_size=512,
        model=section,
        decode=DecodeSection(top_k=100, nms_iou=None, min_score=0.0),
        test=TestSection(resize="keep"),
    )
    torch.manual_seed(0)
    state = CenterNet(section, 80).state_dict()
    # An untrained network may say that things have less than no width.
    state |= {key: value + 5 for key, value in state.items() if "size" in key and key.endswith("bias")}
    save_model(state, meta, tmp_path / "p.safetensors")
    document = run_json(capsys, str(tmp_path / "p.safetensors"), str(truth), *TORCH, "--max-dets", "100", "--flip")
    assert document["pages"] == {"truth": 3, "missing": [], "extra": 0, "rescaled": 0}
    assert document["coco"]["max_dets"] == 100
    assert len(document["coco"]["per_class"]) == 80
    assert 0 < sum(scores["detections"] for scores in document["coco"]["per_class"].values()) <= 300
    assert document["coco"]["ap"] is not None


def test_errors_are_told_by_source_and_thickness(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    assert main(["evaluate", boxes, truth, "--errors", "--bootstrap", "0"]) == 0
    out = capsys.readouterr().out
    fates = next(line for line in out.splitlines() if line.startswith("letters ") and "83.3" in line).split()
    assert fates == ["letters", "6", "83.3", "0.0", "0.0", "0.0", "0.0", "16.7", "0.0", "0.0", "0.0"]
    assert "from 2.5 %" in out
    assert "|left|" in out
    assert "95 %" not in out


def test_intervals_depend_on_the_seed_only(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    pages = {f"p{number}.png": LINES[: 1 + number % 4] for number in range(12)}
    truth = coco(tmp_path / "truth.json", pages)
    boxes = coco(tmp_path / "boxes.json", dict.fromkeys(pages, LINES[:2]), scores=[0.9, 0.8])
    first, same, other = (
        run_json(capsys, boxes, truth, "--bootstrap", "50", "--seed", seed)["intervals"] for seed in ("1", "1", "2")
    )
    assert first == same
    assert first != other
    assert first["documents"] == 12
    low, high = first["boxes"][0]["f1"]
    assert 0 < low < high < 1


def test_the_fast_evaluator_says_the_same(capsys: CaptureFixture[str], boxes: str, truth: str) -> None:
    reference, fast = (
        run_json(capsys, boxes, truth, "--evaluator", name, "--bootstrap", "0")["coco"]
        for name in ("pycocotools", "fast")
    )
    assert fast.pop("evaluator").startswith("hotcoco")
    assert reference.pop("evaluator").startswith("pycocotools")
    assert fast == reference


def test_the_fast_evaluator_is_not_there(
    capsys: CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, boxes: str, truth: str
) -> None:
    monkeypatch.setitem(sys.modules, "hotcoco", None)
    assert main(["evaluate", boxes, truth, "--evaluator", "fast"]) == 7
    assert "E712 the fast evaluator needs hotcoco" in capsys.readouterr().err


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    """Two pages with pictures, a third whose picture is missing."""
    coco(tmp_path / "letters" / "annotations.json", {"p1.png": LINES, "p2.png": LINES[:2], "p3.png": LINES[:1]})
    for name in ("p1.png", "p2.png"):
        Image.new("RGB", (100, 100), "white").save(tmp_path / "letters" / name)
    return str(tmp_path / "letters")


def report_tree(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://", text)
    return html.fromstring(text.encode())


def test_report_page_draws_the_worst_pages(
    capsys: CaptureFixture[str], tmp_path: Path, boxes: str, pictures: str
) -> None:
    page = tmp_path / "new" / "report.html"
    run_json(capsys, boxes, pictures, "--report", str(page), "--bootstrap", "20")
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]
    tree = report_tree(page)
    captions = [node.text_content() for node in tree.xpath("//figcaption")]
    assert len(captions) == 2, "p2 has no error"
    assert captions[0].startswith("letters: p3.png · F1 0.000, 1 missed, 0 wrong · no picture: I")
    assert captions[1].startswith("letters: p1.png · F1 0.857, 1 missed, 0 wrong")
    assert len(tree.xpath("//image[starts-with(@href, 'data:image/jpeg')]")) == 1
    view = tree.xpath("//figure")[1]
    kinds = [rect.get("class") for rect in view.xpath(".//rect")]
    assert sorted(kinds) == ["found"] * 3 + ["missed"] + ["right"] * 3
    assert len(tree.xpath("//svg[@aria-label]")) >= 6


def test_report_folder_has_the_page_too(capsys: CaptureFixture[str], tmp_path: Path, boxes: str, pictures: str) -> None:
    run_json(capsys, boxes, pictures, "--report", str(tmp_path / "r"), "--worst", "0", "--bootstrap", "0")
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["pages.csv", "report.html", "scores.json"]
    assert report_tree(tmp_path / "r" / "report.html").xpath("//figure") == []


def test_report_page_that_cannot_be_written(
    capsys: CaptureFixture[str], tmp_path: Path, boxes: str, pictures: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "folder.html", tmp_path / "file" / "r.html"):
        assert main(["evaluate", boxes, pictures, "--report", str(path), "--bootstrap", "0"]) == 8
        assert "O801" in capsys.readouterr().err


def test_reports_replace_only_reports(capsys: CaptureFixture[str], tmp_path: Path, boxes: str, truth: str) -> None:
    page, folder = tmp_path / "mine.html", tmp_path / "mine"
    folder.mkdir()
    page.write_text("<!doctype html><p>Mine</p>")
    (folder / "scores.json").write_text("[]")
    for path, mine in ((page, page), (folder, folder / "scores.json")):
        before = mine.read_text()
        words = ["evaluate", boxes, truth, "--bootstrap", "0", "--worst", "0", "--report", str(path)]
        assert main(words) == 8
        assert f"{mine}: O803" in capsys.readouterr().err
        assert mine.read_text() == before
        # What is read stays in any case.
        assert main(["evaluate", boxes, truth, str(path), "--report", str(path), "--force"]) == 8
        assert f"{mine}: O802" in capsys.readouterr().err
        assert mine.read_text() == before
        for more in (["--force"], []):  # the second time it is our own
            assert main([*words, *more]) == 0
            assert mine.read_text() != before


def test_the_threshold_boxes_were_found_with_is_shown_beside(
    capsys: CaptureFixture[str], tmp_path: Path, truth: str
) -> None:
    found = {"p1.png": [*LINES[:3], [0, 90, 100, 5]], "p2.png": LINES[:2]}
    boxes = coco(tmp_path / "own.json", found, scores=[0.9, 0.8, 0.7, 0.6], info={"threshold": 0.75})
    own = run_json(capsys, boxes, truth, "--bootstrap", "0")["boxes"][0]["at_own_threshold"]
    assert own["threshold"] == 0.75
    assert own["f1"] == pytest.approx(2 * 4 / (6 + 4))
    assert main(["evaluate", boxes, truth, "--bootstrap", "0"]) == 0
    assert "at the model's 0.750" in capsys.readouterr().out
    assert run_json(capsys, boxes, truth, "--threshold", "0.5")["boxes"][0]["at_own_threshold"] is None
