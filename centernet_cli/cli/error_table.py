"""What is wrong with the boxes, as tables for people: `evaluate --errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.cli.score_table import number, write_table

if TYPE_CHECKING:
    from centernet_cli.evaluation.box_errors import ErrorCounts, ErrorReport

    Row = list[str]


def write_errors(report: ErrorReport) -> None:
    """Write where truths went, which detections are wrong, and how far sides are off, to stdout."""
    rows = with_whole(report)
    at = f"threshold {report.threshold:.3f}"
    title = f"What became of the boxes to find, in % ({at}); and detections that found none, in % of them"
    write_table(title, *fate_rows(rows))
    title = "The same by thickness (shorter side over the page's longer one)"
    write_table(title, *_thickness_rows(report))
    title = "Sides of matched boxes, in box heights; + too large, - too small; then the mean size of the error"
    write_table(title, *side_rows(rows))


def with_whole(report: ErrorReport) -> dict[str, ErrorCounts]:
    """Return the sources, and all pages as one if there are several."""
    return {**report.per_source, **({"all pages as one": report.pooled} if len(report.per_source) > 1 else {})}


def fate_rows(parts: dict[str, ErrorCounts]) -> tuple[Row, list[Row]]:
    """Return the shares of fates: of truths over all truths, of unmatched detections over all truths as well."""
    from centernet_cli.evaluation.box_errors import EXTRA_FATES, TRUTH_FATES

    rows = []
    for name, counts in parts.items():
        truths = sum(counts.truths.values())
        shares = [percent(counts.truths[fate], truths) for fate in TRUTH_FATES]
        shares += [percent(counts.extras[fate], truths) for fate in EXTRA_FATES]
        rows.append([name, f"{truths:,}", *shares])
    return ["source", "boxes", *TRUTH_FATES, *(f"+{fate}" for fate in EXTRA_FATES)], rows


def _thickness_rows(report: ErrorReport) -> tuple[Row, list[Row]]:
    from centernet_cli.evaluation.box_errors import TRUTH_FATES

    rows = []
    for name, counts in report.per_thickness.items():
        truths = sum(counts.truths.values())
        if truths:
            rows.append([name, f"{truths:,}", *(percent(counts.truths[fate], truths) for fate in TRUTH_FATES)])
    return ["thickness", "boxes", *TRUTH_FATES], rows


def side_rows(parts: dict[str, ErrorCounts]) -> tuple[Row, list[Row]]:
    """Return signed and absolute mean errors of the four sides."""
    from centernet_cli.evaluation.box_errors import SIDES

    rows = []
    for name, counts in parts.items():
        errors = counts.side_errors()
        if errors is None:
            rows.append([name, *(number(None) for _ in range(2 * len(SIDES)))])
        else:
            rows.append([name, *(f"{value:+.3f}" for value in errors.mean), *map(number, errors.absolute.tolist())])
    return ["source", *SIDES, *(f"|{side}|" for side in SIDES)], rows


def percent(count: float, whole: float) -> str:
    """Write a share in percent; `-` of nothing."""
    return f"{100 * count / whole:.1f}" if whole else "-"
