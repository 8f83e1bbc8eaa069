"""The scaling of raw heat maps to the grey maps that are scored; needs no TensorFlow."""

import cv2
import numpy as np

RESIZES = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST_EXACT}

# A map whose range is at most this share of its largest absolute value is constant but for the
# rounding of a float32 sum over about 2000 channels.
FLAT = 1e-5


def to_grey(
    raw: np.ndarray, shape: tuple[int, int], *, relu: bool = False, resize: str = "bilinear"
) -> np.ndarray:
    """Return raw maps (n, h, w) as grey maps (n, H, W) uint8 with H, W = `shape`.

    In this order: ReLU if asked for; resizing, "bilinear" or "nearest", with pixel centres at
    half-integers (the corners of both grids coincide) and the edge repeated outside; min-max of
    each map to 0..255, rounded to the nearest integer (halves to even), so that every map holds
    a 0 and a 255. A degenerate map (see `degenerate`) becomes all 0.
    """
    height, width = shape
    grey = np.zeros((len(raw), height, width), np.uint8)
    flat = degenerate(raw, relu=relu)
    for roi in np.flatnonzero(~flat):
        small = np.maximum(raw[roi], 0) if relu else raw[roi]
        large = cv2.resize(small, (width, height), interpolation=RESIZES[resize])
        low, high = np.float64(large.min()), np.float64(large.max())
        if high > low:
            grey[roi] = np.rint((large - low) * (255 / (high - low)))
    return grey


def degenerate(raw: np.ndarray, *, relu: bool = False) -> np.ndarray:
    """Return which raw maps (n, h, w) say nothing about places: (n,) bool.

    Those that (after ReLU if `relu`) are constant before resizing, that is, whose range is at
    most 1e-5 of their largest absolute value, and those that are not finite.
    """
    maps = raw.reshape(len(raw), -1).astype(np.float64)
    if relu:
        maps = np.maximum(maps, 0)
    finite = np.all(np.isfinite(maps), axis=1)
    maps = np.where(finite[:, np.newaxis], maps, 0)
    return np.ptp(maps, axis=1) <= FLAT * np.abs(maps).max(axis=1)
