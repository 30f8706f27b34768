"""What the keys of a recipe for somebody's own pages mean, written beside them for who changes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTES = {
    "data.holdout": "share of documents to judge by alone, the same for all seeds; `val:` names data instead",
    "model.init": "weights to start from: a shipped model, or a run of yours",
    "model.frozen_stages": "first stages of the backbone that stay as they are",
    "augment.mode": "crop: parts of pages, more of them and larger; page: whole pages, for large boxes",
    "optim.lr": "training from scratch takes 0.001; lower it if the score falls at once",
    "optim.warmup_steps": "steps in which the rate rises to `lr`; then it falls to 0 along a cosine",
    "optim.ema": "what is kept is a moving average of the weights",
    "train.epochs": "an epoch is a look at each page; the fewer pages, the more looks",
    "train.samples_per_epoch": "pages, or parts of them, drawn in an epoch",
    "train.val_every": "epochs between two validations; the best weights are kept",
    "train.patience": "end after so many epochs without a better score",
    "train.batch_size": "lower it, or `input`, if memory runs out; 8 or more on a GPU",
    "train.page_size": "long side that pages are scaled to; larger for smaller text, at the square of the time",
    "train.input": "width and height of what is seen at once, multiples of 32",
    "decode.top_k": "most boxes found on a page",
    "decode.nms_iou": "boxes that overlap a better one more are dropped",
    "decode.rivals": "one thing isn't found as two classes: the worse one's score falls by this share of the better's",
    "test.ink": "sides of boxes move to the ink, on clean pages",
    "test.second_look": "pages with small text are looked at again, larger",
    "eval.score": "what decides which weights are best: ap, or f1, which is soon perfect on few pages",
    "eval.max_dets": "most boxes of a page that count",
}
_SECTION = re.compile(r"(\w+):$")
_KEY = re.compile(r"  (\w+): .*")


def with_notes(text: str, notes: Mapping[str, str]) -> str:
    """Return a recipe with notes behind the lines of keys.

    Args:
        text: YAML of sections, each with an indent of two; keys with notes have their value on the same line.
        notes: By key, such as `optim.lr`.
    """
    section, lines = "", []
    for line in text.splitlines():
        if found := _SECTION.fullmatch(line):
            section = found[1]
        key = _KEY.fullmatch(line)
        note = notes.get(f"{section}.{key[1]}") if key else None
        lines.append(line if note is None else f"{line:<28}  # {note}")
    return "\n".join(lines) + "\n"
