"""The report of a training: one HTML file that shows data, curves, scores and pages."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from centernet_cli.cli.evaluate_html import curve_plots, score_tables
from centernet_cli.cli.train_pages import draw_pages, jpeg
from centernet_cli.core.errors import printable
from centernet_cli.core.recipe_file import recipe_to_yaml
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.core.safe_io import atomic_write_text, dump_json
from centernet_cli.datasets import stats
from centernet_cli.evaluation.summary import Scoring, summarise
from centernet_cli.rendering import page_view
from centernet_cli.rendering.html_page import cards, contents, html_page, html_table, plots, section
from centernet_cli.rendering.plots import Bars, Line, bar_plot, histogram, line_plot, standalone
from centernet_cli.training.model_card import model_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from centernet_cli.evaluation.pairs import PagePair
    from centernet_cli.evaluation.summary import Summary
    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.training.data import TrainingData
    from centernet_cli.training.trainer import Trainer

CURVES = ("thresholds", "precision_recall", "scores", "calibration", "confusion")
"""File names of the plots that `evaluate_html.curve_plots` makes."""
LINKS = [
    ("training", "Training"),
    ("scores", "Scores"),
    ("curves", "Curves"),
    ("pages", "Validation pages"),
    ("data", "Labels"),
    ("batches", "Batches"),
    ("recipe", "Recipe"),
]


def write_batches(trainer: Trainer, pictures: Sequence[Image.Image]) -> None:
    """Write pictures of batches into the run folder.

    Raises:
        OutputError: They cannot be written.
    """
    from centernet_cli.core.safe_io import atomic_write_bytes

    for number, picture in enumerate(pictures, 1):
        atomic_write_bytes(trainer.run.batches / f"batch-{number}.jpg", jpeg(picture))


def write_report(trainer: Trainer, pairs: Sequence[PagePair], meta: ModelMeta) -> Summary | None:
    """Write report, plots, model card and statistics of the labels; return the scores, if there are any.

    Args:
        trainer: At the end of its training.
        pairs: Validation pages with the predictions of the weights that are kept; none without validation.
        meta: Of the weights that are kept; its threshold is taken where none is better because nothing is right.

    Raises:
        OutputError: A file cannot be written.
    """
    recipe, run = trainer.recipe, trainer.run
    summary = None
    if pairs:
        usual = None if trainer.best_score > 0 else meta.threshold
        scoring = Scoring(max_dets=recipe.eval.max_dets, draws=0, threshold=usual)
        summary = summarise(pairs, recipe.data.classes, scoring)
    card = model_card(trainer, summary, meta)
    curves, labels = training_plots(run.read_metrics()), label_plots(trainer.data, recipe.data.classes)
    judged: dict[str, str] = {}
    if summary is not None:
        judged = dict(zip(CURVES, re.findall(r"<svg.*?</svg>", curve_plots(summary), re.DOTALL), strict=True))
    for name, svg in {**curves, **labels, **judged}.items():
        atomic_write_text(run.plots / f"{name}.svg", standalone(svg))
    atomic_write_text(run.card, card)
    dump_json(run.root / "label_stats.json", label_numbers(trainer.data, recipe.data.classes))
    parts = [
        contents([link for link in LINKS if summary is not None or link[0] not in {"scores", "curves", "pages"}]),
        _head(trainer, summary),
        section("Training", plots(*curves.values()), anchor="training"),
    ]
    if summary is not None:
        parts += [
            section(
                "Scores", *score_tables(summary), anchor="scores", note="Of the weights kept, on the validation pages."
            ),
            section("Curves", plots(*judged.values()), anchor="curves"),
            section("Validation pages", *draw_pages(trainer, summary), anchor="pages", note=PAGES),
        ]
    parts += [
        section("Labels", _sources(trainer.data), plots(*labels.values()), anchor="data", note=LABELS),
        section("Batches", _batches(trainer), anchor="batches", note=BATCHES),
        section("Recipe", f"<pre>{_escaped(recipe_to_yaml(recipe))}</pre>", anchor="recipe"),
    ]
    page = html_page(
        f"Training of {printable(recipe.name)}", parts, style=page_view.STYLE + STYLE, script=page_view.SCRIPT
    )
    atomic_write_text(run.report, page)
    return summary


STYLE = """
.batch{max-width:100%;display:block;margin:.8em 0;border:1px solid var(--rule)}
pre{overflow-x:auto;font-size:.85em}
"""
PAGES = "The worst pages by F1, then others from all over the list. Hold the mouse over a box."
LABELS = "Of the pages to train on, in their own pixels."
BATCHES = (
    "The first batches as the network saw them: boxes outlined, heatmaps in the colours of their classes, "
    "places without heatmap loss darkened."
)


def training_plots(lines: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return plots of losses, learning rate and validation scores, by file name."""
    steps = [line for line in lines if "loss" in line]
    judged = [line for line in lines if "score" in line]
    found = {}
    if steps:
        x = [line["step"] for line in steps]
        names = [name for name in steps[0] if name not in {"step", "epoch", "lr", "seconds"}]
        losses = [Line(name=name, x=x, y=[line.get(name, float("nan")) for line in steps]) for name in names]
        found["losses"] = line_plot(losses, title="Losses", x_label="step", log_y=True)
        rates = [Line(name="learning rate", x=x, y=[line["lr"] for line in steps])]
        found["learning_rate"] = line_plot(rates, title="Learning rate", x_label="step")
    if judged:
        shown = {"f1_50": "F1 at IoU 0.5", "f1_75": "F1 at IoU 0.75", "ap": "AP", "ap50": "AP50"}
        scores = [
            Line(
                name=name, x=[line["step"] for line in judged], y=[_nan(line.get(key)) for line in judged], markers=True
            )
            for key, name in shown.items()
        ]
        found["validation"] = line_plot(scores, title="Validation", x_label="step", y_range=(0.0, 1.0))
    return found


