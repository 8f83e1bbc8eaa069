"""Mean-Dice of grey heat maps against binary masks (equation 9 of the paper), exact and fast.

With A the mask and B_t the pixels of the map above t, Dice(A, B_t) = 2 M_t / (a + S_t), where
a = |A|, S_t = |B_t| and M_t = |A and B_t|. Both S and M are reversed cumulative sums of a 256-bin
histogram, so that one pass over the pixels gives all 256 thresholds in whole numbers.
"""

import numba
import numpy as np

from camseg.compiled import compiled
from camseg.errors import CamsegError

THRESHOLDS = 256


def mean_dice(cams: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return equation 9 for every ROI: the mean over t = 0..255 of Dice(mask, cam > t).

    `cams` (n, h, w) uint8; `masks` (n, h, w) bool or integers of {0, 1}. The result is (n,)
    float64 in [0, 255/256]: at t = 255 no map has a pixel left, so that the exact mask as
    {0, 255} reaches 255/256. A ROI with an empty mask (a normal ROI) has no Dice: NaN.
    Raises CamsegError for other types, values or shapes.
    """
    return dice_curve(cams, masks).mean(axis=1)


def dice_curve(cams: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return Dice(mask, cam > t) for every ROI and t = 0..255: (n, 256) float64 in [0, 1].

    Arguments, empty masks (a row of NaN) and errors as in `mean_dice`.
    """
    cams, masks = np.asarray(cams), np.asarray(masks)
    if cams.ndim != 3 or cams.shape != masks.shape:
        raise CamsegError(
            f"maps of shape {cams.shape} and masks of shape {masks.shape}: "
            "both must be (ROIs, height, width)"
        )
    if cams.dtype != np.uint8:
        raise CamsegError(f"maps are {cams.dtype}: scale them to 0..255 and round to uint8")
    if masks.dtype.kind not in "bui":
        raise CamsegError(f"masks are {masks.dtype}: must be bool or integers of 0 and 1")
    if masks.size and (masks.min() < 0 or masks.max() > 1):
        raise CamsegError(
            f"masks hold values from {masks.min()} to {masks.max()}: must be 0 and 1 only"
        )
    masks = masks.astype(np.uint8, copy=False)
    pixels = cams.shape[1] * cams.shape[2]
    return _curves(
        np.ascontiguousarray(cams).reshape(len(cams), pixels),
        np.ascontiguousarray(masks).reshape(len(masks), pixels),
    )


@compiled
def _curves(cams: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the Dice curves of flat maps and masks, both (n, pixels) uint8."""
    n, pixels = cams.shape
    curves = np.empty((n, THRESHOLDS))
    # Neighbouring pixels are often equal: four histograms side by side, so that additions to one
    # bin need not wait for each other. Unsigned indices spare Numba's test for negative ones.
    counts = np.empty((2 * THRESHOLDS, 4), np.uint32)
    one, two, three = np.uintp(1), np.uintp(2), np.uintp(3)
    for roi in range(n):
        cam, mask = cams[roi], masks[roi]
        counts[:] = 0
        for p in range(np.uintp(0), np.uintp(pixels // 4 * 4), np.uintp(4)):
            counts[_bin(cam[p], mask[p]), 0] += np.uint32(1)
            counts[_bin(cam[p + one], mask[p + one]), one] += np.uint32(1)
            counts[_bin(cam[p + two], mask[p + two]), two] += np.uint32(1)
            counts[_bin(cam[p + three], mask[p + three]), three] += np.uint32(1)
        for p in range(pixels // 4 * 4, pixels):
            counts[_bin(cam[p], mask[p]), 0] += np.uint32(1)
        in_mask = counts[THRESHOLDS:].sum()
        above = above_in_mask = 0
        for t in range(THRESHOLDS - 1, -1, -1):
            curves[roi, t] = 2 * above_in_mask / (in_mask + above) if in_mask else np.nan
            outside, inside = counts[t].sum(), counts[THRESHOLDS + t].sum()
            above += outside + inside
            above_in_mask += inside
    return curves


@numba.njit(inline="always")
def _bin(grey: np.uint8, in_mask: np.uint8) -> np.uintp:
    """Return the bin of a pixel: 256 bins for pixels outside the mask, then 256 inside."""
    return np.uintp(grey) + np.uintp(THRESHOLDS) * np.uintp(in_mask)
