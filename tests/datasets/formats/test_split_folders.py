"""Folders of datasets, one for each split."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.split_folders import split_folders


def put_coco(folder: Path, name: str = "_annotations.coco.json") -> None:
    folder.mkdir(parents=True)
    image = {"id": 0, "file_name": f"{folder.name}.png", "width": 20, "height": 30}
    box = {"id": 0, "image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4]}
    data = {"images": [image], "annotations": [box], "categories": [{"id": 1, "name": "line"}]}
    (folder / name).write_text(json.dumps(data))
    Image.new("L", (20, 30), ord(folder.name[0])).save(folder / f"{folder.name}.png")


@pytest.mark.parametrize("format_name", ["auto", "coco"])
def test_folders_of_splits_are_found(tmp_path: Path, format_name: str) -> None:
    for name in ("valid", "train", "test", "other"):
        put_coco(tmp_path / name)
    found = [tmp_path / name for name in ("test", "train", "valid")]
    assert split_folders(tmp_path, format_name) == found
    assert split_folders(tmp_path, "csv") == [tmp_path]


def test_a_dataset_is_itself(tmp_path: Path) -> None:
    put_coco(tmp_path / "all")
    put_coco(tmp_path / "all" / "train")
    assert split_folders(tmp_path / "all") == [tmp_path / "all"]
    file = tmp_path / "all" / "_annotations.coco.json"
    assert split_folders(file) == [file]
    assert split_folders(tmp_path / "none") == [tmp_path / "none"]


def test_a_damaged_split_is_not_left_out(tmp_path: Path) -> None:
    put_coco(tmp_path / "train")
    put_coco(tmp_path / "valid")
    (tmp_path / "test").mkdir()
    Image.new("1", (20, 30)).save(tmp_path / "test" / "a.png")
    damaged = tmp_path / "valid" / "_annotations.coco.json"
    damaged.write_text(damaged.read_text()[:-9])
    found = split_folders(tmp_path)
    assert found == [tmp_path / "train", tmp_path / "valid"]
    with pytest.raises(InputError) as caught:
        detect_format(found[1])
    assert caught.value.code == "J404"


def test_commands_read_all_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train", "valid"):
        put_coco(tmp_path / "export" / name)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for file in sorted((tmp_path / "export").rglob("*.*")):
            archive.write(file, file.relative_to(tmp_path / "export"))
    for source in ("export", "export.zip"):
        out = tmp_path / f"{source}.json"
        assert main(["convert", "auto", "coco", str(tmp_path / source), "--out", str(out)]) == 0
        names = [image["file_name"] for image in json.loads(out.read_text())["images"]]
        assert [Path(name).parts[-2:] for name in names] == [("train", "train.png"), ("valid", "valid.png")]
        capsys.readouterr()
        assert main(["data", "check", str(tmp_path / source), "--json"]) == 0
        sources = json.loads(capsys.readouterr().out)["sources"]
        assert [Path(each["path"]).name for each in sources] == ["train", "valid"]
