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


def predictions(trainings, patients=None):
    """As many right calls as the accuracies say, of one or several ROIs a patient."""
    parts = []
    for run in trainings.itertuples():
        n, right = run.n_validation, round(run.val_acc * run.n_validation)
        abnormal = np.arange(n) % 2 == 0
        called = np.where(np.arange(n) < right, abnormal, ~abnormal)
        rois = [f"{run.split}-{number}" for number in range(n)]
        part = pd.DataFrame({"roi_id": rois, "patient_id": patients or rois, "abnormal": abnormal})
        probability = np.where(called, 0.6, 0.4) + np.arange(n) / 1000
        parts.append(
            part.assign(
                model=run.model,
                regime=run.regime,
                split=run.split,
                probability=probability,
                right=called == abnormal,
            )
        )
    return pd.concat(parts, ignore_index=True)


def tabled(trainings, dice, **shares):
    """The intervals of a study whose predictions are `predictions`."""
    return intervals.intervals(
        trainings, dice, predictions(trainings), by_class(trainings, **shares), seed=1
    )


ONE = trainings(
    ("Xception", "original", "split-0", 0.9, 0.8, 0.95, 6),
    ("Xception", "cam", "split-0", 0.7, 0.6, 0.75, 6),
    ("VGG16", "original", "split-0", 0.95, 0.5, 0.99, 6),
)
DICE = {("Xception", "split-0"): [0.1, 0.3, 0.5, 0.4], ("VGG16", "split-0"): [0.2, 0.2, 0.2, 0.2]}


def test_one_split_has_wilsons_and_the_patients_interval():
    table = tabled(ONE, dice(DICE)).set_index(["Classifier", "quantity"])
    row = table.loc[("Xception", "val_acc")]
    assert (row["low"], row["high"]) == pytest.approx(statistics.wilson(18, 20))
    calls = predictions(ONE).query("model == 'Xception' and regime == 'original'")
    columns = (calls[name].to_numpy() for name in (["probability"], "abnormal", "patient_id"))
    assert (row["AUC_low"], row["AUC_high"]) == statistics.clustered_auc(*columns)
    assert row["interval"] == "Wilson, patients as clusters"
    assert (row["value"], row["last_epoch"], row["AUC"], row["n"]) == (0.9, 0.8, 0.95, 20)
    assert (row["majority"], row["balanced"]) == (0.6, 0.7)
    row = table.loc[("Xception", "Dice")]
    assert row[["last_epoch", "AUC", "AUC_low", "AUC_high", "majority", "balanced"]].isna().all()
    assert (row["low"], row["high"]) == (0.2, 0.45)  # the means of its two patients
    assert (row["value"], row["n"], row["splits"]) == (pytest.approx(0.325), 4, 1)
    row = table.loc[("VGG16", "Dice")]
    assert (row["low"], row["high"]) == pytest.approx((0.2, 0.2))


