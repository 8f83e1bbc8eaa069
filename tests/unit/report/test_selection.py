import pandas as pd
import pytest

from camseg.report import selection, statistics

TRAININGS = pd.DataFrame(
    [
        ("Xception", "original", "split-0", 0.9, 0.9, 0.8, 1, 0),
        ("Xception", "cam", "split-0", 0.7, 0.85, 0.6, 6, 20),
        ("VGG16", "original", "split-0", 0.95, 0.95, 0.5, 6, 0),
    ],
    columns=[
        *("model", "regime", "split", "val_acc", "val_acc_best", "val_acc_last", "epochs"),
        "n_selection",
    ],
)


def predictions(*abnormal):
    """20 ROIs of each training, so many of them abnormal."""
    return pd.concat(
        pd.DataFrame({"abnormal": [True] * n + [False] * (20 - n)}).assign(
            regime=run.regime, model=run.model, split=run.split
        )
        for run, n in zip(TRAININGS.itertuples(), abnormal, strict=True)
    )


def test_selection_bias_takes_each_runs_epochs_rois_and_classes():
    table = selection.selection_bias(TRAININGS, predictions(10, 14, 6))
    assert table.loc[0, "expected_best"] == pytest.approx(0.5)
    assert tuple(table.loc[1, ["expected_best", "best_95"]]) == statistics.best_of_epochs(
        20, 6, 0.7
    )
    assert table.loc[1, "expected_best"] == pytest.approx(table.loc[2, "expected_best"])
    assert list(table["chosen_on"]) == ["validation", "selection", "validation"]
    assert list(table["val_acc"]) == [0.9, 0.7, 0.95]
    assert list(table["best_val_acc"]) == [0.9, 0.85, 0.95]
    assert list(table["last_epoch"]) == [0.8, 0.6, 0.5]
    assert list(table["n"]) == [20, 20, 20]


def test_nothing_chose_an_epoch_of_a_classifier_that_was_trained_elsewhere():
    trainings = TRAININGS.assign(trained=["given.keras", None, None])
    table = selection.selection_bias(trainings, predictions(10, 14, 6))
    assert list(table["chosen_on"]) == ["nothing", "selection", "validation"]


def test_the_inverse_mask_result_stands_beside_what_chance_would_reach():
    columns = ["regime", "Classifier", "split", "chosen_on", "val_acc", "best_val_acc"]
    columns += ["last_epoch", "epochs", "n", "expected_best", "best_95"]
    rows = [
        ("inverse", "A", "split-0", "selection", 0.5, 0.6, 0.4, 6, 38, 0.6, 0.7),
        ("original", "A", "split-0", "selection", 0.9, 0.9, 0.9, 6, 38, 0.6, 0.7),
        ("inverse", "B", "split-0", "selection", 0.75, 0.75, 0.5, 5, 38, 0.61, 0.71),
    ]
    bias = pd.DataFrame(rows, columns=columns)
    assert selection.inverse_mask(bias).to_csv(index=False).splitlines() == [
        "Classifier,split,chosen_on,inverse_val_acc,best_val_acc,last_epoch,epochs,n,"
        "expected_best,best_95",
        "B,split-0,selection,0.75,0.75,0.5,5,38,0.61,0.71",
        "A,split-0,selection,0.5,0.6,0.4,6,38,0.6,0.7",
    ]
