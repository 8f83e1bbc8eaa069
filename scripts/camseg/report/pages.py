"""Pages that a browser shows by itself, without a server or a network: a table or a text."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

SENTENCE = 40  # a text's characters from which its column may break its lines
# of all pages: light or dark, as the reader's system is
COLOURS = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1e293b; --faint: #526075; --line: #d5dce6;
  --shade: #f1f5f9; --link: #1d4ed8; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #11161d; --ink: #e2e8f0; --faint: #a3b1c4; --line: #334155; --shade: #1b2430;
    --link: #93c5fd; }
}
"""
# as wide as the window, or as its table: what is wider than the window scrolls below its head and
# beside its first column, and leaves the caption where it is; in a narrow window a row with
# sentences becomes a paragraph
STYLE = """
body { box-sizing: border-box; width: fit-content; min-width: 100%; margin: 0; padding: 1.5em;
  background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
h1, p { position: sticky; left: 1.5em; max-width: min(80em, 100vw - 3em); box-sizing: border-box; }
h1 { margin: 0 0 1.2em; font-size: 1em; font-weight: normal; }
a { color: var(--link); }
table { border-collapse: collapse; }
th { position: sticky; top: 0; z-index: 1; padding: 0; text-align: left; vertical-align: bottom;
  background: var(--paper); box-shadow: inset 0 -2px var(--ink); }
th button { position: relative; padding: .3em .75em .3em .5em; border: 0; background: none;
  font: inherit; font-weight: bold; color: inherit; text-align: inherit; cursor: pointer; }
th button::after { content: "\\2195" / ""; position: absolute; right: .05em; color: var(--faint);
  font-weight: normal; }
th[aria-sort=ascending] button::after { content: "\\2191" / ""; color: inherit; }
th[aria-sort=descending] button::after { content: "\\2193" / ""; color: inherit; }
td { padding: .3em .75em .3em .5em; border-bottom: 1px solid var(--line); vertical-align: top; }
tr > :first-child { position: sticky; left: 0; background: var(--paper); }
tr > th:first-child { z-index: 2; }
.word, td.number { white-space: nowrap; }
td:first-child { white-space: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.sentence { width: 100%; min-width: 20em; }
th.word, th.sentence { white-space: normal; }
tbody tr:hover > td { background: var(--shade); }
p a { margin-right: 1em; }
@media (max-width: 640px) {
  body { padding: 1em; }
  h1, p { left: 1em; max-width: calc(100vw - 2em); }
  td, th button { padding: .25em .7em .25em .3em; }
  h1 { max-height: 40vh; overflow: auto; }
  td:first-child { overflow-wrap: break-word; max-width: 8em; }
  .told, .told :is(tbody, tr) { display: block; }
  .told thead, .told td:empty { display: none; }
  .told tr { padding: .5em 0; border-bottom: 1px solid var(--line); }
  .told td { position: static; display: inline-block; max-width: none; margin-right: 1em;
    padding: 0; border: 0; white-space: normal; text-align: left; }
  .told td::before { content: attr(data-name) " "; color: var(--faint); font-size: .85em; }
  .told td.sentence { display: block; min-width: 0; margin: .2em 0; }
}
"""
# in Snakemake's report, which shows pages in a frame, nothing lies beside them
ALONE = """
if (self !== top) for (const link of document.querySelectorAll("td a"))
  link.replaceWith(...link.childNodes);
"""
SORT = """
for (const button of document.querySelectorAll("th button")) button.onclick = () => {
  const head = button.parentElement, heads = [...head.parentElement.children];
  const turned = head.ariaSort === "ascending", column = heads.indexOf(head);
  for (const other of heads) other.ariaSort = null;
  head.ariaSort = turned ? "descending" : "ascending";
  const body = document.querySelector("tbody"), order = new Intl.Collator("en", {numeric: true});
  const value = row => row.children[column].textContent;
  const compare = head.className === "number" ? (a, b) => parseFloat(a.replace("<", ""))
    - parseFloat(b.replace("<", "")) : order.compare;
  body.append(...[...body.rows].sort((a, b) => !value(a) - !value(b)
    || (turned ? -1 : 1) * compare(value(a), value(b))));
};
"""


def table_page(
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    caption: str,
    downloads: Mapping[str, str],
    links: Mapping[str, Sequence[str]],
) -> str:
    """Return a table as a page of HTML that is sorted by a click on a column's name.

    `rows` are the texts of the head and of each row, `numeric` says which columns hold numbers;
    empty cells are sorted last. Below the table stand links to save `downloads`, texts by file
    name, which are part of the page. `links` has by a column's name what each of its cells leads
    to, relative to the page, "" for nowhere.
    """
    kinds = [
        "number" if number else "sentence" if max(map(len, column)) > SENTENCE else "word"
        for number, column in zip(numeric, zip(*rows, strict=True), strict=True)
    ]
    names, *body = rows
    cells = "".join(
        f'<th class="{kind}"><button>{breakable(name)}</button></th>'
        for name, kind in zip(names, kinds, strict=True)
    )
    told = ' class="told"' if "sentence" in kinds else ""
    lines = [f"<table{told}><thead><tr>{cells}</tr></thead><tbody>"]
    for number, row in enumerate(body):
        cells = "".join(
            f'<td class="{kind}" data-name="{escape(name)}">'
            f"{linked(cell, links[name][number] if name in links else '')}</td>"
            for name, cell, kind in zip(names, row, kinds, strict=True)
        )
        lines.append(f"<tr>{cells}</tr>")
    saved = " ".join(
        f'<a href="data:text/plain;charset=utf-8;base64,{_base64(text)}"'
        f' download="{escape(name)}">{escape(name)}</a>'
        for name, text in downloads.items()
    )
    script = SORT + (ALONE if links else "")
    lines += ["</tbody></table>", f"<p>Save as {saved}</p>", f"<script>{script}</script>"]
    return page(caption, STYLE, [f"<h1>{escape(caption)}</h1>", *lines])


def text_page(text: str, caption: str) -> str:
    """Return a text as a page of HTML that keeps its lines."""
    return page(caption, STYLE, [f"<h1>{escape(caption)}</h1>", f"<pre>{escape(text)}</pre>"])


def breakable(name: str) -> str:
    """Return a column's name in HTML, whose lines may break behind _."""
    return escape(name).replace("_", "_<wbr>")


def linked(text: str, address: str) -> str:
    """Return a text in HTML as a link to an address, by itself where that is ""."""
    return f'<a href="{escape(address)}">{escape(text)}</a>' if address else escape(text)


def page(title: str, style: str, body: Sequence[str]) -> str:
    """Return a page of HTML, the lines of its `body` in COLOURS and its own `style`."""
    lines = ["<!doctype html>", '<html lang="en">', '<meta charset="utf-8">']
    lines += ['<meta name="viewport" content="width=device-width, initial-scale=1">']
    lines += [f"<title>{escape(title)}</title>", '<link rel="icon" href="data:,">']
    lines += [f"<style>{COLOURS}{style}</style>"]
    return "\n".join([*lines, *body, "</html>", ""])


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