def test_several_splits_have_intervals_over_them():
    runs = trainings(
        *[("Xception", "original", f"split-{k}", 0.7 + k / 20, 0.6, 0.8, 6) for k in range(3)]
    )
    values = {("Xception", f"split-{k}"): np.array([0.1, 0.3, 0.5, 0.4]) + k / 10 for k in range(3)}
    shares = {"majority": [0.5, 0.6, 0.7], "balanced": [0.9, 0.8, 0.4]}
    table = tabled(runs, dice(values), **shares).set_index("quantity")
    row = table.loc["val_acc"]
    assert (row["majority"], row["balanced"]) == pytest.approx((0.6, 0.7))
    assert row["value"] == pytest.approx(0.75)
    expected = statistics.over_folds(np.array([0.7, 0.75, 0.8]), n=20).interval()
    assert (row["low"], row["high"]) == pytest.approx(expected)
    assert (row["AUC_low"], row["AUC_high"]) == pytest.approx(
        statistics.over_folds(np.full(3, 0.8), n=20).interval()
    )
    assert (row["n"], row["splits"], row["interval"]) == (60, 3, "t over folds")
    row = table.loc["Dice"]
    assert row["value"] == pytest.approx(0.425)
    assert row["n"] == 4
    stacked = np.stack(list(values.values()), axis=1)
    expected = statistics.crossed(stacked, np.arange(4) // 2).interval()
    assert (row["low"], row["high"]) == pytest.approx(expected)
    assert row["interval"] == "t, patients and splits"


def test_patients_that_all_agree_count_as_one_case_each():
    one = trainings(("Xception", "original", "split-0", 0.8, 0.8, 0.9, 6))
    calls = predictions(one, patients=[f"p{number // 4}" for number in range(20)])
    table = intervals.intervals(
        one, dice({("Xception", "split-0"): [0.1, 0.3]}), calls, by_class(one), seed=1
    )
    row = table.set_index("quantity").loc["val_acc"]
    assert (row["low"], row["high"]) == pytest.approx(statistics.wilson(4, 5))


def test_several_shuffles_are_no_more_certain_than_the_patients():
    """Seven splits whose accuracies agree, of patients that do not."""
    runs = trainings(*[("Xception", "original", f"split-{k}", 0.5, 0.5, 0.8, 6) for k in range(7)])
    calls = predictions(runs)
    calls["roi_id"] = calls["roi_id"].str.partition("-")[2].str.partition("-")[2]
    calls["patient_id"] = calls["roi_id"]
    values = {("Xception", f"split-{k}"): [0.1, 0.3] for k in range(7)}
    row = intervals.intervals(runs, dice(values), calls, by_class(runs), seed=1).iloc[0]
    right = np.arange(20) < 10  # each ROI the same in all splits
    expected = statistics.over_patients(right, np.arange(20)).interval()
    assert (row["low"], row["high"]) == pytest.approx(expected)
    assert row["interval"] == "t over folds or patients"


def seeded(*accuracies):
    """Trainings of one split, one per seed, and their predictions, of the same ROIs."""
    names = [f"split-0{'-seed-' * (k > 0)}{k or ''}" for k in range(len(accuracies))]
    runs = trainings(
        *[("Xception", "original", name, share, 0.5, 0.8, 6)
          for name, share in zip(names, accuracies, strict=True)]
    )  # fmt: skip
    calls = predictions(runs)
    calls["roi_id"] = calls["patient_id"] = calls["roi_id"].str.rpartition("-")[2]
    return runs, calls


def test_several_seeds_of_a_split_are_crossed_with_patients():
    runs, calls = seeded(0.7, 0.8, 0.9)
    values = {
        ("Xception", name): np.array([0.1, 0.3]) + k / 10 for k, name in enumerate(runs["split"])
    }
    table = intervals.intervals(runs, dice(values), calls, by_class(runs), seed=1)
    row = table.set_index("quantity").loc["val_acc"]
    right = np.stack([np.arange(20) < 20 * share for share in (0.7, 0.8, 0.9)], axis=1)
    expected = statistics.crossed(right.astype(float), np.arange(20)).share_interval(20)
    assert (row["low"], row["high"]) == pytest.approx(expected)
    assert (row["value"], row["interval"]) == (pytest.approx(0.8), "t, patients and seeds")
    probabilities = calls["probability"].to_numpy().reshape(3, 20).T
    expected = statistics.clustered_auc(probabilities, np.arange(20) % 2 == 0, np.arange(20))
    assert (row["AUC_low"], row["AUC_high"]) == pytest.approx(expected)
    row = table.set_index("quantity").loc["Dice"]
    assert row["interval"] == "t, patients and seeds"


def test_seeds_that_are_always_right_are_not_certain():
    runs, calls = seeded(1.0, 1.0, 1.0)
    table = intervals.intervals(
        runs, dice({("Xception", "split-0"): [0.1, 0.3]}), calls, by_class(runs), seed=1
    )
    row = table.set_index("quantity").loc["val_acc"]
    assert (row["low"], row["high"]) == statistics.wilson(20, 20)


def test_of_several_splits_and_seeds_a_split_counts_once():
    """Two seeds each of three splits, the mean of each split being that of a single training."""
    shares = {"split-0": 0.7, "split-1": 0.75, "split-2": 0.8}
    single = trainings(
        *[("Xception", "original", name, s, 0.6, 0.8, 6) for name, s in shares.items()]
    )
    seeds = (("", 0.05), ("-seed-1", -0.05))
    spread = [(name + seed, share + by) for name, share in shares.items() for seed, by in seeds]
    double = trainings(*[("Xception", "original", name, s, 0.6, 0.8, 6) for name, s in spread])
    values = {
        ("Xception", name): np.array([0.1, 0.3, 0.5]) + share for name, share in shares.items()
    }
    twice = {("Xception", name): np.array([0.1, 0.3, 0.5]) + share for name, share in spread}
    once, both = (
        tabled(runs, dice(of)).set_index("quantity")[["value", "low", "high", "interval"]]
        for runs, of in ((single, values), (double, twice))
    )
    assert both["interval"].tolist() == ["t over folds", "t, patients and splits"]
    pd.testing.assert_frame_equal(once, both)


def test_companions_follow_their_tables():
    ours = tabled(ONE, dice(DICE))
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
    both = intervals.comparison(tabled(ONE, dice(DICE)), published)
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
    both = intervals.comparison(tabled(narrow, dice(DICE)), published)
    both = both.set_index(["Classifier", "quantity"])
    assert both.loc[("Xception", "CAM_val_acc"), "ours_holds"] == "no"
    assert both.loc[("DenseNet121", "Dice"), "ours_holds"] == ""
    assert both.loc[("VGG16", "val_acc"), "ours_holds"] == ""
