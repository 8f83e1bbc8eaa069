"""The scaling of raw heat maps to the grey maps that are scored; needs no TensorFlow."""

import operator

import cv2
import numpy as np

from camseg.errors import CamsegError

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
    a 0 and a 255. A degenerate map (see `degenerate`) becomes all 0. Maps may be of any numbers;
    those of integers or 16 bits are scaled as float32, or float64 if they have more than 16 bits.
    Raises CamsegError for anything else, and for an unknown `resize`.
    """
    if resize not in RESIZES:
        raise CamsegError(f"resize is {resize!r}: must be one of {', '.join(RESIZES)}")
    raw = _maps(raw)
    height, width = _size(shape)
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
    most 1e-5 of their largest absolute value or beyond what 64 bits can scale, and those that are
    not finite. Raises CamsegError if they are no maps.
    """
    raw = _maps(raw)
    maps = raw.reshape(len(raw), raw.shape[1] * raw.shape[2]).astype(np.float64)
    if relu:
        maps = np.maximum(maps, 0)
    finite = np.all(np.isfinite(maps), axis=1)
    maps = np.where(finite[:, np.newaxis], maps, 0)
    with np.errstate(over="ignore", divide="ignore"):
        span = np.ptp(maps, axis=1)
        scalable = np.isfinite(span) & np.isfinite(255 / span)
    return ~scalable | (span <= FLAT * np.abs(maps).max(axis=1))


def _maps(raw: np.ndarray) -> np.ndarray:
    """Return maps (n, h, w) as float32 or float64; CamsegError if they are none."""
    try:
        raw = np.asarray(raw)
    except ValueError as error:
        raise CamsegError(f"raw maps are none: {error}") from error
    if raw.ndim != 3 or 0 in raw.shape[1:] or raw.dtype.kind not in "biuf":
        hint = {2: ": raw[None] is one map", 4: ": take one channel"}.get(raw.ndim, "")
        raise CamsegError(
            f"raw maps are {raw.dtype} of shape {raw.shape}: must be numbers of shape "
            f"(maps, rows, columns), with at least a row and a column{hint}"
        )
    wide = np.result_type(raw, np.float32).itemsize > 4
    return raw.astype(np.float64 if wide else np.float32, copy=False)


def _size(shape: tuple[int, int]) -> tuple[int, int]:
    """Return a height and a width; CamsegError if they are none."""
    try:
        height, width = map(operator.index, shape)
    except (TypeError, ValueError):
        height = width = 0
    if min(height, width) < 1:
        raise CamsegError(f"shape is {shape!r}: must be a height and a width, whole numbers from 1")
    return height, width
