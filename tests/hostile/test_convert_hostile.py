"""Hostile datasets, converted as people would: right code, right exit status, nothing written, no way out."""

from __future__ import annotations

import json
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.datasets import unzip

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
LINE = '<TextLine id="l"><Coords points="1,1 9,1 9,5 1,5"/></TextLine>'


def page(image: str = "x.png", head: str = "", body: str = LINE) -> str:
    region = f'<TextRegion id="r"><Coords points="0,0 20,0 20,20 0,20"/>{body}</TextRegion>'
    sheet = f'<Page imageFilename="{image}" imageWidth="100" imageHeight="50">{region}</Page>'
    return f'<?xml version="1.0"?>{head}<PcGts xmlns="{NAMESPACE}">{sheet}</PcGts>'


def bomb(entity: str) -> str:
    return page(head=f"<!DOCTYPE PcGts [{entity}]>", body="&b;" + LINE)


def coco(**changes: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "x.png", "width": 100, "height": 50}],
        "categories": [{"id": 1, "name": "line"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 5]}],
        **changes,
    }


def annotation(**changes: Any) -> str:
    return json.dumps(coco(annotations=[{**coco()["annotations"][0], **changes}]))


XML = [
    # Case 20: a DOCTYPE, whatever it is for.
    (bomb('<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">'), "X301"),
    (bomb(f'<!ENTITY b "{"a" * 100_000}">'), "X301"),
    (bomb('<!ENTITY b SYSTEM "file:///etc/passwd">'), "X301"),
    (page(head='<!DOCTYPE PcGts SYSTEM "http://example.org/a.dtd">'), "X301"),
    # Case 21.
    (page()[:-30], "X302"),
    ('<?xml version="1.0" encoding="utf-16"?>' + page()[21:], "X302"),
    # Case 22: an image of the same name lies beside the file, and makes no difference.
    *(
        (page(image=name), "X310")
        for name in (
            "../../etc/x.png",
            "../x.png",
            "a/../../x.png",
            "..\\..\\x.png",
            "/etc/x.png",
            "\\x.png",
            "C:\\scans\\x.png",
            "c:x.png",
            "\\\\server\\share\\x.png",
            "//server/share/x.png",
            "file:///etc/x.png",
            "http://127.0.0.1:1/x.png",
            "link.png",
            "folder/x.png",
        )
    ),
    # Case 23.
    *((page(body=LINE.replace("1,1 9,1 9,5 1,5", points)), "D020") for points in ("10,20 30", "NaN,5 1,2 3,4")),
    (page(body=LINE.replace("1,1 9,1 9,5 1,5", "1e9,5 2e9,5 2e9,9")), "D021"),
]
ODD = [
    # Case 23: what can be read is kept or dropped, and counted.
    ("1,1 9,1", "TextLine  dropped    1  has fewer than three points"),
    ("1,1 9,9 9,1 1,9", "note: outlines that cross or touch themselves, kept as they are: 1"),
    ("-5,1 9,1 9,5 -5,5", "note: boxes reach outside their page, kept as they are: 1"),
    ("1,1 1,1 1,1 1,1", "TextLine  dropped    1  has no extent"),
]
WRONG_ROOT = [
    # Case 21: a file of one format read as another.
    ("page", '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"/>', "X302"),
    ("alto", page(), "X302"),
    ("hocr", "<html><body><p>no page</p></body></html>", "X302"),
    ("voc", page(), "D001"),
    ("cvat", page(), "D001"),
    ("page", '<?xml version="1.0" encoding="klingon"?>' + page()[21:], "X302"),
    ("page", "", "X302"),
]
COCO = [
    # Case 24.
    *(
        (json.dumps({key: value for key, value in coco().items() if key != gone}), "D001")
        for gone in coco()
        if gone != "info"
    ),
    (annotation(image_id=9), "D004"),
    (annotation(category_id=9), "D005"),
    (annotation(bbox=[1, 1, 0, 5]), "D009"),
    (annotation(bbox=[1, 1, -4, 5]), "D009"),
    (annotation(bbox=[200, 1, 4, 5]), "D010"),
    (annotation(bbox=None, segmentation=[]), "D008"),
    (annotation(bbox=None, segmentation={"counts": [5000], "size": [50, 100]}), "D009"),
    (annotation(bbox=None, segmentation={"counts": [7], "size": [50, 100]}), "D011"),
    (annotation(bbox=[1, 1, float("nan"), 5]), "J4"),
    (json.dumps(coco(images=coco()["images"] * 2)), "D003"),
    # Case 25.
    (json.dumps(coco()) + "}", "J4"),
    (json.dumps(coco())[:-1] + ', "images": []}', "J4"),
    (json.dumps(coco())[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "J4"),
]


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, source: Path) -> tuple[int, str]:
    """Convert; check that nothing was written and no traceback shown unless it went well."""
    out = tmp_path / "out.json"
    before = sorted(tmp_path.rglob("*"))
    code = main(["convert", kind, "coco", str(source), "--out", str(out)])
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    if code:
        assert sorted(tmp_path.rglob("*")) == before
    return code, shown


