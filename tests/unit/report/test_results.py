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
    metrics |= {"n_train": 1, "n_validation": 3}
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


def test_an_abnormal_roi_without_dice_is_an_error(study):
    *_, models, dice = study
    dice[2].write_text(dice[2].read_text().replace("\t0.5\n", "\t\n"))
    with pytest.raises(CamsegError, match=r"VGG16/split-0.tsv: 1 of 2 abnormal ROIs have no Dice"):
        results.read_dice(models, dice)
