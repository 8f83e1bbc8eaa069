"""What choosing an epoch is worth: the accuracy of the best one, and what chance would reach."""

import pandas as pd

from camseg.report import statistics
from camseg.report.results import ACCURACIES


def selection_bias(trainings: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """What choosing the best epoch is worth: a row per training (see `results` for both tables).

    `val_acc` is the validation accuracy of the epoch that was `chosen_on` other ROIs, "selection",
    or on the very ROIs of "validation", or "nothing", of a classifier that was trained elsewhere;
    `best_val_acc` is the highest of any epoch, which is the
    same in the second case. `expected_best` and `best_95` are mean and 95 % quantile of the best of
    as many epochs on as many ROIs, of a chance-level classifier (`statistics.best_of_epochs`).
    """
    rows = []
    groups = predictions.groupby(["regime", "model", "split"])["abnormal"]
    for training in trainings.itertuples():
        abnormal = groups.get_group((training.regime, training.model, training.split))
        share = max(abnormal.mean(), 1 - abnormal.mean())
        expected, quantile = statistics.best_of_epochs(len(abnormal), training.epochs, share)
        chosen_on = "selection" if training.n_selection else "validation"
        if isinstance(getattr(training, "trained", None), str):
            chosen_on = "nothing"
        row = [training.regime, training.model, training.split, chosen_on, training.val_acc]
        row += [training.val_acc_best, training.val_acc_last, training.epochs, len(abnormal)]
        rows.append([*row, expected, quantile])
    columns = ["regime", "Classifier", "split", "chosen_on", "val_acc", "best_val_acc"]
    columns += ["last_epoch", "epochs", "n", "expected_best", "best_95"]
    return pd.DataFrame(rows, columns=columns)


def inverse_mask(bias: pd.DataFrame) -> pd.DataFrame:
    """The rows of `selection_bias` for inverse-mask-filtered ROIs, descending by accuracy."""
    rows = bias[bias["regime"] == "inverse"].drop(columns="regime")
    rows = rows.rename(columns={"val_acc": ACCURACIES["inverse"]})
    order = [ACCURACIES["inverse"], "Classifier", "split"]
    return rows.sort_values(order, ascending=[False, True, True])
