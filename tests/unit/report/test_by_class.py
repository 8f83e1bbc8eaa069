import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score

from camseg.report.by_class import COLUMNS, accuracy_by_class, gave_one_class
from camseg.report.tables import read_captions
from camseg.rois.split import FEW


def predictions(abnormal, called, model="Xception", regime="original", split="split-0"):
    """ROIs that are abnormal (1) or normal (0), and what they are called."""
    truth, call = (np.array(list(text)) == "1" for text in (abnormal, called))
    table = pd.DataFrame({"abnormal": truth, "right": truth == call})
    return table.assign(model=model, regime=regime, split=split)


def row(abnormal, called):
    return accuracy_by_class(predictions(abnormal, called)).iloc[0]


def test_uneven_classes_called_by_one():
    """60 abnormal and 5 normal ROIs, a fifth of them: all called abnormal, then one otherwise."""
    table = pd.concat([
        predictions("1" * 12 + "0", "1" * 13),
        predictions("1" * 12 + "0", "1" * 11 + "00", regime="cam"),
    ])  # fmt: skip
    found = accuracy_by_class(table)
    assert list(found) == COLUMNS
    assert found.round(4).to_numpy().tolist() == [
        ["original", "Xception", "split-0", 12, 1, "normal", 0.9231, 0.9231, 0.5, 1, 0, "abnormal"],
        ["cam", "Xception", "split-0", 12, 1, "normal", 0.9231, 0.9231, 0.9583, 0.9167, 1, "both"],
    ]
    assert gave_one_class(found).tolist() == [True, False]


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth, call = rng.random((2, 40)) < [[0.8], [0.6]]
    texts = ["".join("01"[int(value)] for value in values) for values in (truth, call)]
    found = row(*texts)
    assert found["accuracy"] == accuracy_score(truth, call)
    assert found["balanced"] == pytest.approx(balanced_accuracy_score(truth, call))
    assert found["sensitivity"] == recall_score(truth, call)
    assert found["specificity"] == recall_score(~truth, ~call)
    assert found["majority"] == max(truth.mean(), 1 - truth.mean())


def test_a_row_per_training_in_their_order():
    table = pd.concat(
        predictions("1100", "1010", model, regime, split)
        for model, regime, split in [("b", "cam", "split-0"), ("a", "cam", "split-0"),
                                     ("a", "cam", "split-1"), ("a", "blob", "split-0")]
    )  # fmt: skip
    found = accuracy_by_class(table)[["Classifier", "regime", "split"]]
    assert found.agg(" ".join, axis=1).tolist() == [
        "b cam split-0", "a cam split-0", "a cam split-1", "a blob split-0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("n_abnormal", "n_normal", "few"),
    [(FEW, FEW, ""), (FEW - 1, FEW, "abnormal"), (FEW, FEW - 1, "normal"), (1, 1, "both")],
)
def test_few_names_the_class(n_abnormal, n_normal, few):
    truth = "1" * n_abnormal + "0" * n_normal
    assert row(truth, truth)["few"] == few


def test_one_class_is_no_fault_where_there_is_only_one():
    one, other, both = (
        accuracy_by_class(predictions(*texts))
        for texts in (("111", "111"), ("110", "000"), ("110", "011"))
    )
    assert (one["called"].item(), other["called"].item()) == ("abnormal", "normal")
    assert np.isnan(one["balanced"].item())
    assert other["balanced"].item() == 0.5
    assert [gave_one_class(table).item() for table in (one, other, both)] == [False, True, False]


def test_the_caption_says_what_few_is():
    caption = read_captions(["workflow/report/accuracy_by_class.rst"])["accuracy_by_class"]
    assert f"fewer than {FEW} ROIs" in caption
