"""CVAT for images and for video 1.1, as CVAT exports it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.cvat import read_cvat
from centernet_cli.datasets.formats.tally import Tally

META = (
    "<meta><task><id>1</id><labels><label><name>b</name><type>any</type></label><label><name>a</name></label>"
    "<label><name>weather</name><type>tag</type></label></labels></task><dumped>now</dumped></meta>"
)

CUBOID = (
    '<cuboid label="a" xtl1="1" ytl1="2" xbl1="1" ybl1="9" xtr1="8" ytr1="2" xbr1="8" ybr1="9" '
    'xtl2="3" ytl2="4" xbl2="3" ybl2="12" xtr2="11" ytr2="4" xbr2="11" ybr2="12"/>'
)


def put(folder: Path, *shapes: str, image: str = '<image id="0" name="x/a.png" width="100" height="50">') -> Path:
    path = folder / "annotations.xml"
    inside = "\n".join(shapes)
    path.write_text(
        f"<?xml version='1.0'?>\n<annotations><version>1.1</version>{META}{image}\n{inside}</image></annotations>"
    )
    return path


@pytest.mark.parametrize(
    ("shape", "outcome", "box", "points"),
    [
        (
            '<box label="a" xtl="1" ytl="2" xbr="30.5" ybr="40" occluded="1" z_order="0"/>',
            "converted",
            (1, 2, 30.5, 40),
            0,
        ),
        ('<box label="a" xtl="10" ytl="10" xbr="30" ybr="20" rotation="90"/>', "converted", (15, 5, 25, 25), 4),
        ('<polygon label="a" points="1.0,2.0;30,2;30,40;5,45"/>', "converted", (1, 2, 30, 45), 4),
        ('<ellipse label="a" cx="20" cy="20" rx="10" ry="5"/>', "reduced", (10, 15, 30, 25), 0),
        ('<ellipse label="a" cx="20" cy="20" rx="10" ry="5" rotation="90"/>', "reduced", (15, 10, 25, 30), 0),
        ('<mask label="a" rle="3, 4" left="1" top="2" width="30" height="20"/>', "reduced", (1, 2, 31, 22), 0),
        (
            CUBOID,
            "reduced",
            (1, 2, 11, 12),
            0,
        ),
        ('<polyline label="a" points="1,2;3,4"/>', "dropped", None, 0),
        ('<points label="a" points="1,2"/>', "dropped", None, 0),
        ('<skeleton label="a"><points label="1" points="1,2"/></skeleton>', "dropped", None, 0),
        ('<hologram label="a"/>', "dropped", None, 0),
    ],
)
def test_shapes(tmp_path: Path, shape: str, outcome: str, box: tuple[float, ...] | None, points: int) -> None:
    tally = Tally()
    path = put(tmp_path, shape)
    assert detect_format(path) == detect_format(tmp_path) == "cvat"
    dataset = read_cvat(tmp_path, tally=tally)
    assert dataset.classes == ("b", "a")
    assert [row[1] for row in tally.rows()] == [outcome]
    assert [item.box for item in dataset.pages[0].annotations] == ([] if box is None else [pytest.approx(box)])
    assert [len(item.polygon or ()) for item in dataset.pages[0].annotations] == ([] if box is None else [points])


def test_attributes_tags_and_labels_nobody_listed(tmp_path: Path) -> None:
    box = '<box label="new" xtl="1" ytl="2" xbr="30" ybr="40">{}</box>'
    attributes = '<attribute name="score">0.5</attribute><attribute name="quality">good</attribute>'
    other = '<attribute name="score">high</attribute><attribute name="crowd">true</attribute>'
    put(tmp_path, '<tag label="weather"/>', box.format(attributes), box.format(other))
    tally = Tally()
    dataset = read_cvat(tmp_path, tally=tally)
    assert dataset.classes == ("b", "a", "new")
    assert [(item.score, item.crowd) for item in dataset.pages[0].annotations] == [(0.5, False), (None, True)]
    assert tally.notes == {"attributes of shapes ignored": 1, "tags of images ignored": 1}


SIZE = "<original_size><width>100</width><height>50</height></original_size>"
VIDEO = f"<version>1.1</version><meta><task>{SIZE}</task></meta>"
TRACKS = (
    '<track id="0" label="a"><box frame="7" keyframe="1" outside="0" xtl="1" ytl="1" xbr="2" ybr="2"/>'
    '<box frame="12" keyframe="0" outside="0" xtl="2" ytl="1" xbr="3" ybr="2"/>'
    '<box frame="13" keyframe="1" outside="1" xtl="2" ytl="1" xbr="3" ybr="2"/></track>'
    '<track id="1" label="b"><polygon frame="7" outside="0" points="0,0;9,0;9,9"/></track>'
)


def test_shapes_of_tracks_are_on_their_frames(tmp_path: Path) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(f"<annotations>{VIDEO}{TRACKS}</annotations>")
    (tmp_path / "images").mkdir()
    Image.new("1", (100, 50)).save(tmp_path / "images" / "frame_000012.PNG")
    assert detect_format(path) == "cvat"
    tally = Tally()
    dataset = read_cvat(path, tally=tally)
    assert dataset.root == tmp_path / "images"
    assert [(page.info.source, page.info.width, page.info.height) for page in dataset.pages] == [
        ("frame_000007.png", 100, 50),
        ("frame_000012.PNG", 100, 50),
        ("frame_000013.png", 100, 50),
    ]
    assert [[item.label for item in page.annotations] for page in dataset.pages] == [["a", "b"], ["a"], []]
    assert [item.box for item in dataset.pages[1].annotations] == [(2, 1, 3, 2)]
    assert ("box", "dropped", "has left the picture", 1) in tally.rows()
    assert tally.total() == 4


def test_tracks_without_a_size_take_that_of_their_images(tmp_path: Path) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(f"<annotations><version>1.1</version>{TRACKS}</annotations>")
    with pytest.raises(InputError, match="D007") as caught:
        read_cvat(path)
    assert len(caught.value.lines()) == 3
    for number in (7, 12, 13):
        Image.new("1", (70, 30)).save(tmp_path / f"frame_{number:06d}.jpg")
    assert {page.info.width for page in read_cvat(path).pages} == {70}


def test_tracks_beside_images_are_on_the_image_of_their_number(tmp_path: Path) -> None:
    path = put(tmp_path, '<box label="a" xtl="1" ytl="1" xbr="2" ybr="2"/>')
    track = '<track id="0" label="a"><box frame="0" xtl="3" ytl="1" xbr="4" ybr="2"/></track>'
    path.write_text(path.read_text().replace("</annotations>", f"{track}</annotations>"))
    (page,) = read_cvat(path).pages
    assert [item.box[0] for item in page.annotations] == [1, 3]


@pytest.mark.parametrize(
    ("tracks", "code"),
    [
        ('<track label="a"><box frame="x"/></track>', "D002"),
        ('<track label="a"><box/></track>', "D002"),
        ('<track><box frame="0" xtl="1" ytl="1" xbr="2" ybr="2"/></track>', "D013"),
        ('<track label="a" task_id="1"/><track label="a" task_id="2"/>', "D001"),
        ('<track label="a"/>', "D001"),
    ],
)
def test_tracks_that_cannot_be_read(tmp_path: Path, tracks: str, code: str) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(f"<annotations>{VIDEO}{tracks}</annotations>")
    with pytest.raises(InputError, match=code):
        read_cvat(path)


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ('<box xtl="1" ytl="2" xbr="30" ybr="40"/>', "D013"),
        ('<box label="a" ytl="2" xbr="30" ybr="40"/>', "D008"),
        ('<box label="a" xtl="NaN" ytl="2" xbr="30" ybr="40"/>', "D008"),
        ('<box label="a" xtl="1" ytl="2" xbr="30" ybr="40" rotation="x"/>', "D008"),
        ('<polygon label="a" points="1,2;3,4"/>', "D008"),
        ('<polygon label="a" points="1,2;3,4;5"/>', "D008"),
        ('<polygon label="a"/>', "D008"),
        ('<ellipse label="a" cx="1e99" cy="2" rx="3" ry="4"/>', "D008"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, shape: str, code: str) -> None:
    with pytest.raises(InputError, match=rf"annotations\.xml:4: {code}"):
        read_cvat(put(tmp_path, '<tag label="x"/>', shape))


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ('<image id="0" width="100" height="50">', "D002"),
        ('<image id="0" name="a.png" width="100">', "D007"),
        ('<image id="0" name="a.png" width="1.5" height="3">', "D007"),
        ('<image id="0" name="../a.png" width="100" height="50">', "X310"),
        ('<image id="0" name="/etc/passwd" width="100" height="50">', "X310"),
        ('<image id="0" name="http://x/a.png" width="100" height="50">', "X310"),
    ],
)
def test_images_that_are_wrong(tmp_path: Path, image: str, code: str) -> None:
    with pytest.raises(InputError, match=rf"annotations\.xml:2: {code}"):
        read_cvat(put(tmp_path, image=image))


def test_other_xml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "annotations.xml"
    for content, code in (
        ("<annotation/>", "D001"),
        ("<annotations/>", "D001"),
        ("<a", "X302"),
        ("<!DOCTYPE a><a/>", "X301"),
    ):
        path.write_text(content)
        with pytest.raises(InputError, match=code):
            read_cvat(path)