def label_plots(data: TrainingData, classes: Sequence[str]) -> dict[str, str]:
    """Return plots of what is to be learnt, by file name."""
    table = stats.tabulate([("train", _dataset(data, classes))])
    counts = {group.name: group.boxes for group in stats.by_class(table)}
    bars = [Bars(name="boxes", values=[counts.get(name, 0) for name in classes])]
    found = {"label_classes": bar_plot(list(classes), bars, title="Boxes of each class")}
    for shown in stats.histograms(table):
        name = "label_" + "".join(c if c.isalnum() else "_" for c in shown.name)
        series = [Bars(name=label, values=values) for label, values in shown.counts.items()]
        log = min(shown.edges) > 0 and max(shown.edges) > 50 * min(shown.edges)
        found[name] = histogram(shown.edges, series, title=shown.name, x_label=shown.unit, log_x=log)
    return found


def label_numbers(data: TrainingData, classes: Sequence[str]) -> dict[str, object]:
    """Return the same as numbers."""
    counts: dict[str, dict[str, int]] = {}
    for page in data.train:
        mine = counts.setdefault(page.source, {"pages": 0, **dict.fromkeys(classes, 0)})
        mine["pages"] += 1
        for label in page.labels.tolist():
            mine[classes[label]] += 1
    return {"schema_version": 1, "classes": list(classes), "train": counts, "not_used": dict(data.dropped_labels)}


def _dataset(data: TrainingData, classes: Sequence[str]) -> Dataset:
    records = tuple(
        PageRecord(
            info=PageInfo(source=str(page.path), width=page.width, height=page.height, page=page.frame),
            annotations=tuple(
                Annotation(label=classes[label], box=(box[0], box[1], box[2], box[3]))
                for box, label in zip(page.boxes.tolist(), page.labels.tolist(), strict=True)
            ),
            group=page.group,
        )
        for page in data.train
    )
    return Dataset(classes=tuple(classes), pages=records)


def _head(trainer: Trainer, summary: Summary | None) -> str:
    recipe, data = trainer.recipe, trainer.data
    figures = [
        ("pages", f"{len(data.train):,}", f"{len(data.val):,} for validation"),
        ("steps", f"{trainer.step:,}", f"{trainer.seconds / 60:.1f} minutes, on {trainer.device.type}"),
    ]
    if summary is not None:
        figures += [
            (f"F1 at IoU {one.iou:g}", _score(one.f1), f"threshold {one.threshold:.2f}") for one in summary.boxes.at
        ]
        figures.append(("AP", _score(summary.coco.ap), f"maxDets {summary.coco.max_dets:,}"))
    rows = [
        ["model", f"{recipe.model.backbone} + {recipe.model.neck}, {recipe.model.box}"],
        ["classes", ", ".join(printable(name) for name in recipe.data.classes)],
        ["started from", printable(recipe.model.init or recipe.model.pretrained or "random weights")],
        ["best epoch", _best(trainer)],
    ]
    rows += [["look at", printable(line)] for line in trainer.hints]
    return cards(figures) + html_table(["", ""], rows, words=True)


def _best(trainer: Trainer) -> str:
    if trainer.best_epoch <= 0:
        return "no validation"
    return str(trainer.best_epoch) if trainer.best_score > 0 else "none: nothing found is right; the last weights"


def _sources(data: TrainingData) -> str:
    from centernet_cli.cli.train_tables import source_rows

    return html_table(*source_rows(data), sortable=True)


def _batches(trainer: Trainer) -> str:
    pictures = {path.stem: path.read_bytes() for path in sorted(trainer.run.batches.glob("batch-*.jpg"))}
    return "".join(
        f'<img class="batch" alt="{name}" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
        for name, data in pictures.items()
    )


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _escaped(text: str) -> str:
    from html import escape

    return escape(text)
