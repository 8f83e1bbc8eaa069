"""Whether networks trained on filtered ROIs err where the network trained on whole ROIs does."""

import pandas as pd

from camseg.report.by_class import accuracy_by_class, gave_one_class

COLUMNS = ["regime", "first_wrong", "wrong_again", "share_again"]
COLUMNS += ["first_right", "newly_wrong", "share_newly"]


def error_mimicry(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return a row per further regime of `results.read_predictions`, in its order, columns COLUMNS.

    `first_wrong` validation ROIs were called wrong by the networks of the regime original, and
    `wrong_again` of them by those of the regime; `first_right` were called right, `newly_wrong` of
    them wrong. The ROIs of all splits are counted, for every classifier that has both trainings;
    not those of a training that gave one class to all validation ROIs, whose errors are no choice.
    """
    by_class = accuracy_by_class(predictions)
    told = by_class.loc[~gave_one_class(by_class), ["Classifier", "regime", "split"]]
    told = told.rename(columns={"Classifier": "model"})
    wrong = predictions.merge(told).assign(wrong=lambda table: ~table["right"])
    wrong = wrong.set_index(["model", "split", "roi_id"])
    first = wrong.loc[wrong["regime"] == "original", "wrong"].rename("first")
    rows = []
    for regime in predictions["regime"].drop_duplicates():
        if regime == "original":
            continue
        both = wrong.loc[wrong["regime"] == regime, ["wrong"]].join(first, how="inner")
        row = [regime]
        for missed in (True, False):
            again = both.loc[both["first"] == missed, "wrong"]
            row += [len(again), int(again.sum()), again.mean()]
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"share_again": float, "share_newly": float})
