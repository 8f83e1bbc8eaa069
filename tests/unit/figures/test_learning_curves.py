import json
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import render_learning_curve
import render_learning_curves
from camseg.figures import learning_curves as charts


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
        looks = {(line.get_linestyle(), line.get_color()) for line in (training, validation)}
        assert len({dash for dash, _ in looks}) == len(looks) == 2  # apart without colours
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
    (tmp_path / "words.rst").write_text("Loss of one training. More.")
    monkeypatch.chdir(tmp_path)
    for name in ("first.svg", "second.svg"):
        arguments = "x --history history.csv --metrics metrics.json --caption words.rst --output"
        monkeypatch.setattr(sys, "argv", [*arguments.split(), name])
        render_learning_curve.main()
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
    text = "".join(ElementTree.parse(tmp_path / "first.svg").getroot().itertext())
    assert "Xception, regime mask, split-0" in text
    assert "best epoch, 4" in text


def trainings(models: int, splits: int, *regimes: str) -> list[charts.Training]:
    """Trainings of all models under `original`, of the first of them under further regimes."""
    found = [
        (regime, f"EfficientNetV2B{model}", split)
        for regime in ("original", *regimes)
        for model in range(models if regime == "original" else 1)
        for split in range(splits)
    ]
    return [
        charts.Training(regime, model, history(4 + number % 3), 1 + number % 4)
        for number, (regime, model, _) in enumerate(found)
    ]


def test_the_overview_has_a_panel_per_training_and_a_line_per_split():
    of = trainings(3, 5, "cam", "mask")
    figure = charts.learning_curves(of)
    assert len(figure.axes) == 3 + 1 + 1
    for number, axes in enumerate(figure.axes):
        shown = of[5 * number : 5 * (number + 1)]
        lines = iter(axes.lines)
        for training in shown:
            for column in ("accuracy", "val_accuracy"):
                line = next(lines)
                assert (line.get_ydata() == training.history[column]).all()
                assert (line.get_linestyle() == "--") == (column == "accuracy")
            kept = next(lines)
            value = training.history["val_accuracy"][training.best_epoch - 1]
            assert (kept.get_xdata()[0], kept.get_ydata()[0]) == (training.best_epoch, value)
    first, second, third, cam, mask = (axes.get_position() for axes in figure.axes)
    assert first.y0 == second.y0 == third.y0 > cam.y1 > cam.y0 > mask.y1
    assert first.x0 == cam.x0 == mask.x0 < second.x0 < third.x0
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["training", "validation", "epoch kept"]


@pytest.mark.parametrize("models", [1, 2, 3, 6, 7, 20])
def test_the_overview_fits_a_page_and_nothing_in_it_collides(models):
    figure = charts.learning_curves(trainings(models, 2, "swapped_verdict", "cam-layer_cam"))
    figure.draw_without_rendering()
    width = figure.get_figwidth() * 25.4
    assert width == pytest.approx(85 if models < 3 else 175)
    names = {text.get_text().replace("\n", "") for text in figure.texts}
    assert names >= {f"EfficientNetV2B{model}" for model in range(models)}
    assert names >= {"original", "swapped_verdict", "cam-layer_cam", "accuracy", "epoch"}
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    boxes += [text.get_window_extent() for text in [*figure.texts, *figure.legends]]
    for number, box in enumerate(boxes):
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1
        assert not any(box.padded(-1).overlaps(other) for other in boxes[:number])


def test_the_program_draws_all_trainings_under_the_regimes_names(tmp_path, monkeypatch):
    """A regime on another method's maps has a name that its metrics.json does not say."""
    metrics = {"model": "Net", "regime": "cam", "split": "split-0", "best_epoch": 2, "auc": 0.5}
    metrics |= {"epochs": 3, "val_acc": 0.5, "val_acc_last": 0.5, "val_acc_best": 0.5}
    metrics |= {"n_train": 8, "n_selection": 0, "n_validation": 2}
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        history(3).to_csv(f"{name}.csv", index=False)
        (tmp_path / f"{name}.json").write_text(json.dumps(metrics))
    (tmp_path / "words.rst").write_text("Accuracy of all trainings.")
    for name in ("first.svg", "second.svg"):
        arguments = "x --regimes cam cam-rise --models Net Net --histories a.csv b.csv"
        arguments += " --metrics a.json b.json --caption words.rst --note Synthetic --output"
        monkeypatch.setattr(sys, "argv", [*arguments.split(), name])
        render_learning_curves.main()
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
    text = "".join(ElementTree.parse(tmp_path / "first.svg").getroot().itertext())
    for words in ("cam-rise", "Net", "Synthetic", "Accuracy of all trainings"):
        assert words in text
