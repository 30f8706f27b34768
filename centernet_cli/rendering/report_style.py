"""Style and behaviour of the report of `predict`, on top of those of all reports.

Everything can be read without JavaScript, and classes be hidden; searching, sorting, the least score and the large view
need it.
"""

from __future__ import annotations

STYLE = """
.sheets{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,270px),1fr));gap:1em;align-items:start}
.sheet{background:var(--zone);border:1px solid var(--rule);border-radius:6px;padding:.6em .7em;min-width:0;
content-visibility:auto;contain-intrinsic-size:auto 470px}
.sheet:target{outline:3px solid var(--link)}
.sheet .place{margin:0 0 .4em;overflow-wrap:anywhere;min-height:0}
.sheet h3{margin:0;font-size:.92rem;overflow-wrap:anywhere}.sheet p{margin:.3em 0 0}
.shot{position:relative;background:#fff;max-width:100%;margin:0 auto;border:1px solid var(--rule)}
.shot img,.shot svg{position:absolute;inset:0;width:100%;height:100%}
.shot path{fill-opacity:.12;stroke-width:.7;vector-effect:non-scaling-stroke}
.js .sheet .shot{cursor:zoom-in}
.shot:focus-visible{outline:3px solid var(--link)}
.tally,.kinds{display:flex;flex-wrap:wrap;gap:.1em .9em}
.tally i,.kinds i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.35em}
.tools{display:none;flex-wrap:wrap;gap:.5em 1em;align-items:center}.js .tools{display:flex}
.bar{position:sticky;top:0;z-index:2;background:var(--paper);padding:.5em 0;border-bottom:1px solid var(--rule);
margin-bottom:1em}
input,select,button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--faint);border-radius:4px;
padding:.2em .5em}
th button{background:none;border:0;padding:0}
input[type=range]{padding:0;vertical-align:middle;width:8em}
[hidden]{display:none!important}
dialog{max-width:none;max-height:none;width:100vw;height:100vh;padding:.6em;border:0;background:var(--paper);
color:var(--ink)}
dialog form{display:flex;gap:.6em;align-items:center;margin-bottom:.5em}
dialog form b{flex:1;overflow-wrap:anywhere}
dialog .shot{height:calc(100vh - 4.2em);max-width:100%;aspect-ratio:auto}
dialog rect{fill-opacity:.1;stroke-width:1.5;vector-effect:non-scaling-stroke}dialog rect:hover{fill-opacity:.3}
@media print{.bar,.tools{display:none!important}.sheet{break-inside:avoid;content-visibility:visible}}
"""

SCRIPT = """
document.documentElement.classList.add("js");
const one = name => document.querySelector(name), list = one(".sheets"), sheets = [...list.children];
const search = one("#search"), kind = one("#kind"), sort = one("#sort"), least = one("#least");
const number = (sheet, key) => parseFloat(sheet.dataset[key]);
const keys = {
  order: (a, b) => sheets.indexOf(a) - sheets.indexOf(b),
  name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, {numeric: true}),
  most: (a, b) => number(b, "boxes") - number(a, "boxes"),
  fewest: (a, b) => number(a, "boxes") - number(b, "boxes"),
  low: (a, b) => number(a, "low") - number(b, "low"),
};
function filter() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const sheet of sheets) {
    const kinds = sheet.dataset.k.split(" ");
    const fits = words.every(word => sheet.dataset.name.includes(word)) &&
      (kind.value === "" || (kind.value === "none" ? sheet.dataset.k === "" : kinds.includes(kind.value)));
    sheet.hidden = !fits;
    shown += fits;
  }
  one("#shown").textContent = `${shown.toLocaleString("en")} of ${sheets.length.toLocaleString("en")} pages`;
}
function order() {
  const places = new Map(sheets.map((sheet, place) => [sheet, place]));
  const by = sort.value === "order" ? () => 0 : keys[sort.value];
  list.append(...[...sheets].sort((a, b) => by(a, b) || places.get(a) - places.get(b)));
}
const parts = path => (path.full ??= path.getAttribute("d").split("M").slice(1));
const scores = path => (path.scores ??= path.dataset.s.split(" ").map(text => text === "" ? 1 : parseFloat(text)));
function cut() {
  one("#value").textContent = parseFloat(least.value).toFixed(2);
  for (const path of list.querySelectorAll("path")) {
    const keep = scores(path), all = parts(path), limit = parseFloat(least.value) - 0.005;
    path.setAttribute("d", all.filter((_, place) => keep[place] >= limit).map(text => "M" + text).join(""));
  }
}
search.addEventListener("input", filter);
kind.addEventListener("change", filter);
sort.addEventListener("change", order);
least.addEventListener("change", cut);
least.addEventListener("input", () => { one("#value").textContent = parseFloat(least.value).toFixed(2); });
const large = one("dialog"), stage = one("#stage");
let current = null;
function show(sheet) {
  current = sheet;
  const shot = sheet.querySelector(".shot").cloneNode(true), svg = shot.querySelector("svg");
  one("#title").textContent = sheet.querySelector("h3").textContent;
  shot.removeAttribute("tabindex");
  svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
  const image = shot.querySelector("img");
  if (image) { image.style.objectFit = "contain"; image.loading = "eager"; }
  const limit = parseFloat(least.value) - 0.005, boxes = [];
  for (const path of sheet.querySelectorAll("path")) parts(path).forEach((text, place) => {
    const score = scores(path)[place];
    const [x, y, width, height] = text.match(/^(\\S+) ([^h]+)h([^v]+)v([^h]+)/).slice(1).map(Number);
    if (score >= limit) boxes.push([width * height, x, y, width, height, path.getAttribute("class"),
      `${path.dataset.label} ${score.toFixed(2)}`]);
  });
  boxes.sort((a, b) => b[0] - a[0]);
  svg.replaceChildren(...boxes.map(([, x, y, width, height, kind, note]) => {
    const space = "http://www.w3.org/2000/svg", box = document.createElementNS(space, "rect");
    for (const [key, value] of Object.entries({x, y, width, height, class: kind})) box.setAttribute(key, value);
    box.append(document.createElementNS(space, "title"));
    box.firstChild.textContent = note;
    return box;
  }));
  stage.replaceChildren(shot);
  if (!large.open) large.showModal();
}
function step(by) {
  const seen = [...list.children].filter(sheet => !sheet.hidden), place = seen.indexOf(current) + by;
  if (seen[place]) show(seen[place]);
}
for (const shot of list.querySelectorAll(".shot")) shot.tabIndex = 0;
list.addEventListener("click", event => {
  const shot = event.target.closest(".shot");
  if (shot) show(shot.closest(".sheet"));
});
list.addEventListener("keydown", event => {
  if (event.key === "Enter" && event.target.matches(".shot")) show(event.target.closest(".sheet"));
});
one("#before").addEventListener("click", () => step(-1));
one("#after").addEventListener("click", () => step(1));
large.addEventListener("keydown", event => {
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
filter();
"""


def class_style(colours: list[str]) -> str:
    """Return the colour of each class, on boxes and in legends, and the switch that hides its boxes."""
    rules = []
    for number, colour in enumerate(colours):
        rules.append(f".k{number}{{stroke:{colour};fill:{colour};background:{colour}}}")
        rules.append(f"body:has(#t{number}:not(:checked)) svg .k{number}{{display:none}}")
    return "\n".join(rules)
