"""What a study's trainings and scores left behind, read as tables, a row for each thing measured.

The splits are named as their files are: "split-0".
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError

REGIMES = {  # the column of the tables that a regime's best validation accuracy stands in
    "original": "val_acc",
    "cam": "CAM_val_acc",
    "mask": "mask_val_acc",
    "inverse": "inverse_val_acc",
    "silhouette": "silhouette_val_acc",
    "swapped": "swapped_val_acc",
    "gaussian": "gaussian_val_acc",
    "noise": "noise_val_acc",
    "blob": "blob_val_acc",
    "inverse_cam": "inverse_CAM_val_acc",
}


def read_trainings(metrics: Iterable[str | Path]) -> pd.DataFrame:
    """Return a row per training: the values of its metrics.json."""
    return pd.DataFrame([json.loads(Path(path).read_text()) for path in metrics])


def read_predictions(
    metrics: Iterable[str | Path], predictions: Iterable[str | Path]
) -> pd.DataFrame:
    """Return a row per training and validation ROI, from files in the same order of trainings.

    Columns: model, regime, split, roi_id, patient_id, abnormal (bool), right (bool).
    """
    tables = []
    for training, path in zip(read_trainings(metrics).itertuples(), predictions, strict=True):
        table = pd.read_csv(path, sep="\t", dtype={"roi_id": str, "patient_id": str})
        table = table[table["side"] == "validation"]
        abnormal = table["label"] == "abnormal"
        table = table[["roi_id", "patient_id"]].assign(
            model=training.model,
            regime=training.regime,
            split=training.split,
            abnormal=abnormal,
            right=(table["probability"] > 0.5) == abnormal,
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def read_dice(models: Iterable[str], paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return a row per model, split and abnormal ROI in use; `models` names the model of each path.

    Columns: model, split, roi_id, patient_id, dice.
    """
    tables = []
    for model, path in zip(models, paths, strict=True):
        table = pd.read_csv(path, sep="\t", dtype={"roi_id": str, "patient_id": str})
        table = table[(table["label"] == "abnormal") & (table["side"] != "unused")]
        missing = table["dice"].isna().sum()
        if missing or table.empty:
            raise CamsegError(f"{path}: {missing} of {len(table)} abnormal ROIs have no Dice")
        table = table[["roi_id", "patient_id", "dice"]]
        tables.append(table.assign(model=model, split=Path(path).stem))
    return pd.concat(tables, ignore_index=True)


def collect(trainings: pd.DataFrame, dice: pd.DataFrame) -> pd.DataFrame:
    """Return a row per classifier of `dice`, in its order: Classifier, Dice, and those of REGIMES.

    Values are means over splits; what was not run is NaN.
    """
    accuracies = trainings.pivot_table("val_acc", "model", "regime")
    accuracies = accuracies.reindex(columns=REGIMES).rename(columns=REGIMES)
    splits = dice.groupby(["model", "split"], sort=False)["dice"].mean()
    results = splits.groupby("model", sort=False).mean().to_frame("Dice").join(accuracies)
    return results.rename_axis("Classifier").reset_index()
