"""CSV: our own, and the tables that people have."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.csv_table import read_csv, write_csv
from centernet_cli.datasets.formats.tally import Tally


def put(folder: Path, text: str, *, images: bool = True) -> Path:
    path = folder / "boxes.csv"
    path.write_bytes(text.encode("utf-8"))
    if images:
        Image.new("1", (100, 50)).save(folder / "a.png")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "image,label,x0,y0,x1,y1\na.png,dog,10,5,40,25\n",
        "\ufefffilename,width,height,class,xmin,ymin,xmax,ymax\r\na.png,100,50,dog,10,5,40,25\r\n",
        "Image Path;Class Name;X Min;Y Min;X Max;Y Max\na.png;dog;10;5;40;25\n",
        "file\tcategory\tx1\ty1\tx2\ty2\na.png\tdog\t10\t5\t40\t25\n",
        "image,label,x,y,w,h\na.png,dog,10,5,30,20\n",
        "image,label,x,y,width,height\na.png,dog,10,5,30,20\n",
        'image,label,polygon\na.png,dog,"10,5 40,5 40,25"\n',
        'image,label,x0,y0,x1,y1,extra\n"a.png","dog"," 10 ",5,4e1,25.0,?\n\n',
        "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\ndog,10,5,30,20,a.png,100,50\n",
        "dog,10,5,30,20,a.png,100,50\n",  # Make Sense
        "a.png,10,5,40,25,dog\n",  # keras-retinanet
        "/home/me/imgs/a.png,10,5,40,25,dog\n",
        "image;label;x0;y0;x1;y1\na.png;dog;10,0;5,0;40,0;2,5e1\n",
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\na,xclick,dog,1,0.1,0.4,0.1,0.5\n",
        "image,label,xmin,ymin,xmax,ymax\na.png,dog,0.1,0.1,0.4,0.5\n",  # shares, by their size
        "Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId;Path\n100;50;10;5;40;25;dog;a.png\n",
        "class_id,class_name,image,bbox_x,bbox_y,bbox_width,bbox_height\n7,dog,a.png,10,5,30,20\n",
        'image_id,width,height,bbox,label\na,100,50,"[10.0, 5.0, 30.0, 20.0]",dog\n',
        "TRAIN,gs://bucket/imgs/a.png,dog,0.1,0.1,,,0.4,0.5,,\n",  # Google's AutoML
        "gs://bucket/imgs/a.png,dog,0.1,0.1,0.4,0.1,0.4,0.5,0.1,0.5\n",
    ],
)
def test_headers_that_people_have(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, text)
    assert detect_format(path) == detect_format(tmp_path) == "csv"
    dataset = read_csv(path)
    assert dataset.classes == ("dog",)
    assert [(page.info.source, page.info.width, page.info.height) for page in dataset.pages] == [("a.png", 100, 50)]
    assert [item.box for item in dataset.pages[0].annotations] == [(10, 5, 40, 25)]


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "a.txt,10,5,40,25,dog\n", "a.png,10,5,40,25,\n", "a.png,x,5,40,25,dog\n", "{}"]
)
def test_tables_of_other_things_are_refused(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, text)
    with pytest.raises(InputError, match="D001"):
        read_csv(path)
    with pytest.raises(InputError, match="D031"):
        detect_format(path)


def test_rows_with_too_few_numbers_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="D008 a number is missing"):
        read_csv(put(tmp_path, "image,label,x0,y0,x1,y1\na.png,dog,10,5\n"))


def test_tables_of_keras_retinanet_name_pages_without_boxes(tmp_path: Path) -> None:
    Image.new("1", (30, 20)).save(tmp_path / "b.png")
    first, second = read_csv(put(tmp_path, "b.png,,,,,\na.png,10,5,40,25,dog\n")).pages
    assert (first.info.source, len(first.annotations), len(second.annotations)) == ("b.png", 0, 1)


def test_tables_of_automl_name_pages_without_boxes(tmp_path: Path) -> None:
    Image.new("1", (30, 20)).save(tmp_path / "b.png")
    text = "TRAIN,gs://bucket/b.png,,,,,,,,,\nTEST,gs://bucket/a.png,dog,0.1,0.1,,,0.4,0.5,,\n"
    first, second = read_csv(put(tmp_path, text)).pages
    assert (first.info.source, len(first.annotations), len(second.annotations)) == ("b.png", 0, 1)


def test_boxes_in_one_column_may_be_two_corners(tmp_path: Path) -> None:
    """Nothing says so, but as corner and size they would leave their pages, and as corners none does."""
    tally = Tally()
    text = 'image,label,bbox\na.png,dog,"[10, 5, 40, 25]"\na.png,dog,"[60, 5, 90, 25]"\n'
    (page,) = read_csv(put(tmp_path, text), tally=tally).pages
    assert [item.box for item in page.annotations] == [(10, 5, 40, 25), (60, 5, 90, 25)]
    assert [note for note in tally.notes if "two corners" in note]
    (other,) = read_csv(put(tmp_path, text + 'a.png,dog,"[60, 5, 20, 25]"\n')).pages
    assert other.annotations[0].box == pytest.approx((10, 5, 50, 30))
    with pytest.raises(InputError, match=r"boxes\.csv:2: D008"):
        read_csv(put(tmp_path, 'image,label,bbox\na.png,dog,"[10, 5, 40]"\n'))


def test_tables_without_classes(tmp_path: Path) -> None:
    tally = Tally()
    text = "image,x0,y0,x1,y1\na.png,10,5,40,25\n"
    (page,) = read_csv(put(tmp_path, text), tally=tally).pages
    assert [(item.label, item.box) for item in page.annotations] == [("object", (10, 5, 40, 25))]
    assert tally.notes["no column of classes: all are `object`"] == 1


@pytest.mark.parametrize(
    ("table", "images", "name", "found"),
    [
        ("train.csv", ["train/a.png"], "a", "train/a.png"),
        ("boxes.csv", ["images/validation/a.PNG"], "a", "images/validation/a.PNG"),
        ("annotations/boxes.csv", ["images/train/a.png"], "a.png", "images/train/a.png"),
        # Of several it is the one in the folder that the table is named after, or in the folder that the row names.
        ("train-annotations-bbox.csv", ["train/a.png", "test/a.png"], "a", "train/a.png"),
        ("boxes.csv", ["x/train/a.png", "x/test/a.png"], "test/a.png", "x/test/a.png"),
        ("boxes.csv", ["train/a.png", "test/a.png"], "a.png", None),
        ("boxes.csv", ["train/b.png"], "a.png", None),
    ],
)
def test_images_in_folders_below(tmp_path: Path, table: str, images: list[str], name: str, found: str | None) -> None:
    for image in images:
        (tmp_path / image).parent.mkdir(parents=True, exist_ok=True)
        Image.new("1", (100, 50)).save(tmp_path / image, "PNG")
    path = tmp_path / table
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"image,label,x0,y0,x1,y1\n{name},dog,10,5,40,25\n")
    if found is None:
        with pytest.raises(InputError, match=rf"{path.name}:2: D007"):
            read_csv(path)
    else:
        dataset = read_csv(path)
        assert dataset.root == tmp_path
        assert [page.info.source for page in dataset.pages] == [found]


def test_one_coordinate_above_one_tells_pixels(tmp_path: Path) -> None:
    path = put(tmp_path, "image,label,xmin,ymin,xmax,ymax\na.png,dog,0.1,0.1,0.4,0.5\na.png,dog,0,0,1,1.5\n")
    assert [item.box for item in read_csv(path).pages[0].annotations] == [(0.1, 0.1, 0.4, 0.5), (0, 0, 1, 1.5)]


def test_our_own_tables_are_in_pixels(tmp_path: Path) -> None:
    page = PageRecord(
        info=PageInfo(source="a.png", width=100, height=50),
        annotations=(Annotation(label="dot", box=(0.25, 0.25, 0.5, 0.5)),),
    )
    write_csv(Dataset(classes=("dot",), pages=(page,), root=tmp_path), tmp_path / "boxes.csv")
    assert read_csv(tmp_path / "boxes.csv").pages == (page,)


def test_open_images(tmp_path: Path) -> None:
    """Images are named without suffix, coordinates are shares of the page, scores are of people."""
    rows = ["a,xclick,/m/01,1,0.1,0.4,0.1,0.5,0", "a,xclick,/m/02,1,0,1,0,1,1"]
    text = "\n".join(["ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsGroupOf", *rows])
    (page,) = read_csv(put(tmp_path, text)).pages
    assert page.info.source == "a.png"
    assert page.annotations == (
        Annotation(label="/m/01", box=(10, 5, 40, 25)),
        Annotation(label="/m/02", box=(0, 0, 100, 50), crowd=True),
    )


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("a.png,dog,x,5,40,25", "D008"),
        ("a.png,dog,nan,5,40,25", "D008"),
        ("a.png,dog,1e999,5,40,25", "D008"),
        ("a.png,dog,1_0,5,40,25", "D008"),
        ("a.png,dog,10,5", "D008"),
        ("a.png,dog,10,5,40,25,2", "D012"),
        ("gone.png,dog,10,5,40,25", "D007"),
        ("../a.png,dog,10,5,40,25", "X310"),
        ("/etc/passwd,dog,10,5,40,25", "X310"),
        (",dog,10,5,40,25", "X310"),
        ("a.png,dog,10,5,40,25,,0", "D002"),
        ("a.png,dog,10,5,40,25,,1.5", "D002"),
        ('a.png,dog,10,5,40,25,,,"1,2 3,4"', "D008"),
        ('"a.png"x,dog,10,5,40,25', "D017"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, row: str, code: str) -> None:
    path = put(tmp_path, f"image,label,x0,y0,x1,y1,score,page,polygon\na.png,dog,1,2,3,4\n{row}\n")
    with pytest.raises(InputError, match=rf"boxes\.csv:3: {code}"):
        read_csv(path)


def test_sizes_that_contradict_each_other(tmp_path: Path) -> None:
    rows = ["a.png,100,50,dog,1,2,3,4", "a.png,,,dog,1,2,3,4", "a.png,50,100,dog,1,2,3,4", "b.png,1.5,3,dog,1,2,3,4"]
    path = put(tmp_path, "\n".join(["image,width,height,label,x0,y0,x1,y1", *rows]))
    with pytest.raises(InputError) as caught:
        read_csv(path)
    lines = caught.value.lines()
    assert [line.partition("boxes.csv:")[2][:7] for line in lines] == ["4: D007", "5: D007"]


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_bytes(b"image,label,x0,y0,x1,y1\n\xe9.png,a,1,2,3,4\n")
    with pytest.raises(InputError, match=r"boxes\.csv:2: D017"):
        read_csv(tmp_path)


def test_cells_are_safe_in_spreadsheets_and_come_back(tmp_path: Path) -> None:
    labels = ["=1+1", "+a", "-a", "@a", "\ta", "\ra", "'", "'=a", "a=", "", 'a"b', "a,b", "a\nb", " a "]
    annotations = tuple(Annotation(label=label, box=(-5.5, 5, 40, 25)) for label in labels)
    page = PageRecord(info=PageInfo(source="=a.png", width=100, height=50), annotations=annotations)
    empty = PageRecord(info=PageInfo(source="b.png", width=100, height=50))
    write_csv(Dataset(classes=(), pages=(page, empty), root=tmp_path), tmp_path / "boxes.csv")
    text = (tmp_path / "boxes.csv").read_text()
    assert text.splitlines()[1] == "'=a.png,,100,50,'=1+1,-5.5,5.0,40.0,25.0,,,"
    assert text.splitlines()[-1] == "b.png,,100,50,,,,,,,,"
    found = read_csv(tmp_path / "boxes.csv")
    assert [item.label for item in found.pages[0].annotations] == labels
    assert [page.info.source for page in found.pages] == ["=a.png", "b.png"]


def test_predictions_name_files_anywhere(tmp_path: Path) -> None:
    info = PageInfo(source="/scans/../a.pdf", width=100, height=50, page=3)
    page = PageRecord(info=info, annotations=(Annotation(label="a", box=(1, 2, 3, 4), score=0.25),))
    dataset = Dataset(classes=("a",), pages=(page,), root=None)
    tally = Tally()
    write_csv(dataset, tmp_path / "boxes.csv", tally=tally)
    assert read_csv(tmp_path) == dataset