@pytest.mark.parametrize("kind", ["page", "auto"])
@pytest.mark.parametrize(("text", "code"), XML)
def test_page_xml(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, text: str, code: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    Image.new("L", (100, 50)).save(data / "x.png")
    (tmp_path / "x.png").write_bytes(b"")
    (data / "link.png").symlink_to("../x.png")
    (data / "folder").symlink_to("..")
    (data / "a.xml").write_text(text, encoding="utf-8")
    exit_code, shown = run(tmp_path, capsys, kind, data)
    assert exit_code == 4
    assert f" {code} " in shown


@pytest.mark.parametrize(("points", "account"), ODD)
def test_odd_points(tmp_path: Path, capsys: pytest.CaptureFixture[str], points: str, account: str) -> None:
    (tmp_path / "a.xml").write_text(page(body=LINE.replace("1,1 9,1 9,5 1,5", points)), encoding="utf-8")
    exit_code, shown = run(tmp_path, capsys, "page", tmp_path / "a.xml")
    assert exit_code == 0
    assert " ".join(account.split()) in " ".join(shown.split())


@pytest.mark.parametrize(("kind", "text", "code"), WRONG_ROOT)
def test_another_root(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, text: str, code: str) -> None:
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    exit_code, shown = run(tmp_path, capsys, kind, tmp_path / "a.xml")
    assert exit_code == 4
    assert f" {code} " in shown


def test_an_unknown_year_is_read_with_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xml").write_text(page().replace("2019-07-15", "2031-01-01"), encoding="utf-8")
    exit_code, shown = run(tmp_path, capsys, "auto", tmp_path / "a.xml")
    assert exit_code == 0
    assert "PAGE version '2031-01-01' is not a known one" in shown


@pytest.mark.parametrize(("text", "code"), COCO)
def test_coco(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    exit_code, shown = run(tmp_path, capsys, "coco", tmp_path / "a.json")
    assert exit_code == 4
    assert f" {code}" in shown


@pytest.mark.parametrize("name", ["a" * 300, "a" * 5000, f"{'b' * 300}/a.png"])
@pytest.mark.parametrize("kind", ["coco", "page", "yolo", "csv"])
def test_names_that_no_file_can_have(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, name: str) -> None:
    """Asked for, the system doesn't say no but fails."""
    files = {
        "coco": ("annotations.json", json.dumps(coco(images=[{**coco()["images"][0], "file_name": name}]))),
        "page": ("a.xml", page(image=name)),
        "yolo": ("data.yaml", "train: train.txt\nnames: [line]\n"),
        "csv": ("boxes.csv", f"image,width,height,label,x0,y0,x1,y1\n{name},100,50,line,1,1,9,5\n"),
    }
    data = tmp_path / "data"
    data.mkdir()
    file, text = files[kind]
    (data / file).write_text(text, encoding="utf-8")
    (data / "train.txt").write_text(f"{name}\n", encoding="utf-8")
    out = tmp_path / "out"
    assert main(["convert", kind, "labelme", str(data), "--out", str(out), "--images", "copy"]) == 4
    shown = capsys.readouterr().err
    assert any(f" {code} " in shown for code in ("D007", "D016", "X310"))
    assert not out.exists()


def test_sides_beyond_all_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps(coco(images=[{**coco()["images"][0], "width": 10**15}]))
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    exit_code, shown = run(tmp_path, capsys, "coco", tmp_path / "a.json")
    assert exit_code == 4
    assert " D007 " in shown


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_labels_are_data(tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str) -> None:
    names = ["../x", "<script>", "no", "😀", "x" * 10_000, "=1+1"]
    value = coco(categories=[{"id": index, "name": name} for index, name in enumerate(names, 1)])
    (tmp_path / "a.json").write_text(json.dumps(value), encoding=encoding)
    assert run(tmp_path, capsys, "coco", tmp_path / "a.json")[0] == 0
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [item["name"] for item in written["categories"]] == names


def entry(name: str, mode: int = 0o644 | stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    "entries",
    [
        [(entry("../a.json"), b"{}")],
        [(entry("/a.json"), b"{}")],
        [(entry("..\\a.json"), b"{}")],
        [(entry("a.json", 0o777 | stat.S_IFLNK), b"/etc/passwd")],
        [(entry("a.json"), b" " * 3_000_000)],
        [(entry(f"{number}.json"), b"{}") for number in range(12)],
        [(entry("a.json"), b"{}"), (entry("./a.json"), b"[]")],
        [(entry("a.json"), b"{}"), (entry("A.json"), b"[]"), (entry("a.json/b.json"), b"{}")],
    ],
)
def test_zip(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    entries: list[tuple[zipfile.ZipInfo, bytes]],
) -> None:
    monkeypatch.setattr(unzip, "MAX_FILES", 10)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for info, content in entries:
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    exit_code, shown = run(tmp_path, capsys, "coco", tmp_path / "a.zip")
    assert exit_code == 4
    assert " Z601 " in shown


def test_an_encrypted_zip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", "{}")
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flags of the entry and of the directory
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    exit_code, shown = run(tmp_path, capsys, "coco", path)
    assert exit_code == 4
    assert "Z601 'a.json' is encrypted" in shown
