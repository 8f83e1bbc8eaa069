"""Links from the rows of tables to what the explorer shows of them."""

from collections.abc import Collection, Mapping
from urllib.parse import quote, urlencode

import pandas as pd

EXPLORER = "../explorer/index.html"  # from a table's page
KEYS = {"Classifier": "model", "explanation": "explanation", "regime": "regime", "split": "split"}
SHOWN = ("used", "noted")  # what of the table of candidates is of ROIs that the explorer shows


def address(**keys: str) -> str:
    """Return the address of what the explorer shows, by the keys of docs/explorer.md."""
    return f"{EXPLORER}#{urlencode(keys, quote_via=quote)}"


def to_explorer(table: pd.DataFrame, models: Collection[str]) -> dict[str, list[str]]:
    """Return the addresses of a table's classifiers, by the column that they are links of.

    A row leads to its classifier and, of columns that are there, its explanation, regime and split;
    to "" where it is of none of the `models`, as those of floors are.
    """
    columns = [column for column in KEYS if column in table]
    rows = table[columns].astype(str).to_dict("records")
    return {"Classifier": [_of_row(row) if row["Classifier"] in models else "" for row in rows]}


def of_candidates(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return of the table of candidates where its used ROIs are seen, all and an odd one's example.

    Rows as of `rejections.summary`; an example's text begins with the name of its ROI.
    """
    classes = table["what"].str.removesuffix(" ROI")
    used, odd = ((table["status"] == status) & (table["what"] != "view") for status in SHOWN)
    examples = table["example"].str.partition(": ")[0]
    return {
        "what": [
            address(**{"class": name}) if shown else ""
            for name, shown in zip(classes, used, strict=True)
        ],
        "example": [
            address(roi=name) if shown else "" for name, shown in zip(examples, odd, strict=True)
        ],
    }


def _of_row(row: Mapping[str, str]) -> str:
    return address(**{KEYS[column]: value for column, value in row.items() if value})
