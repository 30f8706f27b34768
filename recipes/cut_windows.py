"""Cut windows out of large pages, such as dense newspapers, as pages of a dataset of their own.

    python recipes/cut_windows.py data/synth/newspapers/lines --out data/synth/windows --each 3

Boxes cut by an edge keep what is inside if that is more than half of them, and are crowds (ignored) otherwise.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

SIDES = (0.38, 0.6)
"""Of the page's, at random: the same share of width and height."""


def clipped(box: list[float], window: tuple[int, int, int, int]) -> tuple[list[float], bool] | None:
    """Return what is inside of an `xywh` box, in the window's pixels, and whether it is to be ignored."""
    left, top, width, height = window
    x0, y0 = max(box[0], left), max(box[1], top)
    x1, y1 = min(box[0] + box[2], left + width), min(box[1] + box[3], top + height)
    if x1 - x0 < 1 or y1 - y0 < 1:
        return None
    share = (x1 - x0) * (y1 - y0) / (box[2] * box[3])
    return [x0 - left, y0 - top, x1 - x0, y1 - y0], share < 0.5


def main() -> None:
    """Read, cut, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path, help="folder with annotations.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=3, help="windows of a page")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    coco = json.loads((given.dataset / "annotations.json").read_text())
    (given.out / "images").mkdir(parents=True)
    of_image: dict[int, list[dict[str, object]]] = {}
    for annotation in coco["annotations"]:
        of_image.setdefault(annotation["image_id"], []).append(annotation)
    rng = np.random.default_rng(given.seed)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for image in coco["images"]:
        pixels = cv2.imread(str(given.dataset / image["file_name"]))
        assert pixels is not None, image["file_name"]
        for number in range(given.each):
            share = rng.uniform(*SIDES)
            width, height = int(image["width"] * share), int(image["height"] * share)
            left, top = rng.integers(image["width"] - width), rng.integers(image["height"] - height)
            name = f"{Path(image['file_name']).stem}_{number}.jpg"
            group = image.get("group", Path(image["file_name"]).stem)
            images.append(
                {"id": len(images) + 1, "file_name": f"images/{name}", "width": width, "height": height, "group": group}
            )
            cv2.imwrite(str(given.out / "images" / name), pixels[top : top + height, left : left + width])
            for annotation in of_image.get(image["id"], []):
                found = clipped(annotation["bbox"], (left, top, width, height))  # type: ignore[arg-type]
                if found is not None:
                    box, ignored = found
                    annotations.append(
                        {
                            "id": len(annotations) + 1,
                            "image_id": len(images),
                            "category_id": annotation["category_id"],
                            "bbox": [round(float(value), 2) for value in box],
                            "area": round(float(box[2] * box[3]), 2),
                            "iscrowd": int(ignored),
                        }
                    )
    made = {"images": images, "annotations": annotations, "categories": coco["categories"]}
    (given.out / "annotations.json").write_text(json.dumps(made))


if __name__ == "__main__":
    main()
