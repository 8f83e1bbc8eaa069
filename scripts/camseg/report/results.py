"""What a study's trainings and scores left behind, read as tables, a row for each thing measured.

The splits are named as their files are: "split-0".
"""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import (
    LABELS,
    NATURAL,
    PREDICTIONS,
    REMEDY,
    SHARE,
    SIDES,
    USED,
    Columns,
    Number,
    read_json,
    read_table,
)
from camseg.rois import runs
from camseg.training.registry import REGIMES

# the column of the tables that a regime's best validation accuracy stands in
ACCURACIES = {name: regime.column for name, regime in REGIMES.items()}
METRICS: Columns = {
    "model": None,
    "regime": tuple(REGIMES),
    "split": re.compile(f"split-{runs.PATTERN}"),
}
METRICS |= dict.fromkeys(("val_acc", "val_acc_best", "val_acc_last", "auc"), SHARE)
METRICS |= dict.fromkeys(("best_epoch", "epochs", "n_train", "n_validation"), NATURAL)
METRICS |= {"n_selection": Number(0, whole=True)}
LOSS = Number(0)
HISTORY: Columns = {
    "epoch": NATURAL,
    "loss": LOSS,
    "accuracy": SHARE,
    "val_loss": LOSS,
    "val_accuracy": SHARE,
}
OF_SELECTION: Columns = {"selection_loss": LOSS, "selection_accuracy": SHARE}
DICE: Columns = {"roi_id": None, "patient_id": None, "label": LABELS, "side": SIDES}
DICE |= {"dice": Number(0, 1, blank=True)}


def read_trainings(metrics: Iterable[str | Path]) -> pd.DataFrame:
    """Return a row per training: the values of its metrics.json.

    Raises CamsegError if one lacks a value or two are of the same training.
    """
    rows = []
    found: dict[tuple, str | Path] = {}
    for path in metrics:
        row = read_json(path, METRICS)
        training = row["regime"], row["model"], row["split"]
        if training in found:
            raise CamsegError(
                f"{path}: is of {', '.join(training)}, as is {found[training]}; {REMEDY}"
            )
        found[training] = path
        rows.append(row)
    return pd.DataFrame(rows)


def read_history(path: str | Path, metrics: str | Path) -> tuple[pd.DataFrame, dict]:
    """Return a training's history.csv, one row per epoch, and its metrics.json.

    Raises CamsegError if they are not whole, or not of as many epochs.
    """
    values = read_json(metrics, METRICS)
    columns = HISTORY | OF_SELECTION if values["n_selection"] else HISTORY
    history = read_table(path, columns, ["epoch"])
    if list(history["epoch"]) != list(range(1, values["epochs"] + 1)):
        raise CamsegError(f"{path}: does not have the epochs 1 to {values['epochs']}; {REMEDY}")
    return history, values


def read_predictions(
    metrics: Iterable[str | Path], predictions: Iterable[str | Path]
) -> pd.DataFrame:
    """Return a row per training and validation ROI, from files in the same order of trainings.

    Columns: model, regime, split, roi_id, patient_id, abnormal (bool), probability (of abnormal),
    right (bool). Raises CamsegError if a file is not whole, or not of the training that its
    metrics.json is of.
    """
    tables = []
    for training, path in zip(read_trainings(metrics).itertuples(), predictions, strict=True):
        table = read_table(path, PREDICTIONS, ["roi_id"])
        counts = tuple((table["side"] == side).sum() for side in USED)
        table = table[table["side"] == "validation"]
        abnormal = table["label"] == "abnormal"
        table = table[["roi_id", "patient_id"]].assign(
            model=training.model,
            regime=training.regime,
            split=training.split,
            abnormal=abnormal,
            probability=table["probability"],
            right=(table["probability"] > 0.5) == abnormal,
        )
        n = training.n_validation
        accuracies = {round(n * training.val_acc), round(n * training.val_acc_last)}
        expected = training.n_train, training.n_selection, n
        if counts != expected or table["right"].sum() not in accuracies:
            raise CamsegError(
                f"{path}: is not of the same training as the metrics.json beside it; {REMEDY}"
            )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def read_dice(
    models: Iterable[str], paths: Iterable[str | Path], trainings: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return a row per model, split and abnormal ROI in use; `models` names the model of each path.

    Columns: model, split, roi_id, patient_id, dice. Raises CamsegError if a file is not whole or
    lacks a Dice, or is not of as many ROIs as that model's training among `trainings`, if given.
    """
    tables, counts = [], {}
    if trainings is not None:
        runs = trainings[trainings["regime"] == "original"].set_index(["model", "split"])
        counts = runs[[f"n_{side}" for side in USED]].sum(axis=1).to_dict()
    for model, path in zip(models, paths, strict=True):
        table = read_table(path, DICE, ["roi_id"])
        table = table[table["side"] != "unused"]
        split, used = Path(path).stem, len(table)
        if trainings is not None and counts.get((model, split)) != used:
            raise CamsegError(f"{path}: is of {used} ROIs, its training of others; {REMEDY}")
        table = table[table["label"] == "abnormal"]
        missing = table["dice"].isna().sum()
        if missing or table.empty:
            raise CamsegError(
                f"{path}: {missing} of {len(table)} abnormal ROIs have no Dice; {REMEDY}"
            )
        table = table[["roi_id", "patient_id", "dice"]]
        tables.append(table.assign(model=model, split=split))
    return pd.concat(tables, ignore_index=True)


def read_results(path: str | Path, remedy: str = REMEDY) -> pd.DataFrame:
    """Return a table of a row per classifier: Classifier, and shares by their names in Table II.

    Raises CamsegError, with the `remedy`, if that is not what the file holds.
    """
    shares = Number(0, 1, blank=True)
    columns = {"Classifier": None, "Dice": shares, "CAM_val_acc": shares}
    return read_table(path, columns, ["Classifier"], others=shares, remedy=remedy)


def read_intervals(path: str | Path) -> pd.DataFrame:
    """Return a table of intervals; raises CamsegError if it is not whole."""
    columns: Columns = {"Classifier": None, "quantity": None, "n": NATURAL}
    columns |= dict.fromkeys(("value", "low", "high"), Number(0, 1, blank=True))
    return read_table(path, columns, ["Classifier", "quantity"])


def read_published(path: str | Path) -> pd.DataFrame:
    """Return the paper's results, a table as of `read_results`."""
    return read_results(path, "correct it, or take the repository's")


def collect(trainings: pd.DataFrame, dice: pd.DataFrame) -> pd.DataFrame:
    """Return one row per classifier of `dice`, in its order: Classifier, Dice, those of ACCURACIES.

    Values are means over splits; what was not run is NaN.
    """
    accuracies = trainings.pivot_table("val_acc", "model", "regime")
    accuracies = accuracies.reindex(columns=list(ACCURACIES)).rename(columns=ACCURACIES)
    splits = dice.groupby(["model", "split"], sort=False)["dice"].mean()
    results = splits.groupby("model", sort=False).mean().to_frame("Dice").join(accuracies)
    return results.rename_axis("Classifier").reset_index()
