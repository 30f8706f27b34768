"""`centernet evaluate A B --truth …`: two models on the same pages."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from lxml import html
from PIL import Image

from centernet_cli.cli import main

LINES = [[10, 10 * row, 80, 6] for row in range(1, 9)]
DRAWS = ("--bootstrap", "100")


def coco(path, pages, *, found=False, classes=("text_line",)):
    """Write a COCO file of pages of 100 x 100 px with so many of the lines; predictions have falling scores."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image, (name, count) in enumerate(pages.items(), 1):
        images.append({"id": image, "file_name": name, "width": 100, "height": 100})
        images[-1] |= {"status": "ok", "source": name} if found else {}
        for place, box in enumerate(LINES[:count]):
            entry = {"id": len(annotations) + 1, "image_id": image, "category_id": 1, "bbox": box}
            entry |= {"area": box[2] * box[3], "iscrowd": 0}
            annotations.append(entry | ({"score": 0.9 - 0.01 * place} if found else {}))
    categories = [{"id": number, "name": name} for number, name in enumerate(classes, 1)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return str(path)


@pytest.fixture
def letters(tmp_path):
    coco(tmp_path / "letters" / "annotations.json", {f"p{number}.png": 8 for number in range(6)})
    for number in range(6):
        Image.new("RGB", (100, 100), "white").save(tmp_path / "letters" / f"p{number}.png")
    return str(tmp_path / "letters")


@pytest.fixture
def two(tmp_path):
    """The second finds more on four pages, less on one, the same on one."""
    old = coco(tmp_path / "old.json", {f"p{number}.png": 5 for number in range(6)}, found=True)
    counts = [7, 8, 7, 7, 2, 5]
    new = coco(tmp_path / "new.json", {f"p{number}.png": n for number, n in enumerate(counts)}, found=True)
    return old, new


def test_as_json(capsys, two, letters):
    assert main(["evaluate", *two, "--truth", letters, "--json", *DRAWS]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert [one["what"] for one in document["models"]] == list(two)
    head = document["differences"][0]
    assert (head["measure"], head["part"]) == ("F1@0.5", None)
    assert head["a"] == pytest.approx(2 * 30 / 78)
    assert head["b"] == pytest.approx(2 * 36 / 84)
    assert head["change"] == pytest.approx(head["b"] - head["a"])
    low, high = head["interval"]
    assert low < head["change"] < high
    assert 0 < head["p"] <= 1
    documents = document["documents"]
    assert (documents["wins"], documents["losses"], documents["ties"]) == (4, 1, 1)
    assert documents["sign_test_p"] == pytest.approx(12 / 32)
    assert document["pages"][0]["page"] == "p4.png"
    assert document["models"][1]["boxes"][0]["f1"] == head["b"]


def test_as_tables(capsys, two, letters):
    assert main(["evaluate", *two, "--truth", letters, *DRAWS]) == 0
    out, err = capsys.readouterr()
    assert "B is better on 4 pages, worse on 1, equal on 1; sign test p 0.375" in out
    worse = out[out.index("Pages that got worse") :].splitlines()
    assert worse[2].split()[:2] == ["p4.png", "letters"]
    assert worse[2].split()[-1] == "-0.369"
    assert err.splitlines() == [f"A: {two[0]}", f"B: {two[1]}"]


def test_the_same_twice(capsys, two, letters):
    assert main(["evaluate", two[0], two[0], "--truth", letters, *DRAWS]) == 0
    out = capsys.readouterr().out
    assert "equal on 6; sign test p 1.000" in out
    assert "got worse" not in out


def test_gates_judge_the_second(capsys, two, letters):
    assert main(["evaluate", *two, "--truth", letters, "--min-f1", "0.8", *DRAWS]) == 0
    assert main(["evaluate", *reversed(two), "--truth", letters, "--min-f1", "0.8", *DRAWS]) == 10
    assert "G101 --min-f1 0.8 not met: 0.7692" in capsys.readouterr().err


def test_report_draws_pages_under_both(tmp_path, capsys, two, letters):
    page = tmp_path / "changes.html"
    assert main(["evaluate", *two, "--truth", letters, "--report", str(page), "--worst", "2", *DRAWS]) == 0
    tree = html.fromstring(page.read_bytes())
    captions = [node.text_content() for node in tree.xpath("//figcaption")]
    assert [one[:22] for one in captions] == [
        "A · letters: p4.png · ",
        "B · letters: p4.png · ",
        "A · letters: p1.png · ",
        "B · letters: p1.png · ",
    ]
    assert captions[1].endswith("F1 0.400, 6 missed, 0 wrong")
    assert len(tree.xpath("//image")) == 2, "each picture is there once"
    assert len(tree.xpath("//use")) == 4


def test_report_folder(tmp_path, capsys, two, letters):
    assert main(["evaluate", *two, "--truth", letters, "--report", str(tmp_path / "r"), "--json", *DRAWS]) == 0
    document = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "r" / "scores.json").read_text()) == document
    rows = list(csv.DictReader((tmp_path / "r" / "pages.csv").read_text().splitlines()))
    assert rows[0]["page"] == "p4.png"
    assert rows[0]["errors B"] == "6"
    assert (tmp_path / "r" / "report.html").is_file()


def test_one_model_with_truth_is_scored(capsys, two, letters):
    assert main(["evaluate", two[0], "--truth", letters, "--json", "--bootstrap", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["boxes"][0]["f1"] == pytest.approx(2 * 30 / 78)


def test_several_sources(tmp_path, capsys, two, letters):
    forms = coco(tmp_path / "forms.json", {"p0.png": 4})
    arguments = ["evaluate", *two, "--truth", forms, "--truth", letters, "--json", "--bootstrap", "0"]
    # Both datasets have a p0.png: nothing is guessed.
    assert main(arguments) == 4
    assert f"{two[0]}: D060" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{0}"], "U313 no dataset to judge by"),
        (["{0}", "{1}", "{0}", "--truth", "{2}"], "U313 3 models or files of boxes; two can be compared"),
        (["{0}", "{1}", "--truth", "{2}", "--truth", "{2}"], "U311"),
        (["{0}", "{1}", "--truth", "{2}", "--size", "640"], "U707"),
        (["{0}", "{1}", "--truth", "{2}", "--bootstrap", "-1"], "U201"),
    ],
)
def test_what_cannot_be_compared(capsys, two, letters, arguments, message):
    assert main(["evaluate", *(one.format(*two, letters) for one in arguments)]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_a_missing_or_damaged_second_file(tmp_path, capsys, two, letters):
    assert main(["evaluate", two[0], str(tmp_path / "gone.json"), "--truth", letters]) == 4
    (tmp_path / "bad.json").write_text('{"images": [')
    assert main(["evaluate", two[0], str(tmp_path / "bad.json"), "--truth", letters]) == 4
    assert "bad.json:1:13" in capsys.readouterr().err


def test_classes_only_one_of_them_knows(tmp_path, capsys, two):
    truth = coco(tmp_path / "truth.json", {"p0.png": 4}, classes=("text_line", "seal"))
    seals = tmp_path / "seals.json"
    document = json.loads((tmp_path / "new.json").read_text())
    document["categories"] = [{"id": 1, "name": "seal"}]
    seals.write_text(json.dumps(document))
    assert main(["evaluate", two[0], str(seals), "--truth", truth]) == 6
    assert "M502 no class is in" in capsys.readouterr().err
