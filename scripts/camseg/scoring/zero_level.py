"""What a network calls lesion by itself: where its raw map plus its bias is above 0.

Behind global average pooling and one dense layer, the mean of the raw map plus the layer's bias is
the margin, logit(abnormal) - logit(normal): each cell adds to the verdict what its value plus the
bias says, for abnormal above 0, for normal below. Cut there, the map is a segmentation without any
threshold to choose, and a ROI that is called normal may have none.
"""

import numpy as np
import pandas as pd

from camseg.explanations.options import Enlargement
from camseg.explanations.scaling import enlarged
from camseg.io.store import Cams

ROUNDING = 1e-3  # of sums over some 2000 channels, by 16-bit products too; a share of the largest


def zero_level(cams: Cams, masks: np.ndarray, rule: Enlargement) -> pd.DataFrame:
    """Return how the region above 0 fits the lesion, a row per ROI: see the columns.

    `masks` (n, S, S) uint8 {0, 1}. `zero_level_dice` and `zero_level_iou` of the region and the
    mask (NaN for a normal ROI, 0 if there is no region), `zero_level_share`: the region's share of
    the ROI, of normal ROIs, too. The map is enlarged and smoothed by `rule`, as the CAM is, then
    cut; it is signed, whatever the CAM is. All NaN where `evidence` is not defined.
    """
    found = np.full((3, len(masks)), np.nan)
    maps = evidence(cams)
    lesion = masks.sum(axis=(1, 2), dtype=np.int64)
    if maps is not None:
        for roi, (cells, mask) in enumerate(zip(maps, masks, strict=True)):
            region = enlarged(cells, mask.shape, rule) > 0
            size, both = np.count_nonzero(region), np.count_nonzero(region & (mask == 1))
            found[2, roi] = size / region.size
            if lesion[roi]:
                found[0, roi] = 2 * both / (size + lesion[roi])
                found[1, roi] = both / (size + lesion[roi] - both)
    names = ("zero_level_dice", "zero_level_iou", "zero_level_share")
    return pd.DataFrame(dict(zip(names, found, strict=True)))


def evidence(cams: Cams) -> np.ndarray | None:
    """Return the raw maps plus what makes their means the margins, (n, h, w) float32; or None.

    None unless the maps explain the margin for the class abnormal of every ROI, by a method that
    adds up to it (`additive` in the file; those without it do), the margins are in the file, and
    margin minus mean is the same number for all ROIs, the bias, up to ROUNDING. It is so behind
    global average pooling and one dense layer, and not behind others.
    """
    if not cams.options.get("additive", True):
        return None
    explained = cams.options.get("score"), cams.options.get("target")
    if explained != ("margin", "abnormal") or len(cams.raw) == 0:
        return None
    means = cams.raw.mean(axis=(1, 2), dtype=np.float64)
    bias = cams.margin - means
    if not np.ptp(bias) <= ROUNDING * max(np.abs(means).max(), np.abs(cams.margin).max()):
        return None
    return (cams.raw + bias[:, np.newaxis, np.newaxis]).astype(np.float32)
