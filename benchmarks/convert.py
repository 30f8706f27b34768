"""Speed of `centernet convert` beside globox, on the same made-up dataset in the same run.

    python -m venv /tmp/globox && /tmp/globox/bin/pip install globox
    python benchmarks/convert.py --globox /tmp/globox/bin/python

Every time is that of a whole process, imports included; each pair is run in turn, and the best of all rounds counts.
CPU time is less disturbed by what else runs. Where making files is slow, as in many containers, put TMPDIR into memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LABELS = [f"class {number}" for number in range(9)]
GLOBOX = {
    "labelme to COCO": (
        "import sys; from globox import AnnotationSet;"
        "AnnotationSet.from_labelme(sys.argv[1]).save_coco(sys.argv[2], auto_ids=True)"
    ),
    "COCO to YOLO": (
        "import sys; from globox import AnnotationSet;"
        "found = AnnotationSet.from_coco(sys.argv[1]);"
        "found.save_yolo_v5(sys.argv[2], label_to_id={name: i for i, name in enumerate(sorted(found._labels()))})"
    ),
}
OURS = {"labelme to COCO": ["labelme", "coco"], "COCO to YOLO": ["coco", "yolo"]}


def make_labelme(folder: Path, pages: int, boxes: int) -> None:
    """Write labelme files as labelme does, of pages of 1654 x 2339 pixels."""
    rng = random.Random(0)
    folder.mkdir()
    for number in range(pages):
        shapes = []
        for _ in range(boxes):
            x, y = rng.uniform(0, 1500), rng.uniform(0, 2200)
            corners = [[x, y], [x + rng.uniform(10, 150), y + rng.uniform(10, 100)]]
            shape = {"label": rng.choice(LABELS), "points": corners, "group_id": None, "description": ""}
            shapes.append({**shape, "shape_type": "rectangle", "flags": {}, "mask": None})
        name = f"page_{number:05d}"
        data = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": f"{name}.jpg", "imageData": None}
        data |= {"imageHeight": 2339, "imageWidth": 1654}
        (folder / f"{name}.json").write_text(json.dumps(data, indent=2))


def seconds(command: list[str]) -> tuple[float, float]:
    """Run a command and return how long it took, by the clock and in CPU time."""
    start, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, cpu


def run(name: str, source: Path, folder: Path, globox: str | None, rounds: int) -> dict[str, tuple[float, float]]:
    """Time one conversion by both programs; return the best seconds of each."""
    best: dict[str, tuple[float, float]] = {}
    for number in range(rounds):
        outs = {who: folder / f"{name.replace(' ', '_')}_{who}_{number}" for who in ("centernet", "globox")}
        suffix = ".json" if name.endswith("COCO") else ""
        ours = [sys.executable, "-m", "centernet_cli", "-q", "convert", *OURS[name], str(source)]
        commands = {"centernet": [*ours, "--out", f"{outs['centernet']}{suffix}"]}
        if globox is not None:
            commands["globox"] = [globox, "-c", GLOBOX[name], str(source), f"{outs['globox']}{suffix}"]
        for who, command in commands.items():
            if not suffix:
                outs[who].mkdir()  # globox wants it to be there
            found = seconds(command)
            known = best.get(who, found)
            best[who] = (min(known[0], found[0]), min(known[1], found[1]))
            shutil.rmtree(outs[who], ignore_errors=True)
    return best


def main() -> None:
    """Make the data, time both programs, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--boxes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--globox", help="python of an environment that has globox")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Both as if installed: compiled once, which the first of the rounds does.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        make_labelme(folder / "labelme", options.pages, options.boxes)
        coco = folder / "coco" / "made.json"
        command = [sys.executable, "-m", "centernet_cli", "-q", "convert", "labelme", "coco", str(folder / "labelme")]
        seconds([*command, "--out", str(coco)])
        for what, source in (("labelme to COCO", folder / "labelme"), ("COCO to YOLO", coco)):
            best = run(what, source, folder, options.globox, options.rounds)
            print(f"{what}, {options.pages} pages x {options.boxes} boxes")
            for who, (wall, cpu) in best.items():
                line = f"  {who:10} {wall:6.2f} s, CPU {cpu:6.2f} s"
                if who != "centernet":
                    ours = best["centernet"]
                    line += f"; {wall / ours[0]:.1f} times ours, CPU {cpu / ours[1]:.1f} times"
                print(line, flush=True)


if __name__ == "__main__":
    main()
