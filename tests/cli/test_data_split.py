from __future__ import annotations

import json
from pathlib import Path

import pytest

from centernet_cli.cli import main
from centernet_cli.cli.data_split import read_ratios
from centernet_cli.core.errors import ExitCode, UsageError

TRUTH = Path(__file__).resolve().parents[2] / "sample_docs" / ".truth"
LINES, REGIONS = TRUTH / "lines.json", TRUTH / "regions.json"


def images_of(path):
    return {image["file_name"] for image in json.loads(path.read_text(encoding="utf-8"))["images"]}


def test_split(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["data", "split", str(LINES), "--out", str(out), "--ratios", "0.7,0.3"]) == 0
    said = capsys.readouterr().out
    assert "text_line" in said
    train, val = images_of(out / "train" / "annotations.json"), images_of(out / "val" / "annotations.json")
    assert train | val == images_of(LINES)
    assert not train & val
    for name in train:
        assert (out / "train" / name).samefile(TRUTH / name)
    assert ("pages/minutes-el-1.jpg" in train) == ("pages/minutes-el-2.jpg" in train)
    assert main(["data", "check", str(out / "train"), str(out / "val"), "--pixels", "--strict"]) == 0
    assert main(["data", "split", str(LINES), "--out", str(out), "--ratios", "0.7,0.3"]) == ExitCode.OUTPUT
    assert "O803" in capsys.readouterr().err


