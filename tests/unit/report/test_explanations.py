import numpy as np
import pandas as pd
import pytest

from camseg.errors import CamsegError
from camseg.report import audits, heat_maps, intervals, tables
from camseg.report.explanations import Maps, explanations, read_runs
from camseg.seeds import generator
from typeset import typeset

SCORES = [
    score for score, _ in (heat_maps.FIRST | heat_maps.FURTHER | heat_maps.ZERO_LEVEL).values()
]
IDS = pd.DataFrame({"roi_id": list("abcdef"), "patient_id": list("pppqqq"), "label": "abnormal"})


def scores(dice, network=True) -> pd.DataFrame:
    """Rows of six abnormal ROIs of two patients, the last two for validation."""
    table = IDS.assign(side=["train"] * 4 + ["validation"] * 2, lesion_area=1.0, degenerate=0)
    table = table.assign(**dict.fromkeys(SCORES, 0.25), placement_gain=0.1, placement_range=0.2)
    if network:
        table = table.assign(probability=0.7, grid="2 x 2", grid_limit=0.8)
        table = table.assign(zero_level_share_normal=0.1)
    return table.assign(dice=dice)


def checks(correlation: float) -> pd.DataFrame:
    kinds = sorted({check for check, _, _ in audits.SANITY.values()})
    return pd.DataFrame({"check": kinds, "roi_id": "a", "draw": "0", "dice": 0.5,
                         "correlation": correlation})  # fmt: skip


def cells(down: float, across: float) -> pd.DataFrame:
    table = pd.DataFrame({"roi_id": "a", "place_row": [0.25, 0.75], "place_column": [0.75, 0.25]})
    return table.assign(centre_row=0.5 + down * (table["place_row"] - 0.5),
                        centre_column=0.5 + across * (table["place_column"] - 0.5))  # fmt: skip


FLOORS = {"all 255": scores([0.5] * 6, False), "mean training mask": scores([0.8] * 6, False)}
LOW, HIGH = [0.1, 0.2, 0.3, 0.3, 0.4, 0.2], [0.6, 0.5, 0.8, 0.6, 0.9, 0.3]


def maps(dice, correlation=0.0, down=1.0, across=0.5, runs=(1, 1)) -> Maps:
    """What was measured of a method's maps of two classifiers, in one run; `dice` of A and B."""
    models = {name: scores(values) for name, values in zip("AB", dice, strict=True)}
    return Maps(
        {"split-0": (models, FLOORS)},
        {name: [checks(correlation)] for name in "AB"},
        {name: [cells(down, across)] for name in "AB"},
        {name: [pd.Series(runs, ["forward", "back"])] for name in "AB"},
    )


def test_each_classifiers_methods_stand_together_by_dice_and_floors_below():
    table = explanations({"one": maps((LOW, HIGH)), "two": maps((HIGH, LOW), 0.9)}, seed=1)
    rows = list(zip(table["Classifier"], table["explanation"], strict=True))
    assert rows == [
        *[("B", "one"), ("B", "two"), ("A", "two"), ("A", "one")],  # B's Dice is higher by `one`
        *[("all 255", "none"), ("mean training mask", "none")],
    ]
    row = table.iloc[2]
    assert row["Dice"] == pytest.approx(np.mean(HIGH))
    assert (row["placement"], row["pixel_AUC"]) == (pytest.approx(0.5), 0.25)
    assert (row["random_weights"], row["other_class"], row["other_roi"]) == (0.9, 0.9, 0.9)
    assert row["locality"] == pytest.approx(0.5)  # the smaller of both axes
    floor = table.iloc[-1]
    assert floor["Dice"] == pytest.approx(0.8)
    assert floor[["random_weights", "locality"]].isna().all()


def test_dice_has_the_interval_of_the_tables_of_intervals():
    table = explanations({"one": maps((LOW, HIGH))}, seed=1).set_index("Classifier")
    rois = scores(HIGH).assign(split="split-0")
    expected = intervals.of_dice(rois, generator(1, "bootstrap of Dice", "B"))[:2]
    assert tuple(table.loc["B", ["low", "high"]]) == pytest.approx(expected)
    assert table.loc["B", "low"] < table.loc["B", "high"]


def test_of_several_runs_there_are_means():
    first, second = maps((LOW, HIGH)), maps((HIGH, HIGH), 0.5)
    both = Maps(
        {"split-0": first.scores["split-0"], "split-1": second.scores["split-0"]},
        {name: first.checks[name] + second.checks[name] for name in "AB"},
        {name: first.cells[name] + second.cells[name] for name in "AB"},
        {name: first.runs[name] + second.runs[name] for name in "AB"},
    )
    table = explanations({"one": both}, seed=1).set_index("Classifier")
    assert table.loc["A", "Dice"] == pytest.approx((np.mean(LOW) + np.mean(HIGH)) / 2)
    assert table.loc["A", "random_weights"] == pytest.approx(0.25)


def test_runs_are_whole_numbers_and_blank_where_nobody_counted():
    counted = maps((LOW, HIGH), runs=(33, 32))
    unknown = maps((LOW, HIGH), runs=(np.nan, np.nan))
    table = explanations({"one": counted, "two": unknown}, seed=1)
    assert table["forward"].tolist()[::2] == [33, 33, pd.NA]  # B, A, a floor
    assert table["back"].tolist()[::2] == [32, 32, pd.NA]
    assert table.loc[[1, 3], ["forward", "back"]].isna().all(axis=None)
    first, second, *_ = (line.split(" | ") for line in tables.to_markdown(table).split("\n")[2:])
    assert (first[-3:-1], second[-3:-1]) == (["33", "32"], ["", ""])
    assert set(table["n"]) == {len(IDS)}


def test_the_table_fits_a_page(tmp_path):
    table = explanations({"integrated_gradients": maps((LOW, HIGH), runs=(1281, 1281))}, seed=1)
    names = {"A": "MobileNetV2-flatten", "all 255": "pixel regression with position"}
    table["Classifier"] = table["Classifier"].replace(names)
    (tmp_path / "table.tex").write_text(tables.to_latex(table, "A caption."))
    assert "Overfull" not in typeset(tmp_path, ["table"])


def test_runs_are_read_from_the_tables_of_scores(tmp_path):
    path = tmp_path / "split-0.tsv"
    path.write_text("roi_id\tdice\tforward\tback\na\t0.5\t1281\t0\nb\t\t1281\t0\n")
    assert read_runs(path).tolist() == [1281, 0]
    path.write_text("roi_id\tdice\tforward\tback\na\t0.5\t3\t1\nb\t\t0\t0\n")
    assert read_runs(path).isna().all()  # some ROI's is not known
    path.write_text("roi_id\tdice\tforward\na\t0.5\t3\n")
    with pytest.raises(CamsegError, match=r"split-0.tsv: has no column back; "):
        read_runs(path)
