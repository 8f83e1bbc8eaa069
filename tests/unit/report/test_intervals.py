import numpy as np
import pandas as pd
import pytest

from camseg.report import intervals, statistics, tables
from camseg.report.results import collect


def trainings(*rows):
    columns = ["model", "regime", "split", "val_acc", "val_acc_last", "auc", "epochs"]
    return pd.DataFrame(rows, columns=columns).assign(n_train=80, n_validation=20)


def dice(values_of):
    """Dice of two ROIs per patient, for each model and split."""
    return pd.concat(
        pd.DataFrame({"model": model, "split": split, "dice": values}).assign(
            roi_id=[f"r{number}" for number in range(len(values))],
            patient_id=[f"p{number // 2}" for number in range(len(values))],
        )
        for (model, split), values in values_of.items()
    )


def by_class(trainings, majority=0.6, balanced=0.7):
    """What is used of the accuracies by class: one value of each for all trainings."""
    shares = {"majority": majority, "balanced": balanced}
    return trainings.rename(columns={"model": "Classifier"}).assign(**shares)


ONE = trainings(
    ("Xception", "original", "split-0", 0.9, 0.8, 0.95, 6),
    ("Xception", "cam", "split-0", 0.7, 0.6, 0.75, 6),
    ("VGG16", "original", "split-0", 0.95, 0.5, 0.99, 6),
)
DICE = {("Xception", "split-0"): [0.1, 0.3, 0.5, 0.4], ("VGG16", "split-0"): [0.2, 0.2, 0.2, 0.2]}


def test_one_split_has_wilsons_and_the_patients_interval():
    table = intervals.intervals(ONE, dice(DICE), by_class(ONE), seed=1).set_index(
        ["Classifier", "quantity"]
    )
    row = table.loc[("Xception", "val_acc")]
    assert (row["low"], row["high"]) == statistics.wilson(18, 20)
    assert (row["value"], row["last_epoch"], row["AUC"], row["n"]) == (0.9, 0.8, 0.95, 20)
    assert (row["majority"], row["balanced"]) == (0.6, 0.7)
    row = table.loc[("Xception", "Dice")]
    assert row[["last_epoch", "AUC", "majority", "balanced"]].isna().all()
    assert (row["low"], row["high"]) == (0.2, 0.45)  # the means of its two patients
    assert (row["value"], row["n"], row["splits"]) == (pytest.approx(0.325), 4, 1)
    row = table.loc[("VGG16", "Dice")]
    assert (row["low"], row["high"]) == pytest.approx((0.2, 0.2))


def test_several_splits_have_intervals_over_them():
    runs = trainings(
        *[("Xception", "original", f"split-{k}", 0.7 + k / 20, 0.6, 0.8, 6) for k in range(3)]
    )
    values = {("Xception", f"split-{k}"): np.array([0.1, 0.3, 0.5, 0.4]) + k / 10 for k in range(3)}
    classes = by_class(runs, majority=[0.5, 0.6, 0.7], balanced=[0.9, 0.8, 0.4])
    table = intervals.intervals(runs, dice(values), classes, seed=1).set_index("quantity")
    row = table.loc["val_acc"]
    assert (row["majority"], row["balanced"]) == pytest.approx((0.6, 0.7))
    assert row["value"] == pytest.approx(0.75)
    expected = statistics.corrected_t(np.array([0.7, 0.75, 0.8]), 1 / 4, n=20)
    assert (row["low"], row["high"]) == pytest.approx(expected)
    assert (row["n"], row["splits"]) == (60, 3)
    row = table.loc["Dice"]
    assert row["value"] == pytest.approx(0.425)
    assert row["n"] == 4
    assert row["low"] < 0.325 < 0.525 < row["high"]  # wider than the range of the splits' means
    assert row["interval"] == "bootstrap of patients and splits"