def test_split_beside_the_images(tmp_path, capsys):
    (tmp_path / "pages").symlink_to(TRUTH / "pages")
    data = json.loads(LINES.read_text(encoding="utf-8"))
    (tmp_path / "all.json").write_text(json.dumps(data), encoding="utf-8")
    # Links out of the folder aren't followed, so real files.
    (tmp_path / "pages").unlink()
    (tmp_path / "pages").mkdir()
    for name in images_of(LINES):
        (tmp_path / name).write_bytes((TRUTH / name).read_bytes())
    source = str(tmp_path / "all.json")
    assert main(["data", "split", source, "--out", str(tmp_path), "--images", "none", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["schema_version"] == 1
    assert list(value["splits"]) == ["train", "val", "test"]
    for name, split in value["splits"].items():
        path = tmp_path / f"{name}.json"
        assert split["path"] == str(path)
        assert len(split["names"]) == split["pages"] == len(images_of(path))
        assert main(["data", "check", str(path)]) == 0
        capsys.readouterr()


def test_no_page_is_left_from_another_split(tmp_path, capsys):
    out = tmp_path / "out"
    split = ["data", "split", str(LINES), "--out", str(out), "--ratios", "0.5,0.5", "--to", "yolo"]
    assert main([*split, "--seed", "1"]) == 0
    assert main([*split, "--seed", "1", "--force"]) == 0
    capsys.readouterr()
    assert main([*split, "--seed", "2", "--force"]) == ExitCode.OUTPUT
    assert "O803 is left from another split: " in capsys.readouterr().err
    assert main(["data", "check", str(out / "train"), str(out / "val")]) == 0


def test_copies_of_an_image_stay_together(tmp_path, capsys):
    data = json.loads(LINES.read_text(encoding="utf-8"))
    names = sorted(images_of(LINES))
    (tmp_path / "in" / "pages").mkdir(parents=True)
    for number, name in enumerate(names):  # two copies of each, the first as another document
        (tmp_path / "in" / name).write_bytes((TRUTH / name).read_bytes())
        (tmp_path / "in" / f"copy{number}{name[-4:]}").write_bytes((TRUTH / name).read_bytes())
    old = {image["file_name"]: image for image in data["images"]}
    for number, name in enumerate(names):
        data["images"].append({**old[name], "id": 1000 + number, "file_name": f"copy{number}{name[-4:]}"})
        box = {"category_id": data["categories"][0]["id"], "bbox": [10, 10, 50, 20]}
        data["annotations"].append({"id": 10_000 + number, "image_id": 1000 + number, **box})
    (tmp_path / "in" / "all.json").write_text(json.dumps(data), encoding="utf-8")
    for by in ("document", "page"):
        out = tmp_path / by
        split = ["data", "split", str(tmp_path / "in"), "--out", str(out), "--ratios", "0.5,0.5", "--by", by]
        assert main(split) == 0
        capsys.readouterr()
        main(["data", "check", str(out / "train"), str(out / "val"), "--json"])
        codes = {each["code"] for each in json.loads(capsys.readouterr().out)["findings"]}
        assert "D047" in codes
        assert "D050" not in codes


def test_files_of_an_earlier_output_are_told(tmp_path, capsys):
    sample = ["data", "sample", str(LINES), "--out", str(tmp_path / "out"), "--to", "voc", "--force"]
    assert main([*sample, "--count", "5"]) == 0
    assert "other files" not in capsys.readouterr().err
    assert main([*sample, "--count", "2"]) == 0
    assert f"warning: other files that count as well lie in {tmp_path / 'out'}: 3\n" in capsys.readouterr().err


def test_dry_run_and_formats(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["data", "split", str(LINES), "--out", str(out), "--dry-run"]) == 0
    assert not out.exists()
    assert main(["data", "split", str(TRUTH / "pages"), "--out", str(out), "--to", "yolo", "--ratios", "1,1"]) == 0
    assert (out / "val" / "data.yaml").is_file()
    assert "yolo cannot hold all" in capsys.readouterr().err
    assert main(["data", "check", str(out / "train"), str(out / "val")]) == 0
    capsys.readouterr()


def test_ratios():
    assert read_ratios("0.8,0.1,0.1") == {"train": 0.8, "val": 0.1, "test": 0.1}
    assert read_ratios("3, 1") == {"train": 0.75, "val": 0.25}
    assert read_ratios("a=0.5,b-1=0.5") == {"a": 0.5, "b-1": 0.5}
    assert read_ratios("1") == {"train": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "0,0",
        "0,1",
        "a=1,b=0",
        "-1,2",
        "nan,1",
        "inf,1",
        "0.9,0.2",
        "0.5",
        "1,1,1,1",
        "a=1,a=1",
        "../x=1,b=1",
        "a=1,2",
    ],
)
def test_ratios_that_make_no_sense(text):
    with pytest.raises(UsageError, match="U111"):
        read_ratios(text)


def test_too_few_documents(tmp_path, capsys):
    arguments = ["data", "split", str(LINES), "--out", str(tmp_path / "out"), "--ratios", "0.9999,0.0001"]
    assert main(arguments) == ExitCode.INPUT
    assert "D030" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_merge_puts_boxes_of_one_image_on_one_page(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["data", "merge", str(LINES), str(REGIONS), "--out", str(out)]) == 0
    assert "11 pages joined" in capsys.readouterr().err
    data = json.loads((out / "annotations.json").read_text(encoding="utf-8"))
    counts = [len(json.loads(path.read_text(encoding="utf-8"))["annotations"]) for path in (LINES, REGIONS)]
    assert len(data["images"]) == 11
    assert len(data["annotations"]) == sum(counts)
    assert main(["data", "merge", str(LINES), str(out), "--out", str(tmp_path / "x" / "all.json")]) == 0
    assert len(images_of(tmp_path / "x" / "all.json")) == 11  # `out` has links to the same images
    capsys.readouterr()


def test_merge_knows_copies_of_an_image(tmp_path, capsys):
    for name, path in (("lines", LINES), ("regions", REGIONS)):
        out = tmp_path / name
        assert main(["convert", "coco", "coco", str(path), "--out", str(out / "a.json"), "--images", "copy"]) == 0
    capsys.readouterr()
    out = tmp_path / "both"
    assert main(["data", "merge", str(tmp_path / "lines"), str(tmp_path / "regions"), "--out", str(out)]) == 0
    assert f"{len(images_of(LINES)):,} pages joined" in capsys.readouterr().err
    merged = json.loads((out / "annotations.json").read_text(encoding="utf-8"))
    boxes = [len(json.loads(path.read_text(encoding="utf-8"))["annotations"]) for path in (LINES, REGIONS)]
    assert (len(merged["images"]), len(merged["annotations"])) == (len(images_of(LINES)), sum(boxes))


def test_merge_keeps_a_box_once(tmp_path, capsys):
    (tmp_path / "copy.json").write_text(LINES.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "lines.json").write_text(LINES.read_text(encoding="utf-8"), encoding="utf-8")
    arguments = ["data", "merge", str(tmp_path / "copy.json"), str(tmp_path / "lines.json"), "--images", "none"]
    assert main([*arguments, "--out", str(tmp_path / "all.json")]) == 0
    before, after = (json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in ("copy.json", "all.json"))
    assert len(after["annotations"]) == len(before["annotations"])
    capsys.readouterr()


def test_sample(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["data", "sample", str(REGIONS), "-n", "3", "--each-class", "--out", str(out)]) == 0
    assert len(images_of(out / "annotations.json")) == 3
    assert main(["data", "sample", str(REGIONS), "--only", "tabel", "--out", str(tmp_path / "x")]) == ExitCode.USAGE
    assert "U312" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
    assert main(["data", "sample", str(REGIONS), "--to", "cocco", "--out", str(tmp_path / "x")]) == ExitCode.USAGE
    assert "U301" in capsys.readouterr().err
