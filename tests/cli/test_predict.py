from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from pycocotools.coco import COCO

from centernet_cli import cli
from centernet_cli.cli.predict_job import PredictJob
from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.zoo import save_model

BOX = (30, 40, 230, 60)
META = ModelMeta(
    name="ink",
    classes=("text_line", "other"),
    page_size=320,
    model=ModelSection(),
    decode=DecodeSection(),
    threshold=0.5,
    sha256="0" * 64,
)


class InkRuntime:
    """Finds the box around everything dark; nothing on a blank page."""

    name, device, precision, multiple, meta = "fake", "cpu", "fp32", 32, META

    def predict(self, batch: np.ndarray) -> list[RawBoxes]:
        return [self._find(image) for image in batch]

    def _find(self, image: np.ndarray) -> RawBoxes:
        ys, xs = np.nonzero(image.mean(axis=2) < 128)
        if not len(xs):
            return RawBoxes(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
        box = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], np.float32)
        return RawBoxes(box, np.array([0.87654321], np.float32), np.array([0]))


def use(monkeypatch: pytest.MonkeyPatch, runtime: object) -> None:
    def open_fake(job: PredictJob) -> object:
        job._runtime = runtime  # type: ignore[assignment]
        return runtime

    monkeypatch.setattr(PredictJob, "_open", open_fake)


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    use(monkeypatch, InkRuntime())
    return tmp_path


def picture(width: int = 300, height: int = 400) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((BOX[0], BOX[1], BOX[2] - 1, BOX[3] - 1), fill="black")
    return image


