from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.check.checking import Options, check
from centernet_cli.datasets.check.recipe_fit import Eyes
from centernet_cli.datasets.check.repair import folder_names, write_mended
from centernet_cli.datasets.check.sources import Request
from centernet_cli.datasets.formats import FORMATS, read_dataset
from centernet_cli.datasets.formats.tally import Tally

EYES = Eyes(("line",), {"row": "line"}, "crop", (768, 512), 100, 4, 3)


def noise(size, seed=0):
    """Return a picture like no other seed's."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, size[::-1], dtype=np.uint8))


def coco(folder: Path, annotations, *, images=(("a.png", 100, 80),), names=("line", "title"), pictures=True):
    """Write a COCO file with its images; annotations are image number from 1, category, box and more keys."""
    folder.mkdir(exist_ok=True)
    for index, (name, width, height) in enumerate(images):
        if pictures:
            noise((width, height), index).save(folder / name)
    data = {
        "images": [{"id": i, "file_name": n, "width": w, "height": h} for i, (n, w, h) in enumerate(images, start=1)],
        "categories": [{"id": i, "name": name} for i, name in enumerate(names, start=1)],
        "annotations": [
            {"id": number, "image_id": image, "category_id": category, "bbox": box, **more}
            for number, (image, category, box, more) in enumerate(annotations, start=1)
        ],
    }
    (folder / "annotations.json").write_text(json.dumps(data), encoding="utf-8")
    return folder


def request(path, split=None, name="auto"):
    return Request(path, path, split or str(path), name)


def codes(checked):
    return {finding.code: finding.count for finding in checked.findings.sorted()}


def check_folders(*folders, **options):
    return check([request(folder) for folder in folders], Options(**options))


def test_a_good_dataset_has_no_findings(tmp_path):
    coco(tmp_path / "a", [(1, 1, [1, 1, 50, 9], {}), (1, 2, [1, 20, 50, 9], {})])
    checked = check_folders(tmp_path / "a", pixels=True, eyes=EYES)
    assert codes(checked) == {"D055": 1}  # EYES don't learn titles
    assert checked.mended[0] == checked.sources[0].dataset


def test_nan_is_a_finding_with_its_place(tmp_path):
    coco(tmp_path / "a", [(1, 1, [float("nan"), 1, 50, 9], {}), (1, 1, [1, 20, 50, 9], {}), (1, 2, [1, 40, 9, 9], {})])
    checked = check_folders(tmp_path / "a")
    assert codes(checked) == {"J406": 1, "D008": 1}
    broken, number = checked.findings.sorted()
    assert number.places[0].line == 1
    assert number.places[0].col is not None
    assert "/annotations/0" in broken.places[0].detail
    assert len(checked.mended[0].pages[0].annotations) == 2


def test_places_have_the_ids_of_the_file(tmp_path):
    coco(tmp_path / "a", [(1, 2, [1, 20, 50, 9], {}), (1, 1, [500, 1, 50, 9], {"id": 17})])
    place = next(found for found in check_folders(tmp_path / "a").findings.sorted() if found.code == "D010").places[0]
    assert (place.image_id, place.annotation_id, place.shape, place.label) == (1, 17, 2, "line")
    assert place.box == (500, 1, 550, 10)


@pytest.mark.parametrize(
    ("annotation", "code"),
    [
        ((1, 1, [50, 9, -40, -8], {}), "D009"),
        ((1, 1, [50, 9, 0, 8], {}), "D009"),
        ((1, 1, [50, 90, 10, 8], {}), "D010"),
        ((1, 1, [90, 9, 20, 8], {}), "D024"),
        ((1, 1, [1, 40, 20, 0.5], {}), "D043"),
        ((7, 1, [1, 40, 20, 5], {}), "D004"),
        ((1, 9, [1, 40, 20, 5], {}), "D005"),
        ((1, 1, [1, 40, 20, 5], {"id": 1}), "D003"),
        ((1, 1, [1, 40, 20, 5], {"score": 4}), "D012"),
        ((1, 1, [1, 40, 20, 5], {"segmentation": "?"}), "D011"),
        ((1, 1, [1, 40, 20, 5], {"segmentation": [[1, 40, 21, 45, 21, 40, 1, 45]]}), "D023"),
        ((1, 1, [1, 40, 20, 5], {"segmentation": [[1, 40, 21, 45]]}), "D025"),
        ((1, 1, [1, 40, 20, 5], {"segmentation": [[1, 40, 21, 40, 21, 45], [1, 41]]}), "D025"),
        ((1, 1, "wide", {}), "D008"),
        ((1, 1, [1, 1, 50, 9], {}), "D036"),
        ((1, 1, [1, 1.3, 50, 9], {}), "D037"),
        ((1, 2, [1, 1, 50, 9], {}), "D054"),
    ],
)
def test_faults_of_annotations(tmp_path, annotation, code):
    good: Any = [(1, 1, [1, 1, 50, 9], {}), (1, 2, [1, 20, 50, 9], {})]
    assert codes(check_folders(coco(tmp_path / "a", [*good, annotation]))) == {code: 1}


def test_splits_that_are_not_there(tmp_path):
    (tmp_path / "images" / "train").mkdir(parents=True)
    noise((100, 80)).save(tmp_path / "images" / "train" / "a.png")
    (tmp_path / "images" / "train" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n", encoding="utf-8")
    description = "names: [line]\ntrain: images/train\nval: images/val\ntest: images/test\n"
    (tmp_path / "data.yaml").write_text(description, encoding="utf-8")
    checked = check_folders(tmp_path)
    assert codes(checked) == {"D029": 2}
    (found,) = checked.findings.sorted()
    assert found.severity == "warning"
    assert [place.detail for place in found.places] == ["val: images/val", "test: images/test"]
    written = write_mended(checked, tmp_path / "out", "copy", Tally())
    assert codes(check([each.request for each in written], Options())) == {}


def test_class_names(tmp_path):
    boxes: Any = [(1, category, [1, 10 * category, 50, 5], {}) for category in range(1, 5)]
    checked = check_folders(coco(tmp_path / "a", boxes, names=("line", "Line ", "", "title", "unused")))
    assert codes(checked) == {"D038": 1, "D039": 1, "D056": 1}
    assert checked.mended[0].classes == ("line", "title", "unused")
    assert [each.label for each in checked.mended[0].pages[0].annotations] == ["line", "line", "title"]


def test_names_that_lead_out_are_never_opened(tmp_path):
    coco(tmp_path / "a", [(1, 1, [1, 1, 5, 5], {})], images=[("../b/x.png", 100, 80)], pictures=False)
    coco(tmp_path / "b", [(1, 1, [1, 1, 5, 5], {})], images=[("x.png", 100, 80)])
    (tmp_path / "a" / "link.png").symlink_to(tmp_path / "b" / "x.png")
    checked = check_folders(tmp_path / "a")
    assert codes(checked).keys() >= {"X310", "D030"}
    assert checked.mended[0].pages == ()


def test_pages_and_images(tmp_path):
    images = [(f"{name}.png", 100, 80) for name in ("a", "b", "missing")]
    folder = coco(tmp_path / "a", [(1, 1, [1, 1, 50, 9], {}), (3, 1, [1, 1, 50, 9], {})], images=images)
    (folder / "missing.png").rename(folder / "other.png")
    checked = check_folders(folder)
    assert codes(checked) == {"D016": 1, "D044": 1, "D045": 1, "D056": 1}
    assert [page.info.source for page in checked.mended[0].pages] == ["a.png", "b.png"]


def test_an_image_listed_twice_is_one_page(tmp_path):
    boxes: Any = [(1, 1, [1, 1, 50, 9], {}), (2, 1, [1, 1, 50, 9], {}), (2, 1, [1, 20, 50, 9], {})]
    folder = coco(tmp_path / "a", boxes, images=[("a.png", 100, 80), ("a.png", 100, 80)], names=["line"])
    checked = check_folders(folder)
    assert codes(checked) == {"D046": 1}
    assert len(checked.mended[0].pages) == 1
    assert len(checked.mended[0].pages[0].annotations) == 2


def test_copies_in_one_split_and_in_two(tmp_path):
    images = [("a.png", 100, 80), ("b.png", 100, 80)]
    boxes: Any = [(1, 1, [1, 1, 50, 9], {}), (2, 1, [1, 1, 50, 9], {})]
    train = coco(tmp_path / "train", boxes, images=images, names=["line"])
    val = coco(tmp_path / "val", boxes, images=[("c.png", 100, 80), ("d.png", 100, 80)], names=["line"])
    (val / "c.png").write_bytes((train / "a.png").read_bytes())
    (val / "d.png").write_bytes((train / "a.png").read_bytes())
    checked = check_folders(train, val)
    assert codes(checked) == {"D050": 2}
    assert [len(dataset.pages) for dataset in checked.mended] == [1, 2]
    together = check([request(train, "one"), request(val, "one")], Options())
    assert codes(together) == {"D047": 2}


SQUARE = [10, 10, 50, 10, 50, 30, 10, 30]


def test_units_without_an_image_are_told(tmp_path):
    (tmp_path / "a.xml").write_text(
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description><MeasurementUnit>mm10</MeasurementUnit>'
        "<sourceImageInformation><fileName>a.png</fileName></sourceImageInformation></Description><Layout>"
        '<Page WIDTH="210" HEIGHT="297"><PrintSpace><TextBlock HPOS="9" VPOS="9" WIDTH="99" HEIGHT="9"/></PrintSpace>'
        "</Page></Layout></alto>"
    )
    assert codes(check_folders(tmp_path)) == {"D016": 1, "D058": 1}
    noise((420, 594), 0).save(tmp_path / "a.png")
    assert codes(check_folders(tmp_path)) == {}


@pytest.mark.parametrize(
    ("box", "more", "found"),
    [
        ([10, 10, 40, 20], {"area": 800}, {}),
        ([10, 10, 40, 20], {"area": 300, "segmentation": []}, {}),  # of a mask that is no longer there
        ([10, 10, 40, 20], {"area": 3200}, {"D028": 1}),
        ([10, 10, 40, 20], {"area": 7}, {"D028": 1}),
        ([1, 20, 1, 20], {"segmentation": {"counts": [100, 20, 7880], "size": [80, 100]}, "area": 20}, {}),
        ([1, 20, 1, 20], {"segmentation": {"counts": [100, 20, 7880], "size": [80, 100]}, "area": 900}, {"D028": 1}),
        ([10, 10, 40, 20], {"segmentation": {"counts": [100, 20, 7880], "size": [80, 100]}}, {"D027": 1}),
        ([10, 10, 40, 20], {"segmentation": [[10, 10, 30, 10, 30, 30], [20, 20, 50, 20, 50, 30]]}, {}),
        ([10, 10, 40, 20], {"segmentation": [[10, 10, 30, 30, 20, 10, 40, 10, 12, 30], SQUARE]}, {"D023": 1}),
        ([10, 10, 40, 20], {"segmentation": {"counts": [7], "size": [80, 100]}}, {"D011": 1}),
        ([10, 10, 40, 20], {"segmentation": {"counts": [100, 20, 30], "size": [10, 15]}}, {"D011": 1}),
        ([10, 10, 40, 20], {"area": 801, "segmentation": [SQUARE]}, {}),
        ([10, 10, 40, 20], {"area": 300, "segmentation": [SQUARE]}, {"D028": 1}),
        ([10, 10, 41, 21], {"segmentation": [SQUARE]}, {}),
        ([10, 10, 80, 40], {"segmentation": [SQUARE]}, {"D027": 1}),
        ([10, 10, 40, 20], {"segmentation": [[10, 10, 50, 10, 30, 30]], "area": 400}, {}),
    ],
)
def test_boxes_polygons_and_areas_that_contradict_each_other(tmp_path, box, more, found):
    checked = check_folders(coco(tmp_path / "a", [(1, 1, box, more)], names=["line"]))
    assert codes(checked) == found
    assert len(checked.mended[0].pages[0].annotations) == 1


def test_copies_that_only_look_alike(tmp_path):
    train = coco(tmp_path / "train", [(1, 1, [1, 1, 50, 9], {})], images=[("a.png", 900, 1200)], names=["line"])
    val = coco(tmp_path / "val", [(1, 1, [1, 1, 50, 9], {})], images=[("b.png", 600, 800)], names=["line"])
    with Image.open(Path(__file__).parents[3] / "sample_docs" / "note-en.jpg") as page:
        page.convert("L").resize((900, 1200)).save(train / "a.png")
    with Image.open(train / "a.png") as image:
        image.resize((600, 800)).save(val / "b.png")
    assert codes(check_folders(train, val)) == {}
    assert codes(check_folders(train, val, pixels=True, workers=2)) == {"D051": 1}


def test_boxes_of_an_image_that_is_shown_upside_down(tmp_path):
    boxes = [[30, y, 100 + y // 2, 12] for y in range(40, 320, 25)]
    folder = coco(tmp_path / "a", [(1, 1, box, {}) for box in boxes], images=[("a.png", 400, 500)], names=["line"])
    pixels = np.full((500, 400), 240, np.uint8)
    for x, y, width, height in boxes:
        pixels[y : y + height, x : x + width : 3] = 20
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(pixels).save(folder / "a.png", exif=exif)
    assert codes(check_folders(folder)) == {}  # sizes say nothing
    checked = check_folders(folder, pixels=True)
    assert codes(checked) == {"D053": 1}
    write_mended(checked, tmp_path / "b", "copy", Tally())
    assert codes(check_folders(tmp_path / "b", pixels=True)) == {}
    assert read_dataset(tmp_path / "b").pages[0].annotations[0].box == (250, 448, 370, 460)


def test_documents_in_two_splits(tmp_path):
    for name, page in (("train", "deed-1.png"), ("val", "deed-2.png")):
        coco(tmp_path / name, [(1, 1, [1, 1, 50, 9], {})], images=[(page, 100, 80 + len(name))], names=["line"])
    assert codes(check_folders(tmp_path / "train", tmp_path / "val")) == {"D052": 1}


def test_splits_of_one_source_are_its_folders(tmp_path):
    images = [("train/a.png", 100, 80), ("val2017/b.png", 100, 80)]
    for folder in ("train", "val2017"):
        (tmp_path / "a" / folder).mkdir(parents=True)
    boxes: Any = [(1, 1, [1, 1, 50, 9], {}), (2, 1, [1, 1, 50, 9], {})]
    coco(tmp_path / "a", boxes, images=images, names=["line"])
    (tmp_path / "a/val2017/b.png").write_bytes((tmp_path / "a/train/a.png").read_bytes())
    assert codes(check_folders(tmp_path / "a")) == {"D050": 1}


def test_damaged_pixels_need_looking_at(tmp_path):
    folder = coco(tmp_path / "a", [(1, 1, [1, 1, 50, 9], {})], images=[("a.jpg", 100, 80)], names=["line"])
    content = (folder / "a.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(content[: len(content) // 2])
    assert codes(check_folders(folder)) == {}
    checked = check_folders(folder, pixels=True)
    assert codes(checked) == {"I101": 1}
    assert checked.mended[0].pages == ()


def test_with_a_recipes_eyes(tmp_path):
    boxes: Any = [
        (1, 1, [10, 10, 20, 9], {}),
        (1, 1, [9, 9, 22, 11], {}),
        (1, 2, [5, 9, 30, 11], {}),
        (1, 1, [1, 40, 80, 3], {}),
        (1, 1, [1, 60, 80, 9], {}),
    ]
    folder = coco(tmp_path / "a", boxes, names=["line", "title"])
    assert codes(check_folders(folder, eyes=EYES)) == {"D041": 1, "D042": 1, "D040": 1, "D055": 1}
    wrong = Eyes(("region",), {}, "page", (768, 512), 100, 4, 3)
    assert codes(check_folders(folder, eyes=wrong)) == {"D035": 1}


@pytest.mark.parametrize(
    ("boxes", "annotates"),
    [([], None), ([(1, 1, [10, 10, 20, 9], {"iscrowd": 1})], None), ([(1, 2, [10, 10, 20, 9], {})], ("line",))],
    ids=["no boxes", "crowds", "another class"],
)
def test_nothing_for_a_recipe_to_learn_from(tmp_path, boxes, annotates):
    """What `train` refuses."""
    folder = coco(tmp_path / "a", boxes)
    other = coco(tmp_path / "b", [(1, 1, [10, 10, 20, 9], {})], images=[("b.png", 110, 80)])
    asked = Request(folder, folder, "train", annotates=annotates)
    found = check([asked], Options(eyes=EYES)).findings.sorted()
    assert [each.severity for each in found if each.code == "D030"] == ["error"]
    with_more = check([asked, Request(other, other, "train")], Options(eyes=EYES))
    assert "D030" not in codes(with_more)
    # What a model is judged on teaches it nothing.
    with_judge = check([asked, Request(other, other, "val")], Options(eyes=EYES))
    assert codes(with_judge)["D030"] == 1
    assert "D030" not in codes(check([asked], Options()))


@pytest.mark.parametrize(("mode", "scale"), [("crop", 2.0), ("page", 1.2), ("original", 0.96)])
def test_scales_of_recipes(mode, scale):
    assert Eyes(("line",), {}, mode, (96, 120), 200, 4, 3).scale(100, 80) == pytest.approx(scale)


def test_labelme_and_its_shapes(tmp_path):
    Image.new("L", (100, 80)).save(tmp_path / "a.png")
    shapes = [
        {"label": "line", "points": [[1, 1], [50, 9]], "shape_type": "rectangle"},
        {"label": "line", "points": [[1, 20], [1, 30]], "shape_type": "rectangle"},
        {"label": "line", "points": [[1, 20]], "shape_type": "point"},
        {"label": "line", "points": [[1, 20], [3, 3]], "shape_type": "polygon"},
        {"label": "line", "points": [[1, "x"], [3, 3]], "shape_type": "polygon"},
    ]
    data = {"shapes": shapes, "imagePath": "a.png", "imageWidth": 100, "imageHeight": 80}
    (tmp_path / "a.json").write_text(json.dumps(data), encoding="utf-8")
    (tmp_path / "b.json").write_text('{"shapes": [], "imagePath"', encoding="utf-8")
    checked = check_folders(tmp_path)
    assert codes(checked) == {"D008": 1, "D009": 1, "D025": 1, "D026": 1, "J404": 1}
    for finding in checked.findings.sorted():
        assert finding.places[0].path is not None
        assert finding.places[0].path.endswith(".json")


def test_images_that_only_labelme_files_hold(tmp_path):
    stream = io.BytesIO()
    noise((100, 80)).save(stream, format="PNG")
    shape = {"label": "line", "points": [[1, 1], [150, 9]], "shape_type": "rectangle"}
    data = {"shapes": [shape], "imagePath": "a.png", "imageData": base64.b64encode(stream.getvalue()).decode()}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(json.dumps(data), encoding="utf-8")
    checked = check_folders(tmp_path / "in")
    assert codes(checked) == {"D016": 1, "D024": 1}
    (written,) = write_mended(checked, tmp_path / "out", "copy", Tally())
    assert codes(check([written.request], Options(pixels=True))) == {}
    assert (tmp_path / "out" / "a.png").is_file()


@pytest.mark.parametrize(
    "name", ["pipe", "pipe.xml", "pipe.json", "pipe.csv", "pipe.jsonl", "pipe.parquet", "pipe.txt"]
)
def test_pipes_are_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert codes(check_folders(tmp_path / name)) == {"D031": 1}


def test_inverted_boxes_of_a_scaled_image_are_told(tmp_path):
    folder = coco(tmp_path / "a", [(1, 1, [50, 9, -40, -8], {})], images=[("a.png", 100, 80)], names=["line"])
    noise((200, 160)).save(folder / "a.png")
    checked = check_folders(folder)
    assert codes(checked) == {"D009": 1, "D014": 1}
    assert checked.mended[0].pages[0].annotations[0].box == (20, 2, 100, 18)


def test_regions_and_lines_of_page_xml_are_both_kept(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    noise((100, 80)).save(source / "a.png")
    (source / "a.xml").write_text(
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><Page imageFilename="a.png" '
        'imageWidth="100" imageHeight="80"><TextRegion id="r"><Coords points="1,1 90,1 90,70 1,70"/><TextLine id="l">'
        '<Coords points="2,2 80,2 80,9 2,9"/></TextLine></TextRegion></Page></PcGts>',
        encoding="utf-8",
    )
    checked = check_folders(source)
    assert codes(checked) == {}
    (written,) = write_mended(checked, tmp_path / "out", "copy", Tally())
    labels = [each.label for each in check([written.request], Options()).sources[0].dataset.pages[0].annotations]
    assert sorted(labels) == ["text", "text_line"]


def test_what_cannot_be_read_at_all(tmp_path):
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    coco(tmp_path / "b", [(1, 1, [1, 1, 50, 9], {})], names=["line"])
    checked = check_folders(tmp_path / "a.json", tmp_path / "b", tmp_path / "none")
    assert codes(checked).keys() == {"J404", "D031"}
    assert [str(error.path) for error in checked.unreadable] == [str(tmp_path / "a.json"), str(tmp_path / "none")]
    assert len(checked.sources) == 1


def damaged(tmp_path, name):
    """Write a dataset in some format, with a box over the edge and the image of one page gone."""
    for page in ("a", "b"):
        noise((100, 80), ord(page)).save(tmp_path / f"{page}.png")
    pages = tuple(
        PageRecord(
            info=PageInfo(source=f"{page}.png", width=100, height=80),
            annotations=(Annotation(label="line", box=(1, 1, 50, 9)), Annotation(label="line", box=(1, 1, 50, 9))),
        )
        for page in ("a", "b")
    )
    dataset = Dataset(classes=("line",), pages=pages, root=tmp_path)
    source = tmp_path / "in"
    source.mkdir()
    for page in ("a", "b"):
        folder = source / ("images" if name.startswith("yolo") else "JPEGImages" if name == "voc" else "")
        folder.mkdir(exist_ok=True)
        (tmp_path / f"{page}.png").rename(folder / f"{page}.png")
    entry = FORMATS[name]
    fitted = dataset if entry.fit is None else entry.fit(dataset, Tally())
    entry.write(fitted, source if entry.files else source / entry.output)
    return source


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_mended_in_its_own(tmp_path, name):
    source = damaged(tmp_path, name)
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    checked = check([request(source, name=name)], Options())
    assert codes(checked)["D036"] == 2
    (written,) = write_mended(checked, tmp_path / "out", "copy", Tally())
    again = check([written.request], Options())
    assert codes(again) == {}
    assert [len(page.annotations) for page in again.sources[0].dataset.pages] == [1, 1]
    assert again.sources[0].format == name
    assert {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} == before


def test_nothing_left_to_write(tmp_path):
    folder = coco(tmp_path / "a", [(1, 1, [1, 1, 50, 9], {})], names=["line"], pictures=False)
    checked = check_folders(folder)
    with pytest.raises(InputError, match="D030"):
        write_mended(checked, tmp_path / "out", "copy", Tally())
    assert not (tmp_path / "out").exists()


def test_names_of_folders(tmp_path):
    for name in ("a/annotations.json", "b/annotations.json", "b/set.json", "x/b"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8") if path.suffix else path.mkdir()
    paths = [tmp_path / name for name in ("a/annotations.json", "b/annotations.json", "b/set.json", "x/b", "b")]
    assert folder_names(paths) == ["a", "b", "set", "b-2", "b-3"]


number: Any = st.one_of(
    st.integers(-20, 120),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([None, "x", True, 10**400, 1e308, [], {}]),
)
annotation = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(1, 6) | number,
        "image_id": st.integers(1, 4) | number,
        "category_id": st.integers(1, 4) | number,
        "bbox": st.lists(number, min_size=4, max_size=4) | number,
        "segmentation": st.lists(st.lists(number, max_size=8), max_size=2) | number,
        "iscrowd": number,
        "score": number,
    },
)
picture = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(1, 4) | number,
        "file_name": st.sampled_from(["a.png", "b.png", "c.png", "", "../x", "sub", 5, "a\0b", "x" * 300]),
        "width": st.sampled_from([100, 80, 200]) | number,
        "height": st.sampled_from([80, 100, 160]) | number,
    },
)
category = st.fixed_dictionaries(
    {}, optional={"id": st.integers(1, 4) | number, "name": st.sampled_from(["line", "Line", "", " ", "x", 5, None])}
)


@settings(max_examples=150)
@given(
    st.fixed_dictionaries(
        {
            "images": st.lists(picture | number, max_size=4),
            "annotations": st.lists(annotation | number, max_size=8),
            "categories": st.lists(category | number, max_size=4),
        }
    )
)
def test_any_coco_file_is_checked_and_mended(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("coco")
    Image.new("L", (100, 80)).save(folder / "a.png")
    Image.new("L", (80, 100)).save(folder / "b.png")
    (folder / "sub").mkdir()
    (folder / "annotations.json").write_text(json.dumps(data), encoding="utf-8")
    checked = check([request(folder, name="coco")], Options(eyes=EYES))
    if not checked.sources or not checked.mended[0].pages:
        return
    (written,) = write_mended(checked, folder / "out", "copy", Tally())
    again = check([written.request], Options())
    assert [finding.line() for finding in again.findings.sorted() if finding.severity == "error"] == []
    assert set(codes(again)) <= {"D043", "D044", "D054", "D056", "D047"}


def _wrong_width(folder: Path, name: str, width: object) -> None:
    """Write a dataset of one page whose width is nonsense, beside its image of 100 x 80 pixels."""
    box = "<xmin>1</xmin><ymin>1</ymin><xmax>51</xmax><ymax>21</ymax>"
    image = {"file_name": "a.png", "width": width, "height": 80}
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 50, 20]}
    texts = {
        "coco": (
            "a.json",
            json.dumps(
                {
                    "images": [{"id": 1, **image}],
                    "categories": [{"id": 1, "name": "a"}],
                    "annotations": [annotation],
                }
            ),
        ),
        "jsonl": ("a.jsonl", json.dumps({**image, "annotations": [{"label": "a", "bbox": [1, 1, 50, 20]}]})),
        "csv": ("a.csv", f"image,width,height,label,x0,y0,x1,y1\na.png,{width},80,a,1,1,51,21\n"),
        "cvat": (
            "a.xml",
            (
                f"<annotations><image name='a.png' width='{width}' height='80'>"
                "<box label='a' xtl='1' ytl='1' xbr='51' ybr='21'/></image></annotations>"
            ),
        ),
        "voc": (
            "a.xml",
            (
                f"<annotation><filename>a.png</filename><size><width>{width}</width><height>80</height></size>"
                f"<object><name>a</name><bndbox>{box}</bndbox></object></annotation>"
            ),
        ),
    }
    folder.mkdir()
    noise((100, 80)).save(folder / "a.png")
    file, text = texts[name]
    (folder / file).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("width", [-5, 99.5, 10**12])
@pytest.mark.parametrize("name", ["coco", "jsonl", "csv", "cvat", "voc"])
def test_wrong_widths_are_refused_and_mended_alike_in_all_formats(tmp_path, name, width):
    folder = tmp_path / "a"
    _wrong_width(folder, name, width)
    with pytest.raises(InputError, match="D007"):
        read_dataset(folder, name)
    checked = check([request(folder, name=name)], Options())
    assert codes(checked) == {"D007": 1}
    (page,) = checked.mended[0].pages
    assert (page.info.width, page.info.height) == (100, 80)
    assert len(page.annotations) == 1
