import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from camseg.errors import CamsegError
from camseg.report import statistics
from camseg.report.architectures import BETWEEN, COLUMNS, WITHIN, correlations, read
from camseg.seeds import generator

MEASURED = {"val_acc": 0.9, "val_acc_best": 0.9, "val_acc_last": 0.8, "auc": 0.9}
COUNTED = {"best_epoch": 1, "epochs": 2, "n_train": 8, "n_validation": 4, "n_selection": 0}


def training(folder: Path, model: str, *, regime="original", split="split-0", **changes) -> Path:
    values = {"model": model, "network": model, "head": "gap", "widths": [], "trained": None}
    values |= {"parameters": 1000, "regime": regime, "split": split, **MEASURED, **COUNTED}
    path = folder / f"{regime}-{model}-{split}.json"
    path.write_text(json.dumps(values | changes))
    return path


def study(folder: Path) -> tuple[list[Path], dict[str, Path]]:
    """A study of two classifiers of one network and one of another, in files made by hand."""
    metrics = [
        training(folder, "small", network="MobileNetV2", regime="mask", parameters=7),
        training(folder, "small", network="MobileNetV2", parameters=2_000_000),
        training(folder, "small", network="MobileNetV2", parameters=2_000_000, split="split-1"),
        training(folder, "flat", network="MobileNetV2", head="flatten_dense", widths=[512, 64]),
        training(folder, "VGG16", parameters=15_000_000, trained="elsewhere.keras"),
    ]
    rows = {
        "heat_maps": [
            ("flat", 0.8, 0.95, "4 x 4"),
            ("VGG16", 0.5, -0.2, "2 x 3"),
            ("small", 0.4, "", "4 x 4"),
            ("all 255", 0.55, "", ""),
            ("mean training mask", 0.7, 0.9, ""),
            ("another outline", 0.9, "", ""),  # is a ceiling
        ],
        "sanity": [
            ("small", 0.1, 0.3, 0.2),
            ("flat", 0.2, 0.5, 0.6),
            ("VGG16", -0.1, "", 0.4),
            ("a faithful map", 0, 1, 1),
        ],
        "table1_intervals": [
            *[("small", "val_acc", 0.75, 0.5, 0.9), ("small", "Dice", 0.4, 0.35, 0.45)],
            *[("VGG16", "val_acc", 0.95, 0.8, 1.0), ("VGG16", "Dice", 0.5, 0.45, 0.55)],
            *[("flat", "val_acc", 0.85, 0.7, 0.9), ("flat", "Dice", 0.8, 0.5, 0.9)],
        ],
    }
    columns = {
        "heat_maps": ["Classifier", "Dice", "placement", "grid"],
        "sanity": ["Classifier", "random_weights", "locality_rows", "locality_columns"],
        "table1_intervals": ["Classifier", "quantity", "value", "low", "high"],
    }
    paths = {name: folder / f"{name}.csv" for name in rows}
    for name, path in paths.items():
        table = pd.DataFrame(rows[name], columns=columns[name])
        table.assign(n=38).to_csv(path, index=False)
    return metrics, paths


def test_each_classifiers_network_stands_beside_its_map(tmp_path):
    table, floors = read(*study(tmp_path))
    assert list(table) == [*COLUMNS, "n", "cells", "hidden_units", "flattened"]
    nan = np.nan
    flat = ["flat", "MobileNetV2", "flatten_dense (512, 64)", 1000, "4 x 4", 0.85]
    vgg = ["VGG16", "VGG16", "as trained", 15_000_000, "2 x 3", 0.95]
    small = ["small", "MobileNetV2", "gap", 2_000_000, "4 x 4", 0.75]
    expected = [
        [*flat, 0.8, 0.5, 0.9, 0.95, 0.5, 0.2, 38, 16, 576, 1],
        [*vgg, 0.5, 0.45, 0.55, -0.2, 0.4, -0.1, 38, 6, nan, nan],
        [*small, 0.4, 0.35, 0.45, nan, 0.2, 0.1, 38, 16, 0, 0],
    ]
    expected = pd.DataFrame(expected, columns=table.columns)
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    assert pd.api.types.is_integer_dtype(table["parameters"])
    assert floors == {"Dice": 0.7, "placement": 0.9}


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("heat_maps", "flat,", "flt,", "has no row of flat"),
        ("heat_maps", "2 x 3", "", "has no grid of VGG16"),
        ("heat_maps", "2 x 3", "6", ":3: grid cannot be '6'"),
        ("sanity", "flat,0.2", "flat,good", ":3: random_weights is 'good'"),
        ("sanity", "VGG16", "VGG19", "has no row of VGG16"),
        ("table1_intervals", "flat,Dice", "flat,Dise", "has no row of flat"),
        ("table1_intervals", "val_acc", "accuracy", "has no row of small"),
    ],
)
def test_tables_that_lack_something_are_told(tmp_path, name, old, new, fault):
    metrics, paths = study(tmp_path)
    text = paths[name].read_text()
    assert old in text
    paths[name].write_text(text.replace(old, new))
    with pytest.raises(CamsegError) as error:
        read(metrics, paths)
    assert str(error.value).startswith(str(paths[name]))
    assert fault in str(error.value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"parameters": 0}, "parameters is '0', not a whole number from 1 to inf"),
        ({"widths": "64"}, "widths is '64', no list of whole numbers"),
    ],
)
def test_a_training_that_does_not_say_its_network_is_told(tmp_path, changes, fault):
    metrics, paths = study(tmp_path)
    metrics[1] = training(tmp_path, "small", **changes)
    with pytest.raises(CamsegError) as error:
        read(metrics, paths)
    assert str(error.value).startswith(f"{metrics[1]}: {fault}")


