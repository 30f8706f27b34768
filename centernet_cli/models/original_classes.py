"""Class names of the data that the original's checkpoints were trained on, in the order of their heatmaps."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from centernet_cli.core.errors import UsageError

COCO = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light"),
    *("fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow"),
    *("elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee"),
    *("skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard"),
    *("tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple"),
    *("sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch"),
    *("potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear"),
    *("hair drier", "toothbrush"),
)
VOC = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog"),
    *("horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
KNOWN = {"coco": COCO, "voc": VOC}


class ClassNames(NamedTuple):
    """Names, and which list they are: `coco`, `voc`, `own` or `numbered`."""

    names: tuple[str, ...]
    kind: str


def class_names(given: str | None, count: int) -> ClassNames:
    """Return the names of a heatmap's `count` channels.

    Args:
        given: `coco`, `voc`, a text file with a name a line, or names with commas between; None: by the number of
            channels, which are numbered if it is neither 80 nor 20.
        count: Channels.

    Raises:
        UsageError: Other than `count` names, names twice, or a file that cannot be read.
    """
    if given is None:
        for kind, names in KNOWN.items():
            if len(names) == count:
                return ClassNames(names, kind)
        return ClassNames(tuple(f"class_{i}" for i in range(1, count + 1)), "numbered")
    kind, names = (given, KNOWN[given]) if given in KNOWN else ("own", _own(given))
    if len(names) != count:
        raise UsageError("U314", f"{len(names)} names, but the heatmap has {count} classes", path="--classes")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError("U314", f"'{twice}' twice", path="--classes")
    return ClassNames(names, kind)


def _own(given: str) -> tuple[str, ...]:
    path = Path(given)
    if not path.is_file():
        return tuple(name.strip() for name in given.split(",") if name.strip())
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("U314", f"not a list of class names: {error}", path=path) from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())
