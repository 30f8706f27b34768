"""ALTO of all versions, units and programs read, and written so that others can read it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.alto import fit_alto, read_alto, write_alto
from centernet_cli.datasets.formats.safe_xml import local_name, read_xml
from centernet_cli.datasets.formats.tally import Tally

POSITION = 'HPOS="10" VPOS="20" WIDTH="20" HEIGHT="20"'
BOX = (10, 20, 30, 40)
STRING = f'<String CONTENT="a" WC="0.5" {POSITION}/>'
LINE = f"<TextLine {POSITION}>{STRING}<SP/></TextLine>"


def block(inner: str = "", *, kind: str = "TextBlock", more: str = POSITION) -> str:
    return f'<{kind} ID="b" {more}>{inner}</{kind}>'


def alto(
    body: str,
    *,
    version: str = "http://www.loc.gov/standards/alto/ns-v4#",
    unit: str = "pixel",
    size: str = 'WIDTH="100" HEIGHT="50"',
    name: str = "<fileName>a.png</fileName>",
    tags: str = "",
    place: str = "PrintSpace",
) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<alto xmlns="{version}">\n'
        f"<Description><MeasurementUnit>{unit}</MeasurementUnit>"
        f"<sourceImageInformation>{name}</sourceImageInformation></Description><Tags>{tags}</Tags>\n"
        f'<Layout><Page ID="p" PHYSICAL_IMG_NR="7" {size}><{place}>{body}</{place}></Page></Layout></alto>'
    )


def read(folder: Path, text: str, level: str | None = None) -> tuple[PageRecord, Tally]:
    (folder / "a.xml").write_text(text, encoding="utf-8")
    tally = Tally()
    (found,) = read_alto(folder, tally=tally, level=level).pages
    return found, tally


@pytest.mark.parametrize("number", [2, 3, 4])
def test_versions(tmp_path: Path, number: int) -> None:
    text = alto(block(LINE), version=f"http://www.loc.gov/standards/alto/ns-v{number}#")
    found, tally = read(tmp_path, text)
    assert found.annotations == (Annotation(label="text_line", box=BOX),)
    assert found.info == PageInfo(source="a.png", width=100, height=50)
    assert not any("version" in note for note in tally.notes)
    assert detect_format(tmp_path) == "alto"


@pytest.mark.parametrize("version", ["http://www.loc.gov/standards/alto/ns-v9#", "urn:alto"])
def test_unknown_versions_are_read_with_a_note(tmp_path: Path, version: str) -> None:
    found, tally = read(tmp_path, alto(block(LINE), version=version))
    assert len(found.annotations) == 1
    assert any("not a known version" in note for note in tally.notes)


@pytest.mark.parametrize(
    ("level", "labels"),
    [
        (None, ["text_line"]),
        ("region", ["table", "text", "figure", "separator"]),
        ("word", ["word"]),
        ("all", ["table", "text", "text_line", "word", "figure", "separator"]),
    ],
)
def test_levels_and_kinds(tmp_path: Path, level: str | None, labels: list[str]) -> None:
    body = block(block(LINE), kind="ComposedBlock", more=f'TYPE="Table" {POSITION}')
    body += block(kind="Illustration") + block(kind="GraphicalElement")
    found, tally = read(tmp_path, alto(body), level)
    assert [annotation.label for annotation in found.annotations] == labels
    assert all(annotation.box == BOX for annotation in found.annotations)
    assert tally.total("converted") == len(labels)


def test_containers_and_blocks_without_position_are_no_regions(tmp_path: Path) -> None:
    inner = block(LINE, more="")
    body = block(inner, kind="ComposedBlock") + block(inner, kind="ComposedBlock", more=f'TYPE="container" {POSITION}')
    found, tally = read(tmp_path, alto(body), "all")
    assert [annotation.label for annotation in found.annotations] == ["text_line", "word"] * 2
    assert tally.notes["ComposedBlocks without a type skipped, what is in them kept"] == 2
    assert tally.notes["blocks without position skipped, what is in them kept"] == 2


@pytest.mark.parametrize(
    ("tag", "label"),
    [
        ('<OtherTag ID="t" TYPE="region" LABEL="MainZone"/>', "MainZone"),
        ('<LayoutTag ID="t" LABEL="heading"/>', "title"),
        ('<StructureTag ID="t" LABEL="list"/>', "list"),
        ('<OtherTag ID="t" TYPE="type" LABEL="heading" DESCRIPTION=""/>', "title"),  # kraken
        ('<OtherTag ID="t" TYPE="language" LABEL="lat"/>', "text"),
        ('<OtherTag ID="t" TYPE="line" LABEL="x"/>', "text"),
        ('<NamedEntityTag ID="t" LABEL="Paris"/>', "text"),
        ('<OtherTag ID="u" LABEL="x"/>', "text"),
        ('<LayoutTag ID="t" TYPE="centernet" LABEL="?" DESCRIPTION="&quot;\\u0001&quot;"/>', "\1"),
    ],
)
def test_tags_name_classes(tmp_path: Path, tag: str, label: str) -> None:
    found, _ = read(tmp_path, alto(block(more=f'{POSITION} TAGREFS="nothing t"'), tags=tag))
    assert [annotation.label for annotation in found.annotations] == [label]


@pytest.mark.parametrize(
    ("place", "label"), [("TopMargin", "header"), ("BottomMargin", "footer"), ("LeftMargin", "marginalia")]
)
def test_margins_name_classes(tmp_path: Path, place: str, label: str) -> None:
    found, _ = read(tmp_path, alto(block(), place=place))
    assert [annotation.label for annotation in found.annotations] == [label]


def test_recognised_text_gives_no_scores(tmp_path: Path) -> None:
    found, tally = read(tmp_path, alto(block(LINE)), "word")
    assert [annotation.score for annotation in found.annotations] == [None]
    assert tally.notes["confidences of recognised text ignored: they are none of positions"] == 1


@pytest.mark.parametrize(
    ("shape", "polygon", "outcome"),
    [
        ('<Polygon POINTS="10,20 30,22 30,40"/>', ((10, 20), (30, 22), (30, 40)), "converted"),
        ('<Polygon POINTS="10 20 30 22 30 40 "/>', ((10, 20), (30, 22), (30, 40)), "converted"),
        ('<Polygon POINTS="10,20,30,22,30,40,10,20"/>', ((10, 20), (30, 22), (30, 40)), "converted"),
        ('<Polygon POINTS="10,20 30,20 30,40 10,40"/>', None, "converted"),
        ('<Polygon POINTS="10,20 30,20"/>', None, "converted"),
        ('<Circle HPOS="20" VPOS="30" RADIUS="10"/>', None, "reduced"),
        ('<Ellipse HPOS="20" VPOS="30" HLENGTH="20" VLENGTH="20"/>', None, "reduced"),
    ],
)
def test_shapes(tmp_path: Path, shape: str, polygon: object, outcome: str) -> None:
    inner = f"<Shape>{shape}</Shape>"
    found, tally = read(tmp_path, alto(block(inner)))
    assert found.annotations == (Annotation(label="text", box=BOX, polygon=polygon),)  # type: ignore[arg-type]
    assert tally.total(outcome) == 1  # type: ignore[arg-type]
    if polygon is not None or outcome == "reduced":
        without, _ = read(tmp_path, alto(block(inner, more="")))
        assert without.annotations[0].box == BOX


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (block("<Shape><Polygon POINTS='1,2 3'/></Shape>"), "D020"),
        (block("<Shape><Polygon POINTS='1,2 x,3 4,5'/></Shape>"), "D020"),
        (block("<Shape><Polygon POINTS='1,2 1e300,3 4,5'/></Shape>"), "D021"),
        (block(more=POSITION.replace("10", "NaN")), "D008"),
        (block(more=POSITION.replace("10", "1e9")), "D021"),
        (block("<Shape><Circle HPOS='1'/></Shape>"), "D008"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, body: str, code: str) -> None:
    with pytest.raises(InputError, match=f"a.xml:4: {code} TextBlock: "):
        read(tmp_path, alto(body))


def test_positions_that_are_missing_are_dropped(tmp_path: Path) -> None:
    body = block("<TextLine/><TextLine HPOS='1' VPOS='1' WIDTH='5'/><TextLine HPOS='1' VPOS='1' WIDTH='0' HEIGHT='3'/>")
    _, tally = read(tmp_path, alto(body))
    assert tally.rows() == [
        ("TextLine", "dropped", "has no position", 2),
        ("TextLine", "dropped", "has no extent", 1),
    ]


@pytest.mark.parametrize(
    ("unit", "size", "factor"),
    [
        ("pixel", 'WIDTH="100" HEIGHT="50"', 1),
        ("Pixel ", 'WIDTH="100.0" HEIGHT="50.4"', 1),
        ("pixel", 'WIDTH="200" HEIGHT="100"', 2),
        ("mm10", 'WIDTH="250" HEIGHT="125"', 2.5),
        ("inch1200", 'WIDTH="400" HEIGHT="200"', 4),
    ],
)
def test_units_are_converted_by_the_size_of_the_image(tmp_path: Path, unit: str, size: str, factor: float) -> None:
    Image.new("L", (100, 50)).save(tmp_path / "a.png")
    more = " ".join(f'{name}="{float(value) * factor}"' for name, value in re.findall(r'(\w+)="(\d+)"', POSITION))
    shape = (
        f'<Shape><Polygon POINTS="{10 * factor},{20 * factor} {30 * factor},{25 * factor} 0,{40 * factor}"/></Shape>'
    )
    found, tally = read(tmp_path, alto(block(shape, more=more), unit=unit, size=size))
    assert found.info == PageInfo(source="a.png", width=100, height=50)
    assert found.annotations[0].box == pytest.approx(BOX)
    assert found.annotations[0].polygon is not None
    assert sum(found.annotations[0].polygon, ()) == pytest.approx((10, 20, 30, 25, 0, 40))
    assert tally.notes["positions scaled from the page's size to the image's"] == (factor != 1)


def test_units_stay_where_there_is_no_image(tmp_path: Path) -> None:
    found, tally = read(tmp_path, alto(block(), unit="mm10", size='WIDTH="250" HEIGHT="125.4"'))
    assert found.info == PageInfo(source="a.png", width=250, height=125, dpi=254)
    assert found.annotations[0].box == pytest.approx(BOX)
    assert tally.notes["positions left in mm10: no image tells how many pixels that is"] == 1


@pytest.mark.parametrize(
    ("unit", "size", "there", "code"),
    [
        ("inch1200", "", True, "D007"),
        ("parsec", 'WIDTH="250" HEIGHT="125"', True, "D022"),
        ("pixel", "", False, "D007"),
        ("pixel", 'WIDTH="100" HEIGHT="-5"', False, "D007"),
        ("pixel", 'WIDTH="50" HEIGHT="100"', True, "D014"),
        ("mm10", 'WIDTH="250" HEIGHT="250"', True, "D014"),
    ],
)
def test_units_that_cannot_be_converted(tmp_path: Path, unit: str, size: str, there: bool, code: str) -> None:
    if there:
        Image.new("L", (100, 50)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=rf"a\.xml: {code} "):
        read(tmp_path, alto("", unit=unit, size=size))


def test_a_missing_size_is_taken_from_the_image(tmp_path: Path) -> None:
    Image.new("L", (100, 50)).save(tmp_path / "a.png")
    assert read(tmp_path, alto("", size=""))[0].info.width == 100


@pytest.mark.parametrize(
    ("name", "there", "source"),
    [
        ("<fileName>sub/b.tif</fileName>", None, "sub/b.tif"),
        ("<fileName>\n   b.tif\n </fileName>", None, "b.tif"),
        ("<fileName>C:\\scans\\b.tif</fileName>", "b.tif", "b.tif"),
        ("<fileName>C:\\scans\\b.tif</fileName>", "a.jpg", "a.jpg"),
        ("<fileName>/scans/b.tif</fileName>", None, "b.tif"),
        ("<fileName/>", None, "a"),
        ("", None, "a"),
        ("", "a.JPG", "a.JPG"),
    ],
)
def test_names_of_images(tmp_path: Path, name: str, there: str | None, source: str) -> None:
    if there:
        (tmp_path / there).write_bytes(b"")
    assert read(tmp_path, alto("", name=name))[0].info.source == source


@pytest.mark.parametrize("stated", ["../x.png", "/etc/passwd", "file:///x.png", "http://e.org/x.png", "\\\\s\\x.png"])
def test_images_outside_are_refused(tmp_path: Path, stated: str) -> None:
    with pytest.raises(InputError, match=r"a\.xml: X310 "):
        read(tmp_path, alto("", name=f"<fileName>{stated}</fileName>"))


def test_several_pages_in_a_file(tmp_path: Path) -> None:
    text = alto(block(LINE))
    sheet = re.search("<Page.*</Page>", text)
    assert sheet is not None
    text = text.replace(sheet[0], sheet[0] + sheet[0].replace('"7"', '"8"').replace('"10"', '"11"'))
    (tmp_path / "a.xml").write_text(text)
    first, second = read_alto(tmp_path).pages
    assert (first.info.page, second.info.page) == (7, 8)
    assert second.annotations[0].box[0] == 11


def test_other_roots(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<altona/>")
    with pytest.raises(InputError, match=r"X302 not ALTO: the root is <altona>"):
        read_alto(tmp_path / "a.xml")
    with pytest.raises(InputError, match="D001"):
        read_alto(tmp_path)


PROJECT = ["text_line", "text", "title", "list", "table", "figure", "caption", "header", "footer", "other"]


@pytest.mark.parametrize("label", [*PROJECT, "word", "heading", "container", "<b>", "\1\ud800", ""])
def test_every_class_is_read_back(tmp_path: Path, label: str) -> None:
    annotation = Annotation(label=label, box=(10, 20.25, 300.0001, 400), crowd=True)
    info = PageInfo(source="a.png", width=1000, height=1000, page=3, dpi=300)
    dataset = Dataset(classes=(label,), pages=(PageRecord(info=info, annotations=(annotation,)),), root=Path())
    write_alto(dataset, tmp_path)
    assert read_alto(tmp_path, level="all").pages == dataset.pages


ORDER = {
    "alto": ["Description", "Tags", "Layout"],
    "Description": ["MeasurementUnit", "sourceImageInformation", "Processing"],
    "sourceImageInformation": ["fileName"],
    "Processing": ["processingStepSettings", "processingSoftware"],
    "processingSoftware": ["softwareName", "softwareVersion"],
    "Layout": ["Page"],
    "Page": ["PrintSpace"],
    "ComposedBlock": ["Shape", "block"],
    "TextBlock": ["Shape", "TextLine"],
    "Illustration": ["Shape"],
    "GraphicalElement": ["Shape"],
    "PrintSpace": ["block"],
    "TextLine": ["Shape", "String"],
    "String": ["Shape"],
    "Shape": ["Polygon"],
}
BLOCKS = {"TextBlock", "ComposedBlock", "Illustration", "GraphicalElement"}
NEEDED = {
    "Page": {"ID", "PHYSICAL_IMG_NR"},
    "String": {"CONTENT"},
    "LayoutTag": {"ID", "LABEL"},
    "OtherTag": {"ID", "LABEL"},
    "Polygon": {"POINTS"},
    **{name: {"ID"} for name in BLOCKS},
}


def check_structure(root) -> None:
    """Check what the schema of version 4.2 says of the elements we write."""
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        name = local_name(element)
        children = ["block" if local_name(child) in BLOCKS else local_name(child) for child in element]
        if name == "Tags":
            assert set(children) <= {"LayoutTag", "OtherTag"}
        else:
            places = [ORDER.get(name, []).index(child) for child in children]
            assert places == sorted(places), name
        assert set(element.keys()) >= NEEDED.get(name, set())
        assert set((element.get("TAGREFS") or "").split()) <= set(ids)
        for key in {"HPOS", "VPOS", "WIDTH", "HEIGHT"} & set(element.keys()):
            float(element.get(key))
        if name == "TextLine":
            assert children[-1] == "String"
        assert 0 <= float(element.get("WC", 0)) <= 1


def by_place(annotation: Annotation) -> tuple[object, ...]:
    return (annotation.label, annotation.box)


def test_written_files_are_as_the_schema_says(tmp_path: Path) -> None:
    polygon = ((10.0, 10.0), (90.0, 12.5), (90.0, 30.0))
    annotations = (
        Annotation(label="text", box=(0, 0, 100, 200), score=0.9),
        Annotation(label="text_line", box=(10, 10, 90, 30), polygon=polygon, score=0.75),
        Annotation(label="word", box=(10, 10, 30, 30), score=0.5),
        Annotation(label="table", box=(200, 0, 300, 200)),
        Annotation(label="text_line", box=(210, 10, 290, 30)),
        Annotation(label="figure", box=(400, 0, 500, 200), polygon=((400, 0), (500, 0), (450, 200))),
        Annotation(label="text_line", box=(410, 10, 490, 30)),
        Annotation(label="text_line", box=(0, 900, 500, 930)),
        Annotation(label="word", box=(600, 900, 700, 930)),
        Annotation(label="list", box=(600, 0, 900, 300), crowd=True),
    )
    info = PageInfo(source="a.png", width=1000, height=1000, width_pt=600.5)
    dataset = Dataset(classes=(), pages=(PageRecord(info=info, annotations=annotations, group="g"),), root=tmp_path)
    tally = Tally()
    write_alto(dataset, tmp_path, tally=tally)
    assert tally.notes == {"scores of regions not written": 1}
    root = read_xml(tmp_path / "a.xml")
    check_structure(root)
    settings = next(root.iter("{*}processingStepSettings"))
    assert json.loads(settings.text) == {"width_pt": 600.5, "group": "g"}
    (line,) = (element for element in root.iter("{*}TextLine") if element.get("HPOS") == "10")
    assert local_name(line.getparent()) == "TextBlock"
    assert [(string.get("WC"), string.get("CONTENT")) for string in line.iter("{*}String")] == [
        ("0.75", ""),
        ("0.5", ""),
    ]
    (tag,) = root.iter("{*}LayoutTag")
    assert (tag.get("TYPE"), tag.get("LABEL")) == ("region", "list")  # as kraken and eScriptorium have it
    found = read_alto(tmp_path, level="all").pages[0]
    fitted = fit_alto(dataset, Tally()).pages[0]
    assert sorted(found.annotations, key=by_place) == sorted(fitted.annotations, key=by_place)
    assert (found.info, found.group) == (fitted.info, fitted.group)
    # Another program that kept the file would find a line without text, and no wrong words.
    assert len(read_alto(tmp_path, level="word").pages[0].annotations) == 2


PIECES = st.sampled_from([
    "<TextBlock>", "</TextBlock>", f"<TextLine {POSITION}>", "</TextLine>", STRING, "<Shape>", "</Shape>", "&", "\0",
    "<Polygon POINTS='1,1 5,1 5,5'/>", "<Polygon/>", "<Ellipse HPOS='1'/>", "<ComposedBlock TYPE='table'/>", "é",
    "<Illustration HPOS='-5' VPOS='1e308' WIDTH='1e308' HEIGHT='1e308'/>", "<OtherTag ID='t' LABEL='x'/>",
])  # fmt: skip


@given(st.lists(PIECES, max_size=10).map("".join), st.sampled_from(["1e-300", "100", "inf", "0.4", "x"]))
def test_any_text_gives_a_dataset_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, text: str, width: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    Image.new("L", (100, 50)).save(folder / "a.png")
    (folder / "a.xml").write_text(alto(text, size=f'WIDTH="{width}" HEIGHT="{width}"', unit="mm10"))
    try:
        dataset = read_alto(folder, level="all")
    except InputError as error:
        assert all(len(found) < 1000 for found in error.lines())  # noqa: PT017 (either outcome is right)
    else:
        assert len(dataset.pages) == 1


def test_a_line_has_a_string_of_its_own_only_if_it_needs_one(tmp_path: Path) -> None:
    word = Annotation(label="word", box=(10, 10, 30, 30))
    lines = [
        Annotation(label="text_line", box=(10, 10, 90, 30)),
        Annotation(label="text_line", box=(10, 50, 90, 70)),
    ]
    info = PageInfo(source="a.png", width=100, height=100)
    write_alto(Dataset(classes=(), pages=(PageRecord(info=info, annotations=(word, *lines)),), root=tmp_path), tmp_path)
    root = read_xml(tmp_path / "a.xml")
    assert [len(line.findall("{*}String")) for line in root.iter("{*}TextLine")] == [1, 1]
    assert len(read_alto(tmp_path, level="word").pages[0].annotations) == 1


def test_single_characters_and_baselines_are_counted(tmp_path: Path) -> None:
    string = f'<String CONTENT="ab" {POSITION}><Glyph CONTENT="a" {POSITION}/><Glyph CONTENT="b" {POSITION}/></String>'
    found, tally = read(tmp_path, alto(block(f'<TextLine BASELINE="35" {POSITION}>{string}</TextLine>')), "all")
    assert [annotation.label for annotation in found.annotations] == ["text", "text_line", "word"]
    assert tally.notes["baselines ignored"] == 1
    assert tally.notes["single characters ignored"] == 2


def test_our_classes_keep_their_names_though_others_would_be_renamed(tmp_path: Path) -> None:
    annotations = tuple(
        Annotation(label=label, box=(10, y, 90, y + 10)) for y, label in ((0, "heading"), (20, "paragraph"))
    )
    info = PageInfo(source="a.png", width=100, height=100)
    write_alto(Dataset(classes=(), pages=(PageRecord(info=info, annotations=annotations),), root=tmp_path), tmp_path)
    assert read_alto(tmp_path).classes == ("heading", "paragraph")
