"""The tables that audit heat maps: what sanity checks and sensitivity runs have measured."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, SHARE, Columns, Number, read_table

# The sanity table's columns: which check, and which of its numbers; for a map that shows what the
# classifier looks at and nothing else, the value expected of it.
SANITY = {
    "Dice": ("unchanged", "dice", None),
    "random_weights": ("random_weights", "correlation", 0.0),
    "random_weights_Dice": ("random_weights", "dice", None),
    "random_head": ("random_head", "correlation", 0.0),
    "random_head_Dice": ("random_head", "dice", None),
    "other_class": ("other_class", "correlation", -1.0),
    "other_class_Dice": ("other_class", "dice", None),
    "other_class_logit": ("other_class_logit", "correlation", -1.0),
    "moved": ("moved", "correlation", 1.0),
    "moved_in_place": ("moved_in_place", "correlation", None),
    "other_roi": ("other_roi", "correlation", None),
}
AXES = ("row", "column")  # of a cell's place, and of where it looks
CHOICES = ["score", "target", "layer", "sign", "resize", "smoothing"]


def read_checks(path: str | Path) -> pd.DataFrame:
    """Return the checks of a model, as `sanity.check` has made them, with the ROI's id.

    Raises CamsegError if the file is not whole or some ROI lacks a check.
    """
    kinds = tuple(sorted({check for check, _, _ in SANITY.values()}))
    columns: Columns = {"check": kinds, "roi_id": None, "draw": re.compile(r"\d+")}
    columns |= {
        "correlation": Number(-1 - 1e-9, 1 + 1e-9, blank=True),
        "dice": Number(0, 1, blank=True),
    }
    table = read_table(path, columns, ["check", "roi_id", "draw"])
    counts = table.groupby(["check", "draw"]).size()
    if table.empty or (counts != counts.iloc[0]).any() or set(table["check"]) != set(kinds):
        raise CamsegError(f"{path}: some ROI lacks a check; {REMEDY}")
    return table


def read_locality(path: str | Path) -> pd.DataFrame:
    """Return where the cells of a model's maps look, as `locality.centres` has found it.

    Raises CamsegError if the file is not whole or some ROI lacks a cell.
    """
    columns: Columns = {"roi_id": None}
    for axis in AXES:
        columns |= {axis: Number(0, whole=True), f"place_{axis}": SHARE}
        columns |= {f"centre_{axis}": Number(0, 1, blank=True)}
    table = read_table(path, columns, ["roi_id", *AXES])
    cells = table.groupby("roi_id").size()
    if table.empty or (cells != table[[*AXES]].drop_duplicates().shape[0]).any():
        raise CamsegError(f"{path}: some ROI lacks a cell; {REMEDY}")
    return table


def slopes(cells: pd.DataFrame) -> dict[str, float]:
    """Return how far cells look where they are drawn: by axis, 1 for there, 0 for any place alike.

    The slope of the regression of a cell's centre on its place, over the cells of all ROIs; NaN
    if all cells with a centre have one place.
    """
    found = {}
    for axis in AXES:
        place, centre = cells[[f"place_{axis}", f"centre_{axis}"]].dropna().to_numpy().T
        spread = place - place.mean() if len(place) else place
        variance = spread @ spread
        found[axis] = float(spread @ centre / variance) if variance > 0 else np.nan
    return found


def locality(splits: Sequence[pd.DataFrame]) -> dict[str, float]:
    """Return the `slopes` of a model by axis, on average over its splits."""
    return pd.DataFrame([slopes(table) for table in splits]).mean().to_dict()


def read_measured(path: str | Path) -> pd.DataFrame:
    """Return the rows of `sensitivity.measure`; CamsegError if not every combination is there."""
    columns = dict.fromkeys(CHOICES) | {"smoothing": SHARE, "dice": SHARE}
    table = read_table(path, columns | {"degenerate": Number(0, whole=True)}, CHOICES)
    enlarged = len(table[["resize", "smoothing"]].drop_duplicates())  # not every one of each
    if table.empty or len(table) != table[CHOICES[:4]].nunique().prod() * enlarged:
        raise CamsegError(f"{path}: lacks some combination of choices; {REMEDY}")
    return table


def sanity(
    checks: Mapping[str, Sequence[pd.DataFrame]],
    cells: Mapping[str, Sequence[pd.DataFrame]],
    degenerate: Mapping[str, int],
) -> pd.DataFrame:
    """Return the sanity table: a row per model, then one of what a faithful map would have.

    `checks` has the rows of `sanity.check` by model and split, `cells` those of
    `locality.centres`, `degenerate` the numbers of degenerate maps among all ROIs. Values are
    means over ROIs and draws, then over splits; those that do not exist count for nothing.
    """
    rows = []
    for model, splits in checks.items():
        of_splits = [table.groupby("check")[["correlation", "dice"]].mean() for table in splits]
        means = pd.concat(of_splits).groupby("check").mean()
        values = {name: means.loc[check, kind] for name, (check, kind, _) in SANITY.items()}
        values |= {f"locality_{axis}s": slope for axis, slope in locality(cells[model]).items()}
        rows.append({"Classifier": model} | values | {"degenerate": degenerate[model]})
    faithful = {name: expected for name, (_, _, expected) in SANITY.items()}
    faithful |= {f"locality_{axis}s": 1.0 for axis in AXES}
    rows.append({"Classifier": "a faithful map"} | faithful | {"degenerate": 0})
    table = pd.DataFrame(rows)
    return table.astype(dict.fromkeys(faithful, float))


def sensitivity(measured: pd.DataFrame, default: Mapping[str, object]) -> pd.DataFrame:
    """Return the rows of `sensitivity.measure` with their difference from the `default` choice.

    `default` has a value for each of CHOICES. Sorted by Dice, highest first.
    """
    reference = _rows_like(measured, default, CHOICES)["dice"].iloc[0]
    table = measured.assign(difference=measured["dice"] - reference)
    table = table.sort_values("dice", ascending=False, kind="stable")
    table = table[[*CHOICES, "dice", "difference", "degenerate"]]
    return table.rename(columns={"target": "class", "dice": "Dice"})


def spread(
    measured: pd.DataFrame, default: Mapping[str, object], networks: Mapping[str, float]
) -> pd.DataFrame:
    """Return how far Dice moves with each choice alone, with all of them, and with the network.

    `networks` has each model's Dice under the default choice. Columns: `varied`, `lowest`,
    `highest`, `range`.
    """
    groups = {
        {"target": "class"}.get(name, name): _rows_like(
            measured, default, [other for other in CHOICES if other != name]
        )["dice"]
        for name in CHOICES
    }
    groups |= {"all of these": measured["dice"], "network": pd.Series(networks)}
    rows = [
        (name, dice.min(), dice.max(), dice.max() - dice.min()) for name, dice in groups.items()
    ]
    return pd.DataFrame(rows, columns=["varied", "lowest", "highest", "range"])


def _rows_like(
    measured: pd.DataFrame, default: Mapping[str, object], names: list[str]
) -> pd.DataFrame:
    rows = measured
    for name in names:
        rows = rows[rows[name] == default[name]]
    if rows.empty:
        raise CamsegError(f"the sensitivity was not measured for {dict(default)}")
    return rows
