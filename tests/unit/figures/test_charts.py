import json
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import render_learning_curve
from camseg.figures import charts


def history(epochs: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    columns = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
    table = {name: random.uniform(0.1, 1, epochs) for name in columns}
    return pd.DataFrame({"epoch": range(1, epochs + 1)} | table)


@pytest.mark.parametrize("epochs", [1, 6, 200])
def test_a_learning_curve_shows_loss_and_accuracy_of_both_sides_and_the_best_epoch(epochs):
    table = history(epochs)
    best = (epochs + 1) // 2
    figure = charts.learning_curve(table, best, "Xception, regime original, split-0")
    for axes, quantity in zip(figure.axes, ("loss", "accuracy"), strict=True):
        training, validation, mark = axes.lines
        for line, column, label in (
            (training, quantity, "training"),
            (validation, f"val_{quantity}", "validation"),
        ):
            assert (line.get_xdata() == table["epoch"]).all()
            assert (line.get_ydata() == table[column]).all()
            assert line.get_label() == label
        assert set(mark.get_xdata()) == {best}
        assert axes.get_ylabel() == quantity
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["training", "validation", f"best epoch, {best}"]


def test_a_learning_curve_shows_the_rois_that_chose_if_they_are_others():
    table = history(6)
    table[["selection_loss", "selection_accuracy"]] = table[["loss", "accuracy"]] / 2
    figure = charts.learning_curve(table, 4, "x")
    for axes, quantity in zip(figure.axes, ("loss", "accuracy"), strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert list(lines) == ["training", "selection", "validation", "epoch chosen, 4"]
        assert (lines["validation"] == table[f"val_{quantity}"]).all()
        assert (lines["selection"] == table[f"selection_{quantity}"]).all()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(lines)


@pytest.mark.parametrize("losses", [[0.69], [40.0, 1e-4, 1e-3], [0.3, 0.31], [250.0, 300.0]])
def test_every_loss_is_in_view_and_the_scale_is_legible(losses):
    table = history(len(losses)).assign(val_loss=losses)
    axes = charts.learning_curve(table, 1, "x").axes[0]
    low, high = axes.get_ylim()
    shown = table[["loss", "val_loss"]].to_numpy()
    assert low <= shown.min() <= shown.max() <= high
    ticks = [place for place in axes.yaxis.get_major_locator()() if low <= place <= high]
    assert 3 <= len(ticks) <= 12


def test_a_learning_curve_is_named_and_the_same_to_the_byte(tmp_path, monkeypatch):
    history(6).to_csv(tmp_path / "history.csv", index=False)
    metrics = {"model": "Xception", "regime": "mask", "split": "split-0", "best_epoch": 4}
    metrics |= {"epochs": 6, "val_acc": 0.5, "val_acc_last": 0.5, "auc": 0.5}
    metrics |= {"val_acc_best": 0.5, "n_train": 8, "n_selection": 0, "n_validation": 2}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    monkeypatch.chdir(tmp_path)
    for name in ("first.svg", "second.svg"):
        arguments = "x --history history.csv --metrics metrics.json --output"
        monkeypatch.setattr(sys, "argv", [*arguments.split(), name])
        render_learning_curve.main()
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
    text = "".join(ElementTree.parse(tmp_path / "first.svg").getroot().itertext())
    assert "Xception, regime mask, split-0" in text
    assert "best epoch, 4" in text
