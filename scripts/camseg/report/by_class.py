"""What an accuracy is made of: how a trained network calls abnormal, and how normal ROIs."""

import pandas as pd

from camseg.rois.split import FEW

COLUMNS = ["regime", "Classifier", "split", "n_abnormal", "n_normal", "few", "accuracy"]
COLUMNS += ["majority", "balanced", "sensitivity", "specificity", "called"]


def accuracy_by_class(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return a row per training of `results.read_predictions`, in its order, columns COLUMNS.

    All is of validation ROIs, n of each class, called with the weights kept. `few` names a class of
    fewer than FEW ROIs; `majority` is the accuracy of calling all ROIs by the larger class,
    `balanced` the mean of sensitivity and specificity, NaN where a class has no ROI; `called` names
    the classes that were given: "abnormal", "normal" or "both".
    """
    rows = []
    for training, rois in predictions.groupby(["regime", "model", "split"], sort=False):
        right, abnormal = rois["right"], rois["abnormal"]
        called_abnormal = right == abnormal
        n_abnormal, n_normal = int(abnormal.sum()), int((~abnormal).sum())
        few = _names(n_abnormal < FEW, n_normal < FEW)
        sensitivity, specificity = right[abnormal].mean(), right[~abnormal].mean()
        row = [*training, n_abnormal, n_normal, few, right.mean()]
        row += [max(n_abnormal, n_normal) / len(rois), (sensitivity + specificity) / 2]
        row += [sensitivity, specificity]
        rows.append([*row, _names(called_abnormal.any(), not called_abnormal.all())])
    return pd.DataFrame(rows, columns=COLUMNS)


def _names(abnormal: bool, normal: bool) -> str:
    """Return in a word which classes something holds for; none is the empty text."""
    if abnormal and normal:
        return "both"
    return "abnormal" if abnormal else "normal" if normal else ""


def gave_one_class(by_class: pd.DataFrame) -> pd.Series:
    """Return for each row of `accuracy_by_class` whether ROIs of both classes were called alike."""
    return (by_class["called"] != "both") & (by_class[["n_abnormal", "n_normal"]] > 0).all(axis=1)
