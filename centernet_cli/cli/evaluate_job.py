"""What `evaluate` does once its options are understood: score one model, or compare two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from centernet_cli.cli import console
from centernet_cli.cli.evaluate_inputs import get_predictions, shared_classes
from centernet_cli.cli.evaluate_report import comparison_document, score_document, tell, write_comparison, write_report
from centernet_cli.core.errors import GateError, InputError, ModelError, PartialError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from centernet_cli.cli.evaluate_classes import Renaming
    from centernet_cli.core.records import Dataset
    from centernet_cli.evaluation.pairing import Pairing, TruthSource
    from centernet_cli.evaluation.summary import Scoring, Summary
    from centernet_cli.inference.overrides import Overrides
    from centernet_cli.inference.runtime import RuntimeOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateJob:
    """Options of `evaluate`.

    Attributes:
        sources: The datasets to judge by, their classes already renamed.
        renaming: Of classes, also of those found.
        scoring: Fields of `evaluation.summary.Scoring` but for the draws.
        draws: For intervals and p.
        seed: Of the draws.
        only: Classes to score; None: all.
        runtime: What runs models, and where.
        overrides: How models look at pages.
        gates: Least scores by their options' names.
        report: File or folder to write, if any.
        worst: Pages to draw there.
        as_json: Whether to write JSON instead of tables.
        errors: Whether to write the tables of errors too.
    """

    sources: tuple[TruthSource, ...]
    renaming: Renaming
    scoring: Mapping[str, Any]
    draws: int
    seed: int
    only: Sequence[str] | None
    runtime: RuntimeOptions
    overrides: Overrides
    gates: Mapping[str, float | None]
    report: Path | None
    worst: int
    as_json: bool
    errors: bool

    def rules(self, draws: int, own: float | None) -> Scoring:
        """Return how to score, with so many draws, a model whose own threshold is `own`."""
        from centernet_cli.evaluation.summary import Scoring

        return Scoring(**self.scoring, draws=draws, seed=self.seed, own=own)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A model or file of boxes with its predictions."""

    what: str
    predictions: Dataset
    model: dict[str, Any] | None
    classes: list[str]
    left_out: dict[str, list[str]]

    def own_threshold(self) -> float | None:
        """Return the threshold that the model uses by itself, or that the boxes were found with, if known."""
        value = (self.model or self.predictions.info).get("threshold")
        return (
            float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 else None
        )


def score_one(job: EvaluateJob, what: str) -> None:
    """Score a model or a file of boxes, and write all there is to know.

    Raises:
        GateError: G101, a score is too low.
        PartialError: D065, pages couldn't be read.
        CenterNetError: Whatever is wrong with the inputs or the outputs.
    """
    judged = _predict(job, what)
    job.renaming.tell_of_unused()
    summary, pairing = _score(job, judged, judged.classes, job.draws)
    gates = _gates(job, summary)
    document = score_document(
        what, judged.model, job.sources, pairing, judged.predictions, judged.left_out, summary, gates
    )
    tell(pairing, judged.predictions, judged.left_out, summary)
    if job.report is not None:
        write_report(job.report, document, summary, job.sources, job.worst)
    if job.as_json:
        console.write_json(document)
    else:
        _write_tables(job, summary)
    _end(gates, [judged])


