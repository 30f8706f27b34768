"""Predicting on the CPU needs no torch: its import alone would take longer than the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "sample_docs"
PROGRAM = """
import json, sys
from centernet_cli.cli import main

code = main(json.loads(sys.argv[1]))
names = {name for name in sys.modules if sys.modules[name] is not None}
print(json.dumps({"code": code, "loaded": sorted(names)}), file=sys.stderr)
"""
HEAVY = {"torch", "torchvision", "pycocotools", "shapely", "scipy", "matplotlib", "onnxscript", "onnx", "sympy", "lxml"}


def loaded_by(*arguments: str) -> set[str]:
    environ = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(arguments)], capture_output=True, text=True, env=environ
    )
    answer = json.loads(done.stderr.splitlines()[-1])
    assert answer["code"] == 0, done.stderr
    return set(answer["loaded"])


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["--model", "regions", "--nms", "soft"],
        ["--flip", "--scales", "0.5,1", "--size", "256"],
        ["--resize", "fixed", "--size", "256"],
        ["--runtime", "onnx", "--size", "256"],
    ],
    ids=" ".join,
)
def test_torch_is_not_imported(tmp_path: Path, more: list[str]) -> None:
    out = tmp_path / "boxes.json"
    page = str(SAMPLES / "letter-de.pdf")
    loaded = loaded_by("predict", page, "--device", "cpu", "--out", str(out), *more)
    assert "numpy" in loaded
    assert loaded & HEAVY == set()
    document = json.loads(out.read_text())
    assert len(document["images"]) == 1
    assert document["annotations"]


def test_the_main_process_leaves_decoding_and_other_formats_alone(tmp_path: Path) -> None:
    """What it imports, the first page waits for."""
    page = str(SAMPLES / "letter-de.pdf")
    loaded = loaded_by("predict", page, "--device", "cpu", "--out", str(tmp_path / "b.json"))
    assert loaded & {"cv2", "PIL", "pypdfium2", "rich", "pikepdf", "yaml"} == set()
    formats = {name.rpartition(".")[2] for name in loaded if name.startswith("centernet_cli.datasets.formats.")}
    assert "coco_write" in formats
    assert formats & {"table", "alto", "labelme", "yolo", "voc", "page_xml", "hocr", "csv_table", "parquet"} == set()


def test_openvino_comes_without_its_tools(tmp_path: Path) -> None:
    """They report every import to their maker."""
    loaded = loaded_by("predict", str(SAMPLES / "letter-de.pdf"), "--device", "cpu", "--out", str(tmp_path / "b.json"))
    assert "openvino" in loaded
    assert "openvino_telemetry" not in loaded
