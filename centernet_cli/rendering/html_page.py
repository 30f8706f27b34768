"""Reports as one HTML file that needs nothing else: headings, sortable tables, plots and pictures.

Shared by the reports of all commands. The page's own policy forbids whatever isn't in it: no network, no frames.
Everything that comes from data goes through `escape`; functions that take markup say so.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
from centernet_cli.rendering.own_files import GENERATOR

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c1f23;--faint:#5c6670;--rule:#d5dae0;--zone:#f4f6f8;--link:#1463a5}
@media(prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e3e6ea;--faint:#9aa4ae;--rule:#343a41;--zone:#1d2127;
--link:#79b8f0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.2rem 1.6rem 4rem;max-width:1240px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2em 0}h2{font-size:1.2rem;margin:2.2em 0 .4em;border-bottom:1px solid var(--rule)}
h3{font-size:1rem;margin:1.4em 0 .3em}
a{color:var(--link)}p{max-width:80ch;margin:.4em 0}.faint,figcaption,caption{color:var(--faint);font-size:.9em}
nav{display:flex;flex-wrap:wrap;gap:.3em 1.1em;margin:.6em 0 1em}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;margin:.6em 0;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.2em 0}
th,td{padding:.16em .7em;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child,.words td,.words th{text-align:left}
.words td{white-space:normal;overflow-wrap:anywhere}
th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid var(--link)}
th[aria-sort=ascending] button::after{content:" \\25B2"}th[aria-sort=descending] button::after{content:" \\25BC"}
tbody tr:hover{background:var(--zone)}
.plots{display:flex;flex-wrap:wrap;gap:1em;align-items:flex-start}.plots svg{max-width:100%;height:auto}
.cards{display:flex;flex-wrap:wrap;gap:.7em;margin:.8em 0}
.card{background:var(--zone);border:1px solid var(--rule);border-radius:6px;padding:.5em .9em;min-width:8em}
.card b{display:block;font-size:1.35rem;font-weight:600}.card span{color:var(--faint);font-size:.85em}
.bad{color:#c23b4b}.good{color:#0a8a66}
"""

SCRIPT = """
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const cell = button.parentNode, table = cell.closest("table"), body = table.tBodies[0];
  const column = [...cell.parentNode.children].indexOf(cell);
  const up = cell.getAttribute("aria-sort") === "descending";
  for (const other of cell.parentNode.children) other.removeAttribute("aria-sort");
  cell.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = row => {
    const text = row.cells[column].textContent.trim(), value = parseFloat(text.replace(/,/g, ""));
    return [Number.isNaN(value) ? null : value, text];
  };
  const rows = [...body.rows].map(row => [key(row), row]);
  rows.sort(([[a, s]], [[b, t]]) => {
    if (a === null && b === null) return (up ? 1 : -1) * s.localeCompare(t);
    if (a === null || b === null) return a === null ? 1 : -1;
    return (up ? 1 : -1) * (a - b);
  });
  body.append(...rows.map(([, row]) => row));
});
"""


def html_page(title: str, sections: Sequence[str], *, style: str = "", script: str = "") -> str:
    """Return a whole page.

    Args:
        title: Of the page and of its first heading.
        sections: Markup, such as `section` returns.
        style: More CSS.
        script: More JavaScript.
    """
    return f"{page_head(title, style=style)}{''.join(sections)}\n{page_end(script=script)}"


def page_head(title: str, *, style: str = "") -> str:
    """Return what is above the sections of a page; for pages too large to be put together in memory."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="generator" content="{GENERATOR}">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
    )


def page_end(*, script: str = "") -> str:
    """Return what is below the sections of a page."""
    return f"<script>{SCRIPT}{script}</script>\n</body>\n</html>\n"


def section(heading: str, *parts: str, anchor: str = "", note: str = "") -> str:
    """Return a heading, a paragraph of text and parts that are markup."""
    mark = f' id="{escape(anchor, quote=True)}"' if anchor else ""
    text = f"<p>{escape(note)}</p>" if note else ""
    return f"<section{mark}>\n<h2>{escape(heading)}</h2>\n{text}{''.join(parts)}</section>\n"


def contents(links: Sequence[tuple[str, str]]) -> str:
    """Return links to places in the page, given as anchor and text."""
    items = "".join(f'<a href="#{escape(anchor, quote=True)}">{escape(text)}</a>' for anchor, text in links)
    return f"<nav>{items}</nav>\n"


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    sortable: bool = False,
    words: bool = False,
    links: Sequence[str | None] = (),
) -> str:
    """Return a table of texts; the first column is to the left, others to the right.

    Args:
        header: Names of the columns.
        rows: Cells, as text.
        caption: Above.
        sortable: Whether a click on a column's name sorts by it.
        words: All columns are text and to the left.
        links: For each row, the anchor its first cell leads to, if any.
    """
    lines = (table_row(row, link=links[number] if number < len(links) else None) for number, row in enumerate(rows))
    start, end = table_ends(header, caption=caption, sortable=sortable, words=words)
    return f"{start}{''.join(lines)}{end}"


def table_ends(
    header: Sequence[str], *, caption: str = "", sortable: bool = False, words: bool = False
) -> tuple[str, str]:
    """Return what is above and below the rows of a table; see `html_table`."""
    names = [f'<button type="button">{escape(name)}</button>' if sortable else escape(name) for name in header]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    kind = ' class="words"' if words else ""
    start = f'<div class="scroll"><table{kind}>{above}<thead><tr>{head}</tr></thead><tbody>'
    return start, "</tbody></table></div>\n"


def table_row(row: Sequence[str], *, link: str | None = None) -> str:
    """Return a row of texts; the first one leads to the anchor `link`, if there is one."""
    cells = [escape(cell) for cell in row]
    if link is not None:
        cells[0] = f'<a href="#{escape(link, quote=True)}">{cells[0]}</a>'
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def plots(*elements: str) -> str:
    """Return plots, as `rendering.plots` makes them, beside each other."""
    return f'<div class="plots">{"".join(elements)}</div>\n'


def cards(values: Sequence[tuple[str, str, str]]) -> str:
    """Return large figures, given as name, value and a note."""
    items = (
        f'<div class="card">{escape(name)}<b>{escape(value)}</b><span>{escape(note)}</span></div>'
        for name, value, note in values
    )
    return f'<div class="cards">{"".join(items)}</div>\n'