def test_companions_follow_their_tables():
    ours = intervals.intervals(ONE, dice(DICE), by_class(ONE), seed=1)
    results = collect(ONE, dice(DICE))
    first = intervals.companion(ours, tables.table1(results))
    cells = [("VGG16", "val_acc"), ("VGG16", "Dice")]
    assert list(zip(first["Classifier"], first["quantity"], strict=True)) == [
        *cells,
        ("Xception", "val_acc"),
        ("Xception", "Dice"),
    ]
    assert list(first.columns) == intervals.COLUMNS
    second = intervals.companion(ours, tables.table2(results))
    assert list(second["quantity"]) == ["val_acc", "Dice", "CAM_val_acc", "val_acc", "Dice"]


def test_comparison_has_published_and_own_values_with_intervals():
    published = pd.read_csv("resources/paper_results.csv")
    both = intervals.comparison(
        intervals.intervals(ONE, dice(DICE), by_class(ONE), seed=1), published
    )
    assert len(both) == 6 * 4 + 1 + 2  # what the paper has, and VGG16's own values
    assert list(both["quantity"].unique())[:3] == ["val_acc", "Dice", "CAM_val_acc"]
    both = both.set_index(["Classifier", "quantity"])
    row = both.loc[("Xception", "val_acc")]
    assert (row["published"], row["ours"]) == (0.856, 0.9)
    assert row["difference"] == pytest.approx(0.9 - 0.856)
    assert (row["published_low"], row["published_high"]) == statistics.wilson(107, 125)
    assert row["ours_low"] < 0.856 < row["ours_high"]
    assert row["ours_holds"] == "yes"
    row = both.loc[("Xception", "Dice")]
    assert row[["published_low", "published_high"]].isna().all()
    assert row["ours_holds"] == "yes"
    assert both.loc[("Xception", "CAM_val_acc"), "ours_holds"] == "yes"
    narrow = ONE.assign(n_validation=10_000)
    both = intervals.comparison(
        intervals.intervals(narrow, dice(DICE), by_class(narrow), seed=1), published
    )
    both = both.set_index(["Classifier", "quantity"])
    assert both.loc[("Xception", "CAM_val_acc"), "ours_holds"] == "no"
    assert both.loc[("DenseNet121", "Dice"), "ours_holds"] == ""
    assert both.loc[("VGG16", "val_acc"), "ours_holds"] == ""


def test_selection_bias_takes_each_runs_epochs_rois_and_classes():
    predictions = pd.concat(
        pd.DataFrame({"abnormal": [True] * abnormal + [False] * (20 - abnormal)}).assign(
            regime=run.regime, model=run.model, split=run.split
        )
        for run, abnormal in zip(ONE.itertuples(), (10, 14, 6), strict=True)
    )
    table = intervals.selection_bias(ONE.assign(epochs=[1, 6, 6]), predictions)
    assert table.loc[0, "expected_best"] == pytest.approx(0.5)
    assert tuple(table.loc[1, ["expected_best", "best_95"]]) == statistics.best_of_epochs(
        20, 6, 0.7
    )
    assert table.loc[1, "expected_best"] == pytest.approx(table.loc[2, "expected_best"])
    assert list(table["val_acc"]) == [0.9, 0.7, 0.95]
    assert list(table["last_epoch"]) == [0.8, 0.6, 0.5]
    assert list(table["n"]) == [20, 20, 20]


def test_the_inverse_mask_result_stands_beside_what_chance_would_reach():
    columns = ["regime", "Classifier", "split", "val_acc", "last_epoch", "epochs", "n"]
    rows = [
        ("inverse", "A", "split-0", 0.5, 0.4, 6, 38, 0.6, 0.7),
        ("original", "A", "split-0", 0.9, 0.9, 6, 38, 0.6, 0.7),
        ("inverse", "B", "split-0", 0.75, 0.5, 5, 38, 0.61, 0.71),
    ]
    bias = pd.DataFrame(rows, columns=[*columns, "expected_best", "best_95"])
    assert intervals.inverse_mask(bias).to_csv(index=False).splitlines() == [
        "Classifier,split,inverse_val_acc,last_epoch,epochs,n,expected_best,best_95",
        "B,split-0,0.75,0.5,5,38,0.61,0.71",
        "A,split-0,0.5,0.4,6,38,0.6,0.7",
    ]
