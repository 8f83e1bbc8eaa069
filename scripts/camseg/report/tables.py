"""The paper's tables from a study's results, and any table as CSV, Markdown, LaTeX or HTML."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError
from camseg.io.files import whole_file
from camseg.report.pages import table_page
from camseg.report.results import ACCURACIES

BOXES = "boxes"  # the caption that is part of every other, where boxes stand for outlines
TABLE1 = ["Classifier", "val_acc", "Dice"]
TABLE2 = ["Classifier", "val_acc", "Dice", "CAM_val_acc", "mask_val_acc"]
P_VALUES = ("p", "p_holm")
LONG, LONG_WIDTH = 40, "60mm"  # a text's characters from which its column is so wide in LaTeX
LONGEST = 40  # rows that fit a page
STACKED = 12  # characters of a line of a column's name, where names are too wide
CLOSE = r"\footnotesize\setlength{\tabcolsep}{4pt}"  # of rows too wide for a page
WIDEST = 130  # characters of a row that fit the long side of a page in its own size of type
LATEX = {character: rf"\{character}" for character in "{}&%$#_"}
LATEX |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
LATEX |= {"<": r"\textless{}", ">": r"\textgreater{}"}


def table1(results: pd.DataFrame) -> pd.DataFrame:
    """Table I: descending by val_acc; ties by Dice, then by name."""
    order = ["val_acc", "Dice", "Classifier"]
    return results.sort_values(order, ascending=[False, False, True])[TABLE1]


def table2(results: pd.DataFrame) -> pd.DataFrame:
    """Table II: descending by Dice; ties by val_acc, then by name."""
    order = ["Dice", "val_acc", "Classifier"]
    return results.sort_values(order, ascending=[False, False, True])[TABLE2]


def table2_extended(results: pd.DataFrame) -> pd.DataFrame:
    """Table II with a column for every further regime that any classifier was trained on."""
    further = [
        name for name in ACCURACIES.values() if name not in TABLE2 and results[name].notna().any()
    ]
    return results.loc[table2(results).index, [*TABLE2, *further]]


def to_markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, numbers with three decimals as in the paper."""
    rule = ["---:" if numeric else "---" for numeric in _numeric(table)]
    rows = [[cell.replace("|", r"\|") for cell in row] for row in _rows(table)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [rows[0], rule, *rows[1:]])


def to_latex(table: pd.DataFrame, caption: str) -> str:
    """Return a table in LaTeX (package booktabs), numbers with three decimals as in the paper.

    Columns of long texts are LONG_WIDTH wide, so that their lines break; a table with such a
    column, or of more than LONGEST rows, is small and may break over pages (package longtable); one
    of rows wider than WIDEST is small, too, its columns are closer, their names in several lines.
    """
    rows = _rows(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    columns = "".join(
        "r" if numeric else "l" if width <= LONG else rf"p{{{LONG_WIDTH}}}"
        for numeric, width in zip(_numeric(table), widths, strict=True)
    )
    wide = max(widths) <= LONG and sum(widths) + 2 * len(widths) > WIDEST
    names = map(_stacked if wide else escape_latex, rows[0])
    head, *body = [" & ".join(row) + r" \\" for row in (names, *map(_escaped, rows[1:]))]
    top, title = [r"\toprule", head, r"\midrule"], rf"\caption{{{escape_latex(caption)}}}"
    if len(table) > LONGEST or max(widths) > LONG:
        lines = [r"{\footnotesize", rf"\begin{{longtable}}{{{columns}}}", title + r" \\", *top]
        lines += [r"\endfirsthead", *top, r"\endhead", *body, r"\bottomrule"]
        lines += [r"\end{longtable}", "}"]
    else:
        lines = [r"\begin{table}", r"\centering", *([CLOSE] if wide else []), title]
        lines += [rf"\begin{{tabular}}{{{columns}}}", *top, *body, r"\bottomrule"]
        lines += [r"\end{tabular}", r"\end{table}"]
    return "\n".join([*lines, ""])


def _escaped(row: Iterable[str]) -> list[str]:
    return [escape_latex(cell) for cell in row]


def _stacked(name: str) -> str:
    """Return a column's name in LaTeX, in lines of at most STACKED characters where it has _."""
    lines = [""]
    for part in name.split("_"):
        if lines[-1] and len(lines[-1]) + len(part) > STACKED:
            lines.append("")
        lines[-1] += f"{part}_"
    lines[-1] = lines[-1].removesuffix("_")
    stacked = r" \\ ".join(map(escape_latex, lines))
    return rf"\shortstack[r]{{{stacked}}}" if len(lines) > 1 else stacked


def escape_latex(text: str) -> str:
    """Return a text with every character that LaTeX would take for a command made harmless."""
    return re.sub(r"[\\{}&%$#_~^<>]", lambda match: LATEX[match[0]], text)


def _numeric(table: pd.DataFrame) -> list[bool]:
    return [pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]


def _rows(table: pd.DataFrame) -> list[list[str]]:
    """Return the texts of the head and of each row."""

    def cell(name: str, value: object) -> str:
        if isinstance(value, float):
            if name in P_VALUES and value < 0.0005:
                return "<0.001"
            return "" if pd.isna(value) else f"{value:z.3f}"
        return "" if value is pd.NA else str(value)  # of whole numbers, some missing

    names = list(table.columns)
    body = [
        [cell(name, value) for name, value in zip(names, row, strict=True)]
        for row in table.itertuples(index=False)
    ]
    return [names, *body]


def read_captions(paths: Iterable[str | Path]) -> dict[str, str]:
    """Return the captions in files, one line of plain text each, by the files' names: table1.rst.

    They are those that the report shows; a table's caption is the one of its own name.
    """
    return {Path(path).stem: Path(path).read_text(encoding="utf-8").strip() for path in paths}


def write_table(
    table: pd.DataFrame,
    paths: Sequence[str | Path],
    captions: Mapping[str, str],
    links: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write a table to each path, in the format that its suffix names: .csv, .md, .tex or .html.

    The page of HTML holds the other three, to be saved from there. The caption BOXES, if there is
    one, ends this table's, and stands below it in Markdown, which has no other caption. `links`, of
    `links.to_explorer`, are the page's. Raises CamsegError if there is no caption of the files'
    name.
    """
    name = Path(paths[0]).stem
    if name not in captions:
        raise CamsegError(f"{paths[0]}: there is no caption {name} among {', '.join(captions)}")
    note = captions.get(BOXES, "")
    caption = f"{captions[name]} {note}".strip()
    texts = {
        ".csv": table.to_csv(index=False, float_format="%.6g"),
        ".md": to_markdown(table) + (f"\n{note}\n" if note else ""),
        ".tex": to_latex(table, caption),
    }
    for path in map(Path, paths):
        if path.suffix == ".html":
            downloads = {path.with_suffix(suffix).name: text for suffix, text in texts.items()}
            text = table_page(_rows(table), _numeric(table), caption, downloads, links or {})
        else:
            text = texts[path.suffix]
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
