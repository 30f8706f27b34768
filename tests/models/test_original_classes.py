from __future__ import annotations

import pytest

from centernet_cli.core.errors import ExitCode, UsageError
from centernet_cli.models.original_classes import COCO, VOC, class_names


def test_lists():
    assert (len(COCO), len(set(COCO)), COCO[0], COCO[-1]) == (80, 80, "person", "toothbrush")
    assert (len(VOC), len(set(VOC)), VOC[0], VOC[-1]) == (20, 20, "aeroplane", "tvmonitor")
    assert list(VOC) == sorted(VOC)


@pytest.mark.parametrize(("count", "kind"), [(80, "coco"), (20, "voc"), (1, "numbered"), (81, "numbered")])
def test_the_number_of_channels_tells(count, kind):
    names = class_names(None, count)
    assert (len(names.names), names.kind) == (count, kind)
    if kind == "numbered":
        assert names.names[0] == "class_1"


def test_names_given(tmp_path):
    assert class_names("table, figure", 2) == (("table", "figure"), "own")
    assert class_names("line", 1) == (("line",), "own")
    assert class_names("voc", 20).kind == "voc"
    path = tmp_path / "names.txt"
    path.write_text("\ufefftraffic light\n\nbench\r\n", encoding="utf-8")
    assert class_names(str(path), 2) == (("traffic light", "bench"), "own")


@pytest.mark.parametrize(
    ("given", "count", "message"),
    [
        ("a,b", 3, "2 names, but the heatmap has 3 classes"),
        ("coco", 20, "80 names, but the heatmap has 20 classes"),
        ("", 1, "0 names"),
        ("a,b,a", 3, "'a' twice"),
    ],
)
def test_names_that_do_not_fit(given, count, message):
    with pytest.raises(UsageError, match=message) as caught:
        class_names(given, count)
    assert (caught.value.code, caught.value.exit_code) == ("U314", ExitCode.USAGE)


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "names.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a list of class names"):
        class_names(str(path), 1)
