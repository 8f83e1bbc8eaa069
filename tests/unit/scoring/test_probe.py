import sys
import warnings
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

import probe_cams
from camseg.explanations.options import GreyRule
from camseg.io import store
from camseg.scoring.probe import STRENGTHS, cells, probe


def planted(signal, n=200, seed=0):
    """Cells of n ROIs, two per patient, of which the first tells the label by so much."""
    random = np.random.default_rng(seed)
    labels = np.tile([0, 1], n // 2)
    values = random.random((n, 9))
    values[:, 0] += signal * labels
    return values, labels, np.arange(n) // 2, np.arange(n) < 0.8 * n


def accuracy(values, labels, patients, train):
    probability, _ = probe(values, labels, patients, train)
    return np.mean((probability > 0.5) == labels, where=~train)


def test_maps_are_scaled_cell_by_cell():
    raw = np.array([[[1, 3], [5, 2]], [[7, 7], [7, 7]], [[np.nan, 1], [0, 1]]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cells(raw, sign="signed")
    np.testing.assert_array_equal(255 * found, [[0, 128, 255, 64], [0] * 4, [0] * 4])
    np.testing.assert_array_equal(255 * cells(-raw, sign="signed")[0], [255, 128, 0, 191])
    below = np.array([[[-5, 1], [2, 4]], [[-1, -2], [-3, -4]]], np.float32)
    np.testing.assert_array_equal(255 * cells(below, sign="positive"), [[0, 64, 128, 255], [0] * 4])
    away = [[255, 0, 64, 191], [0, 85, 170, 255]]
    np.testing.assert_array_equal(255 * cells(below, sign="absolute"), away)


def check_by_search(values, labels, patients, train):
    """Oracle: scikit-learn's own search with another solver, by folds of equal size."""
    probability, strength = probe(values, labels, patients, train)
    search = GridSearchCV(
        LogisticRegression(solver="lbfgs", tol=1e-9, max_iter=10_000), {"C": STRENGTHS},
        scoring="neg_log_loss", cv=StratifiedGroupKFold(5),
    )  # fmt: skip
    search.fit(values[train], labels[train], groups=patients[train])
    assert strength == search.best_params_["C"]
    np.testing.assert_allclose(probability, search.predict_proba(values)[:, 1], atol=1e-5)


@pytest.mark.parametrize("signal", [0.3, 1.0])
def test_it_is_the_logistic_regression_that_a_search_finds(signal):
    check_by_search(*planted(signal))


def test_more_cells_than_rois_are_fitted_as_they_are():
    values, labels, patients, train = planted(1.0, n=60)
    more = np.random.default_rng(1).random((60, 200))
    check_by_search(np.hstack([values, more]), labels, patients, train)


def test_maps_that_are_the_label_tell_it_and_random_labels_are_chance():
    values, labels, patients, train = planted(0.0)
    assert accuracy(np.eye(2)[labels], labels, patients, train) == 1
    assert accuracy(values + 2 * np.eye(9)[labels], labels, patients, train) == 1
    told, random = np.eye(2)[labels], np.random.default_rng(0)
    found = [accuracy(told, random.integers(0, 2, 200), patients, train) for _ in range(10)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.075)  # of 400 calls: three standard errors


def test_validation_labels_and_the_order_of_rois_change_nothing():
    values, labels, patients, train = planted(0.5)
    probability, strength = probe(values, labels, patients, train)
    again, _ = probe(values, np.where(train, labels, 1 - labels), patients, train)
    np.testing.assert_array_equal(again, probability)
    order = np.random.default_rng(0).permutation(200)
    again = probe(values[order], labels[order], patients[order], train[order])
    np.testing.assert_allclose(again[0], probability[order], atol=1e-9)
    assert again[1] == strength


def test_selection_rois_are_not_fitted_to(tmp_path, monkeypatch, capsys):
    """By the stage's own program: what they are called and what their maps are changes nothing."""
    n = 60
    random = np.random.default_rng(4)
    names = np.array([f"roi-{number}" for number in range(n)], object)
    side = np.repeat(["train", "selection", "validation"], n // 3)
    table = pd.DataFrame({"roi_id": names, "patient_id": names, "side": side})
    table.to_csv(tmp_path / "split.tsv", sep="\t", index=False)
    label, raw = np.arange(n) % 2, random.random((n, 2, 2)).astype(np.float32)
    arguments = ["--cams", "cams.h5", "--split", "split.tsv", "--predictions", "said.tsv"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["x", *arguments, "--output", "probe.tsv"])
    found = []
    for change in (0, 1):
        changed = np.where(side == "selection", change, 0)
        said = table.assign(label=np.array(["normal", "abnormal"])[(label + changed) % 2])
        said.assign(probability=0.5).to_csv(tmp_path / "said.tsv", sep="\t", index=False)
        maps = np.where(changed[:, np.newaxis, np.newaxis] == 1, raw[::-1], raw)
        cam = np.zeros((n, 4, 4), np.uint8)
        store.write_cams("cams.h5", cam=cam, raw=maps, roi_id=names, options=asdict(GreyRule()))
        probe_cams.main()
        out = pd.read_csv("probe.tsv", sep="\t").set_index("side")["probability"]
        found.append(out.drop("selection").tolist())
        assert f"of {n // 3} validation ROIs" in capsys.readouterr().out
    assert found[0] == found[1]
    assert len(found[0]) == 2 * n // 3


def test_patients_are_kept_together():
    """Cells that name the patient tell nothing of another one, however well they fit."""
    random = np.random.default_rng(3)
    owners = np.arange(160) // 8
    labels = random.integers(0, 2, 20)[owners]
    values = np.eye(20)[owners]
    _, strength = probe(values, labels, owners, np.ones(160, bool))
    assert strength == STRENGTHS[0]
    _, strength = probe(values, labels, np.arange(160), np.ones(160, bool))
    assert strength == STRENGTHS[-1]


def test_too_few_patients_for_folds_are_fitted_all_the_same():
    labels = np.array([0, 0, 0, 1])
    probability, strength = probe(np.eye(2)[labels], labels, np.array(list("aabb")), labels >= 0)
    assert strength == 1
    assert probability.argmax() == 3
