"""What is in datasets as one HTML page: figures, tables, plots, and what to put into a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.rendering.html_page import cards, html_page, html_table, plots, section
from centernet_cli.rendering.plots import Bars, bar_plot, histogram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from centernet_cli.datasets.advice import Advice
    from centernet_cli.datasets.stats import Group, Histogram, Spread

_COLUMNS = (
    "name",
    "pages",
    "documents",
    "empty",
    "boxes",
    "boxes a page",
    "width",
    "height",
    "width / height",
    "thickness %",
    "area %",
)


def stats_report(
    whole: Group,
    sources: Sequence[Group],
    classes: Sequence[Group],
    counts: Mapping[str, Mapping[str, int]],
    histograms: Sequence[Histogram],
    advice: Sequence[Advice],
) -> str:
    """Return the page.

    Args:
        whole: Numbers of everything.
        sources: Of each source.
        classes: Of each class.
        counts: Boxes of each class, for each source.
        histograms: Plots.
        advice: For a recipe.
    """
    names = [group.name for group in classes]
    bars = [Bars(name=source, values=[counts[source][name] for name in names]) for source in counts]
    drawn = [
        histogram(
            each.edges,
            [Bars(name=name, values=values) for name, values in each.counts.items()],
            title=each.name,
            x_label=each.unit,
            log_x=each.log,
        )
        for each in histograms
    ]
    return html_page(
        "What is in the data",
        [
            _cards(whole),
            section("For a recipe", html_table(("key", "value", "why"), [_row(each) for each in advice], words=True)),
            section("Plots", plots(bar_plot(names, bars, title="boxes of each class"), *drawn)),
            section("Classes", _groups(classes), note=_EXPLAINED),
            section("Sources", _groups(sources)),
            section("Classes of sources", _counts(names, counts)),
        ],
    )


_EXPLAINED = (
    "Spreads: middle, with tenth and ninetieth percent. Thickness: the shorter side of a box in percent of the longer "
    "side of its page. Pages of a class are those that have it."
)


def spread_text(spread: Spread) -> str:
    """Return the middle of a spread, and where most of it lies."""
    return f"{spread.median:.4g} ({spread.p10:.4g} to {spread.p90:.4g})"


def _cards(whole: Group) -> str:
    return cards(
        [
            ("pages", f"{whole.pages:,}", f"{whole.empty:,} without boxes"),
            ("documents", f"{whole.documents:,}", "by the names of their pages"),
            ("boxes", f"{whole.boxes:,}", f"{whole.polygons:,} with an outline, {whole.crowds:,} crowds"),
            ("boxes a page", f"{whole.per_page.median:g}", f"at most {whole.per_page.max:,.0f}"),
            ("pages, pixels", f"{whole.page_width.median:g} × {whole.page_height.median:g}", "in the middle"),
        ]
    )


def _row(advice: Advice) -> tuple[str, str, str]:
    return advice.key, str(advice.value), advice.why


def _groups(groups: Sequence[Group]) -> str:
    rows = [
        [
            group.name,
            *(f"{value:,}" for value in (group.pages, group.documents, group.empty, group.boxes)),
            *(
                spread_text(spread)
                for spread in (group.per_page, group.width, group.height, group.aspect, group.thickness, group.area)
            ),
        ]
        for group in groups
    ]
    return html_table(_COLUMNS, rows, sortable=True)


def _counts(names: Sequence[str], counts: Mapping[str, Mapping[str, int]]) -> str:
    rows = [[source, *(f"{found[name]:,}" for name in names)] for source, found in counts.items()]
    return html_table(("source", *names), rows, sortable=True)
