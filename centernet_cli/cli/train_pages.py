"""Validation pages at the end of a training: in its report, and as pictures in the run folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from centernet_cli.cli.evaluate_html import badness
from centernet_cli.cli.evaluate_pictures import view_boxes
from centernet_cli.core.errors import printable
from centernet_cli.core.safe_io import atomic_write_bytes
from centernet_cli.datasets.page_cache import read_frame
from centernet_cli.evaluation.page_fates import page_fates
from centernet_cli.rendering import page_view
from centernet_cli.rendering.truth_beside import truth_beside

if TYPE_CHECKING:
    from PIL import Image

    from centernet_cli.evaluation.summary import Summary
    from centernet_cli.training.trainer import Trainer

WORST, SPREAD = 8, 8
"""Validation pages drawn: the worst ones, and others from all over the list."""


def draw_pages(trainer: Trainer, summary: Summary) -> list[str]:
    """Write pictures of validation pages into the run folder; return the report's part about them.

    Raises:
        InputError: A page cannot be read.
        OutputError: A picture cannot be written.
    """
    first = summary.boxes.at[0]
    ordered = sorted(summary.table.pages(first.iou, first.threshold), key=lambda item: badness(item[1]))
    chosen = ordered[:WORST] + ordered[WORST :: max(1, len(ordered[WORST:]) // SPREAD)][:SPREAD]
    stock, views = [], []
    for number, (index, scores) in enumerate(chosen, 1):
        pair, place = summary.pairs[index], trainer.data.val[index]
        page = read_frame(place.path, place.record.info.page)
        size = (pair.width, pair.height)
        stock.append((f"picture-{index}", page_view.picture_data(page), size))
        value = "-" if scores.f1 is None else f"{scores.f1:.3f}"
        text = f"{printable(pair.name)} ({printable(pair.source)}): F1 {value}"
        boxes = view_boxes(page_fates(pair, summary.classes, first.iou, first.threshold))
        views.append(page_view.page_view(text, f"picture-{index}", size, boxes))
        found = [one for one in pair.predictions if (one.score or 0.0) >= first.threshold]
        picture = truth_beside(page, pair.truth, found, summary.classes, text)
        atomic_write_bytes(trainer.run.validation / f"page-{number:02}.jpg", jpeg(picture))
    for old in trainer.run.validation.glob("page-*.jpg"):
        if int(old.stem.removeprefix("page-")) > len(chosen):  # of a part of the run that had more pages
            old.unlink()
    return [page_view.legend(), page_view.picture_stock(stock), f'<div class="views">{"".join(views)}</div>']


def jpeg(picture: Image.Image) -> bytes:
    """Return a picture as a file."""
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=85)
    return stream.getvalue()
