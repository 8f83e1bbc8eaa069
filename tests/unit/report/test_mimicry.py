import numpy as np
import pandas as pd

from camseg.report.mimicry import COLUMNS, error_mimicry


def predictions(right_of, model="Xception", split="split-0"):
    """Right (1) or wrong (0) of every ROI, by regime."""
    return pd.concat(
        pd.DataFrame({"roi_id": range(len(right)), "right": np.array(list(right)) == "1"}).assign(
            model=model, regime=regime, split=split
        )
        for regime, right in right_of.items()
    )


def test_errors_are_counted_where_the_first_network_was_wrong_and_where_it_was_right():
    one = predictions({"cam": "001101", "original": "000111", "mask": "110111"})
    # the other split's ROIs have the same names; the other network has no regime mask
    two = predictions({"original": "11", "cam": "01"}, split="split-1")
    other = predictions({"original": "10", "cam": "10"}, model="VGG16")
    table = error_mimicry(pd.concat([one, two, other]).sample(frac=1, random_state=1))
    rows = table.set_index("regime")
    assert rows.loc["cam"].tolist() == [4, 3, 3 / 4, 6, 2, 2 / 6]
    assert rows.loc["mask"].tolist() == [3, 1, 1 / 3, 3, 0, 0]
    assert len(rows) == 2


def test_a_first_network_without_errors_has_none_to_repeat():
    (row,) = error_mimicry(predictions({"original": "11", "cam": "01"})).to_dict("records")
    assert (row["first_wrong"], row["wrong_again"]) == (0, 0)
    assert np.isnan(row["share_again"])
    assert row["share_newly"] == 0.5


def test_without_a_further_regime_the_table_is_empty():
    table = error_mimicry(predictions({"original": "10"}))
    assert table.empty
    assert list(table) == COLUMNS
