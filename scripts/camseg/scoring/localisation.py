"""How well grey heat maps find the lesion: the scores that stand beside mean-Dice.

None of them asks where a pixel lies but whether it lies inside the mask, so that all follow from
two 256-bin histograms of a map: `histograms`, (n, 2, 256), counts the pixels of each grey level
outside [:, 0] and inside [:, 1] the mask. A ROI with an empty mask (a normal ROI) has no score:
NaN. A degenerate map, all 0, has one: each function says which.
"""

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.scoring.dice import dice_curve

GREYS = np.arange(256)


def describe(rois: Rois, side: np.ndarray) -> pd.DataFrame:
    """Return what scores are read by, a row per ROI: its ids, label and side, its lesion's size.

    `side` (n,) str of the split. `lesion_share` is the mask's share of the ROI, `lesion_area` its
    area in pixels of the source image; both are NaN for an empty mask.
    """
    share = _of_abnormal(rois.mask.mean(axis=(1, 2)), rois.mask)
    return pd.DataFrame(
        {
            "roi_id": rois.roi_id,
            "patient_id": rois.patient_id,
            "label": np.array(["normal", "abnormal"])[rois.label],
            "side": side,
            "lesion_share": share,
            "lesion_area": share * rois.box[:, 2] * rois.box[:, 3],
        }
    )


def score(
    maps: np.ndarray, masks: np.ndarray, training: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return all scores of `maps` (n, S, S) uint8, a row per ROI, and their Dice curves (n, 256).

    `masks` (n, S, S) uint8 {0, 1}. Columns: `dice` (mean-Dice, equation 9), `threshold` (the same
    in all rows: `best_threshold` of the ROIs that `training`, (n,) bool, names),
    `dice_at_threshold` (of map > threshold), `average_precision`, `pointing_game`,
    `energy_inside`, `iou_otsu`, `degenerate` (1 for a map of all 0). Errors as of
    `dice.dice_curve` and `best_threshold`.
    """
    curves = dice_curve(maps, masks)
    threshold = best_threshold(curves[training])
    counts = histograms(maps, masks)
    scores = pd.DataFrame(
        {
            "dice": curves.mean(axis=1),
            "threshold": threshold,
            "dice_at_threshold": curves[:, threshold],
            "average_precision": average_precision(counts),
            "pointing_game": pointing_game(counts),
            "energy_inside": energy_inside(counts),
            "iou_otsu": iou_otsu(counts),
            "degenerate": (~maps.any(axis=(1, 2))).astype(int),
        }
    )
    return scores, curves


def best_threshold(curves: np.ndarray) -> int:
    """Return the threshold t at which Dice(mask, map > t) is highest on average over the ROIs.

    `curves` (n, 256) as of `dice.dice_curve`; rows of NaN do not count. The lowest t of a tie.
    Raises CamsegError if no ROI has a curve.
    """
    curves = curves[~np.isnan(curves).any(axis=1)]
    if len(curves) == 0:
        raise CamsegError("no abnormal ROI to choose a threshold on: none is on the training side")
    return int(curves.mean(axis=0).argmax())


def histograms(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the numbers of pixels by grey level, outside and inside the masks: (n, 2, 256)."""
    counts = np.empty((len(maps), 2, 256), np.int64)
    for roi, (values, mask) in enumerate(zip(maps, masks, strict=True)):
        bins = values.ravel() + np.uint16(256) * mask.ravel()
        counts[roi] = np.bincount(bins, minlength=512).reshape(2, 256)
    return counts


def average_precision(histograms: np.ndarray) -> np.ndarray:
    """Return the average precision of the map as a score of "this pixel is lesion": (n,) float64.

    The sum over the grey levels, falling, of precision times the increase of recall, pixels of one
    level coming together (scikit-learn's `average_precision_score`). A map that tells nothing
    apart, as one of all 0, has the mask's share of the ROI.
    """
    falling = histograms[:, :, ::-1]
    found = falling.cumsum(axis=2)
    precision = found[:, 1] / np.maximum(found.sum(axis=1), 1)  # 0 above the map's maximum
    gained = (falling[:, 1] * precision).sum(axis=1)
    return _of_abnormal(gained / np.maximum(found[:, 1, -1], 1), histograms[:, 1])


def pointing_game(histograms: np.ndarray) -> np.ndarray:
    """Return whether the map's maximum lies inside the mask, 1 or 0: (n,) float64.

    If several pixels share the maximum, the share of them that lies inside: what pointing at one
    of them at random scores on average. All 0: the mask's share of the ROI. After Zhang et al.,
    "Top-down neural attention by excitation backprop" (2016), without their tolerance margin.
    """
    maximum = 255 - np.any(histograms, axis=1)[:, ::-1].argmax(axis=1)
    outside, inside = histograms[np.arange(len(histograms)), :, maximum].T
    return _of_abnormal(inside / (outside + inside), histograms[:, 1])


def energy_inside(histograms: np.ndarray) -> np.ndarray:
    """Return the share of the map's sum that lies inside the mask: (n,) float64; all 0: 0.

    The energy-based pointing game of Wang et al., "Score-CAM" (2020).
    """
    outside, inside = (histograms @ GREYS).T
    return _of_abnormal(inside / np.maximum(outside + inside, 1), histograms[:, 1])


def iou_otsu(histograms: np.ndarray) -> np.ndarray:
    """Return intersection over union of the mask and the map above its Otsu level: (n,) float64.

    All 0: 0, as no pixel is above any level.
    """
    above = otsu_level(histograms.sum(axis=1))[:, np.newaxis] < GREYS
    outside, inside = (histograms * above[:, np.newaxis]).sum(axis=2).T
    union = histograms[:, 1].sum(axis=1) + outside
    return _of_abnormal(inside / np.maximum(union, 1), histograms[:, 1])


def otsu_level(histograms: np.ndarray) -> np.ndarray:
    """Return t that parts grey levels <= t and > t with the largest variance between: (n,) int.

    `histograms` (n, 256) counts a map's pixels by grey level. N. Otsu, "A threshold selection
    method from gray-level histograms" (1979). The lowest t of a tie; 0 for a constant map.
    """
    below = histograms.cumsum(axis=1)
    moment = (histograms * GREYS).cumsum(axis=1)
    pixels, total = below[:, -1:], moment[:, -1:]
    parted = below * (pixels - below)
    variance = (total * below - moment * pixels).astype(np.float64) ** 2 / np.maximum(parted, 1)
    return variance.argmax(axis=1)


def _of_abnormal(values: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return `values`, NaN where a ROI's mask, or the histogram of its pixels, is all 0."""
    return np.where(masks.reshape(len(masks), -1).any(axis=1), values, np.nan)
