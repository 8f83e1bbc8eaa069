"""What heat maps alone know of the label, beside networks trained on the ROIs filtered by them."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from camseg.errors import CamsegError
from camseg.io.checked import PREDICTIONS, REMEDY, read_table
from camseg.report.intervals import of_accuracy
from camseg.report.results import ACCURACIES
from camseg.training.metrics import discrimination

PROBE = "cam_probe"  # the regime that a probe's predictions are said to be of


def read_probes(
    models: Iterable[str], paths: Iterable[str | Path], predictions: pd.DataFrame
) -> pd.DataFrame:
    """Return a row per model, split and validation ROI, from files of `probe_cams.py`.

    `models` names the model of each path. Columns: those of `results.read_predictions`, of the
    regime PROBE, and `probability`. Raises CamsegError if a file is not whole, or not of the ROIs
    of `predictions`, those of the models' trainings.
    """
    original = predictions[predictions["regime"] == "original"].groupby(["model", "split"])
    tables = []
    for model, path in zip(models, paths, strict=True):
        split = Path(path).stem
        table = read_table(path, PREDICTIONS, ["roi_id"])
        table = table[table["side"] == "validation"].reset_index(drop=True)
        abnormal = table["label"] == "abnormal"
        trained = original.get_group((model, split))
        if dict(zip(table["roi_id"], abnormal, strict=True)) != dict(
            zip(trained["roi_id"], trained["abnormal"], strict=True)
        ):
            raise CamsegError(f"{path}: is not of the ROIs that {model} was validated on; {REMEDY}")
        right = (table["probability"] > 0.5) == abnormal
        table = table[["roi_id", "patient_id", "probability"]]
        tables.append(
            table.assign(model=model, regime=PROBE, split=split, abnormal=abnormal, right=right)
        )
    return pd.concat(tables, ignore_index=True)


def map_alone(trainings: pd.DataFrame, probes: pd.DataFrame) -> pd.DataFrame:
    """Return a row per classifier of `probes`, descending by CAM_val_acc; ties by name.

    `trainings` is of `results.read_trainings`, `probes` of `read_probes`. Columns: Classifier,
    val_acc, CAM_val_acc; `cam_probe`, the validation accuracy of the map alone, its 95 % interval
    as in `intervals.intervals`, and its AUC; CAM_alone_val_acc, if any classifier was trained so;
    n, the validation ROIs of all splits together, splits and `interval`, the method of `low` and
    `high`. Accuracies and AUC are means over splits; what was not run is NaN.
    """
    shown = [ACCURACIES[name] for name in ("original", "cam")]
    control = ACCURACIES["cam_alone"]
    accuracies = trainings.pivot_table("val_acc", "model", "regime").rename(columns=ACCURACIES)
    rows = []
    for model, rois in probes.groupby("model", sort=False):
        splits = [part for _, part in rois.groupby("split")]
        auc = [discrimination(part["probability"], part["abnormal"])["auc"] for part in splits]
        runs = pd.DataFrame({"val_acc": [part["right"].mean() for part in splits], "auc": auc})
        runs["n_validation"] = [len(part) for part in splits]
        runs["split"] = [part["split"].iloc[0] for part in splits]
        (low, high, method), _ = of_accuracy(runs, rois)
        row = [model, runs["val_acc"].mean(), low, high, runs["auc"].mean()]
        rows.append([*row, len(rois), len(splits), method])
    columns = ["Classifier", PROBE, "low", "high", "AUC", "n", "splits", "interval"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.join(accuracies.reindex(columns=[*shown, control]), on="Classifier")
    if table[control].isna().all():
        table = table.drop(columns=control)
    else:
        columns.insert(5, control)
    table = table.sort_values([shown[1], "Classifier"], ascending=[False, True])
    return table[["Classifier", *shown, *columns[1:]]]
