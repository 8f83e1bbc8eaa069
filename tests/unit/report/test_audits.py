import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress

from camseg.errors import CamsegError
from camseg.report import audits

OWN = {"score": "margin", "target": "abnormal", "layer": "pooled", "sign": "signed"}
OWN |= {"resize": "b", "smoothing": 0}


def checks(level: float) -> pd.DataFrame:
    """Two ROIs and two draws of every check; correlations `level` + 0, 1, 2 and NaN."""
    names = ["unchanged", "random_weights", "random_head", "other_class", "other_class_logit"]
    names += ["moved", "moved_in_place", "other_roi"]
    return pd.DataFrame(
        [
            (name, roi, draw, level + 2 * draw + roi if (roi, draw) != (1, 1) else np.nan, level)
            for name in names
            for draw in (0, 1)
            for roi in (0, 1)
        ],
        columns=["check", "roi_id", "draw", "correlation", "dice"],
    )


def cells(down: float, across: float) -> pd.DataFrame:
    """Cells of a 3 x 2 grid that look `down` and `across` as far from the middle as they lie."""
    places = [(roi, row, column) for roi in "ab" for row in range(3) for column in range(2)]
    table = pd.DataFrame(places, columns=["roi_id", "row", "column"])
    table["place_row"], table["place_column"] = (
        (table["row"] + 0.5) / 3,
        (table["column"] + 0.5) / 2,
    )
    table["centre_row"] = 0.4 + down * (table["place_row"] - 0.5)
    table["centre_column"] = 0.5 + across * (table["place_column"] - 0.5)
    return table


def test_the_slope_says_how_far_cells_look_where_they_are_drawn():
    assert audits.slopes(cells(0.5, -1)) == pytest.approx({"row": 0.5, "column": -1})
    seen = cells(0.5, 0)
    seen.loc[[1, 7], "centre_row"] = np.nan  # cells that nothing changes
    assert audits.slopes(seen) == pytest.approx({"row": 0.5, "column": 0})
    random = np.random.default_rng(0)
    seen["centre_row"] = random.uniform(size=12)
    fit = linregress(seen["place_row"], seen["centre_row"])
    assert audits.slopes(seen)["row"] == pytest.approx(fit.slope)
    one_row = audits.slopes(seen[seen["row"] == 1])
    assert np.isnan(one_row["row"])
    assert not np.isnan(one_row["column"])
    assert np.isnan(
        [*audits.slopes(seen.assign(centre_row=np.nan, centre_column=np.nan)).values()]
    ).all()


def test_cells_are_read_whole(tmp_path):
    path, table = tmp_path / "cells.tsv", cells(1, 0)
    table.loc[3, "centre_row"] = np.nan
    table.to_csv(path, sep="\t", index=False)
    pd.testing.assert_frame_equal(audits.read_locality(path), table)
    for broken in (table[1:], table[:0]):
        broken.to_csv(path, sep="\t", index=False)
        with pytest.raises(CamsegError, match="some ROI lacks a cell; remove the file"):
            audits.read_locality(path)


def test_sanity_has_a_row_per_model_and_one_of_what_is_expected():
    table = audits.sanity(
        {"A": [checks(0.25)], "B": [checks(0.4), checks(0.6)]},
        {"A": [cells(0.5, 0.25)], "B": [cells(0.2, 0), cells(0.4, 0)]},
        {"A": 0, "B": 7},
    )
    assert table["Classifier"].tolist() == ["A", "B", "a faithful map"]
    assert table["moved"].tolist() == [1.25, 1.5, 1]
    assert table["random_weights_Dice"].tolist()[:2] == [0.25, 0.5]
    assert table["degenerate"].tolist() == [0, 7, 0]
    assert table["locality_rows"].tolist() == pytest.approx([0.5, 0.3, 1])
    assert table["locality_columns"].tolist() == pytest.approx([0.25, 0, 1])
    expected = {"random_weights": 0, "random_head": 0, "other_class": -1, "other_class_logit": -1}
    expected |= {"locality_rows": 1, "locality_columns": 1}
    assert table.iloc[2, 1:].dropna().to_dict() == expected | {"moved": 1, "degenerate": 0}
    assert pd.api.types.is_integer_dtype(table["degenerate"])


def measured() -> pd.DataFrame:
    rows = [
        ("margin", "abnormal", "pooled", "signed", "b", 0.0, 0.4, 0),
        ("margin", "abnormal", "pooled", "positive", "b", 0.0, 0.3, 2),
        ("margin", "abnormal", "pooled", "signed", "b", 0.05, 0.45, 0),
        ("logit", "abnormal", "pooled", "signed", "b", 0.0, 0.5, 0),
        ("logit", "abnormal", "pooled", "positive", "b", 0.0, 0.1, 0),
        ("logit", "predicted", "finer", "positive", "n", 0.0, 0.9, 0),
    ]
    return pd.DataFrame(rows, columns=[*audits.CHOICES, "dice", "degenerate"])


def test_sensitivity_is_sorted_and_compared_with_the_studys_own_choice():
    table = audits.sensitivity(measured(), OWN)
    assert table["Dice"].tolist() == [0.9, 0.5, 0.45, 0.4, 0.3, 0.1]
    assert table["difference"].tolist() == pytest.approx([0.5, 0.1, 0.05, 0, -0.1, -0.3])
    assert table["degenerate"].tolist() == [0, 0, 0, 0, 2, 0]
    with pytest.raises(CamsegError, match="was not measured for"):
        audits.sensitivity(measured(), OWN | {"resize": "spline"})


def test_spread_varies_one_choice_at_a_time():
    table = audits.spread(measured(), OWN, {"A": 0.2, "B": 0.75}).set_index("varied")
    assert table.loc["score"].tolist() == pytest.approx([0.4, 0.5, 0.1])
    assert table.loc["sign"].tolist() == pytest.approx([0.3, 0.4, 0.1])
    assert table.loc["smoothing"].tolist() == pytest.approx([0.4, 0.45, 0.05])
    assert table.loc["layer"].tolist() == [0.4, 0.4, 0]
    assert table.loc["all of these"].tolist() == pytest.approx([0.1, 0.9, 0.8])
    assert table.loc["network"].tolist() == pytest.approx([0.2, 0.75, 0.55])