def make_image(name: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    picture().save(name)
    return name


def make_pdf(name: str, pages: int = 3) -> str:
    first, *others = (picture() for _ in range(pages))
    first.save(name, save_all=True, append_images=others, resolution=72)
    return name


def predict(*args: str) -> int:
    return cli.main(["predict", *args])


def load(path: str = "boxes.json") -> dict[str, Any]:
    value = json.loads(Path(path).read_text())
    assert isinstance(value, dict)
    return value


def names(folder: str | Path = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_of_animations_the_first_picture_is_read_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    picture().save("still.gif")
    picture().save("moving.gif", save_all=True, append_images=[picture().rotate(180)])
    assert predict("still.gif", "moving.gif", "--out", "boxes.json") == 0
    assert len(load()["images"]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if "animation" in line]
    assert len(told) == 1
    assert "moving.gif: an animation; only its first picture is read" in told[0]


def test_boxes_json_is_what_the_contract_says() -> None:
    make_image("a.png")
    make_pdf("b.pdf", 2)
    assert predict("a.png", "b.pdf", "--out", "boxes.json") == 0
    document = load()
    info = document["info"]
    assert info["program"] == "centernet"
    assert info["schema_version"] == 1
    assert info["model"]["name"] == "ink"
    assert info["model"]["sha256"] == "0" * 64
    assert info["threshold"] == 0.5
    assert info["options"]["size"] is None
    assert document["categories"][0] == {"id": 1, "name": "text_line", "supercategory": ""}
    assert document["failures"] == []
    image, first, second = document["images"]
    assert (image["source"], image["page"], image["status"]) == ("a.png", None, "ok")
    assert (image["width"], image["height"]) == (300, 400)
    assert image["network_size"] == 320
    assert (first["source"], first["page"], second["page"]) == ("b.pdf", 1, 2)
    assert (first["width_pt"], first["height_pt"]) == (300, 400)
    assert first["dpi"] == pytest.approx(72 * first["width"] / 300, rel=0.01)
    x, y, width, height = document["annotations"][0]["bbox"]
    assert (x, y, x + width, y + height) == pytest.approx(BOX, abs=2)
    assert document["annotations"][0]["score"] == pytest.approx(0.87654, abs=1e-4)
    scale = first["width"] / 300
    x, y, width, height = document["annotations"][1]["bbox"]
    assert (x / scale, y / scale, (x + width) / scale, (y + height) / scale) == pytest.approx(BOX, abs=2)


def test_boxes_json_loads_in_pycocotools_and_here(capsys: pytest.CaptureFixture[str]) -> None:
    make_image("a.png")
    make_pdf("b.pdf", 2)
    assert predict("a.png", "b.pdf", "-o", "boxes.json") == 0
    capsys.readouterr()
    coco = COCO("boxes.json")
    assert len(coco.getImgIds()) == 3
    assert len(coco.getAnnIds()) == 3
    dataset = read_dataset(Path("boxes.json"))
    assert [page.info.page for page in dataset.pages] == [None, 1, 2]
    assert dataset.classes == ("text_line", "other")


def test_the_same_run_writes_the_same_bytes() -> None:
    make_image("a.png")
    assert predict("a.png", "-o", "1.json") == predict("a.png", "-o", "2.json") == 0
    assert Path("1.json").read_bytes() == Path("2.json").read_bytes()


@pytest.mark.parametrize("extra", [[], ["--out", "-"]])
def test_without_out_the_boxes_go_to_stdout_alone(capsys: pytest.CaptureFixture[str], extra: list[str]) -> None:
    make_image("a.png")
    assert predict("a.png", *extra) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["annotations"]) == 1
    assert "1 page: 1 text_line" in captured.err
    assert names() == ["a.png"]


def test_one_bad_file_does_not_stop_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    make_image("c.png")
    Path("a.jpg").write_text("<html>sorry</html>")
    Path("b.pdf").write_bytes(b"%PDF-1.7\ngarbage")
    assert predict("a.jpg", "b.pdf", "c.png", "missing.png", "-o", "boxes.json") == 5
    document = load()
    assert [image["source"] for image in document["images"]] == ["c.png"]
    assert [failure["source"] for failure in document["failures"]] == ["a.jpg", "b.pdf", "missing.png"]
    assert [failure["code"] for failure in document["failures"]] == ["I102", "P201", "I110"]
    lines = capsys.readouterr().err.splitlines()
    for name, code in (("a.jpg", "I102"), ("b.pdf", "P201"), ("missing.png", "I110")):
        assert sum(line.startswith(f"{name}: {code} ") for line in lines) == 1


def test_nothing_is_written_when_nothing_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.jpg").write_text("<html>")
    assert predict("a.jpg", "-o", "new/boxes.json", "--overlay", "overlays") == 4
    assert names() == ["a.jpg"]
    assert "nothing was written" in capsys.readouterr().err
    assert predict("a.jpg") == 4
    assert capsys.readouterr().out == ""


def test_no_input_at_all() -> None:
    Path("empty").mkdir()
    assert predict("empty", "-o", "boxes.json") == 4
    assert predict() == 2


def test_fail_fast_stops_and_writes_no_boxes(capsys: pytest.CaptureFixture[str]) -> None:
    make_image("a.png")
    Path("b.jpg").write_text("<html>")
    assert predict("a.png", "b.jpg", "a.png", "-o", "boxes.json", "--fail-fast") == 4
    assert capsys.readouterr().err.count("I102") == 1
    assert not Path("boxes.json").exists()


def test_a_page_that_breaks_the_network_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Moody(InkRuntime):
        calls = 0

        def predict(self, batch: np.ndarray) -> list[RawBoxes]:
            self.calls += 1
            if self.calls == 2:
                raise ValueError("not today")
            return super().predict(batch)

    use(monkeypatch, Moody())
    make_pdf("a.pdf", 3)
    assert predict("a.pdf", "-o", "boxes.json") == 5
    document = load()
    assert [image["page"] for image in document["images"]] == [1, 3]
    assert document["failures"][0] == {
        "source": "a.pdf",
        "page": 2,
        "code": "R701",
        "message": "the page could not be processed: ValueError: not today",
    }


def test_blank_and_extreme_pages_are_fine() -> None:
    Image.new("RGB", (1, 1), "white").save("1.png")
    Image.new("L", (3, 2000), 255).save("2.png")
    assert predict("1.png", "2.png", "-o", "boxes.json", "--overlay", "o") == 0
    assert load()["annotations"] == []
    assert [image["status"] for image in load()["images"]] == ["ok", "ok"]


def test_pages_threshold_size_and_dpi(monkeypatch: pytest.MonkeyPatch) -> None:
    make_pdf("a.pdf", 4)
    args = ("--pages", "2,4", "--threshold", "0.95", "--size", "640", "--dpi", "100", "--batch-size", "2")
    assert predict("a.pdf", *args, "-o", "boxes.json") == 0
    document = load()
    assert [(image["page"], image["dpi"], image["network_size"]) for image in document["images"]] == [
        (2, 100, 640),
        (4, 100, 640),
    ]
    assert document["annotations"] == []
    assert document["info"]["options"]["pages"] == "2,4"
    assert predict("a.pdf", "--pages", "3-9", "-o", "boxes.json") == 5
    assert load()["failures"][0]["code"] == "P204"


def test_labelme_writes_a_folder() -> None:
    make_image("a.png")
    assert predict("a.png", "-o", "labels", "--format", "labelme") == 0
    assert [name for name in names("labels") if name.endswith(".json")]
    assert predict("a.png", "-o", "labels") == 8, "the folder isn't empty any more"
    assert predict("a.png", "-o", "labels/", "--force") == 0
    assert predict("a.png", "--format", "labelme") == 2


class TwoColumnsRuntime(InkRuntime):
    """Finds two columns side by side, whatever is on the page."""

    def _find(self, image: np.ndarray) -> RawBoxes:
        del image
        boxes = np.array([[20, 40, 100, 200], [140, 40, 220, 200]], np.float32)
        return RawBoxes(boxes, np.array([0.9, 0.8], np.float32), np.array([1, 1]))


@pytest.mark.parametrize(
    ("form", "mark"), [("page", 'readingDirection="right-to-left"'), ("alto", ""), ("hocr", 'dir="rtl"')]
)
def test_pages_are_read_from_right_to_left_if_asked(form: str, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, TwoColumnsRuntime())
    make_image("a.png")
    suffix = "hocr" if form == "hocr" else "xml"
    starts = {}
    for name, extra in (("usual", []), ("mirror", ["--right-to-left"])):
        file = Path(f"{name}.{suffix}")
        assert predict("a.png", "-o", str(file), "--format", form, *extra) == 0
        assert (mark in file.read_text()) == (name == "mirror" or not mark)
        starts[name] = [annotation.box[0] for annotation in read_dataset(file, form).pages[0].annotations]
    assert starts["usual"] == sorted(starts["usual"])
    assert starts["mirror"] == starts["usual"][::-1]


def test_formats_without_an_order_are_not_read_from_right_to_left(capsys: pytest.CaptureFixture[str]) -> None:
    make_image("a.png")
    assert predict("a.png", "-o", "boxes.json", "--right-to-left") == 2
    assert "--right-to-left: U720" in capsys.readouterr().err


def test_overlays_are_one_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    inputs = [make_image("x/a.png"), make_image("y/a.png"), make_pdf("a.pdf", 2)]
    assert predict(*inputs, "-o", "boxes.json", "--overlay", "pictures") == 0
    assert names("pictures") == ["a-2.jpg", "a-p001.jpg", "a-p002.jpg", "a.jpg"]
    with Image.open("pictures/a.jpg") as image:
        assert image.size == (300, 400)


def test_overlays_next_to_the_inputs_leave_them_alone() -> None:
    make_image("a.jpg")
    before = Path("a.jpg").read_bytes()
    assert predict("a.jpg", "-o", "boxes.json", "--overlay", ".") == 0
    assert Path("a.jpg").read_bytes() == before
    assert names() == ["a-2.jpg", "a.jpg", "boxes.json"]


def test_an_input_is_never_the_output() -> None:
    make_image("a.png")
    before = Path("a.png").read_bytes()
    Path("link.json").symlink_to("a.png")
    for out in ("a.png", "./a.png", "link.json"):
        assert predict("a.png", "-o", out, "--force") == 8
    assert Path("a.png").read_bytes() == before


def test_other_peoples_files_are_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    make_image("a.png")
    Path("truth.json").write_text('{"images": []}')
    assert predict("a.png", "-o", "truth.json") == 8
    assert "--force" in capsys.readouterr().err
    assert Path("truth.json").read_text() == '{"images": []}'
    assert predict("a.png", "-o", "truth.json", "--force") == 0
    assert predict("a.png", "-o", "truth.json") == 0, "our own output may be replaced"
    Path("empty.json").touch()
    assert predict("a.png", "-o", "empty.json") == 0


def test_an_earlier_result_survives_a_failed_run() -> None:
    make_image("a.png")
    assert predict("a.png", "-o", "boxes.json") == 0
    before = Path("boxes.json").read_bytes()
    assert predict("missing.png", "-o", "boxes.json") == 4
    assert Path("boxes.json").read_bytes() == before


@pytest.mark.parametrize(
    "args",
    [("-o", "file/boxes.json"), ("-o", "folder"), ("-o", "x.json", "--overlay", "file"), ("-o", "/proc/no/x.json")],
)
def test_an_output_that_cannot_be_written_is_found_before_the_work(
    args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: PredictJob) -> object:
        raise AssertionError

    monkeypatch.setattr(PredictJob, "_open", never)
    make_image("a.png")
    Path("file").touch()
    Path("folder").mkdir()
    format_args = ("--format", "coco") if args == ("-o", "folder") else ()
    assert predict("a.png", *args, *format_args) == 8


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_an_output_error() -> None:
    make_image("a.png")
    assert predict("a.png", "-o", "/dev/full") == 8
    assert Path("/dev/full").is_char_device()


def test_a_missing_model_is_exit_6_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: PredictJob) -> object:
        raise ModelError("M501", "no such model")

    monkeypatch.setattr(PredictJob, "_open", missing)
    make_image("a.png")
    assert predict("a.png", "-o", "boxes.json", "--overlay", "o") == 6
    assert names() == ["a.png"]


