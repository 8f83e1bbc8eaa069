"""Pages that a browser shows by itself, without a server or a network: a table or a text."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

SENTENCE = 40  # a text's characters from which its column may break its lines
STYLE = """
body { margin: 2em; font: 14px/1.5 system-ui, sans-serif; color: #1e293b; }
h1 { max-width: 60em; margin: 0 0 1.5em; font-size: 1em; font-weight: normal; }
table { border-collapse: collapse; }
th { padding: 0; border-bottom: 2px solid #1e293b; text-align: left; }
th button { padding: .3em .6em; border: 0; background: none; font: inherit; font-weight: bold;
  white-space: nowrap; cursor: pointer; }
th button::after { content: " \\2195" / ""; color: #94a3b8; }
th[aria-sort=ascending] button::after { content: " \\2191" / ""; }
th[aria-sort=descending] button::after { content: " \\2193" / ""; }
td { padding: .3em .6em; border-bottom: 1px solid #e2e8f0; vertical-align: top; }
.word, .number { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.sentence { min-width: 24em; }
tbody tr:hover { background: #f1f5f9; }
p a { margin-right: 1em; }
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
) -> str:
    """Return a table as a page of HTML that is sorted by a click on a column's name.

    `rows` are the texts of the head and of each row, `numeric` says which columns hold numbers;
    empty cells are sorted last. Below the table stand links to save `downloads`, texts by file
    name, which are part of the page.
    """
    kinds = [
        "number" if number else "sentence" if max(map(len, column)) > SENTENCE else "word"
        for number, column in zip(numeric, zip(*rows, strict=True), strict=True)
    ]
    head, *body = [[escape(cell) for cell in row] for row in rows]
    cells = "".join(
        f'<th class="{kind}"><button>{name}</button></th>'
        for name, kind in zip(head, kinds, strict=True)
    )
    lines = [f"<table><thead><tr>{cells}</tr></thead><tbody>"]
    for row in body:
        cells = "".join(
            f'<td class="{kind}">{cell}</td>' for cell, kind in zip(row, kinds, strict=True)
        )
        lines.append(f"<tr>{cells}</tr>")
    links = "".join(
        f'<a href="data:text/plain;charset=utf-8;base64,{_base64(text)}"'
        f' download="{escape(name)}">{escape(name)}</a>'
        for name, text in downloads.items()
    )
    lines += ["</tbody></table>", f"<p>Save as {links}</p>", f"<script>{SORT}</script>"]
    return _page(caption, "\n".join(lines))


def text_page(text: str, caption: str) -> str:
    """Return a text as a page of HTML that keeps its lines."""
    return _page(caption, f"<pre>{escape(text)}</pre>")


def _page(caption: str, body: str) -> str:
    lines = ["<!doctype html>", '<html lang="en">', '<meta charset="utf-8">']
    lines += [f"<title>{escape(caption)}</title>", f"<style>{STYLE}</style>"]
    return "\n".join([*lines, f"<h1>{escape(caption)}</h1>", body, "</html>", ""])


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
