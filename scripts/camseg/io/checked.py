"""What the stages hand on to each other as text, read with checks.

A table that was cut short, edited by hand or written by another program ends a run in one line that
names the file, the line and the remedy; it never becomes another table.
"""

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError

UNKNOWN_PATIENT = "image:"  # begins a `patient_id` that only names the image: nobody knows whose
REMEDY = "remove the file and run the workflow again"


@dataclass(frozen=True)
class Number:
    """A column of numbers from `low` to `high`, whole ones only or not; blank (NaN) or not."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    blank: bool = False

    def read(self, text: str) -> float | int:
        """Return the number that a text is; raise ValueError, saying what it should be."""
        if self.blank and text == "":
            return math.nan
        try:
            number = int(text) if self.whole else float(text)
        except ValueError:
            number = math.nan
        if not self.low <= number <= self.high:
            kind = "a whole number" if self.whole else "a number"
            raise ValueError(f"is {text!r}, not {kind} from {self.low:g} to {self.high:g}")
        return number


SHARE = Number(0, 1)
NATURAL = Number(1, whole=True)
# numbers, one of some words, text that a pattern matches, or any text
Kind = Number | tuple[str, ...] | re.Pattern | None
Columns = dict[str, Kind]

LABELS = ("normal", "abnormal")
USED = ("train", "selection", "validation")  # the sides of a split; few splits have the second
SIDES = (*USED, "unused")
PREDICTIONS: Columns = {  # the columns of predictions.tsv
    "roi_id": None,
    "patient_id": None,
    "label": LABELS,
    "side": USED,
    "probability": SHARE,
}


def read_table(
    path: str | Path,
    columns: Mapping[str, Kind],
    key: Sequence[str] = (),
    *,
    others: Kind = None,
    remedy: str = REMEDY,
) -> pd.DataFrame:
    """Return a table, .tsv or .csv: columns of numbers as such, all others as text.

    `columns` maps the columns that must be there to what they hold, `others` is what all others
    hold; no two rows may agree in the columns `key`. Raises CamsegError, with the `remedy`, if that
    is not so or the last line is not whole.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        delimiter = "\t" if path.suffix == ".tsv" else ","
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows: list[tuple[int, list]] = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise CamsegError(f"{path}: is no table: {error}; {remedy}") from error
    names = rows[0][1] if rows else []
    missing = [name for name in columns if name not in names]
    if missing or len(set(names)) < len(names):
        fault = f"has no column {missing[0]}" if missing else "has a column twice"
        raise CamsegError(f"{path}: {fault}; {remedy}")
    if not text.endswith("\n"):
        raise CamsegError(f"{path}: ends in the middle of line {rows[-1][0]}; {remedy}")
    seen: dict[tuple, int] = {}
    table = []
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise CamsegError(
                f"{path}:{line}: has {len(row)} fields, the header {len(names)}; {remedy}"
            )
        read = {}
        for name, value in zip(names, row, strict=True):
            try:
                read[name] = _read(value, columns.get(name, others))
            except ValueError as error:
                raise CamsegError(f"{path}:{line}: {name} {error}; {remedy}") from error
        values = tuple(read[name] for name in key)
        if key and seen.setdefault(values, line) != line:
            raise CamsegError(
                f"{path}:{line}: {' '.join(map(str, values))} stands in line {seen[values]}, too; "
                f"{remedy}"
            )
        table.append(read)
    return pd.DataFrame(table, columns=names)


def _read(text: str, kind: Kind) -> str | float | int:
    if isinstance(kind, Number):
        return kind.read(text)
    if isinstance(kind, re.Pattern) and not kind.fullmatch(text):
        raise ValueError(f"cannot be {text!r}")
    if isinstance(kind, tuple) and text not in kind:
        raise ValueError(f"is {text!r}, none of {', '.join(kind)}")
    return text


def read_json(path: str | Path, values: Mapping[str, Kind]) -> dict:
    """Return a JSON object of a stage, whose `values` must be there: numbers, words or texts.

    Raises CamsegError if one is missing or is not what it should be.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise CamsegError(f"{path}: is no whole JSON file: {error}; {REMEDY}") from error
    for name, kind in values.items():
        if not isinstance(found, dict) or name not in found:
            raise CamsegError(f"{path}: has no {name}; {REMEDY}")
        value = found[name]
        try:
            if not isinstance(value, (int, float) if isinstance(kind, Number) else str):
                raise ValueError(f"is {value!r}")
            _read(str(value), kind)
        except ValueError as error:
            raise CamsegError(f"{path}: {name} {error}; {REMEDY}") from error
    return found
