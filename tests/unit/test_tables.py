import json

import numpy as np
import pandas as pd
import pytest

from camseg import tables
from camseg.errors import CamsegError


@pytest.fixture
def published():
    return pd.read_csv("resources/paper_results.csv")


def test_published_numbers_sort_into_the_papers_tables(published):
    """Fed with the paper's own numbers, the tables come out in the paper's order (ties apart)."""
    second = tables.table2(published)
    assert list(second.columns) == ["Classifier", "val_acc", "Dice", "CAM_val_acc", "mask_val_acc"]
    assert list(second["Classifier"]) == [
        "Xception",
        "ResNet50V2",
        "NASNetMobile",
        "InceptionV3",
        "MobileNetV2",
        "DenseNet121",
    ]
    first = tables.table1(published)
    assert list(first.columns) == ["Classifier", "val_acc", "Dice"]
    assert list(first["val_acc"]) == [0.872, 0.872, 0.856, 0.848, 0.840, 0.840]
    assert list(first["Classifier"])[:4] == [
        "InceptionV3",
        "DenseNet121",
        "Xception",
        "NASNetMobile",
    ]
    inverse = tables.inverse_mask(published)
    assert inverse.to_csv(index=False) == "Classifier,inverse_val_acc\nInceptionV3,0.616\n"


def write_results(folder):
    """Metrics and Dice of two models, as the earlier stages write them."""
    metrics, dice = [], {}
    for model, regime, accuracy in (
        ("Xception", "original", 0.9),
        ("Xception", "cam", 0.8),
        ("VGG16", "original", 0.7),
        ("VGG16", "inverse", 0.6),
    ):
        path = folder / f"{model}-{regime}.json"
        path.write_text(json.dumps({"model": model, "regime": regime, "val_acc": accuracy}))
        metrics.append(path)
    for model, values in (("Xception", [0.2, 0.4, 0.9]), ("VGG16", [0.5, 0.6, 0.9])):
        dice[model] = folder / f"{model}.tsv"
        pd.DataFrame(
            {
                "roi_id": list("abcd"),
                "label": ["abnormal", "abnormal", "abnormal", "normal"],
                "side": ["train", "validation", "unused", "train"],
                "dice": [*values, np.nan],
            }
        ).to_csv(dice[model], sep="\t", index=False)
    return metrics, dice


def test_results_are_collected_by_model_and_regime(tmp_path):
    results = tables.collect(*write_results(tmp_path)).set_index("Classifier")
    assert results.loc["Xception", "val_acc"] == 0.9
    assert results.loc["Xception", "CAM_val_acc"] == 0.8
    assert np.isnan(results.loc["Xception", "mask_val_acc"])
    assert results.loc["VGG16", "inverse_val_acc"] == 0.6
    assert results.loc["Xception", "Dice"] == pytest.approx(0.3)  # abnormal ROIs that are used
    assert results.loc["VGG16", "Dice"] == pytest.approx(0.55)


def test_an_abnormal_roi_without_dice_is_an_error(tmp_path):
    metrics, dice = write_results(tmp_path)
    text = dice["VGG16"].read_text().replace("0.5\n", "\n")
    dice["VGG16"].write_text(text)
    with pytest.raises(CamsegError, match="1 of 2 abnormal ROIs have no Dice"):
        tables.collect(metrics, dice)


def test_comparison_has_published_and_own_values_and_their_difference(tmp_path, published):
    both = tables.comparison(tables.collect(*write_results(tmp_path)), published)
    both = both.set_index(["Classifier", "quantity"])
    assert both.loc[("Xception", "val_acc"), "published"] == 0.856
    assert both.loc[("Xception", "val_acc"), "difference"] == pytest.approx(0.9 - 0.856)
    assert np.isnan(both.loc[("DenseNet121", "Dice"), "ours"])
    assert np.isnan(both.loc[("VGG16", "Dice"), "published"])
    assert len(both) == 6 * 4 + 1 + 3  # what the paper has, and VGG16's three own values


def test_formats(tmp_path):
    table = pd.DataFrame({"Classifier": ["A_1", "B"], "Dice": [0.12345678, np.nan]})
    paths = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "tex")]
    tables.write_table(table, paths, "A caption.")
    csv, markdown, latex = (path.read_text() for path in paths)
    assert csv == "Classifier,Dice\nA_1,0.123457\nB,\n"
    assert markdown == "| Classifier | Dice |\n| --- | ---: |\n| A_1 | 0.123 |\n| B |  |\n"
    assert r"A\_1 & 0.123 \\" in latex
    assert r"\begin{tabular}{lr}" in latex
