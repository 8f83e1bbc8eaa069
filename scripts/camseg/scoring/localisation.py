"""How well grey heat maps find the lesion: the scores that stand beside mean-Dice.

Those made here ask not where a pixel lies but whether it lies inside the mask, so that all follow
from two 256-bin histograms of a map: `histograms`, (n, 2, 256), counts the pixels of each grey
level outside [:, 0] and inside [:, 1] the mask; those of distance are in `scoring.distances`. A ROI
with an empty mask (a normal ROI) has no score: NaN. A degenerate map, all 0, has one: each
function says which.
"""

import numpy as np
import pandas as pd

from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.scoring import distances
from camseg.scoring.dice import dice_curve

GREYS = np.arange(256)


def describe(rois: Rois, side: np.ndarray, resolution: np.ndarray) -> pd.DataFrame:
    """Return what scores are read by, a row per ROI: its ids, label and side, its lesion's size.

    `side` (n,) str of the split; `resolution` (n,) float, micrometres per pixel of the source
    image, NaN where unknown, becomes a column. `lesion_share` is the mask's share of the ROI,
    `lesion_area` its area in pixels of the source image; both are NaN for an empty mask.
    """
    share = _of_abnormal(rois.mask.mean(axis=(1, 2)), rois.mask)
    return pd.DataFrame(
        {
            "roi_id": rois.roi_id,
            "patient_id": rois.patient_id,
            "label": np.array(["normal", "abnormal"])[rois.label],
            "side": side,
            "resolution": resolution,
            "lesion_share": share,
            "lesion_area": share * rois.box[:, 2] * rois.box[:, 3],
        }
    )