def compare_two(job: EvaluateJob, first: str, second: str) -> None:
    """Compare two models or files of boxes page by page; the gates judge the second.

    Raises:
        ModelError: M502, no class is in both and in the truth.
        GateError: G101, a score of the second is too low.
        PartialError: D065, pages couldn't be read.
        CenterNetError: Whatever is wrong with the inputs or the outputs.
    """
    from centernet_cli.evaluation.compare import compare

    both = [_predict(job, what) for what in (first, second)]
    job.renaming.tell_of_unused()
    classes = [name for name in both[0].classes if name in both[1].classes]
    if not classes:
        raise ModelError("M502", f"no class is in '{first}', '{second}' and the truth alike", path=second)
    summaries, documents = [], []
    for one in both:
        summary, pairing = _score(job, one, classes, 0)
        left_out = {side: list(names) for side, names in one.left_out.items()}
        left_out["truth"] += [name for name in one.classes if name not in classes]
        gates = _gates(job, summary) if one is both[1] else []
        documents.append(
            score_document(one.what, one.model, job.sources, pairing, one.predictions, left_out, summary, gates)
        )
        console.say(f"{'A' if one is both[0] else 'B'}: {one.what}")
        tell(pairing, one.predictions, left_out, summary)
        summaries.append(summary)
    with console.progress("resampling", job.draws, "draws") as progress:
        comparison = compare(*summaries, draws=job.draws, seed=job.seed, tick=progress.advance)
    document = comparison_document(comparison, documents)
    if job.report is not None:
        write_comparison(job.report, document, comparison, job.sources, job.worst)
    if job.as_json:
        console.write_json(document)
    else:
        from centernet_cli.cli.compare_table import write_comparison_tables

        write_comparison_tables(comparison, first, second)
    _end(documents[1]["gates"], both)


def _predict(job: EvaluateJob, what: str) -> _Judged:
    predictions, model = get_predictions(what, job.sources, job.runtime, job.overrides, job.renaming)
    classes, left_out = shared_classes(job.sources, predictions.classes, job.only, what)
    return _Judged(what, predictions, model, classes, left_out)


def _score(job: EvaluateJob, judged: _Judged, classes: Sequence[str], draws: int) -> tuple[Summary, Pairing]:
    from dataclasses import replace

    from centernet_cli.evaluation.pairing import pair_pages
    from centernet_cli.evaluation.summary import resample, summarise

    try:
        pairing = pair_pages(job.sources, judged.predictions)
    except InputError as error:
        raise InputError(error.code, error.message, path=error.path or judged.what, hint=error.hint) from error
    rules = job.rules(draws, judged.own_threshold())
    with console.progress("scoring", rules.steps(len(pairing.pairs)), "steps") as progress:
        summary = summarise(pairing.pairs, classes, rules, progress.advance)
    if draws:
        with console.progress("resampling", draws, "draws") as progress:
            summary = replace(summary, intervals=resample(summary, progress.advance))
    return summary, pairing


def _gates(job: EvaluateJob, summary: Summary) -> list[dict[str, Any]]:
    values = {"--min-ap": summary.coco.ap, "--min-f1": summary.boxes.at[0].f1}
    return [
        {"name": name, "required": least, "value": values[name], "met": _met(values[name], least)}
        for name, least in job.gates.items()
        if least is not None
    ]


def _met(value: float | None, least: float) -> bool:
    return value is not None and value >= least


def _shortfall(value: float | None, least: float) -> str:
    """Return a score with four digits, or as many as show that it is too low."""
    if value is None:
        return "undefined"
    return next((text for digits in range(4, 17) if float(text := f"{value:.{digits}f}") < least), repr(value))


def _write_tables(job: EvaluateJob, summary: Summary) -> None:
    from centernet_cli.cli.score_table import write_sizes, write_summary

    write_summary(summary)
    if job.errors:
        from centernet_cli.cli.error_table import write_errors

        write_sizes(summary)
        write_errors(summary.errors)


def _end(gates: Sequence[dict[str, Any]], judged: Sequence[_Judged]) -> None:
    """Raise for gates that aren't met, or for pages that couldn't be read just now."""
    failed = [
        f"{gate['name']} {gate['required']:g} not met: {_shortfall(gate['value'], gate['required'])}"
        for gate in gates
        if not gate["met"]
    ]
    if failed:
        raise GateError("G101", "; ".join(failed))
    for one in judged:
        if one.model and one.predictions.failures:
            message = f"{len(one.predictions.failures)} pages could not be read; they count as all missed"
            raise PartialError("D065", message, path=one.what)
