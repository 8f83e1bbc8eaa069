"""Images that mark a lesion, read as masks."""

from pathlib import Path

import cv2
import numpy as np

from camseg.errors import CamsegError
from camseg.formats.image_files import read_picture

UNSURE = 0.05  # the share of a mask that may lie in pieces of which no threshold is sure


def read_mask(path: Path, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
    """Return a mask image as uint8 {0, 1} of `shape`, and what had to be done for it, or "".

    Lesion is what is at least half as bright as the brightest, from the darkest on: the brighter of
    two grey levels, and of more, as JPEG and resampling leave them at edges, so too. Where all is
    of one grey, the alpha channel is the mask. A mask of another size is resized to the nearest
    pixel. Raises CamsegError for one grey level everywhere, and where no threshold is sensible:
    more than UNSURE of what is a quarter as bright lies in pieces that are not for the most part
    at least three quarters as bright, as in a photograph or a map of several labels.
    """
    picture = read_picture(path)
    pixels, done = picture.grey, []
    low, high = int(pixels.min()), int(pixels.max())
    if low == high and picture.alpha is not None:
        pixels = picture.alpha
        low, high = int(pixels.min()), int(pixels.max())
        done.append("mask from the alpha channel")
    if low == high:
        raise CamsegError(f"{path}: marks no lesion: the mask is {low} everywhere")
    mask = pixels == high
    if np.count_nonzero(mask) + np.count_nonzero(pixels == low) < mask.size:
        levels = _levels(pixels)
        share = (levels.astype(np.float32) - low) / np.float32(high - low)
        quarter, half, most = levels[np.searchsorted(share, (0.25, 0.5, 0.75))]
        mask = pixels >= half
        if _unsure(pixels, quarter, most) > UNSURE:
            raise CamsegError(
                f"{path}: is no mask: it has {len(levels)} grey levels, and no threshold between "
                "them parts lesion from the rest"
            )
        done.append(f"mask of {len(levels)} grey levels, lesion from half of the brightest on")
    lesion: np.ndarray = mask.view(np.uint8)
    if mask.shape != shape:
        lesion = cv2.resize(lesion, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return lesion, "; ".join(done)


def _levels(pixels: np.ndarray) -> np.ndarray:
    """Return the grey levels that are there, in order."""
    if pixels.dtype != np.uint8:
        return np.unique(pixels)
    counts = cv2.calcHist([pixels], [0], None, [256], [0, 256])
    return np.flatnonzero(counts).astype(np.uint8)


def _unsure(pixels: np.ndarray, faint: int, sure: int) -> float:
    """Return which part of what is at least `faint` lies in pieces that are mostly below `sure`."""
    shown = (pixels >= faint).view(np.uint8)
    x, y, w, h = cv2.boundingRect(shown)
    part = slice(y, y + h), slice(x, x + w)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(shown[part], connectivity=8)
    area = stats[1:, cv2.CC_STAT_AREA].astype(np.int64)
    certain = np.bincount(labels[pixels[part] >= sure], minlength=n)[1:]
    return float(area[2 * certain < area].sum() / area.sum())
