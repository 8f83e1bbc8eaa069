import json
import sys

import numpy as np
import pandas as pd
import pytest

import render_retrained
from camseg.report import tables
from camseg.report.retrained import retrained
from camseg.training.registry import REGIMES
from typeset import typeset


def trainings(**accuracies) -> pd.DataFrame:
    """Trainings of the models A and B in one or two splits, of 10 validation ROIs each."""
    rows = [
        {"model": model, "regime": regime, "split": f"split-{split}", "val_acc": value}
        for regime, of_models in accuracies.items()
        for model, values in of_models.items()
        for split, value in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(n_validation=10)


OWN = trainings(
    original={"A": [0.5, 0.7], "B": [0.9, 0.9]},
    mask={"A": [0.1, 0.1]},  # is not on maps
    cam={"A": [0.6, 0.8], "B": [0.8, 0.6]},
    swapped={"A": [0.4, 0.4]},
)
FURTHER = {
    "saliency": trainings(cam={"A": [0.3, 0.5], "B": [1, 1]}, swapped={"A": [0.2, 0.3]}),
    "hires_cam": trainings(cam={"A": [0.5, 0.5], "B": [0.7, 0.8]}, swapped={"A": [0.1, 0.1]}),
}


def test_every_methods_accuracies_stand_beside_its_controls():
    table = retrained(OWN, FURTHER, "grad_cam")
    columns = ["Classifier", "explanation", "val_acc", "CAM_val_acc", "swapped_val_acc"]
    assert list(table.columns) == [*columns, "n"]
    expected = [
        *(["B", "grad_cam", 0.9, 0.7, np.nan], ["B", "saliency", 0.9, 1, np.nan]),
        ["B", "hires_cam", 0.9, 0.75, np.nan],
        *(["A", "grad_cam", 0.6, 0.7, 0.4], ["A", "saliency", 0.6, 0.4, 0.25]),
        ["A", "hires_cam", 0.6, 0.5, 0.1],
    ]
    pd.testing.assert_frame_equal(table[columns], pd.DataFrame(expected, columns=columns))
    assert table["n"].tolist() == [20] * 6


def test_a_classifier_that_was_trained_on_no_map_has_no_row():
    own = OWN[(OWN["model"] == "A") | (OWN["regime"] == "original")]
    further = {"saliency": trainings(cam={"A": [0.3, 0.5]})}
    table = retrained(own, further, "grad_cam")
    assert table["Classifier"].tolist() == ["A", "A"]
    assert table["CAM_val_acc"].tolist() == pytest.approx([0.7, 0.4])


def test_a_table_of_all_controls_fits_a_page(tmp_path):
    names = ["MobileNetV2", "MobileNetV2-flatten"]
    on_maps = [name for name, regime in REGIMES.items() if "cams" in regime.needs]
    both = {name: {model: [0.5] for model in names} for name in ["original", *on_maps]}
    table = retrained(trainings(**both), {"integrated_gradients": trainings(**both)}, "grad_cam")
    assert len(table.columns) == 4 + len(on_maps)
    (tmp_path / "table.tex").write_text(tables.to_latex(table, "A caption."))
    assert "Overfull" not in typeset(tmp_path, ["table"])


def test_the_script_takes_each_file_for_its_methods(tmp_path, monkeypatch):
    """Trainings on the maps of several methods are of the same regime, classifier and split."""

    def write(name: str, regime: str, val_acc: float) -> str:
        values = {"model": "A", "regime": regime, "split": "split-0", "val_acc": val_acc}
        values |= dict.fromkeys(("val_acc_best", "val_acc_last", "auc"), val_acc)
        values |= dict.fromkeys(("best_epoch", "epochs", "n_train", "n_validation"), 8)
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(values | {"n_selection": 0}) + "\n")
        return str(path)

    own = [write("original", "original", 0.9), write("cam", "cam", 0.8)]
    further = [write("cam-saliency", "cam", 0.6), write("cam-rise", "cam", 0.7)]
    (tmp_path / "table.rst").write_text("A caption.\n")
    command = ["script", "--metrics", *own, "--explanation", "grad_cam", "--retrained", *further]
    command += ["--methods", "saliency", "rise", "--captions", str(tmp_path / "table.rst")]
    monkeypatch.setattr(sys, "argv", [*command, "--table", str(tmp_path / "table.csv")])
    render_retrained.main()
    assert (tmp_path / "table.csv").read_text().splitlines()[1:] == [
        *("A,grad_cam,0.9,0.8,8", "A,saliency,0.9,0.6,8", "A,rise,0.9,0.7,8"),
    ]
