"""How far the tables' numbers can be trusted: 95 % intervals."""

import numpy as np
import pandas as pd

from camseg.report import designs, statistics
from camseg.report.results import ACCURACIES
from camseg.rois.runs import split_of
from camseg.seeds import generator

PUBLISHED_N = 125  # the paper's validation ROIs
COLUMNS = ["Classifier", "quantity", "value", "low", "high", "last_epoch", "AUC", "AUC_low"]
COLUMNS += ["AUC_high", "majority", "balanced", "n", "splits", "interval"]


def intervals(
    trainings: pd.DataFrame,
    dice: pd.DataFrame,
    predictions: pd.DataFrame,
    by_class: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return value and interval of every accuracy and Dice of a study.

    `trainings`, `dice` and `predictions` are those of `results`, `by_class` of
    `by_class.accuracy_by_class`. A row per classifier and quantity, columns COLUMNS: `last_epoch`
    is the accuracy of the last epoch, `AUC` that of the best one with its interval, `majority` that
    of calling all ROIs by the larger class, `balanced` that of the weights kept with both classes
    weighed alike; n counts validation ROIs, of all splits together, or the abnormal ROIs that Dice
    is the mean of. `interval` names the method of `low` and `high`.
    """
    shares = by_class.groupby(["Classifier", "regime"])[["majority", "balanced"]].mean()
    calls = predictions.groupby(["model", "regime"])
    rows = []
    for (model, regime), runs in trainings.groupby(["model", "regime"], sort=False):
        n, splits = int(runs["n_validation"].sum()), len(runs)
        means = runs[["val_acc", "val_acc_last", "auc"]].mean()
        (low, high, method), auc = of_accuracy(runs, calls.get_group((model, regime)))
        row = [model, ACCURACIES[regime], means["val_acc"], low, high, means["val_acc_last"]]
        row += [means["auc"], *auc, *shares.loc[(model, regime)], n, splits, method]
        rows.append(row)
    for model, rois in dice.groupby("model", sort=False):
        splits = rois["split"].nunique()
        low, high, method = of_dice(rois, generator(seed, "bootstrap of Dice", model))
        value, n = rois.groupby("split")["dice"].mean().mean(), rois["roi_id"].nunique()
        rows.append([model, "Dice", value, low, high, *6 * [float("nan")], n, splits, method])
    return pd.DataFrame(rows, columns=COLUMNS)


def of_accuracy(
    runs: pd.DataFrame, calls: pd.DataFrame
) -> tuple[tuple[float, float, str], tuple[float, float]]:
    """Return the interval of a mean accuracy with its method, and that of the mean AUC.

    `runs` has a row per run: split, val_acc, auc, n_validation; `calls` a row per run and
    validation ROI: split, roi_id, patient_id, abnormal, probability, right.
    """
    n, share = runs["n_validation"].mean(), runs["val_acc"].mean()
    right = calls.assign(value=calls["right"].astype(float))
    found = designs.over_runs(right)
    if found is None:
        patients = calls["patient_id"].to_numpy()
        ends = statistics.clustered_wilson(share, calls["right"].to_numpy(), patients)
        return (*ends, "Wilson, patients as clusters"), of_auc(runs, calls)
    # around the accuracies of the best epochs, be it their weights that were kept or not
    estimate = found[0]._replace(value=share)
    if found[1] == designs.CROSSED:
        return (*estimate.share_interval(round(n)), found[1]), of_auc(runs, calls)
    return (*estimate.interval(), found[1]), of_auc(runs, calls)


def of_auc(runs: pd.DataFrame, calls: pd.DataFrame) -> tuple[float, float]:
    """Return the interval of the mean AUC, over folds if runs are of several; see `of_accuracy`."""
    auc = runs["auc"].groupby(runs["split"].map(split_of)).mean()
    if len(auc) > 1:
        return statistics.over_folds(auc.to_numpy(), runs["n_validation"].mean()).interval()
    table = calls.pivot_table("probability", ["roi_id", "patient_id", "abnormal"], "split")
    abnormal = table.index.get_level_values("abnormal").to_numpy(bool)
    patients = table.index.get_level_values("patient_id").to_numpy()
    return statistics.clustered_auc(table.to_numpy(), abnormal, patients)


def of_dice(rois: pd.DataFrame, rng: np.random.Generator) -> tuple[float, float, str]:
    """Return the interval of a mean Dice over ROIs and runs, and the method."""
    if len(set(rois["split"])) == 1:
        dice, patients, split = (rois[name].to_numpy() for name in ("dice", "patient_id", "split"))
        return *statistics.bootstrap(dice, patients, split, rng), "bootstrap of patients"
    fold = rois["split"].map(split_of)
    several = len(set(fold)) > 1  # of each, the mean over its seeds
    runs, method = (fold, "t, patients and splits") if several else (rois["split"], designs.CROSSED)
    table = rois.assign(run=runs).pivot_table("dice", ["roi_id", "patient_id"], "run")
    patients = table.index.get_level_values("patient_id").to_numpy()
    return *statistics.crossed(table.to_numpy(), patients).interval(), method


def companion(intervals: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the intervals of a table's numbers, row by row, in the order of its columns."""
    cells = [(name, column) for name in table["Classifier"] for column in table.columns[1:]]
    rows = intervals.set_index(["Classifier", "quantity"])
    return rows.loc[[cell for cell in cells if cell in rows.index]].reset_index()


def comparison(intervals: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Published values beside ours: a row per classifier and quantity that either has.

    Published accuracies have Wilson's interval for PUBLISHED_N ROIs; what a published Dice varied
    by is not known. `ours_holds` says whether our interval holds the published value.
    """
    ours = intervals.rename(columns={"value": "ours", "low": "ours_low", "high": "ours_high"})
    ours = ours[["Classifier", "quantity", "ours", "ours_low", "ours_high"]]
    paper = published.melt("Classifier", var_name="quantity", value_name="published")
    paper = paper.dropna(subset="published")
    ends = [
        statistics.wilson(round(row.published * PUBLISHED_N), PUBLISHED_N)
        if row.quantity != "Dice"
        else (float("nan"), float("nan"))
        for row in paper.itertuples()
    ]
    paper[["published_low", "published_high"]] = ends
    both = paper.merge(ours, how="outer", on=["Classifier", "quantity"])
    both["difference"] = both["ours"] - both["published"]
    held = both["published"].between(both["ours_low"], both["ours_high"])
    known = both[["published", "ours"]].notna().all(axis=1)
    both["ours_holds"] = held.map({True: "yes", False: "no"}).where(known, "")
    quantities = ["val_acc", "Dice", *list(ACCURACIES.values())[1:]]
    place = {name: number for number, name in enumerate(quantities)}
    both = both.sort_values(["quantity", "Classifier"], key=lambda key: key.map(place).fillna(key))
    columns = ["Classifier", "quantity", "published", "published_low", "published_high"]
    return both[[*columns, "ours", "ours_low", "ours_high", "difference", "ours_holds"]]
