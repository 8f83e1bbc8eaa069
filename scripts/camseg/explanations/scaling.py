"""The scaling of raw heat maps to the grey maps that are scored; needs no TensorFlow."""

import operator

import cv2
import numpy as np

from camseg.errors import CamsegError
from camseg.explanations.options import Enlargement, GreyRule

RESIZES = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST_EXACT}

# A map whose range is at most this share of its largest absolute value is constant but for the
# rounding of a float32 sum over about 2000 channels.
FLAT = 1e-5

TRUNCATE = 4  # standard deviations, beyond which a Gaussian is 0

PLAIN = GreyRule()  # all values, bilinear, not smoothed


def to_grey(raw: np.ndarray, shape: tuple[int, int], rule: GreyRule = PLAIN) -> np.ndarray:
    """Return raw maps (n, h, w) as grey maps (n, H, W) uint8 with H, W = `shape`.

    Each map by itself, in this order, as `rule` says:

    1. `sign`: see `with_sign`;
    2. `resize`, "bilinear" or "nearest", with pixel centres at half-integers (the corners of both
       grids coincide) and the edge repeated outside;
    3. `smoothing`, if above 0: a Gaussian of the standard deviation `smoothing` times H down and
       `smoothing` times W across, 0 beyond 4 of them, with the edge repeated outside;
    4. min-max to 0..255, rounded to the nearest integer (halves to even), so that every map holds
       a 0 and a 255.

    A degenerate map (see `degenerate`) becomes all 0; so does one of which smoothing leaves no
    range, by the same measure. Maps may be of any numbers; those of integers or 16 bits are scaled
    as float32, or float64 if they have more than 16 bits. Raises CamsegError for anything else.
    """
    raw = _maps(raw)
    height, width = _size(shape)
    grey = np.zeros((len(raw), height, width), np.uint8)
    flat = degenerate(raw, sign=rule.sign)
    for roi in np.flatnonzero(~flat):
        small = with_sign(raw[roi], rule.sign)
        large = enlarged(small, (height, width), rule)
        least = FLAT * np.abs(small).max() if rule.smoothing else 0
        low, high = np.float64(large.min()), np.float64(large.max())
        if high - low > least:
            grey[roi] = np.rint((large - low) * (255 / (high - low)))
    return grey


def with_sign(raw: np.ndarray, sign: str) -> np.ndarray:
    """Return what of the values of raw maps is scaled.

    "signed": themselves; "positive": those above 0, and 0 for the others; "absolute": how far they
    are from 0.
    """
    if sign == "positive":
        return np.maximum(raw, 0)
    return np.abs(raw) if sign == "absolute" else raw


def degenerate(raw: np.ndarray, *, sign: str = "signed") -> np.ndarray:
    """Return which raw maps (n, h, w) say nothing about places: (n,) bool.

    Those that, with their `sign` (see `with_sign`), are constant before resizing, that is, whose
    range is at most 1e-5 of their largest absolute value or beyond what 64 bits can scale, and
    those that are not finite. Raises CamsegError if they are no maps.
    """
    raw = _maps(raw)
    maps = raw.reshape(len(raw), raw.shape[1] * raw.shape[2]).astype(np.float64)
    maps = with_sign(maps, sign)
    finite = np.all(np.isfinite(maps), axis=1)
    maps = np.where(finite[:, np.newaxis], maps, 0)
    with np.errstate(over="ignore", divide="ignore"):
        span = np.ptp(maps, axis=1)
        scalable = np.isfinite(span) & np.isfinite(255 / span)
    return ~scalable | (span <= FLAT * np.abs(maps).max(axis=1))


def enlarged(small: np.ndarray, shape: tuple[int, int], rule: Enlargement) -> np.ndarray:
    """Return a map (h, w) resized to `shape` (H, W) and smoothed: steps 2 and 3 of `to_grey`."""
    height, width = shape
    large = cv2.resize(small, (width, height), interpolation=RESIZES[rule.resize])
    if not rule.smoothing:
        return large
    return smoothed(large, rule.smoothing * height, rule.smoothing * width)


def smoothed(large: np.ndarray, down: float, across: float) -> np.ndarray:
    """Return a map (H, W) under a Gaussian of these standard deviations in pixels; 0 for none."""
    height, width = (2 * int(TRUNCATE * deviation + 0.5) + 1 for deviation in (down, across))
    edge = cv2.BORDER_REPLICATE
    return cv2.GaussianBlur(large, (width, height), sigmaX=across, sigmaY=down, borderType=edge)


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
