"""What tells the labels of ROIs without their content: where they lie, and how bright they are.

Normal ROIs are cut elsewhere than abnormal ones, and wherever that is may give the label away: by
its side or place, or by the machine, exposure and tissue of another picture. A classifier of each
of these alone says how far; docs/protocol.md says what to expect of which way of cutting.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from camseg.datasets.views import Row, shape_of, side_of
from camseg.io.store import Images
from camseg.scoring.probe import probe

KINDS = ("position", "intensity", "border")  # what is told by, each by itself
BORDER = 16  # the border of a ROI is this part of its side wide: under the paper's least padding
BINS = 16  # of grey levels
PERCENTILES = (5, 25, 50, 75, 95)


def position(rois: pd.DataFrame, views: Sequence[Row]) -> np.ndarray:
    """Return where ROIs lie and how large they are, from their boxes alone: (n, 27) float64.

    `rois` are their rows of the candidates, `views` those of the index (`origins.read_origins`). Of
    each the centre's x and y, its distance from the chest wall's edge, width and height, as shares
    of the image's, and the view's side; then their squares and products, so that the middle can be
    told from both ends. The chest wall is at the edge where the breast lies, by the side of the
    view where that is not known.
    """
    x, y, w, h = rois[["x", "y", "w", "h"]].to_numpy(float).T
    height, width = np.array([shape_of(view) for view in views], float).T
    sides = [side_of(name) for name in rois["view"]]
    right = [
        (lies.upper() or side) == "RIGHT"
        for lies, side in zip(rois["breast_side"], sides, strict=True)
    ]
    across = (x + w / 2) / width
    side = np.array([{"LEFT": -1.0, "RIGHT": 1.0}.get(name, 0.0) for name in sides])
    depth = np.where(right, 1 - across, across)
    values = np.column_stack([across, depth, (y + h / 2) / height, w / width, h / height, side])
    first, second = np.triu_indices(values.shape[1])
    return np.hstack([values, values[:, first] * values[:, second]])


def brightness(images: Images, *, border: bool) -> np.ndarray:
    """Return how bright ROIs (n, S, S) uint8 are, or their borders alone: (n, 23) float64.

    Of each the mean, the standard deviation, PERCENTILES and the shares of BINS ranges of its grey
    levels; no pixel's place. The border is S / BORDER pixels wide.
    """
    size = images.shape[1]
    inner = slice(width := max(1, size // BORDER), size - width)
    taken = np.ones((size, size), bool)
    taken[inner, inner] = not border
    return np.array([_greys(images[[number]][0][taken]) for number in range(images.shape[0])])


def _greys(pixels: np.ndarray) -> np.ndarray:
    shares = np.bincount(pixels, minlength=256).reshape(BINS, -1).sum(axis=1) / pixels.size
    levels = [pixels.mean(), pixels.std(), *np.percentile(pixels, PERCENTILES)]
    return np.concatenate([np.array(levels) / 255, shares])


def guesses(
    features: Mapping[str, np.ndarray], labels: np.ndarray, patients: np.ndarray, train: np.ndarray
) -> dict[str, np.ndarray]:
    """Return, by each of `features` (n, k) alone, the probability (n,) that a ROI is abnormal.

    By the logistic regression of `probe.probe`, whose other arguments these are, on the features
    scaled to the mean and deviation that they have over the training ROIs; what does not vary there
    counts for nothing. The probabilities are those if both classes were equally frequent.
    """
    found = {}
    for kind, values in features.items():
        mean, deviation = values[train].mean(axis=0), values[train].std(axis=0)
        varies = deviation > 1e-9
        scaled = np.where(varies, values - mean, 0) / np.where(varies, deviation, 1)
        share = labels[train].mean()
        chance, _ = probe(scaled, labels, patients, train)
        even = chance * (1 - share)
        found[kind] = even / (even + (1 - chance) * share)
    return found
