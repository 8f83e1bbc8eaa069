import numpy as np
import pandas as pd
import pytest

from camseg.report import statistics
from camseg.report.claims import claims
from camseg.report.results import ACCURACIES

PUBLISHED = pd.read_csv("resources/paper_results.csv")


def predictions(right_of, model="Xception", split="split-0"):
    """Right (1) or wrong (0) of every ROI by regime; two ROIs per patient."""
    tables = []
    for regime, right in right_of.items():
        names = [f"{split}-{number}" for number in range(len(right))]
        table = pd.DataFrame({"roi_id": names, "right": np.array(list(right)) == "1"})
        patients = [f"{split}-{number // 2}" for number in range(len(right))]
        tables.append(table.assign(patient_id=patients, model=model, regime=regime, split=split))
    return pd.concat(tables)


def results(models, **columns):
    table = pd.DataFrame({"Classifier": models, "Dice": 0.4}, columns=["Classifier", "Dice"])
    return table.assign(**dict.fromkeys(ACCURACIES.values(), np.nan)).assign(**columns)


def test_published_claims_have_the_computed_p():
    table = claims(predictions({"original": "10"}), results(["Xception"]), PUBLISHED, seed=1)
    assert set(table["data"]) == {"published"}
    h1 = table[table["claim"] == "H1"].set_index("Classifier")
    assert h1.loc["DenseNet121", "p"] == pytest.approx(0.002, abs=5e-4)
    assert h1.loc["MobileNetV2", "p"] == pytest.approx(0.063, abs=5e-4)
    assert h1.loc["InceptionV3", "p"] == pytest.approx(0.067, abs=5e-4)
    assert (h1["p"] > 0.1).sum() == 3
    assert h1.loc["DenseNet121", "p_holm"] == pytest.approx(6 * h1.loc["DenseNet121", "p"])
    assert h1.loc["DenseNet121", "reading"].startswith("Less accurate on what the CAM shows")
    assert h1["reading"].str.startswith("No difference shown").sum() == 5
    h2 = table[(table["claim"] == "H2") & (table["comparison"] == "mask - original")]
    assert (h2["p"] > 0.1).all()
    (h3,) = table[table["claim"] == "H3"].to_dict("records")
    assert h3["statistic"] == "rho 0.943"
    assert h3["p"] == h3["p_holm"] == pytest.approx(12 / 720)
    assert "rises with Dice" in h3["reading"]


def test_regimes_are_compared_roi_by_roi():
    right = {
        "original": "1111111111111100",
        "cam": "0000000000111101",
        "blob": "0000000000111101",
    }
    table = claims(predictions(right), results(["Xception"]), PUBLISHED, seed=1)
    ours = table[table["data"] == "this study"].set_index("comparison")
    assert list(ours.index) == ["cam - original", "cam - blob"]
    row = ours.loc["cam - original"]
    assert row["statistic"] == "1 : 10"
    assert row["p"] == statistics.mcnemar(1, 10)
    assert row["p_holm"] == pytest.approx(2 * row["p"])
    assert row["difference"] == pytest.approx(-9 / 16)
    assert row["low"] < -9 / 16 < row["high"] < 0
    assert row["n"] == 16
    assert row["reading"].startswith("Less accurate")
    row = ours.loc["cam - blob"]
    assert (row["p"], row["difference"]) == (1, 0)
    assert row[["low", "high"]].isna().all()  # nothing that a bootstrap could draw
    assert row["reading"] == "Not shown that the CAM's regions serve better than a random patch."


def test_roi_order_does_not_matter_and_unequal_sets_are_matched():
    right = predictions({"mask": "110101", "inverse": "000111", "original": "111000"})
    table = claims(right, results(["Xception"]), PUBLISHED, seed=1)
    other = claims(right.iloc[::-1], results(["Xception"]), PUBLISHED, seed=1)
    pd.testing.assert_frame_equal(table, other)
    ours = table[table["data"] == "this study"].set_index("comparison")
    assert ours.loc["mask - inverse", "statistic"] == "2 : 1"
    fewer = right[(right["regime"] != "inverse") | (right["roi_id"] != "split-0-0")]
    fewer = claims(fewer, results(["Xception"]), PUBLISHED, seed=1)
    fewer = fewer[fewer["data"] == "this study"].set_index("comparison")
    assert fewer.loc["mask - inverse", "statistic"] == "1 : 1"
    assert fewer.loc["mask - inverse", "n"] == 5


def test_the_test_takes_the_first_shuffles_splits_the_interval_all():
    right = pd.concat(
        predictions({"original": "1111", "mask": "0110"}, split=f"split-{split}")
        for split in (0, 4, 5)
    )
    table = claims(right, results(["Xception"]), PUBLISHED, seed=1)
    (row,) = table[table["data"] == "this study"].to_dict("records")
    assert row["n"] == 8
    assert row["statistic"] == "0 : 4"
    assert row["difference"] == -0.5


def test_association_over_models():
    models = list("abcdef")
    ours = results(models, Dice=[1, 2, 3, 4, 5, 6], CAM_val_acc=[6, 5, 4, 3, 2, 1])
    table = claims(predictions({"original": "10"}, "a"), ours, PUBLISHED, seed=1)
    row = table[(table["claim"] == "H3") & (table["data"] == "this study")].squeeze()
    assert row["statistic"] == "rho -1.000"
    assert row["p"] == pytest.approx(2 / 720)
    assert "falls as Dice rises" in row["reading"]
