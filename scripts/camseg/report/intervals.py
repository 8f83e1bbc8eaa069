"""How far the tables' numbers can be trusted: 95 % intervals, and what chance would reach."""

import pandas as pd

from camseg.report import statistics
from camseg.report.results import ACCURACIES
from camseg.seeds import generator

PUBLISHED_N = 125  # the paper's validation ROIs
COLUMNS = ["Classifier", "quantity", "value", "low", "high", "last_epoch", "AUC", "majority"]
COLUMNS += ["balanced", "n", "splits", "interval"]


def intervals(
    trainings: pd.DataFrame, dice: pd.DataFrame, by_class: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return value and interval of every accuracy and Dice of a study.

    `trainings` and `dice` are those of `results`, `by_class` of `by_class.accuracy_by_class`. A row
    per classifier and quantity, columns COLUMNS: `last_epoch` is the accuracy of the last epoch,
    `AUC` that of the best one, `majority` that of calling all ROIs by the larger class, `balanced`
    that of the weights kept with both classes weighed alike; n counts validation ROIs, of all
    splits together, or the abnormal ROIs that Dice is the mean of. `interval` names the method.
    """
    shares = by_class.groupby(["Classifier", "regime"])[["majority", "balanced"]].mean()
    rows = []
    for (model, regime), runs in trainings.groupby(["model", "regime"], sort=False):
        n, splits = int(runs["n_validation"].sum()), len(runs)
        if splits == 1:
            method = "Wilson"
            low, high = statistics.wilson(round(runs["val_acc"].item() * n), n)
        else:
            method = "corrected t over splits"
            low, high = statistics.corrected_t(
                runs["val_acc"], n / runs["n_train"].sum(), n / splits
            )
        means = runs[["val_acc", "val_acc_last", "auc"]].mean()
        value, last, auc = means["val_acc"], means["val_acc_last"], means["auc"]
        row = [model, ACCURACIES[regime], value, low, high, last, auc, *shares.loc[(model, regime)]]
        rows.append([*row, n, splits, method])
    for model, rois in dice.groupby("model", sort=False):
        splits = rois["split"].nunique()
        low, high = statistics.bootstrap(
            rois["dice"].to_numpy(),
            rois["patient_id"].to_numpy(),
            rois["split"].to_numpy(),
            generator(seed, "bootstrap of Dice", model),
        )
        method = "bootstrap of patients" + (" and splits" if splits > 1 else "")
        value, n = rois.groupby("split")["dice"].mean().mean(), rois["roi_id"].nunique()
        rows.append([model, "Dice", value, low, high, *4 * [float("nan")], n, splits, method])
    return pd.DataFrame(rows, columns=COLUMNS)


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


def selection_bias(trainings: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """What choosing the best epoch is worth: a row per training (see `results` for both tables).

    `expected_best` and `best_95` are mean and 95 % quantile of the best of as many epochs on as
    many ROIs, of a chance-level classifier (`statistics.best_of_epochs`).
    """
    rows = []
    groups = predictions.groupby(["regime", "model", "split"])["abnormal"]
    for training in trainings.itertuples():
        abnormal = groups.get_group((training.regime, training.model, training.split))
        share = max(abnormal.mean(), 1 - abnormal.mean())
        expected, quantile = statistics.best_of_epochs(len(abnormal), training.epochs, share)
        row = [training.regime, training.model, training.split, training.val_acc]
        row += [training.val_acc_last, training.epochs, len(abnormal), expected, quantile]
        rows.append(row)
    columns = ["regime", "Classifier", "split", "val_acc", "last_epoch", "epochs", "n"]
    return pd.DataFrame(rows, columns=[*columns, "expected_best", "best_95"])


def inverse_mask(bias: pd.DataFrame) -> pd.DataFrame:
    """The rows of `selection_bias` for inverse-mask-filtered ROIs, descending by accuracy."""
    rows = bias[bias["regime"] == "inverse"].drop(columns="regime")
    rows = rows.rename(columns={"val_acc": ACCURACIES["inverse"]})
    order = [ACCURACIES["inverse"], "Classifier", "split"]
    return rows.sort_values(order, ascending=[False, True, True])
