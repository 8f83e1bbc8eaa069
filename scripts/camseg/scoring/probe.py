"""What a model's heat maps say of the label by themselves: a classifier of maps that sees no pixel.

Behind global average pooling the mean of a raw map is the margin, less the bias: a map carries the
verdict of the network that it explains, so that a network trained on CAM-filtered ROIs may do well
without any lesion in them.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from camseg.explanations import scaling

FOLDS = 5
# of the inverse strength of the penalty on squared weights, weakest last
STRENGTHS = tuple(10.0**power for power in range(-2, 4))


def cells(raw: np.ndarray, *, sign: str) -> np.ndarray:
    """Return raw maps (n, h, w), cell by cell: (n, h w) in [0, 1].

    As CAMs are, but not enlarged and not smoothed, each map is scaled from its minimum to its
    maximum, with its `sign` (`scaling.with_sign`), and rounded to one of 256 levels: no cell tells
    what the CAM does not hold. A degenerate map (`scaling.degenerate`) is all 0.
    """
    flat = scaling.degenerate(raw, sign=sign)
    values = scaling.with_sign(raw.reshape(len(raw), -1).astype(np.float64), sign)
    values[flat] = 0
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    return np.rint(255 * (values - low) / np.where(flat[:, np.newaxis], 1, high - low)) / 255


def probe(
    cells: np.ndarray, labels: np.ndarray, patients: np.ndarray, train: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the probability (n,) that a ROI is abnormal, by its map's `cells` (n, k) alone.

    A logistic regression, fitted to the ROIs that `train` (n,) bool names, which must be of both
    classes; `labels` (n,) are 1 for abnormal. It penalises squared weights as strongly as predicts
    best (log loss) within `train`, by cross-validation that keeps a patient's ROIs together,
    `patients` (n,). Also returned: that strength's inverse, one of STRENGTHS. Nothing is drawn.
    """
    if cells.shape[1] > np.count_nonzero(train):
        # the coefficients are sums of the ROIs fitted: turned into their span, the fit is the same
        cells = cells @ np.linalg.svd(cells[train], full_matrices=False)[2].T
    x, y, groups = cells[train], labels[train], patients[train].astype(str)
    folds = min(FOLDS, *(len(np.unique(groups[y == label])) for label in (0, 1)))
    chosen = 1.0
    if folds > 1:
        parts = list(StratifiedGroupKFold(folds).split(x, y, groups))
        parts = [(fit, left) for fit, left in parts if len(np.unique(y[fit])) == 2]
        losses = [
            sum(
                log_loss(y[left], _fit(x[fit], y[fit], strength).predict_proba(x[left])[:, 1],
                         normalize=False, labels=[0, 1])
                for fit, left in parts
            )
            for strength in STRENGTHS
        ]  # fmt: skip
        chosen = STRENGTHS[int(np.argmin(losses))]
    return _fit(x, y, chosen).predict_proba(cells)[:, 1], chosen


def _fit(x: np.ndarray, y: np.ndarray, strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-8).fit(x, y)
