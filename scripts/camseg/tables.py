"""The paper's tables from the trainings' metrics and the ROIs' Dice, as CSV, Markdown and LaTeX."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError
from camseg.files import whole_file

TABLE1 = ["Classifier", "val_acc", "Dice"]
TABLE2 = ["Classifier", "val_acc", "Dice", "CAM_val_acc", "mask_val_acc"]
INVERSE = ["Classifier", "inverse_val_acc"]
REGIMES = {  # the column that a regime's best validation accuracy stands in
    "original": "val_acc",
    "cam": "CAM_val_acc",
    "mask": "mask_val_acc",
    "inverse": "inverse_val_acc",
}


def read_dice(path: str | Path) -> float:
    """Return the mean of a model's mean-Dice over all abnormal ROIs, as in Table I."""
    table = pd.read_csv(path, sep="\t")
    dice = table["dice"][(table["label"] == "abnormal") & (table["side"] != "unused")]
    if dice.empty or dice.isna().any():
        raise CamsegError(f"{path}: {dice.isna().sum()} of {len(dice)} abnormal ROIs have no Dice")
    return float(dice.mean())


def collect(metrics: Iterable[str | Path], dice: dict[str, str | Path]) -> pd.DataFrame:
    """Return all results, a row per classifier, columns TABLE2 and inverse_val_acc.

    `metrics` are the metrics.json of any regimes, `dice` maps a model to its table of ROIs.
    What was not run is NaN.
    """
    results = pd.DataFrame(index=list(dice), columns=[*TABLE2[1:], "inverse_val_acc"], dtype=float)
    for path in metrics:
        training = json.loads(Path(path).read_text())
        results.loc[training["model"], REGIMES[training["regime"]]] = training["val_acc"]
    for model, path in dice.items():
        results.loc[model, "Dice"] = read_dice(path)
    return results.rename_axis("Classifier").reset_index()


def table1(results: pd.DataFrame) -> pd.DataFrame:
    """Table I: descending by val_acc; ties by Dice, then by name."""
    order = ["val_acc", "Dice", "Classifier"]
    return results.sort_values(order, ascending=[False, False, True])[TABLE1]


def table2(results: pd.DataFrame) -> pd.DataFrame:
    """Table II: descending by Dice; ties by val_acc, then by name."""
    order = ["Dice", "val_acc", "Classifier"]
    return results.sort_values(order, ascending=[False, False, True])[TABLE2]


def inverse_mask(results: pd.DataFrame) -> pd.DataFrame:
    """The classifiers trained on inverse-mask-filtered ROIs, descending by accuracy."""
    order = ["inverse_val_acc", "Classifier"]
    return results.dropna(subset=INVERSE).sort_values(order, ascending=[False, True])[INVERSE]


def comparison(results: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Published values beside ours: a row per classifier and quantity that either has."""
    ours = results.melt("Classifier", var_name="quantity", value_name="ours")
    paper = published.melt("Classifier", var_name="quantity", value_name="published")
    both = paper.merge(ours, how="outer", on=["Classifier", "quantity"])
    both = both.dropna(subset=["published", "ours"], how="all")
    both["difference"] = both["ours"] - both["published"]
    place = {name: number for number, name in enumerate(results.columns)}
    both = both.sort_values(["quantity", "Classifier"], key=lambda key: key.map(place).fillna(key))
    return both[["Classifier", "quantity", "published", "ours", "difference"]]


def to_markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, numbers with three decimals as in the paper."""
    rule = ["---:" if numeric else "---" for numeric in _numeric(table)]
    rows = [list(table.columns), rule, *_cells(table)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def to_latex(table: pd.DataFrame, caption: str) -> str:
    """Return a table in LaTeX (package booktabs), numbers with three decimals as in the paper."""
    columns = "".join("r" if numeric else "l" for numeric in _numeric(table))
    lines = [
        " & ".join(row).replace("_", r"\_") + r" \\" for row in [table.columns, *_cells(table)]
    ]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _numeric(table: pd.DataFrame) -> list[bool]:
    return [pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]


def _cells(table: pd.DataFrame) -> list[list[str]]:
    def cell(value: object) -> str:
        if isinstance(value, float):
            return "" if pd.isna(value) else f"{value:z.3f}"
        return str(value)

    return [[cell(value) for value in row] for row in table.itertuples(index=False)]


def write_table(table: pd.DataFrame, paths: Iterable[str | Path], caption: str) -> None:
    """Write a table to each path, in the format that its suffix names: .csv, .md or .tex."""
    for path in map(Path, paths):
        text = {
            ".csv": lambda: table.to_csv(index=False, float_format="%.6g"),
            ".md": lambda: to_markdown(table),
            ".tex": lambda: to_latex(table, caption),
        }[path.suffix]()
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
