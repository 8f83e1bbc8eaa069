import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from camseg.errors import CamsegError
from camseg.report import statistics
from camseg.report.label_leaks import COLUMNS, SEES, label_leaks, read_leaks, readings

N = 40
NAMES = [f"r{number:02}" for number in range(N)]
PATIENTS = [f"p{number // 2}" for number in range(N)]
ABNORMAL = np.arange(N) % 4 > 0  # three abnormal ROIs for each normal one
GOOD = np.where(ABNORMAL, 0.9, 0.1) + np.arange(N) / 1000
BAD = np.resize([0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9], N) + np.arange(N) / 1000


def write_leaks(path, **changes):
    """As measure_leaks.py does; all ROIs are for validation."""
    table = pd.DataFrame({"roi_id": NAMES, "patient_id": PATIENTS})
    table["label"] = np.where(ABNORMAL, "abnormal", "normal")
    table = table.assign(side="validation", position=BAD, intensity=BAD, border=BAD)
    table.assign(**changes).to_csv(path, sep="\t", index=False)
    return path


def predictions(model="Xception", split="split-0", probability=GOOD, regime="original"):
    table = pd.DataFrame({"roi_id": NAMES, "patient_id": PATIENTS, "abnormal": ABNORMAL})
    table = table.assign(model=model, split=split, regime=regime, probability=probability)
    return table.assign(right=(table["probability"] > 0.5) == ABNORMAL)


def tables(tmp_path, *networks, **leaks):
    known = pd.concat([*networks, predictions("Xception", probability=BAD, regime="cam")])
    paths = [write_leaks(tmp_path / f"{split}.tsv", **leaks) for split in set(known["split"])]
    found = read_leaks(paths, known)
    table = label_leaks(known, found)
    return table, readings(table, known, found).set_index("Classifier")["reading"]


def test_rows_are_what_is_seen_then_networks_by_their_accuracy(tmp_path):
    networks = predictions("A", probability=BAD), predictions("B"), predictions("C")
    table, told = tables(tmp_path, *networks)
    assert list(table.columns) == COLUMNS
    assert list(table["Classifier"]) == [*SEES, "B", "C", "A"] == list(told.index)
    assert list(table["sees"][:3]) == list(SEES.values())
    assert set(table["sees"][3:]) == {"the ROI"}
    assert (set(table["n"]), set(table["splits"])) == ({N}, {1})


def test_both_classes_are_weighed_alike(tmp_path):
    """Oracles: scikit-learn, and the interval of the mean of the ROIs' shares in it."""
    table, _ = tables(tmp_path, predictions())
    row = table.set_index("Classifier").loc["position"]
    assert row["balanced"] == pytest.approx(balanced_accuracy_score(ABNORMAL, BAD > 0.5))
    assert row["AUC"] == roc_auc_score(ABNORMAL, BAD)
    ends = statistics.clustered_auc(BAD[:, None], ABNORMAL, np.array(PATIENTS))
    assert (row["AUC_low"], row["AUC_high"]) == ends
    shares = ((BAD > 0.5) == ABNORMAL) * np.where(ABNORMAL, N / (2 * 30), N / (2 * 10))
    estimate = statistics.over_patients(shares, np.array(PATIENTS))
    assert (row["low"], row["high"]) == pytest.approx(estimate.share_interval(N))
    network = table.set_index("Classifier").loc["Xception"]
    assert network["balanced"] == network["AUC"] == 1
    assert (network["low"], network["high"]) == statistics.wilson(N, N)


def test_what_tells_the_classes_apart_is_said(tmp_path):
    _, told = tables(tmp_path, predictions(), position=GOOD)
    assert told["position"].startswith("The place alone tells the classes apart: AUC 1.000 (0.")
    assert told["intensity"].startswith("Brightness alone is not shown to tell the classes apart:")
    assert told["border"].startswith("The border's brightness alone is not shown to tell ")
    assert told["Xception"].startswith("More accurate than intensity (+0.")
    assert ", border (+0." in told["Xception"]
    end = "; not shown to be more accurate than position (+0.000, -0.026 to 0.026)."
    assert told["Xception"].endswith(end)  # half a ROI, though they agree on all
    _, told = tables(tmp_path, predictions(probability=BAD), position=GOOD)
    assert told["Xception"].startswith("Less accurate than position (-0.")
    assert "; not shown to be more accurate than intensity (+0.000, " in told["Xception"]


def test_what_is_learned_the_wrong_way_round_is_said_so(tmp_path):
    _, told = tables(tmp_path, predictions(), position=1 - GOOD / 2)
    words = "The place alone tells the classes apart, the wrong way round: AUC 0.000 (0.000 to 0."
    assert told["position"].startswith(words)


def test_over_folds_it_has_means(tmp_path):
    both = predictions(), predictions(split="split-1", probability=BAD)
    table, told = tables(tmp_path, *both)
    row = table.set_index("Classifier").loc["Xception"]
    folds = np.array([1, balanced_accuracy_score(ABNORMAL, BAD > 0.5)])
    assert row["balanced"] == pytest.approx(folds.mean())
    ends = statistics.over_folds(folds, N).interval()
    assert (row["low"], row["high"]) == pytest.approx(ends)
    assert (row["n"], row["splits"], row["interval"]) == (2 * N, 2, "t over folds")
    difference = statistics.over_folds(folds - folds[1], N)
    low, high = difference.interval(-1)
    assert f"position ({difference.value:+.3f}, {low:.3f} to {high:.3f})" in told["Xception"]


def test_leaks_of_other_rois_are_refused_in_a_line(tmp_path):
    for changes in ({"roi_id": NAMES[::-1]}, {"side": ["train"] + ["validation"] * (N - 1)}):
        path = write_leaks(tmp_path / "split-0.tsv", **changes)
        with pytest.raises(CamsegError) as error:
            read_leaks([path], predictions())
        assert str(error.value) == (
            f"{path}: is not of the ROIs that were validated on; remove the file and run the "
            "workflow again"
        )
