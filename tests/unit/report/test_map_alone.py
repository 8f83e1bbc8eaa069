import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from camseg.errors import CamsegError
from camseg.report import statistics
from camseg.report.map_alone import map_alone, read_probes

NAMES = [f"r{number}" for number in range(10)]
PATIENTS = [f"p{number // 2}" for number in range(10)]
LABELS = ["abnormal", "normal"] * 5
SIDES = ["validation"] * 6 + ["train"] * 4
# of the six validation ROIs, abnormal and normal by turns: four are called right
PROBABILITY = [0.9, 0.1, 0.6, 0.7, 0.5, 0.2, 0.9, 0.1, 0.9, 0.1]


def write_probe(path, **changes):
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"roi_id": NAMES, "patient_id": PATIENTS, "label": LABELS, "side": SIDES}
    columns |= {"probability": PROBABILITY} | changes
    pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
    return path


def predictions(model, split="split-0"):
    table = pd.DataFrame({"roi_id": NAMES[:6], "patient_id": PATIENTS[:6]})
    table["abnormal"] = [label == "abnormal" for label in LABELS[:6]]
    return table.assign(model=model, split=split, regime="original", right=True)


def trainings(*rows):
    table = pd.DataFrame(rows, columns=["model", "regime", "split", "val_acc"])
    return table.assign(n_train=4, n_validation=6)


def test_probes_are_read_as_predictions_of_validation_rois(tmp_path):
    path = write_probe(tmp_path / "VGG16/split-0.tsv")
    probes = read_probes(["VGG16"], [path], predictions("VGG16"))
    assert list(probes["roi_id"]) == NAMES[:6]
    assert list(probes["right"]) == [True, True, True, False, False, True]
    assert set(probes["model"]) == {"VGG16"}
    assert set(probes["regime"]) == {"cam_probe"}
    assert set(probes["split"]) == {"split-0"}
    assert set(predictions("VGG16")) <= set(probes)


@pytest.mark.parametrize(
    "changes",
    [
        {"side": ["validation"] * 5 + ["train"] * 5},
        {"label": ["normal", "abnormal"] * 5},
        {"roi_id": NAMES[::-1]},
    ],
)
def test_probes_of_other_rois_are_refused_in_a_line(tmp_path, changes):
    path = write_probe(tmp_path / "VGG16/split-0.tsv", **changes)
    with pytest.raises(CamsegError) as error:
        read_probes(["VGG16"], [path], predictions("VGG16"))
    assert str(error.value) == (
        f"{path}: is not of the ROIs that VGG16 was validated on; remove the file and run the "
        "workflow again"
    )


def test_the_table_has_the_map_alone_beside_cam_val_acc(tmp_path):
    both = [write_probe(tmp_path / model / "split-0.tsv") for model in ("VGG16", "Xception")]
    known = pd.concat([predictions("VGG16"), predictions("Xception")])
    probes = read_probes(["VGG16", "Xception"], both, known)
    runs = trainings(
        ("VGG16", "original", "split-0", 0.5), ("VGG16", "cam", "split-0", 0.6),
        ("Xception", "original", "split-0", 0.9), ("Xception", "cam", "split-0", 0.8),
    )  # fmt: skip
    table = map_alone(runs, probes)
    assert list(table["Classifier"]) == ["Xception", "VGG16"]  # descending by CAM_val_acc
    row = table.iloc[0]
    assert (row["val_acc"], row["CAM_val_acc"]) == (0.9, 0.8)
    assert row["cam_probe"] == pytest.approx(4 / 6)
    right = np.array([True, True, True, False, False, True])
    patients, abnormal = np.array(PATIENTS[:6]), np.array([True, False] * 3)
    assert (row["low"], row["high"]) == statistics.clustered_wilson(4 / 6, right, patients)
    assert row["AUC"] == roc_auc_score(abnormal, PROBABILITY[:6])
    assert (row["n"], row["splits"], row["interval"]) == (6, 1, "Wilson, patients as clusters")
    assert "CAM_alone_val_acc" not in table
    more = pd.concat([runs, trainings(("VGG16", "cam_alone", "split-0", 0.7))])
    table = map_alone(more, probes).set_index("Classifier")
    assert table.loc["VGG16", "CAM_alone_val_acc"] == 0.7
    assert np.isnan(table.loc["Xception", "CAM_alone_val_acc"])


def test_over_splits_it_has_means(tmp_path):
    paths = [
        write_probe(tmp_path / "split-0.tsv"),
        write_probe(tmp_path / "split-1.tsv", probability=[0.9, 0.1] * 5),
    ]
    known = pd.concat([predictions("VGG16"), predictions("VGG16", "split-1")])
    runs = trainings(
        *[("VGG16", "original", f"split-{split}", 0.5) for split in (0, 1)],
        *[("VGG16", "cam", f"split-{split}", 0.6 + 0.2 * split) for split in (0, 1)],
    )
    (row,) = map_alone(runs, read_probes(["VGG16"] * 2, paths, known)).to_dict("records")
    assert row["CAM_val_acc"] == pytest.approx(0.7)
    assert row["cam_probe"] == pytest.approx((4 / 6 + 1) / 2)
    assert row["AUC"] == pytest.approx((roc_auc_score([1, 0] * 3, PROBABILITY[:6]) + 1) / 2)
    assert (row["low"], row["high"]) == statistics.over_folds(np.array([4 / 6, 1]), 6).interval()
    assert (row["n"], row["splits"], row["interval"]) == (12, 2, "t over folds")