def score(
    maps: np.ndarray,
    masks: np.ndarray,
    choosing: np.ndarray,
    *,
    used: np.ndarray | None = None,
    boxes: np.ndarray | None = None,
    resolution: np.ndarray | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return all scores of `maps` (n, H, W) uint8, a row per ROI, and their Dice curves (n, 256).

    `masks` (n, H, W) uint8 {0, 1}; `choosing` (n,) bool names the ROIs that choose the threshold,
    `used` (n,) bool those that count where all are pooled (default: all). `boxes` (n, 4) x, y, w, h
    in the source image (default: of the maps' own size) and `resolution` (n,), its micrometres per
    pixel (NaN, the default, where unknown), are what distances are measured by.

    Columns: `dice` (mean-Dice, equation 9); `placement_gain`, `placement_range` and `placement`,
    their ratio; `pixel_auc`; `threshold` (the same in all rows: `best_threshold` of the ROIs that
    choose), `dice_at_threshold` and `iou_at_threshold` (of map > threshold), `nsd` (likewise,
    `distances.surface_dice`); `average_precision`, `pxap` (the same in all rows: the average
    precision of the pixels of all used abnormal ROIs together; PxAP of Choe et al., "Evaluating
    weakly supervised object localization methods right", 2020); `pointing_game`, `pointing_gain`
    (that minus the lesion's share, which pointing anywhere has on average), `energy_inside`,
    `iou_otsu`, `centroid_distance`, `degenerate` (1 for a map of all 0). Errors as of
    `dice.dice_curve` and `best_threshold`.
    """
    each, curves, counts = score_each(maps, masks, boxes=boxes)
    n = len(maps)
    used = np.ones(n, bool) if used is None else used
    boxes = own_boxes(masks) if boxes is None else boxes
    resolution = np.full(n, np.nan) if resolution is None else resolution
    threshold = best_threshold(curves[choosing])
    nsd = distances.surface_dice(maps > threshold, masks, boxes, resolution)
    return add_pooled(each, curves, counts[used], threshold, nsd), curves


def score_each(
    maps: np.ndarray, masks: np.ndarray, *, boxes: np.ndarray | None = None
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the scores of `score` that a ROI has by itself, the Dice curves, the `histograms`.

    Arguments and errors as there. The rest needs all ROIs, which may differ in size: `add_pooled`.
    """
    curves = dice_curve(maps, masks)
    counts = histograms(maps, masks)
    gain, most = placement(counts)
    pointing = pointing_game(counts)
    boxes = own_boxes(masks) if boxes is None else boxes
    scores = {
        "dice": curves.mean(axis=1),
        "placement": _ratio(gain, most),
        "placement_gain": gain,
        "placement_range": most,
        "pixel_auc": pixel_auc(counts),
        "average_precision": average_precision(counts),
        "pointing_game": pointing,
        "pointing_gain": pointing - masks.mean(axis=(1, 2)),
        "energy_inside": energy_inside(counts),
        "iou_otsu": iou_otsu(counts),
        "centroid_distance": distances.centroid_distance(maps, masks, boxes),
        "degenerate": (~maps.any(axis=(1, 2))).astype(int),
    }
    return pd.DataFrame(scores), curves, counts


def add_pooled(
    each: pd.DataFrame,
    curves: np.ndarray,
    counts: np.ndarray,
    threshold: float,
    nsd: np.ndarray,
) -> pd.DataFrame:
    """Return the table of `score`: `each` of `score_each` with the columns that need all ROIs.

    `counts` are the `histograms` of the used ROIs; `nsd` (n,) is at the `threshold`, which is NaN
    if none could be chosen: what is scored at it is NaN, too.
    """
    chosen = not np.isnan(threshold)
    at_threshold = curves[:, int(threshold)] if chosen else np.full(len(curves), np.nan)
    pooled = counts[counts[:, 1].any(axis=1)].sum(axis=0, keepdims=True)
    columns = {
        "threshold": threshold,
        "dice_at_threshold": at_threshold,
        "iou_at_threshold": at_threshold / (2 - at_threshold),
        "nsd": nsd,
    }
    scores = each.copy()
    place = scores.columns.get_loc("average_precision")
    for number, (name, values) in enumerate(columns.items()):
        scores.insert(place + number, name, values)
    scores.insert(place + len(columns) + 1, "pxap", average_precision(pooled)[0])
    return scores


def own_boxes(masks: np.ndarray) -> np.ndarray:
    """Return the boxes of ROIs that are images of their own, masks (n, H, W): (n, 4) x, y, w, h."""
    n, height, width = masks.shape
    return np.tile([0, 0, width, height], (n, 1))


def score_rois(
    maps: np.ndarray, rois: Rois, side: np.ndarray, resolution: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the columns of `describe` and, beside them, of `score`; and the Dice curves.

    The ROIs for selection choose the threshold, or, if there are none, those for training; unused
    ones are not pooled.
    """
    scores, curves = score(
        maps,
        rois.mask,
        side == ("selection" if "selection" in side else "train"),
        used=side != "unused",
        boxes=rois.box,
        resolution=resolution,
    )
    return pd.concat([describe(rois, side, resolution), scores], axis=1), curves


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


def placement(histograms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the places of a map's grey levels add to its mean-Dice, and the most they could.

    Both (n,) float64. With s_t the share of the ROI's pixels above t and f the lesion's, a map
    whose pixels are shuffled has a mean-Dice of D0 = mean over t of 2 f s_t / (f + s_t) on average
    (exactly: s_t does not change, and f s_t of the ROI is above t and inside on average), and one
    whose brightest pixels are sorted into the mask has the most that its grey levels allow, Dmax =
    mean over t of 2 min(s_t, f) / (f + s_t). The mean-Dice being D, they are D - D0 and Dmax - D0.
    Their ratio, `placement`, is 0 on average over shuffles and 1 for the sorted map; it has no
    bound below, and is not a number where Dmax = D0, as for a constant map (all 0: both are 0).
    In whole numbers but for one division, so that what is equal is equal to the bit.
    """
    above = histograms.sum(axis=2, keepdims=True) - histograms.cumsum(axis=2)
    inside, pixels = above[:, 1], histograms.sum(axis=(1, 2))[:, np.newaxis]
    lesion = histograms[:, 1].sum(axis=1, keepdims=True)
    total = above.sum(axis=1)
    unit = 2 / (pixels * np.maximum(lesion + total, 1))
    gain = ((inside * pixels - lesion * total) * unit).mean(axis=1)
    most = ((np.minimum(total, lesion) * pixels - lesion * total) * unit).mean(axis=1)
    return _of_abnormal(gain, histograms[:, 1]), _of_abnormal(most, histograms[:, 1])


def pixel_auc(histograms: np.ndarray) -> np.ndarray:
    """Return how often a pixel of the lesion is brighter than one outside it: (n,) float64.

    Over all such pairs of a ROI's pixels, equal ones counting half: the area under the ROC curve.
    A change of grey levels that keeps their order changes nothing. A map that tells nothing apart,
    as one of all 0, has 0.5. NaN where the mask fills the ROI.
    """
    outside, inside = histograms[:, 0], histograms[:, 1]
    won = (inside * (outside.cumsum(axis=1) - outside / 2)).sum(axis=1)
    return _ratio(won, outside.sum(axis=1) * inside.sum(axis=1))


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


def _ratio(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return `values` / `by`, NaN where that is not above 0."""
    values, by = np.asarray(values, np.float64), np.asarray(by, np.float64)
    return np.divide(values, by, out=np.full(len(values), np.nan), where=by > 0)


def _of_abnormal(values: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return `values`, NaN where a ROI's mask, or the histogram of its pixels, is all 0."""
    return np.where(masks.reshape(len(masks), -1).any(axis=1), values, np.nan)
