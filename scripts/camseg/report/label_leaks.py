"""Whether networks do better than where ROIs lie, or how bright they are, tells their labels."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import LABELS, REMEDY, SHARE, USED, Columns, read_table
from camseg.report import designs, statistics
from camseg.report.intervals import of_auc
from camseg.training.metrics import discrimination

ROI = "the ROI"  # what a network sees
SEES = {
    "position": "where the ROI lies, and its size",
    "intensity": "its grey levels, no place",
    "border": "the grey levels of its border",
}
NAMES = {"position": "The place", "intensity": "Brightness", "border": "The border's brightness"}
LEAKS: Columns = {"roi_id": None, "patient_id": None, "label": LABELS, "side": USED}
LEAKS |= dict.fromkeys(SEES, SHARE)
COLUMNS = ["Classifier", "sees", "AUC", "AUC_low", "AUC_high", "balanced", "low", "high"]
COLUMNS += ["n", "splits", "interval"]


class Mean(NamedTuple):
    """A mean over validation ROIs of both classes alike, its 95 % interval and the method."""

    value: float
    low: float
    high: float
    method: str


def read_leaks(paths: Iterable[str | Path], predictions: pd.DataFrame) -> pd.DataFrame:
    """Return a row per kind of SEES, split and validation ROI, from files of `measure_leaks.py`.

    Columns as of `predictions`, those of `results.read_predictions`; `model` is the kind. Raises
    CamsegError if a file is not whole, or not of the ROIs that the networks were validated on.
    """
    validated = predictions[predictions["regime"] == "original"].groupby("split")
    tables = []
    for path in paths:
        split = Path(path).stem
        table = read_table(path, LEAKS, ["roi_id"])
        table = table[table["side"] == "validation"]
        table = table.assign(abnormal=table["label"] == "abnormal", regime="original", split=split)
        of_networks = validated.get_group(split).drop_duplicates("roi_id")
        if dict(table[["roi_id", "abnormal"]].to_numpy()) != dict(
            of_networks[["roi_id", "abnormal"]].to_numpy()
        ):
            raise CamsegError(f"{path}: is not of the ROIs that were validated on; {REMEDY}")
        for kind in SEES:
            probability = table[kind]
            right = (probability > 0.5) == table["abnormal"]
            tables.append(table.assign(model=kind, probability=probability, right=right))
    return pd.concat(tables, ignore_index=True)[list(predictions.columns)]


def label_leaks(predictions: pd.DataFrame, leaks: pd.DataFrame) -> pd.DataFrame:
    """Return a row per kind of `read_leaks`, then per network, descending by `balanced`: COLUMNS.

    `predictions` is of `results.read_predictions`, of which the regime original is taken. `AUC` and
    `balanced`, the accuracy with both classes weighed alike, are means over splits; `n` counts the
    validation ROIs of all splits together, `interval` names the method of `low` and `high`.
    """
    rows = {}
    for model, calls in _calls(predictions, leaks).groupby("model", sort=False):
        runs = calls.groupby("split", sort=False)
        auc = {
            split: discrimination(part["probability"], part["abnormal"])["auc"]
            for split, part in runs
        }
        table = pd.DataFrame({"split": auc.keys(), "auc": auc.values()})
        table["n_validation"] = runs.size().to_numpy()
        found = _mean(calls, share=True)
        row = [model, SEES.get(str(model), ROI), table["auc"].mean(), *of_auc(table, calls)]
        rows[model] = [*row, *found[:3], len(calls), len(auc), found.method]
    table = pd.DataFrame(rows.values(), columns=COLUMNS)
    networks = table[table["sees"] == ROI]
    networks = networks.sort_values(["balanced", "Classifier"], ascending=[False, True])
    return pd.concat([table[table["sees"] != ROI], networks], ignore_index=True)


def readings(table: pd.DataFrame, predictions: pd.DataFrame, leaks: pd.DataFrame) -> pd.DataFrame:
    """Return a row per row of `label_leaks`, whose `table` and arguments these are: what it shows.

    Columns `Classifier` and `reading`. Classes are told apart if the interval of the AUC is above
    0.5, and the wrong way round if it is below. A network is more (less) accurate if the interval
    of the difference, ROI by ROI, is above (below) 0.
    """
    calls = dict(list(_calls(predictions, leaks).groupby("model")))
    told = []
    for row in table.itertuples():
        if row.sees == ROI:
            than = {kind: _difference(calls[row.Classifier], calls[kind]) for kind in SEES}
            told.append(_of_network(than))
        else:
            shown = "tells" if row.AUC_low > 0.5 or row.AUC_high < 0.5 else "is not shown to tell"
            words = f"{NAMES[row.Classifier]} alone {shown} the classes apart"
            words += ", the wrong way round" if row.AUC_high < 0.5 else ""
            told.append(f"{words}: AUC {row.AUC:.3f} ({row.AUC_low:.3f} to {row.AUC_high:.3f}).")
    return pd.DataFrame({"Classifier": table["Classifier"], "reading": told})


def _of_network(than: dict[str, Mean]) -> str:
    """Return what the differences of a network's accuracy to those of SEES show."""

    def listed(kinds: list[str]) -> str:
        return ", ".join(
            f"{kind} ({than[kind].value:+z.3f}, {than[kind].low:z.3f} to {than[kind].high:z.3f})"
            for kind in kinds
        )

    more = [kind for kind in SEES if than[kind].low > 0]
    less = [kind for kind in SEES if than[kind].high < 0]
    unsure = [kind for kind in SEES if kind not in (*more, *less)]
    words = {"more": more, "less": less, "not shown to be more": unsure}
    text = "; ".join(
        f"{how} accurate than {listed(kinds)}" for how, kinds in words.items() if kinds
    )
    return f"{text[0].upper()}{text[1:]}."


def _calls(predictions: pd.DataFrame, leaks: pd.DataFrame) -> pd.DataFrame:
    """Return the calls of all, with `value`: the mean over a split is the balanced accuracy."""
    calls = pd.concat([leaks, predictions[predictions["regime"] == "original"]])
    runs = calls.groupby(["model", "split"])["roi_id"].transform("size")
    alike = calls.groupby(["model", "split", "abnormal"])["roi_id"].transform("size")
    return calls.assign(value=calls["right"] * runs / (2 * alike))


def _difference(calls: pd.DataFrame, others: pd.DataFrame) -> Mean:
    keys = ["split", "roi_id", "patient_id"]
    both = calls.merge(others, on=keys, suffixes=("", "_other"), validate="one_to_one")
    return _mean(both.assign(value=both["value"] - both["value_other"]), share=False)


def _mean(values: pd.DataFrame, *, share: bool) -> Mean:
    """Return the mean of `value` over ROIs, a row per run and ROI; `share`: it is from 0 to 1."""
    found = designs.over_runs(values)
    if found is None:
        parts = (values[name].to_numpy() for name in ("value", "patient_id"))
        estimate, method = statistics.over_patients(*parts), "t over patients"
        least = 1 / (2 * len(values))  # as of folds that agree
        estimate = estimate._replace(error=max(estimate.error, least))
    else:
        estimate, method = found
    estimate = estimate._replace(value=round(estimate.value, 12))
    n = round(len(values) / values["split"].nunique())
    if not share:
        ends = estimate.interval(-1)
    elif method in ("t over patients", designs.CROSSED):
        ends = estimate.share_interval(n)
    else:
        ends = estimate.interval()
    return Mean(estimate.value, *ends, method)
