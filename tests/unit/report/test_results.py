import json

import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.report import results


def write_training(folder, model, regime, split, accuracy):
    folder = folder / regime / model / split
    folder.mkdir(parents=True)
    metrics = {"model": model, "regime": regime, "split": split, "val_acc": accuracy}
    metrics |= {"val_acc_last": 1.0, "auc": 0.5, "best_epoch": 1, "epochs": 2}
    metrics |= {"val_acc_best": 1.0, "n_train": 1, "n_selection": 0, "n_validation": 3}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    predictions = {
        "roi_id": ["1", "2", "3", "4"],
        "patient_id": ["01", "01", "02", "02"],
        "label": ["abnormal", "normal", "abnormal", "normal"],
        "side": ["validation", "validation", "validation", "train"],
        "probability": [0.51, 0.5, 0.7, 0.9],
    }
    pd.DataFrame(predictions).to_csv(folder / "predictions.tsv", sep="\t", index=False)
    return folder / "metrics.json"


def write_dice(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {
        "roi_id": list("abcd"),
        "patient_id": ["01", "01", "02", "02"],
        "label": ["abnormal", "abnormal", "abnormal", "normal"],
        "side": ["train", "validation", "unused", "train"],
        "dice": [*values, np.nan],
    }
    pd.DataFrame(table).to_csv(path, sep="\t", index=False)
    return path


@pytest.fixture
def study(tmp_path):
    """Trainings, then models and files of Dice, of two models on one or two splits."""
    metrics = [
        write_training(tmp_path, *training)
        for training in (
            ("Xception", "original", "split-0", 0.9),
            ("Xception", "original", "split-1", 0.7),
            ("Xception", "cam", "split-0", 0.8),
            ("VGG16", "original", "split-0", 0.7),
            ("VGG16", "inverse", "split-0", 0.6),
        )
    ]
    dice = [
        write_dice(tmp_path / "dice" / path, values)
        for path, values in (
            ("Xception/split-0.tsv", [0.2, 0.4, 0.9]),
            ("Xception/split-1.tsv", [0.4, 0.8, 0.9]),
            ("VGG16/split-0.tsv", [0.5, 0.6, 0.9]),
        )
    ]
    return metrics, ["Xception", "Xception", "VGG16"], dice


def test_results_are_collected_by_model_and_regime_as_means_over_splits(study):
    metrics, models, dice = study
    table = results.collect(results.read_trainings(metrics), results.read_dice(models, dice))
    assert list(table["Classifier"]) == ["Xception", "VGG16"]
    table = table.set_index("Classifier")
    assert table.loc["Xception", "val_acc"] == pytest.approx(0.8)
    assert table.loc["Xception", "CAM_val_acc"] == 0.8
    assert np.isnan(table.loc["Xception", "mask_val_acc"])
    assert table.loc["VGG16", "inverse_val_acc"] == 0.6
    # abnormal ROIs in use: 0.3 on split 0, 0.6 on split 1
    assert table.loc["Xception", "Dice"] == pytest.approx(0.45)
    assert table.loc["VGG16", "Dice"] == pytest.approx(0.55)


def test_predictions_are_those_of_validation_rois(study):
    metrics, *_ = study
    paths = [path.with_name("predictions.tsv") for path in metrics]
    table = results.read_predictions(metrics, paths)
    assert len(table) == 5 * 3
    one = table[(table["model"] == "VGG16") & (table["regime"] == "inverse")]
    assert list(one["roi_id"]) == ["1", "2", "3"]
    assert list(one["patient_id"]) == ["01", "01", "02"]
    assert list(one["abnormal"]) == [True, False, True]
    assert list(one["right"]) == [True, True, True]
    assert set(one["split"]) == {"split-0"}


def with_selection(path):
    """Make one of the validation ROIs in a training's files one for selection; its predictions."""
    metrics = json.loads(path.read_text()) | {"n_selection": 1, "n_validation": 2}
    path.write_text(json.dumps(metrics))
    predictions = path.with_name("predictions.tsv")
    text = predictions.read_text().replace("\ttrain\t", "\tselection\t")
    predictions.write_text(text.replace("\tvalidation\t", "\ttrain\t", 1))
    return predictions


def test_selection_rois_are_no_rows_and_must_be_as_many(study):
    metrics, *_ = study
    predictions = with_selection(metrics[0])
    table = results.read_predictions(metrics[:1], [predictions])
    assert list(table["roi_id"]) == ["2", "3"]
    predictions.write_text(predictions.read_text().replace("\tselection\t", "\ttrain\t"))
    with pytest.raises(CamsegError, match=r"predictions.tsv: is not of the same training as the"):
        results.read_predictions(metrics[:1], [predictions])


def test_dice_is_of_selection_rois_too(study):
    metrics, models, dice = study
    text = metrics[0].read_text()
    metrics[0].write_text(json.dumps(json.loads(text) | {"n_selection": 1, "n_validation": 1}))
    dice[0].write_text(dice[0].read_text().replace("\ttrain\t\n", "\tselection\t\n"))
    trainings = results.read_trainings(metrics[:1])
    table = results.read_dice(models[:1], dice[:1], trainings)
    assert list(table["dice"]) == [0.2, 0.4]
    with pytest.raises(CamsegError, match=r"split-0.tsv: is of 3 ROIs, its training of others"):
        results.read_dice(models[:1], dice[:1], trainings.assign(n_selection=0))


def test_a_history_has_columns_of_the_rois_that_chose(study):
    (path, *_), *_ = study
    history = path.with_name("history.csv")
    columns = {"epoch": [1, 2], "loss": 0.5, "accuracy": 0.5, "val_loss": 0.5, "val_accuracy": 0.5}
    pd.DataFrame(columns).to_csv(history, index=False)
    results.read_history(history, path)
    with_selection(path)
    with pytest.raises(CamsegError, match=r"history.csv: has no column selection_loss; remove"):
        results.read_history(history, path)
    columns |= {"selection_loss": 0.7, "selection_accuracy": 0.4}
    pd.DataFrame(columns).to_csv(history, index=False)
    assert results.read_history(history, path)[0]["selection_loss"].tolist() == [0.7, 0.7]


def test_an_abnormal_roi_without_dice_is_an_error(study):
    *_, models, dice = study
    dice[2].write_text(dice[2].read_text().replace("\t0.5\n", "\t\n"))
    with pytest.raises(CamsegError, match=r"VGG16/split-0.tsv: 1 of 2 abnormal ROIs have no Dice"):
        results.read_dice(models, dice)