def test_poppler_absent_is_exit_7_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    make_image("a.png")
    make_pdf("b.pdf")
    assert predict("a.png", "b.pdf", "--pdf-backend", "poppler", "-o", "boxes.json") == 7
    assert "E710" in capsys.readouterr().err
    assert not Path("boxes.json").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("--threshold", "2"),
        ("--threshold", "nan"),
        ("--size", "0"),
        ("--scales", "0.5,zero"),
        ("--scales", "0,1"),
        ("--scales", "nan"),
        ("--scales", "5"),
        ("--scales", ""),
        ("--resize", "stretch"),
        ("--resize", "keep", "--size", "640"),
        ("--nms", "hard"),
        ("--nms", "0"),
        ("--nms", "1.5"),
        ("--nms", "nan"),
        ("--dpi", "0"),
        ("--pages", "5-2"),
        ("--batch-size", "0"),
        ("--format", "tiff"),
        ("--runtime", "tensorrt"),
        ("--pdf-backend", "mupdf"),
        ("--max-megapixels", "-1"),
        ("--json",),
        ("--password-file", "missing.txt"),
        ("--nonsense",),
    ],
)
def test_usage_errors(args: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    make_image("a.png")
    assert predict("a.png", *args) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_the_password_is_read_from_a_file_and_told_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    Path("secret.txt").write_text("hunter2\nsecond line\n")
    make_pdf("a.pdf", 1)
    assert predict("a.pdf", "--password-file", "secret.txt", "-o", "boxes.json", "-vv") == 0
    captured = capsys.readouterr()
    assert "hunter2" not in captured.out + captured.err + Path("boxes.json").read_text()


def test_summary_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    make_image("a.png")
    Path("b.jpg").write_text("<html>")
    assert predict("a.png", "b.jpg", "-o", "boxes.json", "--json") == 5
    assert json.loads(capsys.readouterr().out) == {"pages": 1, "failed": 1, "boxes": {"text_line": 1, "other": 0}}


def test_quiet_says_nothing_but_errors(capsys: pytest.CaptureFixture[str]) -> None:
    make_image("a.png")
    assert predict("a.png", "-o", "boxes.json", "-q") == 0
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_lists_folders_globs_and_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("d/1.png", "d/e/2.png", "3.png"):
        make_image(name)
    Path("list.txt").write_text("3.png\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"d/e/2.png\n")))
    for args, expected in (
        (("d",), ["d/1.png", "d/e/2.png"]),
        (("@list.txt", "d/*.png"), ["3.png", "d/1.png"]),
        (("-",), ["d/e/2.png"]),
    ):
        assert predict(*args, "-o", "boxes.json") == 0
        assert [image["source"] for image in load()["images"]] == expected


def test_a_name_that_no_file_can_have_fails_alone() -> None:
    make_image("a.png")
    Path("list.txt").write_bytes("a.png\nb\0c.png\n".encode("utf-16"))
    assert predict("@list.txt", "-o", "boxes.json", "--overlay", "o") == 5
    assert len(load()["failures"]) == 1


@pytest.mark.parametrize("name", ["a b.png", "новости 🗞.png", "-x.png", "a\nb.png", "x" * 251 + ".png", "\udcff.png"])
def test_awkward_names(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        make_image("plain.png")
        os.rename("plain.png", name)  # noqa: PTH104 - the name may not be valid text
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system refuses the name")
    assert predict("-o", "boxes.json", "--overlay", "o", "--", name) == 0
    assert load()["images"][0]["source"] == name
    assert len(names("o")) == 1
    Path(name).write_text("<html>")
    assert predict("--", name) == 4
    assert len(capsys.readouterr().err.splitlines()) == 3, "each problem stays on its line"


def test_top_k_reached_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Full(InkRuntime):
        def predict(self, batch: np.ndarray) -> list[RawBoxes]:
            return [found._replace(capped=True) for found in super().predict(batch)]

    use(monkeypatch, Full())
    make_image("a.png")
    assert predict("a.png", "-o", "boxes.json") == 0
    assert "top_k" in capsys.readouterr().err


class TestWithNetwork:
    """With a real, untrained network instead of the fake runtime."""

    @pytest.fixture(autouse=True)
    def no_fake(self, inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        monkeypatch.chdir(inside)

    @pytest.fixture
    def model(self) -> str:
        section = ModelSection(backbone="mobilenet_v3_small", neck_channels=16, head_channels=16, context_blocks=0)
        meta = ModelMeta(
            name="tiny",
            classes=("text_line",),
            page_size=128,
            model=section,
            decode=DecodeSection(top_k=20),
            threshold=0.0,
        )
        torch.manual_seed(0)
        save_model(CenterNet(section, 1).state_dict(), meta, Path("tiny.safetensors"))
        return "tiny.safetensors"

    def test_end_to_end(self, model: str) -> None:
        make_image("a.png")
        assert predict("a.png", "-m", model, "--device", "cpu", "--precision", "fp32", "-o", "boxes.json") == 0
        document = load()
        assert document["info"]["model"]["name"] == "tiny"
        assert len(document["info"]["model"]["sha256"]) == 64
        assert document["info"]["options"]["precision"] == "fp32"
        assert 0 < len(document["annotations"]) <= 20
        for annotation in document["annotations"]:
            x, y, width, height = annotation["bbox"]
            assert min(x, y, width, height) >= 0
            assert x + width <= 300 + 1e-3
            assert y + height <= 400 + 1e-3

    def boxes(self, model: str, *args: str) -> list[list[float]]:
        assert predict("a.png", "-m", model, "--device", "cpu", "--precision", "fp32", *args, "-o", "boxes.json") == 0
        return [[*annotation["bbox"], annotation["score"]] for annotation in load()["annotations"]]

    def test_how_the_page_is_shown_is_an_option(self, model: str) -> None:
        make_image("a.png")
        usual = self.boxes(model)
        options = load()["info"]["options"]
        assert {options[name] for name in ("flip", "scales", "resize", "nms")} == {None}
        assert self.boxes(model, "--no-flip", "--scales", "1", "--resize", "page", "--nms", "0.5") == usual
        everything = {tuple(map(tuple, usual))}
        for args, sizes in (
            (("--flip",), 128),
            (("--scales", "1,1.5"), 192),
            (("--resize", "keep"), 400),
            (("--resize", "fixed", "--size", "256"), 256),
            (("--nms", "soft"), 128),
            (("--nms", "0.01"), 128),
            (("--flip", "--scales", "0.5,1", "--resize", "keep", "--nms", "soft"), 400),
        ):
            everything.add(tuple(map(tuple, self.boxes(model, *args))))
            assert load()["images"][0]["network_size"] == sizes
        assert len(everything) == 8, "each of them changes something"
        options = load()["info"]["options"]
        assert {name: options[name] for name in ("size", "flip", "scales", "resize", "nms")} == {
            "size": None,
            "flip": True,
            "scales": [0.5, 1.0],
            "resize": "keep",
            "nms": "soft",
        }

    def test_a_model_has_its_own_way(self) -> None:
        section = ModelSection(backbone="mobilenet_v3_small", neck_channels=16, head_channels=16, context_blocks=0)
        meta = ModelMeta(
            name="tiny",
            classes=("text_line",),
            page_size=128,
            model=section,
            decode=DecodeSection(top_k=20),
            threshold=0.0,
            test=TestSection(resize="keep", flip=True, scales=(0.5, 1.0)),
        )
        torch.manual_seed(0)
        save_model(CenterNet(section, 1).state_dict(), meta, Path("own.safetensors"))
        make_image("a.png")
        own = self.boxes("own.safetensors")
        assert load()["images"][0]["network_size"] == 400
        assert self.boxes("own.safetensors", "--flip", "--resize", "keep", "--scales", "0.5,1") == own
        assert self.boxes("own.safetensors", "--no-flip") != own

    @pytest.mark.parametrize("args", [("--scales", "0.5,1", "--nms", "0.5"), ("--resize", "fixed", "--size", "100")])
    def test_what_does_not_go_together(
        self, model: str, args: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_image("a.png")
        assert predict("a.png", "-m", model, "--device", "cpu", *args, "-o", "boxes.json") == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
        assert not Path("boxes.json").exists()

    def test_more_peaks_than_top_k_are_told(self, model: str, capsys: pytest.CaptureFixture[str]) -> None:
        make_image("a.png")
        assert predict("a.png", "-m", model, "--device", "cpu", "--threshold", "0", "-o", "boxes.json") == 0
        assert "more boxes than the model's top_k" in capsys.readouterr().err

    def test_batches_give_the_same_boxes(self, model: str) -> None:
        make_pdf("a.pdf", 3)
        results = []
        for batch_size in ("1", "2"):
            args = ("--device", "cpu", "--precision", "fp32", "--batch-size", batch_size)
            assert predict("a.pdf", "-m", model, *args, "-o", f"{batch_size}.json") == 0
            results.append([annotation["bbox"] for annotation in load(f"{batch_size}.json")["annotations"]])
        np.testing.assert_allclose(results[0], results[1], atol=0.1)

    @pytest.mark.parametrize("content", [b"", b"junk", b"\xff" * 100, None])
    def test_unusable_models_are_exit_6(self, content: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
        make_image("a.png")
        if content is not None:
            Path("bad.safetensors").write_bytes(content)
        assert predict("a.png", "-m", "bad.safetensors", "-o", "boxes.json") == 6
        assert "M5" in capsys.readouterr().err
        assert not Path("boxes.json").exists()

    @pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
    def test_cuda_absent_is_exit_7(self, model: str) -> None:
        make_image("a.png")
        assert predict("a.png", "-m", model, "--device", "cuda", "-o", "boxes.json") == 7
        assert names() == ["a.png", "tiny.safetensors"]

    def test_unknown_devices_and_fp16_on_the_cpu_are_usage_errors(self, model: str) -> None:
        make_image("a.png")
        assert predict("a.png", "-m", model, "--device", "cuba") == 2
        assert predict("a.png", "-m", model, "--device", "cpu", "--precision", "fp16") == 2


FAKE_PROGRAM = """
import os, signal, sys
import numpy as np
from centernet_cli import cli
from centernet_cli.cli.predict_job import PredictJob
from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.models.meta import ModelMeta

class Fake:
    name, device, precision, multiple = "fake", "cpu", "fp32", 32
    meta = ModelMeta(name="fake", classes=("a",), page_size=64, model=ModelSection(), decode=DecodeSection())
    pages = 0
    def predict(self, batch):
        self.pages += 1
        if self.pages == 2 and os.environ.get("SIGNAL"):
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))
        many = int(os.environ.get("BOXES", "1"))
        boxes = np.tile(np.float32([[0, 0, 9, 9]]), (many, 1))
        return [RawBoxes(boxes, np.ones(many, np.float32), np.zeros(many, int))]

def open_fake(job):
    job._runtime = Fake()
    return job._runtime

PredictJob._open = open_fake
code = cli.main(["predict", *sys.argv[1:]])
assert "torch" not in sys.modules
sys.exit(code)
"""


def start(*args: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FAKE_PROGRAM), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing_half_done(number: signal.Signals, code: int) -> None:
    make_pdf("a.pdf", 3)
    process = start("a.pdf", "-o", "boxes.json", "--overlay", "o", SIGNAL=str(int(number)))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == code, stderr
    assert b"Traceback" not in stderr
    # What is done is kept for --resume, finished pictures stay, temporary files do not.
    assert set(names()) <= {"a.pdf", "boxes.json.ledger", "o"}
    assert set(names("o") if Path("o").exists() else []) <= {"a-p001.jpg", "a-p002.jpg"}


def test_a_reader_that_goes_away_is_no_error() -> None:
    make_image("a.png")
    process = start("a.png", BOXES="5000")  # more than a pipe holds
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) in {0, 141}
    assert b"Traceback" not in stderr
    assert b"BrokenPipe" not in stderr
