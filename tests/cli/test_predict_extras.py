"""What `predict` makes beside its output: the report, annotated PDFs, two models at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from lxml import etree, html
from PIL import Image, ImageDraw

from centernet_cli import cli
from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.inference import open_runtime
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.models.meta import ModelMeta

LINES = ModelMeta(
    name="lines",
    classes=("text_line",),
    page_size=320,
    model=ModelSection(),
    decode=DecodeSection(),
    threshold=0.5,
    sha256="0" * 64,
)
REGIONS = replace(LINES, name="regions", classes=("text", "table"), page_size=256, threshold=0.4, sha256="1" * 64)


class Ink:
    """Finds the box around everything dark: as it is, or as a region a little larger."""

    name, device, precision, multiple = "fake", "cpu", "fp32", 32

    def __init__(self, meta: ModelMeta, margin: int, score: float) -> None:
        self.meta, self._margin, self._score = meta, margin, score

    def predict(self, batch: np.ndarray) -> list[RawBoxes]:
        return [self._find(image) for image in batch]

    def _find(self, image: np.ndarray) -> RawBoxes:
        ys, xs = np.nonzero(image.mean(axis=2) < 128)
        more = self._margin
        box = np.array([[xs.min() - more, ys.min() - more, xs.max() + 1 + more, ys.max() + 1 + more]], np.float32)
        return RawBoxes(box, np.array([self._score], np.float32), np.array([0]))


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    runtimes = {"lines": Ink(LINES, 0, 0.9), "regions": Ink(REGIONS, 5, 0.6)}
    monkeypatch.setattr(open_runtime, "open_runtime", lambda name, *_, **__: runtimes[name])
    return tmp_path


def picture() -> Image.Image:
    image = Image.new("RGB", (300, 400), "white")
    ImageDraw.Draw(image).rectangle((30, 40, 229, 59), fill="black")
    return image


def make_image(name: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    picture().save(name)
    return name


def make_pdf(name: str, pages: int = 2) -> str:
    first, *others = (picture() for _ in range(pages))
    first.save(name, save_all=True, append_images=others, resolution=72)
    return name


def predict(*args: str) -> int:
    return cli.main(["predict", *args, "--workers", "0"])


def load(path: str = "boxes.json") -> dict[str, Any]:
    value = json.loads(Path(path).read_text())
    assert isinstance(value, dict)
    return value


def names(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_report_of_everything() -> None:
    make_image("a.png")
    make_pdf("doc.pdf")
    Path("bad.png").write_text("no picture")
    assert predict("a.png", "doc.pdf", "bad.png", "-o", "boxes.json", "--report", "r/report.html") == 5
    root = html.parse("r/report.html").getroot()
    sheets = root.findall(".//article")
    assert [sheet.find("h3").text_content() for sheet in sheets] == ["a.png", "doc.pdf#1", "doc.pdf#2"]
    assert [sheet.find("h3/a").get("href") for sheet in sheets] == [
        "../a.png",
        "../doc.pdf#page=1",
        "../doc.pdf#page=2",
    ]
    assert all(image.get("src").startswith("data:image/webp") for image in root.findall(".//article//img"))
    assert root.find(".//section[@id='failed']//tbody/tr/td").text == "bad.png"
    assert predict("a.png", "-o", "boxes.json", "--report", "r/report.html") == 0, "our own report is replaced"
    Path("r/report.html").write_text("<html>mine</html>")
    assert predict("a.png", "-o", "boxes.json", "--report", "r/report.html") == 8
    assert Path("r/report.html").read_text() == "<html>mine</html>"
    assert predict("a.png", "-o", "boxes.json", "--report", "r/report.html", "--force") == 0


def test_a_copy_of_each_pdf() -> None:
    make_image("a.png")
    make_pdf("doc.pdf")
    before = Path("doc.pdf").read_bytes()
    assert predict("a.png", "doc.pdf", "-o", "boxes.json", "--annotate-pdf", "copies/") == 0
    assert names("copies") == ["doc.pdf"]
    with pikepdf.open("copies/doc.pdf") as pdf:
        for page in pdf.pages:
            (note,) = page.obj.Annots
            assert [float(side) for side in note.Rect] == pytest.approx([30, 340, 230, 360], abs=2)
            assert str(note.Contents) == "text_line 0.90"
    assert Path("doc.pdf").read_bytes() == before
    assert predict("doc.pdf", "-o", "boxes.json", "--annotate-pdf", "one.pdf", "--pages", "2") == 0
    with pikepdf.open("one.pdf") as pdf:
        assert ["/Annots" in page.obj for page in pdf.pages] == [False, True]
    assert predict("doc.pdf", "-o", "boxes.json", "--annotate-pdf", "one.pdf") == 8, "it may have been worked on"
    assert predict("doc.pdf", "-o", "boxes.json", "--annotate-pdf", "copies") == 8
    assert predict("doc.pdf", "-o", "boxes.json", "--annotate-pdf", "doc.pdf", "--force") == 8
    assert Path("doc.pdf").read_bytes() == before


def test_images_have_no_copies(capsys) -> None:
    make_image("a.png")
    assert predict("a.png", "-o", "boxes.json", "--annotate-pdf", "copies/") == 0
    assert "no page of a PDF among the inputs" in capsys.readouterr().err
    assert names() == ["a.png", "boxes.json"]


def test_a_copy_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    make_pdf("doc.pdf")

    def fail(*_: object, **__: object) -> None:
        raise pikepdf.PdfError("beyond repair")

    monkeypatch.setattr(pikepdf, "open", fail)
    assert predict("doc.pdf", "-o", "boxes.json", "--annotate-pdf", "copies/", "--report", "r.html") == 5
    assert "doc.pdf: P208 the PDF cannot be copied: beyond repair" in capsys.readouterr().err
    assert len(load()["annotations"]) == 2
    assert "P208" in Path("r.html").read_text()
    assert not Path("copies").exists() or names("copies") == []


@pytest.mark.parametrize(
    "args",
    [
        ("-o", "x.html", "--format", "hocr", "--report", "x.html"),
        ("-o", "x.json", "--report", "./x.json"),
        ("--report", "x.pdf", "--annotate-pdf", "x.pdf"),
    ],
)
def test_outputs_need_names_of_their_own(args: tuple[str, ...], capsys) -> None:
    make_image("a.png")
    assert predict("a.png", *args) == 2
    assert "U717" in capsys.readouterr().err
    assert names() == ["a.png"]


def test_inputs_are_never_replaced(capsys) -> None:
    Path(make_image("a.png")).rename("a.html")  # an image, whatever its name says
    assert predict("a.html", "-o", "boxes.json", "--report", "a.html", "--force") == 8
    assert "O802" in capsys.readouterr().err


def test_nothing_is_left_if_no_page_succeeds() -> None:
    Path("bad.pdf").write_bytes(b"%PDF-1.7\nno")
    assert predict("bad.pdf", "-o", "b.json", "--report", "r.html", "--annotate-pdf", "c.pdf", "--overlay", "o") == 4
    assert names() == ["bad.pdf"]


def test_both_models_at_once() -> None:
    make_image("a.png")
    make_pdf("doc.pdf")
    arguments = ("a.png", "doc.pdf", "--model", "lines,regions")
    assert (
        predict(*arguments, "-o", "boxes.json", "--overlay", "over", "--report", "r.html", "--annotate-pdf", "c/") == 0
    )
    document = load()
    assert [category["name"] for category in document["categories"]] == ["text_line", "text", "table"]
    labels = [(entry["image_id"], entry["category_id"], entry.get("parent_id")) for entry in document["annotations"]]
    assert labels == [(1, 1, 2), (1, 2, None), (2, 1, 4), (2, 2, None), (3, 1, 6), (3, 2, None)]
    info = document["info"]
    assert [model["name"] for model in info["models"]] == ["lines", "regions"]
    assert [model["threshold"] for model in info["models"]] == [0.5, 0.4]
    assert document["images"][0]["network_size"] == 320
    assert names("over") == ["a.jpg", "doc-p001.jpg", "doc-p002.jpg"]
    with Image.open("over/a.jpg") as drawn:
        assert drawn.size == (300, 400)
        assert max(np.ptp(np.asarray(drawn).astype(int), axis=2).ravel()) > 60, "regions have colours"
    assert len(html.parse("r.html").getroot().findall(".//article//path")) == 6
    with pikepdf.open("c/doc.pdf") as pdf:
        assert [str(note.Contents) for note in pdf.pages[1].obj.Annots] == ["text 0.60", "text_line 0.90"]


def test_lines_are_nested_in_regions() -> None:
    make_image("scans/a.png")
    assert predict("scans", "--model", "regions,lines", "--format", "page", "--out", "page/") == 0
    root = etree.parse("page/a.xml").getroot()
    (region,) = root.iter("{*}TextRegion")
    (line,) = region.findall("{*}TextLine")
    assert line.find("{*}Coords").get("conf") == "0.9"
    found = read_dataset(Path(), "page", level="all")
    assert sorted(one.label for one in found.pages[0].annotations) == ["text", "text_line"]


@pytest.mark.parametrize("model", ["lines,", "lines,lines", ","])
def test_lists_of_models(model: str, capsys) -> None:
    make_image("a.png")
    assert predict("a.png", "--model", model, "-o", "b.json") == 2
    assert "U718" in capsys.readouterr().err
    assert names() == ["a.png"]


def test_going_on_with_both_models() -> None:
    make_image("a.png")
    make_image("b.png")
    assert predict("a.png", "--model", "lines,regions", "-o", "boxes.json", "--resume") == 0
    assert predict("a.png", "b.png", "--model", "lines,regions", "-o", "boxes.json", "--resume") == 0
    assert [entry["image_id"] for entry in load()["annotations"]] == [1, 1, 2, 2]


def test_labelme_gets_pictures_of_pages_of_documents() -> None:
    make_image("a.png")
    make_pdf("doc.pdf")
    assert predict("a.png", "doc.pdf", "--out", "labels/", "--dpi", "72") == 0
    assert names("labels") == ["a.json", "doc-p001.jpg", "doc-p001.json", "doc-p002.jpg", "doc-p002.json"]
    assert load("labels/a.json")["imagePath"] == "../a.png"
    labels = load("labels/doc-p002.json")
    assert labels["imagePath"] == "doc-p002.jpg"
    with Image.open("labels/doc-p002.jpg") as drawn:
        assert drawn.size == (labels["imageWidth"], labels["imageHeight"]) == (300, 400)
