import numpy as np
import pandas as pd

from camseg.report.mimicry import COLUMNS, error_mimicry


def predictions(right_of, model="Xception", split="split-0"):
    """Right (1) or wrong (0) of every ROI, by regime; the first half of the ROIs is abnormal."""
    tables = []
    for regime, right in right_of.items():
        n = len(right)
        table = pd.DataFrame({"roi_id": range(n), "right": np.array(list(right)) == "1"})
        table["abnormal"] = np.arange(n) < n // 2
        tables.append(table.assign(model=model, regime=regime, split=split))
    return pd.concat(tables)


def test_errors_are_counted_where_the_first_network_was_wrong_and_where_it_was_right():
    one = predictions({"cam": "001101", "original": "001101", "mask": "110111"})
    # the other split's ROIs have the same names; the other network has no regime mask
    two = predictions({"original": "1111", "cam": "0110"}, split="split-1")
    other = predictions({"original": "1001", "cam": "1011"}, model="VGG16")
    table = error_mimicry(pd.concat([one, two, other]).sample(frac=1, random_state=1))
    rows = table.set_index("regime")
    assert rows.loc["cam"].tolist() == [5, 4, 4 / 5, 9, 2, 2 / 9]
    assert rows.loc["mask"].tolist() == [3, 0, 0, 3, 1, 1 / 3]
    assert len(rows) == 2


def test_networks_that_gave_one_class_do_not_count():
    both = {"original": "1011", "cam": "0110", "mask": "1100"}  # mask: all called abnormal
    one = error_mimicry(predictions(both)).set_index("regime")
    assert one.loc["cam"].tolist() == [1, 0, 0, 3, 2, 2 / 3]
    assert one.loc["mask", ["first_wrong", "first_right"]].tolist() == [0, 0]
    other = predictions({"original": "0011", "cam": "1111"}, model="VGG16")
    more = error_mimicry(pd.concat([predictions(both), other])).set_index("regime")
    pd.testing.assert_frame_equal(one, more)


def test_a_first_network_without_errors_has_none_to_repeat():
    (row,) = error_mimicry(predictions({"original": "1111", "cam": "1010"})).to_dict("records")
    assert (row["first_wrong"], row["wrong_again"]) == (0, 0)
    assert np.isnan(row["share_again"])
    assert row["share_newly"] == 0.5


def test_without_a_further_regime_the_table_is_empty():
    table = error_mimicry(predictions({"original": "1011"}))
    assert table.empty
    assert list(table) == COLUMNS