def classifiers(n: int, **columns) -> pd.DataFrame:
    """What `read` returns, of n networks, at random but for the given columns."""
    rng = np.random.default_rng(5)
    names = ["Dice", "placement", "locality", "val_acc"]
    table = pd.DataFrame(rng.uniform(size=(n, 4)), columns=names)
    table["network"], table["head"] = [f"network {number}" for number in range(n)], "gap"
    table["parameters"] = rng.permutation(n)
    return table.assign(cells=rng.integers(1, 3, n), hidden_units=0.0, flattened=0.0, **columns)


def row(table: pd.DataFrame, over: str, quality: str, name: str) -> pd.Series:
    return table.set_index(["over", "quality", "property"]).loc[(over, quality, name)]


def test_between_networks_are_spearmans_correlations():
    of = classifiers(12)
    table = correlations(of, seed=1)
    assert len(table) == 3 * 3
    for quality in ("Dice", "placement", "locality"):
        for name in ("parameters", "cells", "val_acc"):
            found = row(table, BETWEEN, quality, name)
            rho = stats.spearmanr(of[quality], of[name]).statistic
            assert found["rho"] == pytest.approx(rho)
            assert found[["n", "networks"]].tolist() == [12, 12]
            expected = statistics.rank_interval(rho, [12])
            assert found[["low", "high"]].tolist() == pytest.approx(expected)
            rng = generator(1, "permutations of ranks", BETWEEN, quality, name)
            assert found["p"] == statistics.spearman(of[quality], of[name], rng)[1]
    assert table["p_holm"].tolist() == pytest.approx(list(statistics.holm(table["p"])))
    pd.testing.assert_frame_equal(table, correlations(of, seed=1))


def test_what_cannot_be_ranked_is_blank_and_not_among_the_tests():
    few = correlations(classifiers(3), seed=1)
    assert (few["n"] == 3).all()
    assert few[["rho", "low", "high", "p", "p_holm"]].isna().all(axis=None)
    of = classifiers(6, placement=[0.1, 0.2, 0.3, np.nan, np.nan, np.nan])
    table = correlations(of.assign(cells=16), seed=1)
    assert table.query("quality == 'placement'")["n"].tolist() == [3, 3, 3]
    blank = (table["quality"] == "placement") | (table["property"] == "cells")
    assert (table["rho"].isna() == blank).all()
    assert table.loc[~blank, "p_holm"].tolist() == pytest.approx(
        list(statistics.holm(table.loc[~blank, "p"]))
    )


def test_networks_count_once_and_heads_are_ranked_within_them():
    of = classifiers(16)
    of["network"] = [*5 * ["A"], *5 * ["B"], *3 * ["C"], "D", "E", "F"]
    of["head"] = ["gap", "gap_dense (8)"] * 8
    of["hidden_units"] = 8.0 * np.arange(16)
    table = correlations(of, seed=1)
    assert len(table) == 2 * 3 * 5
    means = of.groupby("network")[["Dice", "val_acc"]].mean()
    between = row(table, BETWEEN, "Dice", "val_acc")
    assert between["rho"] == pytest.approx(stats.spearmanr(means).statistic)
    assert between[["n", "networks"]].tolist() == [6, 6]
    within = row(table, WITHIN, "Dice", "hidden_units")  # of A and B: C has three classifiers
    parts = [of[of["network"] == name][["Dice", "hidden_units"]] for name in "AB"]
    rho = np.mean([stats.spearmanr(part).statistic for part in parts])
    assert within["rho"] == pytest.approx(rho)
    assert within[["n", "networks"]].tolist() == [10, 2]
    assert within[["low", "high"]].tolist() == pytest.approx(statistics.rank_interval(rho, [5, 5]))
    assert row(table, WITHIN, "Dice", "flattened")[["n", "rho"]].isna().tolist() == [False, True]


def test_what_sets_networks_apart_is_no_correlation_within_them():
    """Two networks, one worse and larger: over all classifiers the ranks would all but agree."""
    of = classifiers(8, Dice=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    of["parameters"] = [3, 1, 4, 2, 13, 11, 14, 12]
    of["network"] = 4 * ["A"] + 4 * ["B"]
    assert stats.spearmanr(of["Dice"], of["parameters"]).statistic > 0.7
    table = correlations(of, seed=1)
    assert row(table, WITHIN, "Dice", "parameters")["rho"] == pytest.approx(0)
    assert np.isnan(row(table, BETWEEN, "Dice", "parameters")["rho"])
    assert row(table, BETWEEN, "Dice", "parameters")["n"] == 2


def test_networks_whose_classifiers_agree_do_not_count():
    of = classifiers(8)
    of["network"] = 4 * ["A"] + 4 * ["B"]
    of["val_acc"] = [0.5, 0.5, 0.5, 0.5, 0.7, 0.9, 0.8, 0.6]
    found = row(correlations(of, seed=1), WITHIN, "Dice", "val_acc")
    rho = stats.spearmanr(of["Dice"][4:], of["val_acc"][4:]).statistic
    assert found["rho"] == pytest.approx(rho)
    assert found[["n", "networks"]].tolist() == [4, 1]


def test_means_that_are_equal_but_for_rounding_are_ties():
    of = classifiers(8)
    of["network"] = [name for name in "ABCD" for _ in "12"]
    of["val_acc"] = [0.1, 0.5, 0.2, 0.4, 0.3, 0.3, 0.7, 0.8]  # means 0.3 three times
    means = of.groupby("network")["Dice"].mean()
    rho = stats.spearmanr(means, [1, 1, 1, 2]).statistic
    found = row(correlations(of, seed=1), BETWEEN, "Dice", "val_acc")
    assert found["rho"] == pytest.approx(rho)
